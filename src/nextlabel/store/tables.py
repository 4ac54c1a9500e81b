"""The six tables of a labelling project, and how text, times and settings lie in them.

Ids of samples and classes count from 0, without gaps: a sample's id is its row in an array of features, a class's id
its code. All other ids count from 1. Nothing is ever deleted. Migrations make these tables
(`nextlabel.store.migrations`); a test compares what they make with what stands here.
"""

import json
import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Column,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

from nextlabel.errors import BadEntry

ESCAPE = re.compile("[\x00\\\\\ud800-\udfff]")
ESCAPED = re.compile(r"\\(\\|u[0-9a-f]{4})")


class Name(TypeDecorator[str]):
    r"""Any text that a file system or a person gives, half a surrogate and NUL too, which no database takes.

    >>> Name.escape("flowers/\udcff.jpg"), Name.plain(Name.escape("a\\u0041")) == "a\\u0041"
    ('flowers/\\udcff.jpg', True)
    """

    impl = Text
    cache_ok = True

    @staticmethod
    def escape(text: str) -> str:
        """The text as it is kept: a backslash twice, and what no database takes as an escape of JSON's kind."""
        return ESCAPE.sub(lambda found: "\\\\" if found[0] == "\\" else f"\\u{ord(found[0]):04x}", text)

    @staticmethod
    def plain(kept: str) -> str:
        """The text again."""
        return ESCAPED.sub(lambda found: "\\" if found[1] == "\\" else chr(int(found[1][1:], 16)), kept)

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """To the database."""
        return None if value is None else self.escape(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """From the database; hardly any name holds a backslash."""
        return self.plain(value) if value is not None and "\\" in value else value


class Time(TypeDecorator[datetime]):
    """A moment, in UTC in either database, and aware of it in Python."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database; SQLite keeps text without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise BadEntry(f"The time {value} has no time zone: hand in datetime.now(UTC), or the like.")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Json(TypeDecorator[Any]):
    """An object of JSON as text: PostgreSQL's own type takes neither half a surrogate nor NUL."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """To the database, in ASCII, so that any text can be kept."""
        return None if value is None else dump(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """From the database."""
        return None if value is None else json.loads(value)


def dump(value: Any) -> str:
    """A value as JSON in ASCII, the same value always as the same text; raises `BadEntry` where it is none."""
    try:
        return json.dumps(value, allow_nan=False, sort_keys=True)
    except (TypeError, ValueError) as error:
        raise BadEntry(f"What is kept with an entry must be JSON, without NaN or infinity ({error}).") from None


metadata = MetaData(
    naming_convention={  # without names, batch migrations on SQLite could not find a constraint again
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

samples = Table(
    "sample",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("path", Name, nullable=False),  # relative to the project's folder, with / on any system
    Column("digest", Text),  # of the file's bytes, as soon as somebody has read them
    Column("draw", Double, nullable=False),
    Column("copy_of", Integer, ForeignKey("sample.id")),  # the first sample with the same bytes
    Column("first_seen", Time, nullable=False),
    Column("gone", Time),
    Index("ix_sample_digest", "digest"),
)
# One sample a path among those that are there; one that is gone keeps the path that it had.
Index(
    "uq_sample_path",
    samples.c.path,
    unique=True,
    sqlite_where=samples.c.gone.is_(None),
    postgresql_where=samples.c.gone.is_(None),
)

classes = Table(
    "class",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", Name, nullable=False),
    Column("key", Name),
    Column("place", Integer, nullable=False),  # in the order of the buttons
    Column("merged_into", Integer, ForeignKey("class.id")),
    Column("description", Name),
    Column("example_id", Integer, ForeignKey("sample.id")),
)

annotators = Table(
    "annotator",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", Name, nullable=False, unique=True),
    Column("token_hash", Text, unique=True),
    Column("invited_at", Time, nullable=False),
)

batches = Table(
    "batch",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("upto", Integer, nullable=False),  # the last event that its chooser knew; 0: none
    Column("last_batch", Integer, nullable=False),  # the last batch that it knew; 0: none
    Column("chooser", Text),  # digest of the model that chose; none while there is no model
    Column("strategy", Text, nullable=False),  # with its version
    Column("settings_id", Integer),  # the event that changed settings last; no foreign key, or tables go in a circle
    Column("size", Integer, nullable=False),
    Column("tau", Double),
    Column("made_at", Time, nullable=False),
)

asks = Table(
    "ask",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("batch_id", Integer, ForeignKey("batch.id"), nullable=False),
    Column("place", Integer, nullable=False),
    Column("sample_id", Integer, ForeignKey("sample.id"), nullable=False),
    Column("why", Text, nullable=False),
    Column("score", Double),
    Column("probabilities", Json),  # by class id
    UniqueConstraint("batch_id", "place"),
)

events = Table(
    "event",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # the order; times only inform
    Column("client_id", Text, nullable=False, unique=True),
    Column("annotator_id", Integer, ForeignKey("annotator.id")),  # none: the program itself, or an import
    Column("ask_id", Integer, ForeignKey("ask.id")),
    Column("sample_id", Integer, ForeignKey("sample.id")),
    Column("kind", Text, nullable=False),
    Column("class_id", Integer, ForeignKey("class.id")),
    Column("takes_back", Integer, ForeignKey("event.id"), unique=True),  # nothing can be taken back twice
    Column("how", Text),
    Column("at", Time, nullable=False),
    Column("shown_at", Time),
    Column("data", Json),  # the words of a note, changed settings, the fields of a class, what a scan found
)

ADDED_ONLY = ("event", "batch", "ask")  # triggers refuse to change or delete their rows
