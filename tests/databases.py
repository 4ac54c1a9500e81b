"""A PostgreSQL that is started for real, for whichever tests want one."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


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
