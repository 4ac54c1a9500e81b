"""What a project holds, read while its page is served or not: for those who count, export, train and judge.

record = read_record(Path("holiday"))
record.labels()                      # {17: "beach", …}, by sample
record.audit()                       # [40, 17, …]: samples whose labels are a random sample, in the order of draws
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from nextlabel.errors import Mistake
from nextlabel.labelling.past import Past
from nextlabel.labelling.places import check_place, home_of, is_project, source_of
from nextlabel.labelling.settings import Settings
from nextlabel.labelling.sources import Source
from nextlabel.labelling.tally import Tally
from nextlabel.store import FILE, Event, Sample, State, Verdict, Visit, visit_store
from nextlabel.text import show_path

SECRET = "secret"  # in a project's folder from the first time its page was served


@dataclass(frozen=True)
class Record:
    """A project as its log says: ``samples`` by id, ``past`` its log, ``people`` names by id, ``tally`` of times.

    ``served``: did a process serve it?
    """

    place: Path
    home: Path
    samples: Sequence[Sample]
    past: Past
    people: Mapping[int, str]
    tally: Tally
    served: bool

    @property
    def state(self) -> State:
        """What the log says."""
        return self.past.state

    @cached_property
    def settings(self) -> Settings:
        """What is set."""
        return self.past.settings

    @cached_property
    def source(self) -> Source:
        """Where its samples are."""
        return source_of(self.place, self.settings)

    @cached_property
    def verdicts(self) -> Mapping[int, Verdict]:
        """What holds of each sample of which somebody said something; of copies, by their first."""
        return self.state.verdicts()

    @cached_property
    def labelled(self) -> Mapping[int, Verdict]:
        """Those that are labels."""
        return {one: verdict for one, verdict in self.verdicts.items() if verdict.kind == "label"}

    @cached_property
    def classes(self) -> Mapping[int, str]:
        """Names of the classes that were not merged away, in the order of the buttons."""
        return {one.id: one.name for one in self.state.classes.active()}

    @cached_property
    def links(self) -> frozenset[str]:
        """Paths that lead out of the folder, and may."""
        found = self.state.files.links if self.settings.follow_links else ()
        return frozenset(self.samples[one].path for one in found)

    def labels(self) -> dict[int, str]:
        """Names of classes by sample, those of copies by their first alone."""
        return {one: self.classes[verdict.class_id or 0] for one, verdict in self.labelled.items()}

    def event(self, verdict: Verdict) -> Event:
        """The answer that a verdict stands on."""
        return self.tally.events[verdict.event_id or 0]

    def author(self, event: Event) -> str:
        """Who gave an answer."""
        return self.people.get(event.annotator_id or 0, "imported")

    def note(self, sample: int) -> str:
        """The last note on a sample, or nothing."""
        notes = self.state.notes(sample)
        return str((notes[-1].data or {}).get("text", "")) if notes else ""

    def is_audit(self, sample: int) -> bool:
        """Is this sample on the audit side, which no strategy sees?"""
        return self.samples[self.state.files.first(sample)].draw < self.settings.side

    def audit(self) -> list[int]:
        """Audit samples that somebody was asked about in their turn, and labelled, in the order of their draws."""
        found = [one for one in self.labelled if self.is_audit(one) and self.past.was_asked(one)]
        return sorted(found, key=lambda one: (self.samples[one].draw, one))


def read_record(place: Path, project: Path | None = None, store: str | None = None) -> Record:
    """What the project of a place holds; raises what `visit_store` raises, and `BadData` where nothing is there."""
    place = Path(os.path.abspath(place.expanduser()))
    check_place(place)
    home = home_of(place, project)
    if store is None and _is_distant(home):
        raise Mistake(f"The answers about '{show_path(place)}' are in a database. Name it as `label` was: --store URL.")
    with visit_store(store or home / FILE) as visit:
        return _read(visit, place, home)


@contextmanager
def open_record(place: Path, project: Path | None = None, store: str | None = None) -> Iterator[tuple[Record, Visit]]:
    """What `read_record` reads, with its store still open."""
    record = read_record(place, project, store)
    with visit_store(store or record.home / FILE) as visit:
        yield record, visit


def _read(visit: Visit, place: Path, home: Path) -> Record:
    # In this order: while a page is served, what an event is about is in the rows that are read after it.
    events = visit.events()
    past, tally = Past(), Tally()
    for batch in visit.batches():
        past.add_batch(batch)
    for event in events:
        past.add(event)
        tally.add(event)
    people = {one.id: one.name for one in visit.annotators()}
    return Record(place, home, visit.samples(), past, people, tally, visit.is_served())


def find_record(data: str, project: Path | None = None, store: str | None = None) -> Record | None:
    """The project of what somebody named as data; None where that is none, and none was asked for."""
    place = Path(os.path.abspath(os.path.expanduser(data)))
    if project is not None or store is not None or is_project(place):
        return read_record(place, project, store)
    return None


def refuse_distant(data: str) -> None:
    """Raise `Mistake` where somebody labels these data, and their answers are elsewhere."""
    if _is_distant(home_of(Path(os.path.abspath(os.path.expanduser(data))))):
        raise Mistake(
            f"'{show_path(data)}' is a project whose answers are in a database. Name it as `label` was: --store URL; "
            "or name a file of labels, with --labels."
        )


def _is_distant(home: Path) -> bool:
    """Was a page served from here, whose answers are not here?"""
    return (home / SECRET).exists() and not (home / FILE).exists()
