"""A store in one SQLite file: looked at before it is opened, made whole or not at all, locked while a server runs.

WAL with ``synchronous=FULL``: a commit is on the disk before it returns, and a reader never waits for the writer.
"""

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError

from nextlabel.errors import CannotOpen, CannotWrite, NextlabelError, StoreBroken, StoreBusy
from nextlabel.files.atomic import sync_folder
from nextlabel.files.refusals import refusals
from nextlabel.store.drives import network_drive
from nextlabel.store.migrations import HEAD, migrate, needs_migration, number_of
from nextlabel.text import show_path

MAGIC = b"SQLite format 3\0"
OURS = 0x6E786C62  # application_id, "nxlb": tells a store from any other program's database
PATIENCE = (
    0.2  # seconds that a server waits for the lock: somebody who looks whether it is free holds it for an instant
)
BUSY_MS = 5000  # how long a writer waits for another process, such as one that writes an invitation
RESTORE = "Restore it from a backup, or from one of the copies beside it."
ELSEWHERE = "Keep the project's files elsewhere: --project DIR."


class SqliteFile:
    """A store's file, and what may be said of it."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.shown = f"'{show_path(path)}'"
        self.lock = FileLock(self.path.with_suffix(".lock"), timeout=0)  # the system frees it when a process dies

    def connect(self) -> Connection:
        """For a server: lock, make or look at the file, migrate; the one connection that writes.

        Raises `StoreBusy`, `StoreBroken`, `CannotOpen` or `CannotWrite`, and leaves the file as it is then.
        """
        self._refuse_network_drive()
        with refusals(self.path.parent, ELSEWHERE, what="the project's folder"):
            self.path.parent.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        try:
            if not os.path.lexists(self.path):
                self._create()
            self._look()
            self._update()
            return self._open()
        except BaseException:
            self.lock.release()
            raise

    def visit(self) -> Connection:
        """For a second process beside a server, or without one: no lock, and nothing is made or migrated."""
        self._refuse_network_drive()
        if not os.path.lexists(self.path):
            raise CannotOpen(f"There is no labelling project at {self.shown}. Begin one: nextlabel label FOLDER.")
        self._look()
        connection = self._open().execution_options(begin="BEGIN")  # or it would wait for the server's answers
        try:
            with self.refusals(), connection.begin():
                if needs_migration(connection, self.shown):
                    raise CannotOpen(
                        f"{self.shown} is of an older nextlabel. Start `nextlabel label` once, which updates it."
                    )
        except BaseException:
            connection.close()
            raise
        return connection

    def release(self) -> None:
        """Let go of the lock."""
        self.lock.release()

    def is_served(self, connection: Connection) -> bool:
        """Does another process hold the lock? It is taken for a moment, where nobody does."""
        if self.lock.is_locked:
            return True
        if not os.path.exists(self.lock.lock_file):  # nobody ever did, and a look makes no file
            return False
        try:
            with self.lock:
                return False
        except Timeout:
            return True
        except OSError:  # a folder that may only be read: nobody can serve from it
            return False

    def backup(self, target: Path) -> None:
        """Copy the store as it is now to one file, while a server runs or not; raises `CannotWrite`.

        A file that is there already is never replaced.
        """
        self._look()
        with refusals(target, "Name another file.", what="the backup"):
            if os.path.lexists(target):
                raise FileExistsError(0, "there is a file of that name")
            draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
            try:
                self._copy(draft)
                draft.rename(target)
                sync_folder(target.parent)
            finally:
                draft.unlink(missing_ok=True)

    def _copy(self, target: Path) -> None:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))  # it holds the hashes of tokens
        with self.refusals(), closing(sqlite3.connect(self.path)) as source, closing(sqlite3.connect(target)) as copy:
            source.execute(f"PRAGMA busy_timeout={BUSY_MS}")
            source.backup(copy)  # in one step, of one moment: in WAL a reader holds nobody up
            copy.execute("PRAGMA journal_mode=DELETE")  # or the copy would be two files as soon as it is opened
            copy.execute("PRAGMA synchronous=FULL")
        with target.open("rb+") as file:
            os.fsync(file.fileno())

    def _refuse_network_drive(self) -> None:
        there = next((folder for folder in self.path.parents if folder.exists()), self.path.parent)
        if kind := network_drive(there):
            raise CannotOpen(
                f"{self.shown} lies on a network drive ({kind}), where SQLite can lose answers. Keep the project's "
                "files on a disk of this machine (--project DIR), or in PostgreSQL (--store postgresql://…)."
            )

    def _take_lock(self) -> None:
        with refusals(self.path.parent, ELSEWHERE, what="the project's folder"):
            try:
                self.lock.acquire(timeout=PATIENCE, poll_interval=PATIENCE / 10)
            except Timeout:  # an OSError, too
                raise StoreBusy(
                    f"Another nextlabel serves the project of {self.shown} already. Use its page, or stop it first."
                ) from None

    def _create(self) -> None:
        """A new store under its name in one step: a process that is killed leaves none, rather than half of one."""
        draft = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}.part")
        try:
            with refusals(self.path.parent, ELSEWHERE, what="the project's folder"):
                for left in self.path.parent.glob(f".{self.path.name}.*.part*"):  # by processes that were killed
                    left.unlink()
                os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            with self.refusals():
                engine = engine_of(draft, journal="DELETE")
                with engine.begin() as connection:
                    connection.exec_driver_sql(f"PRAGMA application_id={OURS}")
                    migrate(connection)
            with refusals(self.path, ELSEWHERE):
                draft.replace(self.path)
            for folder in (self.path.parent, self.path.parent.parent):  # a folder that is new has a name to keep, too
                sync_folder(folder)
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)

    def _look(self) -> None:
        """Refuse what is no store, before SQLite opens it: it would make a database of an empty file."""
        try:
            size = self.path.stat().st_size
            with self.path.open("rb") as file:
                header = file.read(100)
        except OSError as error:
            raise CannotOpen(f"{self.shown} cannot be read ({error.strerror}). Is it a file, and yours?") from None
        if size == 0:
            raise StoreBroken(f"{self.shown} is empty: its content is lost, or it never was a store. {RESTORE}")
        if header[:16] != MAGIC:
            raise StoreBroken(f"{self.shown} is no database: it was written by another program, or damaged. {RESTORE}")
        pages, page = int.from_bytes(header[28:32], "big"), int.from_bytes(header[16:18], "big")
        # While a write-ahead log is there, the rest of the file may be in it: SQLite puts it back, or says that it
        # cannot.
        if size < pages * (65536 if page == 1 else page) and not self._log_size():
            raise StoreBroken(f"{self.shown} was cut short: {size:,} bytes of it are left. {RESTORE}")
        if int.from_bytes(header[68:72], "big") != OURS:
            raise CannotOpen(
                f"{self.shown} is another program's database. Name another place for this project's store."
            )

    def _log_size(self) -> int:
        log = self.path.with_name(f"{self.path.name}-wal")
        return log.stat().st_size if log.exists() else 0

    def _update(self) -> None:
        """Migrate, where the tables are older, after a copy of the file was put beside it."""
        engine = engine_of(self.path)
        with self.refusals(), engine.connect() as connection:
            # Of the whole file, so that damage is met before the first question and not at the hundredth.
            found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
            if found != "ok":
                raise StoreBroken(f"{self.shown} is damaged ({found.splitlines()[-1]}). {RESTORE}")
            if not needs_migration(connection, self.shown):
                return
        copy = self.path.with_name(f"{self.path.stem}.before-{number_of(HEAD):04}{self.path.suffix}")
        with refusals(copy, "Make room for a copy of the store before it is updated."):
            copy.unlink(missing_ok=True)  # of an update that did not come to its end
            self._copy(copy)
        # Foreign keys are off while tables are made anew, which SQLite needs for most changes, and looked at after.
        with self.refusals(), engine_of(self.path, foreign_keys=False).begin() as connection:
            migrate(connection)
            if connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise StoreBroken(f"{self.shown} cannot be updated: rows refer to rows that are not there. {RESTORE}")

    def _open(self) -> Connection:
        with self.refusals():
            return engine_of(self.path).connect()

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """Turn what SQLite says of the disk into a sentence."""
        try:
            yield
        except DBAPIError as error:
            if (said := self._sentence(error.orig)) is None:
                raise
            raise said from error
        except sqlite3.Error as error:
            raise self._sentence(error) or CannotWrite(f"{self.shown} cannot be used ({error}).") from error

    def _sentence(self, error: object) -> NextlabelError | None:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the last byte says what, the rest in which call
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return StoreBroken(f"{self.shown} is damaged ({error}). {RESTORE}")
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return StoreBusy(f"Another program holds {self.shown} open and writes. Close it there, and try again.")
        if code == sqlite3.SQLITE_FULL:
            return CannotWrite(
                f"The disk that holds {self.shown} is full. Nothing is lost; make room, then answer again."
            )
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PERM):
            return CannotWrite(f"{self.shown} cannot be written ({error}). Check the disk, or: {ELSEWHERE}")
        return None


def engine_of(path: Path, foreign_keys: bool = True, journal: str = "WAL") -> Engine:
    """Connections to a file, each transaction of which is begun by us, and takes the right to write at once."""
    url = URL.create("sqlite", database=str(path))  # as a text, a ? in a folder's name would end the path
    engine = create_engine(url, poolclass=NullPool, connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: object) -> None:
        # Python's own handling of transactions leaves changes of tables outside of them.
        connection.isolation_level = None
        settings = {
            "busy_timeout": BUSY_MS,
            "journal_mode": journal,
            "synchronous": "FULL",
            "foreign_keys": int(foreign_keys),
        }
        for name, value in settings.items():
            connection.execute(f"PRAGMA {name}={value}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN IMMEDIATE"))

    return engine
