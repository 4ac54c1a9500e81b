"""A store in a PostgreSQL database: for who keeps their data there. One project a database, one server a project."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

from sqlalchemy import Connection, NullPool, create_engine, func, make_url, select, text
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError

from nextlabel.errors import BadSpecification, CannotOpen, CannotWrite, MissingExtra, StoreBusy
from nextlabel.store.migrations import migrate, needs_migration

LOCK = 0x6E786C62  # an advisory lock of this number, held by a session: it ends with it, however the process does
PATIENCE = 1.0  # seconds
DISK_FULL = "53100"


class PostgresqlDatabase:
    """A store's database, and what may be said of it."""

    def __init__(self, url: str) -> None:
        try:
            self.url = make_url(url).set(drivername="postgresql+psycopg")
        except (ArgumentError, ValueError):
            raise BadSpecification(
                "The store's address cannot be read. It looks like postgresql://USER:PASSWORD@HOST/DATABASE."
            ) from None
        self.shown = f"'{self.url.set(drivername='postgresql').render_as_string(hide_password=True)}'"

    def connect(self) -> Connection:
        """For a server: lock, then make or migrate the tables; the one connection that writes.

        The lock belongs to that connection. Whoever loses it cannot write either.
        """
        with self._prepare() as connection:
            self._take_lock(connection)
            if needs_migration(connection, self.shown):
                migrate(connection)
        return connection

    def visit(self) -> Connection:
        """For a second process beside a server, or without one: no lock, and nothing is made or migrated."""
        with self._prepare() as connection:
            if needs_migration(connection, self.shown):
                raise CannotOpen(
                    f"{self.shown} holds no project, or one of an older nextlabel. Start `nextlabel label` once."
                )
        return connection

    def release(self) -> None:
        """The lock went with its connection."""

    def is_served(self, connection: Connection) -> bool:
        """Does another session hold the lock?"""
        held = text(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = 0 AND objid = :lock "
            "AND objsubid = 1 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        with self.refusals(), connection.begin():
            return bool(connection.execute(held, {"lock": LOCK}).scalar_one())

    def backup(self, target: Path) -> None:
        """PostgreSQL has a way of its own; raises `CannotOpen` with it."""
        raise CannotOpen(
            f"The project of {self.shown} is in PostgreSQL, which backs up by itself while it runs: "
            "pg_dump --format=custom --file=FILE DATABASE."
        )

    def _take_lock(self, connection: Connection) -> None:
        """Wait a moment for it: the session of a process that was just killed ends a little later."""
        give_up = monotonic() + PATIENCE
        while not connection.execute(select(func.pg_try_advisory_lock(LOCK))).scalar_one():
            if monotonic() > give_up:
                raise StoreBusy(
                    f"Another nextlabel serves the project of {self.shown} already. Use its page, or stop it first."
                )
            sleep(PATIENCE / 20)

    @contextmanager
    def _prepare(self) -> Iterator[Connection]:
        """A new connection in its first transaction; it stays open, unless it cannot be used."""
        connection = self._open()
        try:
            with self.refusals(), connection.begin():
                yield connection
        except BaseException:
            end(connection)  # and its lock with it
            raise

    def _open(self) -> Connection:
        try:
            engine = create_engine(self.url, poolclass=NullPool)
        except ModuleNotFoundError:
            raise MissingExtra(
                "A store in PostgreSQL needs psycopg, which is not installed. Install it: "
                "pip install 'nextlabel[postgres]'."
            ) from None
        try:
            connection = engine.connect()
        except (OperationalError, InterfaceError) as error:
            reason = next(iter(str(error.orig).splitlines()), "no reason given")
            raise CannotOpen(
                f"{self.shown} cannot be reached ({reason}). Is the server running, and are name and password right?"
            ) from None
        with self.refusals(), connection.begin():
            # Whatever the server's own setting: an answer that is acknowledged is on the disk.
            connection.execute(text("SET synchronous_commit = on"))
        return connection

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """Turn what the server says of its disk, or a connection that is lost, into a sentence."""
        try:
            yield
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) == DISK_FULL:
                raise CannotWrite(
                    f"The disk that holds {self.shown} is full. Nothing is lost; make room, then answer again."
                ) from error
            if error.connection_invalidated:
                raise CannotOpen(
                    f"The connection to {self.shown} was lost. What was acknowledged is kept; start the command again."
                ) from error
            raise


def is_address(place: str | Path) -> bool:
    """Is that the address of a PostgreSQL database, rather than a path?

    >>> is_address("postgresql://me@/flowers"), is_address("flowers/.nextlabel/project.sqlite")
    (True, False)
    """
    return isinstance(place, str) and place.partition(":")[0].partition("+")[0] in ("postgresql", "postgres")


def end(connection: Connection) -> None:
    """Close a connection, be it lost already or not."""
    with suppress(DBAPIError):
        connection.close()
