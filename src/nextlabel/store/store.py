"""A labelling project's store: what was asked, who said what, and when. It knows no model, no picture, no HTTP.

    with open_store(folder / ".nextlabel" / FILE) as store:
        store.register(files, whole=True, draw=draw)
        event = store.append(Entry(client_id, "label", annotator_id=1, sample_id=17, class_id=0, how="key"))
        state = store.state()

An entry that was appended is on the disk. One process serves a project; others may look (`visit_store`), back it up
and invite. All methods may be called from several threads.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from nextlabel.errors import BadEntry
from nextlabel.store import entries
from nextlabel.store.catalogue import Catalogue, File
from nextlabel.store.postgresql import PostgresqlDatabase, end, is_address
from nextlabel.store.records import Annotator, Ask, Batch, Choice, Entry, Event, Question, Sample
from nextlabel.store.sqlite import SqliteFile
from nextlabel.store.state import State
from nextlabel.store.tables import annotators, asks, batches, events, samples

FILE = "project.sqlite"  # in a project's folder

Database = SqliteFile | PostgresqlDatabase


def open_store(place: str | Path) -> "Store":
    """The store for the one process that serves a project; made where there is none.

    ``place`` is the path of an SQLite file, or the address ``postgresql://…`` of a database. Raises `StoreBusy` where
    another process serves it, `StoreBroken` where the file is damaged, `CannotOpen` where it is newer than this
    program, of another one or out of reach, and `CannotWrite`; nothing is changed then.
    """
    database = _database(place)
    return Store(database, database.connect())


def visit_store(place: str | Path) -> "Visit":
    """The store for any other process, beside a server or without one: to read, back up and invite.

    Raises what `open_store` does, and `CannotOpen` where there is none.
    """
    database = _database(place)
    return Visit(database, database.visit())


def _database(place: str | Path) -> Database:
    return PostgresqlDatabase(str(place)) if is_address(place) else SqliteFile(Path(place))


def utc_now() -> datetime:
    """The time by this machine's clock."""
    return datetime.now(UTC)


class Visit:
    """A store that is read, beside a server or without one. The one thing that may be written is an invitation."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self._database, self._connection = database, connection
        self._one_at_a_time = threading.RLock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let others in. What was appended is on the disk already."""
        with self._one_at_a_time:
            end(self._connection)
            self._database.release()

    @contextmanager
    def _transaction(self, begin: str = "BEGIN IMMEDIATE") -> Iterator[Connection]:
        """All of it on the disk at the end, or nothing of it."""
        with (
            self._one_at_a_time,
            self._database.refusals(),
            self._connection.execution_options(begin=begin).begin(),
        ):
            yield self._connection

    def _reading(self) -> AbstractContextManager[Connection]:
        """One moment of the store; whoever only reads keeps no writer waiting, and waits for none."""
        return self._transaction("BEGIN")

    def events(self, after: int = 0, upto: int | None = None) -> list[Event]:
        """Events in order: those after ``after``, up to and with ``upto``."""
        query = select(events).where(events.c.id > after).order_by(events.c.id)
        with self._reading() as connection:
            rows = connection.execute(query if upto is None else query.where(events.c.id <= upto))
            return [Event(*row) for row in rows]  # columns and fields have one order

    def batches(self, after: int = 0, before: int | None = None) -> list[Batch]:
        """Batches with their asks, in order: those with an id over ``after`` and under ``before``."""
        chosen = select(batches).where(batches.c.id > after).order_by(batches.c.id)
        asked = select(asks).where(asks.c.batch_id > after).order_by(asks.c.batch_id, asks.c.place)
        if before is not None:
            chosen, asked = chosen.where(batches.c.id < before), asked.where(asks.c.batch_id < before)
        with self._reading() as connection:
            found: dict[int, list[Ask]] = {}
            for row in connection.execute(asked):
                found.setdefault(row.batch_id, []).append(entries.ask_of(row))
            return [entries.batch_of(row, found.get(row.id, [])) for row in connection.execute(chosen)]

    def state(self, upto: int | None = None, before_batch: int | None = None) -> State:
        """What the events up to ``upto`` say, with the batches before ``before_batch``; without them, all.

        ``state(choice.upto, choice.last_batch + 1)`` is what the batch of a choice was chosen from.
        """
        state = State()
        with self._one_at_a_time:  # or a batch could come between
            for batch in self.batches(before=before_batch):
                state.add_batch(batch)
            for event in self.events(upto=upto):
                state.add(event)
        return state

    def samples(self) -> list[Sample]:
        """All samples, those that are gone too: the one with id i stands at place i."""
        with self._reading() as connection:
            return [Sample(*row) for row in connection.execute(select(samples).order_by(samples.c.id))]

    def annotators(self) -> list[Annotator]:
        """All annotators, in the order in which they were invited."""
        with self._reading() as connection:
            rows = connection.execute(select(annotators).order_by(annotators.c.id))
            return [Annotator(row.id, row.name, row.token_hash) for row in rows]

    def invite(self, name: str, token_hash: str) -> Annotator:
        """Write an invitation: a new annotator, or a new token for one that there is, whose old token is void then.

        May be called by a second process while another serves the project.
        """
        entries.check_annotator(name)
        with self._transaction() as connection:
            found = connection.execute(select(annotators.c.id).where(annotators.c.name == name)).scalar_one_or_none()
            if found is None:
                found = entries.next_id(connection, annotators)
                row = {"id": found, "name": name, "token_hash": token_hash, "invited_at": utc_now()}
                connection.execute(insert(annotators), row)
            else:
                where = update(annotators).where(annotators.c.id == found)
                connection.execute(where.values(token_hash=token_hash, invited_at=utc_now()))
        return Annotator(found, name, token_hash)

    def is_served(self) -> bool:
        """Does a process serve the project now?"""
        with self._one_at_a_time:
            return self._database.is_served(self._connection)

    def backup(self, target: str | Path) -> None:
        """Copy the store, of one moment, to one new file while it is in use; raises `CannotWrite`.

        A store in PostgreSQL has a way of its own: `CannotOpen` says which.
        """
        self._database.backup(Path(target))


class Store(Visit):
    """A store that is served: entries, batches and samples are added to it, and nothing is ever changed in the log."""

    def __init__(self, database: Database, connection: Connection) -> None:
        super().__init__(database, connection)
        self._catalogue: Catalogue | None = None

    def append(self, entry: Entry) -> Event:
        """Keep one entry; it is on the disk when this returns. Sent again, the same event comes back.

        Raises `BadEntry` where the project cannot take it (an unknown sample, class, ask or annotator, an undo of what
        is not one's own or was taken back, a client id with another content), and `CannotWrite`.
        """
        return self.append_all([entry])[0]

    def append_all(self, several: Sequence[Entry]) -> list[Event]:
        """Keep several entries, in order and in one transaction: all of them, or none."""
        with self._transaction() as connection:
            try:
                return [entries.append(connection, entry, utc_now()) for entry in several]
            except IntegrityError:
                raise BadEntry(
                    "An entry names a sample, a class, an ask, an event or an annotator that this project does not "
                    "have. Is the page of another project, or older than this one? Load it again."
                ) from None

    def add_batch(self, choice: Choice, questions: Sequence[Question]) -> Batch:
        """Keep a batch and its questions, in the order in which they are to be asked."""
        with self._transaction() as connection:
            try:
                return entries.add_batch(connection, choice, questions, utc_now())
            except IntegrityError:
                raise BadEntry("A batch asks for a sample that this project does not have.") from None

    def register(self, files: Iterable[File], draw: Callable[[str], float], whole: bool = False) -> Event | None:
        """Take in what a scan saw, or what was learned of some files since, and return the event of it.

        With ``whole``, whatever else was there is gone. ``draw`` gives a new sample's draw, from its path as it is now.
        None where nothing changed. Raises `BadEntry` for a path that is not within the folder.
        """
        with self._one_at_a_time:
            catalogue = self._catalogue or Catalogue(self.samples())
            self._catalogue = None  # what it believes is not written yet
            with self._transaction() as connection:
                now = utc_now()
                found = catalogue.take(files, whole, draw, now)
                entries.write_samples(connection, catalogue)
                event = entries.append(connection, Entry(uuid4().hex, "scan", data=found), now) if found else None
            self._catalogue = catalogue
            return event

    def changed_samples(self) -> list[Sample]:
        """The samples that the last `register` added or changed, as they are now, by id."""
        with self._one_at_a_time:
            known = self._catalogue
            return [] if known is None else [known.by_id[one] for one in sorted(known.before)]
