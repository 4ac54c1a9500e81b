"""How entries, batches and samples are written, within a transaction of the caller's."""

import json
import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from operator import index
from typing import Any

from sqlalchemy import Connection, Row, Table, bindparam, func, insert, select, update

from nextlabel.errors import BadEntry
from nextlabel.store.catalogue import Catalogue
from nextlabel.store.classes import Classes, LabelClass
from nextlabel.store.records import CAN_BE_TAKEN_BACK, CONTENT, Ask, Batch, Choice, Entry, Event, Question, Sample
from nextlabel.store.tables import asks, batches, classes, dump, events, samples
from nextlabel.text import shorten

FROM_ZERO = ("sample", "class")  # whose ids are places in arrays


def next_id(connection: Connection, table: Table) -> int:
    """The id after the last. No database's own counter: one writer needs none, and those leave gaps."""
    last = connection.execute(select(func.max(table.c.id))).scalar_one()
    return int(last) + 1 if last is not None else int(table.name not in FROM_ZERO)


def append(connection: Connection, entry: Entry, now: datetime) -> Event:
    """Keep an entry, or find that it is kept already; raises `BadEntry`."""
    entry.check()
    row = _content(entry)
    kept = connection.execute(select(events).where(events.c.client_id == entry.client_id)).first()
    if kept is not None:
        return _same(Event(*kept), row, entry)
    if entry.kind == "undo":
        _check_undo(connection, entry)
    if entry.kind == "class":
        row["class_id"] = _change_class(connection, entry.class_id, row["data"])
    row |= {
        "id": next_id(connection, events),
        "client_id": entry.client_id,
        "kind": entry.kind,
        "at": _utc(entry.at or now),
        "shown_at": _utc(entry.shown_at),
    }
    connection.execute(insert(events), row)
    return Event(**row)


def _content(entry: Entry) -> dict[str, Any]:
    """What an entry says, as it will be read again: plain numbers (SQLite would keep numpy's as bytes), plain JSON."""
    said: dict[str, Any] = {name: getattr(entry, name) for name in CONTENT}
    for name in CONTENT:
        if said[name] is not None and name not in ("how", "data"):
            said[name] = _whole(said[name], name)
    return said | {"data": None if entry.data is None else json.loads(dump(entry.data))}


def _whole(value: object, name: str) -> int:
    try:
        number = index(value)  # type: ignore[arg-type]
    except TypeError:
        number = -1
    if isinstance(value, bool) or not 0 <= number < 2**31:  # what an INTEGER of PostgreSQL holds
        raise BadEntry(f"{shorten(repr(value))} cannot be the {name} of an entry: it is a whole number.")
    return number


def _utc(time: datetime | None) -> datetime | None:
    if time is not None and time.tzinfo is None:
        raise BadEntry(f"The time {time} has no time zone: hand in datetime.now(UTC), or the like.")
    return time and time.astimezone(UTC)


def _same(kept: Event, said: Mapping[str, Any], entry: Entry) -> Event:
    """The event that was kept, where it is what was sent now; a class that was added has got its id since."""
    given = [name for name in CONTENT if not (name == "class_id" and entry.kind == "class" and entry.class_id is None)]
    if kept.kind != entry.kind or any(getattr(kept, name) != said[name] for name in given):
        raise BadEntry(
            f"The client id '{shorten(entry.client_id)}' was used before, for another entry. Send a new id with each."
        )
    return kept


def _check_undo(connection: Connection, entry: Entry) -> None:
    kept = connection.execute(select(events).where(events.c.id == entry.takes_back)).first()
    if kept is None or kept.annotator_id != entry.annotator_id:
        raise BadEntry("Only an answer of one's own can be taken back.")
    if kept.kind not in CAN_BE_TAKEN_BACK:
        raise BadEntry(f"An entry of kind '{kept.kind}' cannot be taken back. Answer again instead.")
    if connection.execute(select(events.c.id).where(events.c.takes_back == entry.takes_back)).first():
        raise BadEntry("That answer was taken back already. Answer again instead.")


def _change_class(connection: Connection, class_id: int | None, changes: Mapping[str, Any]) -> int:
    """Change the table as the event will say, or add to it; the class's id."""
    known = Classes({row.id: LabelClass(**row._mapping) for row in connection.execute(select(classes))})
    found = known.check(class_id, changes)
    row = asdict(known.apply(found, changes))
    change = insert(classes) if found not in known.by_id else update(classes).where(classes.c.id == found)
    connection.execute(change.values(row))
    return found


def add_batch(connection: Connection, choice: Choice, questions: Sequence[Question], now: datetime) -> Batch:
    """Keep a batch and its asks; raises `BadEntry`."""
    if not questions:
        raise BadEntry("A batch without questions is none.")
    _check_choice(connection, choice)
    batch, ask = next_id(connection, batches), next_id(connection, asks)
    row = {"id": batch, "size": len(questions), "made_at": now, **asdict(choice), "tau": _finite(choice.tau)}
    connection.execute(insert(batches), row)
    kept = tuple(
        Ask(
            id=ask + place,
            batch_id=batch,
            place=place,
            sample_id=_whole(question.sample_id, "sample_id"),
            why=question.why,
            score=_finite(question.score),
            probabilities=_probabilities(question.probabilities),
        )
        for place, question in enumerate(questions)
    )
    connection.execute(insert(asks), [asdict(one) for one in kept])
    return Batch(batch, choice, now, kept)


def _check_choice(connection: Connection, choice: Choice) -> None:
    if not 0 <= choice.upto < next_id(connection, events):
        raise BadEntry(f"A batch cannot know event {choice.upto}, which is not there.")
    if choice.settings_id is not None:
        kind = connection.execute(select(events.c.kind).where(events.c.id == choice.settings_id)).scalar_one_or_none()
        if kind != "settings" or choice.settings_id > choice.upto:
            raise BadEntry(f"Event {choice.settings_id} is no change of settings that the batch could know.")


def _finite(value: float | None) -> float | None:
    """SQLite would keep NaN as nothing at all, without a word."""
    if value is None:
        return None
    if not math.isfinite(value):
        raise BadEntry(f"{value} cannot be kept as a score.")
    return float(value)


def _probabilities(given: Mapping[int, float] | None) -> dict[int, float] | None:
    return None if given is None else {_whole(one, "class_id"): _finite(p) or 0.0 for one, p in given.items()}


def ask_of(row: Row[Any]) -> Ask:
    """An ask, as it was written; JSON made texts of the classes' ids."""
    given = row.probabilities
    probabilities = None if given is None else {int(one): p for one, p in given.items()}
    return Ask(row.id, row.batch_id, row.place, row.sample_id, row.why, row.score, probabilities)


def batch_of(row: Row[Any], found: Sequence[Ask]) -> Batch:
    """A batch, as it was written."""
    choice = Choice(row.upto, row.strategy, row.chooser, row.settings_id, row.tau, row.last_batch)
    return Batch(row.id, choice, row.made_at, tuple(found))


def write_samples(connection: Connection, catalogue: Catalogue) -> None:
    """Write what the last scan changed."""
    touched = catalogue.before
    names = [field.name for field in fields(Sample)]  # dataclasses.asdict copies each value, deeply: 20 times slower
    rows = {one: {name: getattr(catalogue.by_id[one], name) for name in names} for one in touched}
    new = [rows[one] for one, before in touched.items() if before is None]
    changed = [rows[one] for one, before in touched.items() if before is not None]
    # Those that came, went or moved; most of a scan's changes are digests alone, and 10,000 of them take seconds.
    places = {one for one, before in touched.items() if before and _place(before) != _place(catalogue.by_id[one])}
    moved = [row for row in changed if row["id"] in places]
    one = samples.c.id == bindparam("of")
    if moved:
        # Two files may have changed their names: for a moment nobody has one, or one path would be there twice.
        connection.execute(update(samples).where(one).values(gone=bindparam("now")), _mark(moved))
    if new:
        connection.execute(insert(samples), new)
    if changed:
        # Not the id, though it is the same: for each row SQLite would look through all samples for copies of it.
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names if name != "id"}
        news = [{"of": row["id"], **{f"new_{name}": row[name] for name in names if name != "id"}} for row in changed]
        connection.execute(update(samples).where(one).values(values), news)


def _place(sample: Sample) -> tuple[str, bool]:
    return sample.path, sample.gone is None


def _mark(changed: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{"of": row["id"], "now": row["gone"] or row["first_seen"]} for row in changed]


def check_annotator(name: str) -> None:
    """Raise `BadEntry` where that is nobody's name."""
    if not name.strip() or len(name) > 100 or any(unicodedata.category(letter) in ("Cc", "Cs") for letter in name):
        raise BadEntry("An annotator's name is 1 to 100 characters, without line ends.")
