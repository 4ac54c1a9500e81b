"""How far a project is, and a copy of its store."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from nextlabel.labelling.places import home_of
from nextlabel.labelling.records import read_record
from nextlabel.labelling.status import Status, count_project
from nextlabel.store import FILE, visit_store
from nextlabel.text import printable, several

MOST_CLASSES = 20  # that are listed


def run_status(place: Path, project: Path | None, store: str | None, as_json: bool) -> None:
    """Read the project and say how far it is."""
    found = count_project(read_record(place, project, store))
    print(json.dumps(found.plain(), allow_nan=False) if as_json else "\n".join(describe(found)))


def describe(found: Status) -> Iterator[str]:
    """What is done, what is left, how fast, by whom, and where the page is."""
    of = several(found.samples, "sample")
    yield f"{found.labels:,} of {of} in '{printable(found.project)}' labelled, {found.left:,} left."
    classes = sorted(found.classes.items(), key=lambda pair: -pair[1])
    for name, count in classes[:MOST_CLASSES]:
        yield f"  {count:,} {printable(name)}"
    if len(classes) > MOST_CLASSES:
        yield f"  and {several(len(classes) - MOST_CLASSES, 'class')} more"
    kinds = (("imported", found.imported), ("to audit questions", found.audit), ("disputed", found.disputed))
    if of_them := [f"{count:,} {word}" for word, count in kinds if count]:
        yield f"Of the labels: {', '.join(of_them)}."
    if beside := [f"{n:,} {word}" for word, n in (("skipped", found.skipped), ("discarded", found.discarded)) if n]:
        yield f"Beside them: {', '.join(beside)}."
    if found.last is not None and found.last_by is not None:
        pace = "" if found.pace is None else f", {found.pace:g} labels a minute"
        yield f"{_time(found.seconds)} of answering so far{pace}."
        yield f"Last answer: {_moment(found.last)}, by {printable(found.last_by)}."
        people = sorted(found.people.items(), key=lambda pair: -pair[1])
        if len(people) > 1:
            yield "People: " + ", ".join(f"{printable(name)} {count:,}" for name, count in people) + "."
    if found.served:
        where = f": {found.url}" if found.url else ", where is not known"
        yield f"The page is open{where} (the link that lets you in was printed by the command that serves it)."
    else:
        yield "No page is open."


def _time(seconds: float) -> str:
    """A duration as people say it.

    >>> _time(40), _time(600), _time(7500)
    ('40 seconds', '10 minutes', '2 hours and 5 minutes')
    """
    if seconds < 90:
        return several(round(seconds), "second")
    minutes = round(seconds / 60)
    if minutes < 90:
        return several(minutes, "minute")
    hours, minutes = divmod(minutes, 60)
    return several(hours, "hour") + (f" and {several(minutes, 'minute')}" if minutes else "")


def _moment(at: datetime) -> str:
    """A moment by this machine's clock."""
    return f"{at.astimezone():%Y-%m-%d %H:%M}"


def run_backup(place: Path, out: Path, project: Path | None, store: str | None) -> None:
    """Copy the store to one new file, of one moment, while it is in use or not."""
    with visit_store(store or home_of(Path(place).absolute(), project) / FILE) as visit:
        visit.backup(out)
    size = out.stat().st_size
    print(f"A copy of the project as it is now: '{printable(str(out))}', {size / 1000:,.0f} kB.")
