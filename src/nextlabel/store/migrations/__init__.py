"""From what a store's tables were to what they are: Alembic, run by the program, its scripts in the package.

    with engine.begin() as connection:
        if needs_migration(connection, "the store"):
            migrate(connection)

To change a table: change it in `nextlabel.store.tables`, and write ``versions/v0002_….py`` with
``revision = "nextlabel_0002"``, ``down_revision = "nextlabel_0001"`` and ``upgrade()``; set `HEAD`. A test compares
what the scripts make with the tables. A batch migration of SQLite makes a table anew: set its triggers again.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, inspect, select, table
from sqlalchemy import column as named

from nextlabel.errors import CannotOpen
from nextlabel.store.tables import metadata

HEAD = "nextlabel_0001"
VERSIONS = "nextlabel_version"  # a table of our own, which no other program that uses Alembic mistakes for its own
SCRIPTS = Path(__file__).parent


def needs_migration(connection: Connection, what: str) -> bool:
    """Are the tables older than this program, or not there at all?

    ``what`` names the store in errors. Raises `CannotOpen` where the tables are newer, or another program's.
    """
    revision = current_revision(connection)
    if revision is None:
        names = inspect(connection).get_table_names()
        if names and (connection.dialect.name == "sqlite" or not metadata.tables.keys().isdisjoint(names)):
            raise CannotOpen(f"{what} is another program's database. Name another place for this project's store.")
        return True
    if revision == HEAD:
        return False
    if (number := number_of(revision)) is None:
        raise CannotOpen(f"{what} is another program's database. Name another place for this project's store.")
    if number > (number_of(HEAD) or 0):
        raise CannotOpen(
            f"{what} was written by a newer nextlabel (its tables are version {number}, this one knows version "
            f"{number_of(HEAD)}). Update this one: pip install --upgrade nextlabel."
        )
    return True


def number_of(revision: str) -> int | None:
    """The version in a revision's name, or None where it is none of ours.

    >>> number_of("nextlabel_0012"), number_of("ae1027a6acf")
    (12, None)
    """
    found = re.fullmatch(r"nextlabel_(\d{4})", revision)
    return int(found[1]) if found else None


def current_revision(connection: Connection) -> str | None:
    """The version of the tables that are there; None where there are none of ours."""
    # Asked without Alembic, which takes a quarter of a second to import and is rarely needed.
    if not inspect(connection).has_table(VERSIONS):
        return None
    found: Sequence[str] = connection.execute(select(named("version_num")).select_from(table(VERSIONS))).scalars().all()
    return found[0] if found else None


def migrate(connection: Connection) -> None:
    """Bring the tables to this program's version, within the caller's transaction: all of it, or nothing."""
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    environment = EnvironmentContext(
        config,
        scripts,
        fn=lambda revision, _: scripts._upgrade_revs(HEAD, revision),  # as `alembic.command.upgrade` has it
        destination_rev=HEAD,
    )
    with environment:
        environment.configure(
            connection=connection, target_metadata=metadata, version_table=VERSIONS, render_as_batch=True
        )
        environment.run_migrations()
