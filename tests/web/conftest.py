"""A real server over a real folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from folder_session import FolderSession
from sites import Site, draw_folder


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Forty drawn pictures."""
    return draw_folder(tmp_path / "pictures", 40)


@pytest.fixture
def site(pictures: Path) -> Iterator[Site]:
    """A server over the drawn pictures, with two classes."""
    page = Site(FolderSession(pictures, ["round", "square"]))
    with page.server, page.client:
        yield page
