"""A store on each database: SQLite in a folder, and a PostgreSQL that is started for real."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from databases import make_database
from small_project import fill

from nextlabel.store import FILE, Entry, Store, open_store


@pytest.fixture(scope="session")
def filled_database(postgresql: str) -> str:
    """The address of a database with the small project, which others are copied from: tables take a while to make."""
    address = make_database(postgresql)
    with open_store(address) as store:
        fill(store)
    return address


@pytest.fixture(scope="session")
def filled_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the small project, likewise."""
    path = tmp_path_factory.mktemp("filled") / FILE
    with open_store(path) as store:
        fill(store)
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where the small project is, on either database."""
    if request.param == "sqlite":
        return Path(shutil.copy(request.getfixturevalue("filled_file"), tmp_path / FILE))
    filled = request.getfixturevalue("filled_database")
    return make_database(request.getfixturevalue("postgresql"), template=filled.split("/")[3].partition("?")[0])


@pytest.fixture
def store(place: Path | str) -> Iterator[Store]:
    """A small project: four samples, two classes (0 daisy, 1 rose), two annotators (1 Ada, 2 Ben)."""
    with open_store(place) as store:
        yield store


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def unchanged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The small project for tests of what is refused, which leave it as it is: one for all of them."""
    if request.param == "sqlite":
        place = shutil.copy(request.getfixturevalue("filled_file"), tmp_path_factory.mktemp("unchanged") / FILE)
    else:
        filled = request.getfixturevalue("filled_database")
        place = make_database(request.getfixturevalue("postgresql"), template=filled.split("/")[3].partition("?")[0])
    with open_store(place) as store:
        before = store.events()
        yield store
        assert store.events() == before


@pytest.fixture
def label() -> Callable[..., Entry]:
    """Entries that label, each with an id of its own unless one is given."""
    counter = iter(range(10**6))

    def make(sample: int, class_id: int, annotator: int | None = 1, client_id: str = "", **more: object) -> Entry:
        client_id = client_id or f"label {next(counter)}"
        return Entry(client_id, "label", annotator, sample_id=sample, class_id=class_id, **{"how": "key", **more})

    return make
