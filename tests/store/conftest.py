"""A store on each database: SQLite in a folder, and a PostgreSQL that is started for real."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from small_project import fill

from nextlabel.store import FILE, Entry, Store, open_store


def find_postgresql() -> Path | None:
    """The programs of the newest PostgreSQL that is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a server of our own, on a socket in a temporary folder; it runs as nobody's service."""
    pytest.importorskip("psycopg")
    programs = find_postgresql()
    if programs is None:
        pytest.skip("no PostgreSQL is installed (apt-get install postgresql)")
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    become = ["runuser", "-u", "postgres", "--"] if root else []  # it refuses to run as root
    # In memory, where there is room for some fifty databases: on a busy disk it takes a minute to remove them.
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 2**30
    home = Path(tempfile.mkdtemp(prefix="nl-", dir=memory if roomy else None))  # the path of a socket must be short
    if root:
        shutil.chown(home, "postgres")
    run = [*become, programs / "pg_ctl", "-D", home / "db", "-w"]
    quiet = {"check": True, "stdout": subprocess.DEVNULL}
    try:
        subprocess.run(
            [*become, programs / "initdb", "-D", home / "db", "-A", "trust", "-U", "postgres", "--no-sync"], **quiet
        )
        options = f"-c listen_addresses='' -c unix_socket_directories={home} -c fsync=off"
        subprocess.run([*run, "-l", home / "log", "-o", options, "start"], **quiet)
        yield f"postgresql://postgres@/postgres?host={home}"
        subprocess.run([*run, "-m", "immediate", "stop"], **quiet)
    finally:
        shutil.rmtree(home, ignore_errors=True)


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


def make_database(server: str, template: str = "template1") -> str:
    """The address of a new database; all of them go with the server."""
    import psycopg

    name = f"project{os.urandom(4).hex()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture
def new_database(postgresql: str) -> str:
    """The address of an empty database."""
    return make_database(postgresql)


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
