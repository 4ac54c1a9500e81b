"""How far a project is, without opening its page, and while it is open."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from nextlabel.labelling.past import ONE_BY_ONE
from nextlabel.labelling.records import Record
from nextlabel.labelling.tally import FEWEST

ADDRESS = "address.json"  # in a project's folder: where its page is, while it is served


@dataclass(frozen=True)
class Status:
    """Counts of a project. ``left``: samples of which nothing holds yet; ``audit`` answers to audit questions.

    ``seconds`` that people spent answering, in all; ``pace`` labels a minute of that, None while it is too early to
    say; ``last`` answer and who gave it; ``people`` their answers by name; ``served`` whether a page is open, and
    ``url`` where, as far as it is known. There is no token in it.
    """

    project: str
    samples: int
    labels: int
    classes: Mapping[str, int]
    imported: int
    audit: int
    skipped: int
    discarded: int
    disputed: int
    left: int
    seconds: float
    pace: float | None
    last: datetime | None
    last_by: str | None
    people: Mapping[str, int]
    served: bool
    url: str | None

    def plain(self) -> dict[str, Any]:
        """As JSON holds it."""
        return asdict(self) | {"last": None if self.last is None else self.last.isoformat(timespec="seconds")}


def count_project(record: Record) -> Status:
    """The status of a project."""
    there = [one for one in record.state.files.there if one not in record.state.files.copies]
    kinds = Counter[str](verdict.kind for verdict in record.verdicts.values())
    classes = dict.fromkeys(record.classes.values(), 0) | dict(Counter(record.labels().values()))
    events = [record.event(verdict) for verdict in record.labelled.values()]
    given = [event for event in record.tally.events.values() if event.how in ONE_BY_ONE and event.kind != "note"]
    last = max(given, key=lambda event: event.id, default=None)
    labels = sum(event.kind == "label" for event in given)
    seconds = record.tally.seconds
    return Status(
        project=record.place.name,
        samples=len(there),
        labels=kinds["label"],
        classes=classes,
        imported=sum(event.how == "import" for event in events),
        audit=len(record.audit()),
        skipped=kinds["skip"],
        discarded=kinds["discard"],
        disputed=sum(verdict.disputed for verdict in record.verdicts.values()),
        left=sum(one not in record.verdicts for one in there),
        seconds=round(seconds, 1),
        pace=round(60 * labels / seconds, 1) if labels >= FEWEST and seconds > 0 else None,
        last=None if last is None else last.at,
        last_by=None if last is None else record.author(last),
        people=dict(Counter(record.author(event) for event in given)),
        served=record.served,
        url=read_address(record.home) if record.served else None,
    )


def read_address(home: Path) -> str | None:
    """Where a project's page is, as the command that serves it wrote down; None where it did not."""
    try:
        url = json.loads((home / ADDRESS).read_bytes())["url"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return url if isinstance(url, str) and url.startswith("http") else None
