"""Drawn pictures, and a labelling over them."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from people import draw_pictures, open_at

from nextlabel.labelling import LabellingSession


@pytest.fixture(scope="session")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hundred and twenty drawn pictures; whoever changes them takes a copy."""
    return draw_pictures(tmp_path_factory.mktemp("shapes") / "shapes", 120)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[LabellingSession]:
    """A labelling over sixty pictures of its own."""
    opened = open_at(draw_pictures(tmp_path / "shapes", 60))
    with contextlib.closing(opened.project.store), LabellingSession(opened.project, opened.address) as open_session:
        yield open_session


@pytest.fixture
def late(tmp_path: Path) -> Iterator[LabellingSession]:
    """A labelling over sixty pictures whose worker never comes: every batch is late."""
    opened = open_at(draw_pictures(tmp_path / "shapes", 60))
    with contextlib.closing(opened.project.store):
        yield LabellingSession(opened.project, opened.address)
