"""A project that is open: its store, what its log says so far, and who wants to know when that changes."""

import secrets
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from nextlabel.errors import NotThere
from nextlabel.labelling.past import Past
from nextlabel.labelling.places import source_of
from nextlabel.labelling.settings import Settings
from nextlabel.labelling.sources import Source
from nextlabel.labelling.tally import Tally
from nextlabel.loop.audit import draw
from nextlabel.store import Batch, Choice, Entry, Event, File, Question, Sample, State, Store, Verdict
from nextlabel.store.store import utc_now

KEPT_CHANGES = 200
KINDS = {"class": "classes", "settings": "classes", "scan": "questions", "lease": ""}


def new_client() -> str:
    """A client id for an entry of the server's own."""
    return secrets.token_hex(16)


class Project:
    """All that is known of a project. Whoever reads or writes more than one thing of it holds ``lock``."""

    def __init__(self, store: Store, place: Path, home: Path) -> None:
        self.store, self.place, self.home = store, place, home
        self.lock = threading.RLock()
        self.past = Past()
        self.past.follow(store)
        self.tally = Tally()
        for event in store.events():
            self.tally.add(event)
        self.samples: list[Sample] = store.samples()
        self.last_scan = 0  # the event of the last look through the folder that found something
        # By class: what somebody clicked away in a grid, so that it does not head the next one. Asked like any other.
        self.unlike: defaultdict[int, set[int]] = defaultdict(set)
        self._verdicts = self.past.state.verdicts()
        self._changes: deque[dict[str, Any]] = deque(maxlen=KEPT_CHANGES)
        self._number = int(time.time() * 1000)  # a page that was open goes on counting after a restart

    @property
    def state(self) -> State:
        """What the log says so far."""
        return self.past.state

    @property
    def settings(self) -> Settings:
        """What is set now."""
        return self.past.settings

    @cached_property
    def source(self) -> Source:
        """Where its samples are."""
        return source_of(self.place, self.settings)

    @property
    def root(self) -> Path:
        """The folder that the samples' paths are relative to."""
        return self.source.root

    @property
    def verdicts(self) -> dict[int, Verdict]:
        """What holds of each sample of which somebody said something."""
        return self._verdicts

    def sample(self, sample: int) -> Sample:
        """A sample; raises `NotThere`."""
        if not 0 <= sample < len(self.samples):
            raise NotThere(f"There is no sample {sample} in this project.")
        return self.samples[sample]

    def population(self) -> int:
        """How many samples are there to be labelled: of those with the same bytes, one."""
        files = self.state.files
        return len(files.there) - sum(one in files.there for one in files.copies)

    def path(self, sample: int) -> str:
        """Where its file is, within ``root``."""
        return self.sample(sample).path

    def may_link_out(self, sample: int) -> bool:
        """Is it a link that leads out of the folder, as one who wanted that has seen? What became one since is not."""
        return self.settings.follow_links and sample in self.state.files.links

    def is_audit(self, sample: int) -> bool:
        """Is this sample on the audit side?"""
        return self.samples[self.state.files.first(sample)].draw < self.settings.side

    def append(self, *entries: Entry) -> list[Event]:
        """Keep entries, all of them or none: on the disk when this returns."""
        with self.lock:
            events = self.store.append_all(entries)
            for event in events:
                self._follow(event)
            return events

    def _follow(self, event: Event) -> None:
        if event.id <= self.state.upto:  # it was sent twice
            return
        self.past.add(event)
        self.tally.add(event)
        if event.kind == "scan":
            self.last_scan = event.id
        if event.kind in ("scan", "class"):
            self._verdicts = self.state.verdicts()
        else:
            self._judge(event)
        if kind := KINDS.get(event.kind, "answers"):
            self.announce(kind)

    def _judge(self, event: Event) -> None:
        """Look at the verdict of the sample that an event is about, and at no other."""
        sample = self.tally.sample_of(event)
        if sample is None or event.kind == "lease":
            return
        first = self.state.files.first(sample)
        verdict = self.state.verdict(first)
        if verdict.kind == "open":
            self._verdicts.pop(first, None)
        else:
            self._verdicts[first] = verdict

    def _take_over(self, changed: Sequence[Sample]) -> None:
        """Samples as a scan left them. Of a large folder it sees a part: to read all again takes a second each time."""
        samples = self.samples.copy()  # whoever goes through them without the lock goes on with the list of before
        for one in changed:
            samples[one.id : one.id + 1] = [one]  # ids ascend, so that a new one has the next place
        self.samples = samples

    def add_batch(self, choice: Choice, questions: Sequence[Question]) -> Batch:
        """Keep a batch."""
        with self.lock:
            batch = self.store.add_batch(choice, questions)
            self.past.add_batch(batch)
            self.announce("questions")
            return batch

    def register(self, files: Iterable[File], whole: bool) -> Event | None:
        """Take in what a scan saw."""
        with self.lock:
            seed = self.settings.seed
            event = self.store.register(files, lambda path: draw(seed, path), whole)
            if event is not None:
                self._take_over(self.store.changed_samples())
                self._follow(event)
            return event

    def announce(self, kind: str) -> None:
        """Tell whoever listens what changed: ``answers``, ``questions``, ``classes``, ``progress`` or ``receipt``."""
        self._number += 1
        self._changes.append({"number": self._number, "kind": kind})

    def changes(self, after: int) -> list[dict[str, Any]]:
        """What changed after a number: each kind once, the latest."""
        if after > self._number:  # of before the clock was set back: that page may have missed all there is
            after = -1
        last = {one["kind"]: one for one in list(self._changes) if one["number"] > after}
        return sorted(last.values(), key=lambda one: int(one["number"]))

    def now(self) -> datetime:
        """The time."""
        return utc_now()
