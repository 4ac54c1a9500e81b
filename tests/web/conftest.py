"""A real server over a real folder."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from folder_session import FolderSession
from sites import CHROMIUM, QUIET, Site, draw_folder
from visits import Visit


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


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One Chromium for all tests of a file; no longer, for while it is there no other test may run an event loop."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    with playwright.sync_playwright() as engine:
        chromium = engine.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser: Any, site: Site) -> Iterator[Visit]:
    """A visit at the size of a small laptop; at its end nothing may have been complained about."""
    one = Visit(browser, site, viewport={"width": 1200, "height": 760})
    yield one
    one.close()
