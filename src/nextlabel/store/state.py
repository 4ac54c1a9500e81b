"""What the events say, followed one after the other: who said what of which sample, and what stands.

    state = State()
    for event in store.events():
        state.add(event)
    state.verdict(17)               # Verdict(kind='label', class_id=0, event_id=5, disputed=False)

A state is a function of events and batches alone. Nothing is computed when an event is added that a later event could
change: two people's answers are weighed, and merged classes and copies followed, when somebody asks. That is why a
state that is kept up event by event is the same as one that is built anew.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from nextlabel.store.classes import Classes
from nextlabel.store.files import Files
from nextlabel.store.records import ANSWERS, CAN_BE_TAKEN_BACK, ONE_BY_ONE, Ask, Batch, Event, Why

LEASE = timedelta(minutes=2)  # for which a question that is shown belongs to one annotator
LEASES = 2  # that run out, until a batch no longer waits for an answer


@dataclass(frozen=True, slots=True)
class Verdict:
    """What holds of a sample. ``disputed``: annotators say different things, and Review has not decided yet."""

    kind: Literal["open", "label", "skip", "discard"] = "open"
    class_id: int | None = None
    event_id: int | None = None
    disputed: bool = False


@dataclass(frozen=True, slots=True)
class Lease:
    """A question that is shown to somebody."""

    annotator_id: int
    ask_id: int | None
    at: datetime

    def runs(self, now: datetime) -> bool:
        """Has it not run out? A clock that was set back by more than a lease ends it, rather than make it eternal."""
        return abs(now - self.at) < LEASE


OPEN = Verdict()


class State:
    """The project as the events up to ``upto`` leave it.

    ``settings`` as they are, ``settings_id`` the event that changed them last; ``classes``; ``files``: which samples
    are there; ``answers``: labels given one by one so far (no grid, no import), those taken back too, so that it only
    grows.
    """

    def __init__(self) -> None:
        self.upto = 0
        self.answers = 0
        self.settings: dict[str, Any] = {}
        self.settings_id: int | None = None
        self.classes = Classes()
        self.files = Files()
        self.batches: dict[int, Batch] = {}
        self._asks: dict[int, Ask] = {}
        self._standing: dict[int, Event] = {}  # answers and notes that nobody took back
        self._by_sample: defaultdict[int, list[int]] = defaultdict(list)  # their ids, ascending
        self._by_annotator: defaultdict[int | None, list[int]] = defaultdict(list)
        self._answers_at: dict[int, int] = {}  # of each skip, how many answers there were
        self._leases: dict[int, Lease] = {}  # by sample
        self._run_out: defaultdict[int | None, int] = defaultdict(int)  # leases, by ask; a running one is not in it

    def add_batch(self, batch: Batch) -> None:
        """Follow one batch."""
        self.batches[batch.id] = batch
        self._asks.update((ask.id, ask) for ask in batch.asks)

    def add(self, event: Event) -> None:
        """Follow one event, which must come after all those before it."""
        if event.id <= self.upto:
            raise ValueError(f"event {event.id} was added already: the state is at {self.upto}")
        self.upto = event.id
        if event.kind in CAN_BE_TAKEN_BACK:
            self._keep(event)
        elif event.kind == "undo":
            self._take_back(event)
        elif event.kind == "lease":
            self._lease(event)
        elif event.kind == "class":
            self.classes.add(event)
        elif event.kind == "settings":
            self.settings = {**self.settings, **(event.data or {})}
            self.settings_id = event.id
        elif event.kind == "scan":
            self.files.add(event.data or {})

    def _keep(self, event: Event) -> None:
        assert event.sample_id is not None  # `Entry.check`
        self._standing[event.id] = event
        self._by_sample[event.sample_id].append(event.id)
        if event.how != "import":  # Backspace goes back through what a person did here
            self._by_annotator[event.annotator_id].append(event.id)
        if event.kind == "label" and event.how in ONE_BY_ONE:
            self.answers += 1
        if event.kind == "skip":
            self._answers_at[event.id] = self.answers
        lease = self._leases.get(event.sample_id)
        if event.kind in ANSWERS and lease and lease.annotator_id == event.annotator_id:
            del self._leases[event.sample_id]

    def _take_back(self, event: Event) -> None:
        kept = self._standing.get(event.takes_back or 0)
        # The store refuses what is not one's own; a log that holds it all the same changes nothing.
        if kept is None or kept.annotator_id != event.annotator_id or kept.sample_id is None:
            return
        del self._standing[kept.id]
        self._by_sample[kept.sample_id].remove(kept.id)
        if kept.how != "import":
            self._by_annotator[kept.annotator_id].remove(kept.id)

    def _lease(self, event: Event) -> None:
        assert event.sample_id is not None  # `Entry.check`
        assert event.annotator_id is not None
        before = self._leases.get(event.sample_id)
        if before and not before.runs(event.at):
            self._run_out[before.ask_id] += 1
        self._leases[event.sample_id] = Lease(event.annotator_id, event.ask_id, event.at)

    def standing(self, sample_id: int) -> list[Event]:
        """All answers and notes for a sample and its copies that nobody took back, in order."""
        ids = [event for one in self.files.same(sample_id) for event in self._by_sample.get(one, ())]
        return [self._standing[event] for event in sorted(ids)]

    def notes(self, sample_id: int) -> list[Event]:
        """The notes on a sample, in order."""
        return [event for event in self.standing(sample_id) if event.kind == "note"]

    def opinions(self, sample_id: int) -> dict[int | None, Event]:
        """Each annotator's last answer for a sample, whoever labelled or discarded it first coming first.

        An annotator whose last answer is a skip has no opinion, and is not in it. None is who imported.
        """
        last: dict[int | None, Event] = {}
        order: dict[int | None, int] = {}  # annotators, by their first opinion
        for event in self.standing(sample_id):
            if event.kind in ANSWERS:
                last[event.annotator_id] = event
                if event.kind != "skip":
                    order.setdefault(event.annotator_id, event.id)
        return {who: last[who] for who in order if last[who].kind != "skip"}

    def verdict(self, sample_id: int) -> Verdict:
        """What holds of a sample: what annotators agree on; while they do not, what Review decided, or the first.

        An imported label holds until a person says something.
        """
        by = self.opinions(sample_id)
        opinions = [event for who, event in by.items() if who is not None] or list(by.values())
        if not opinions:
            skips = [event for event in self.standing(sample_id) if event.kind == "skip"]
            return Verdict("skip", event_id=skips[-1].id) if skips else OPEN
        decisions = [event for event in opinions if self.is_decision(event)]
        event = max(decisions, key=lambda event: event.id) if decisions else opinions[0]
        said = {(one.kind, self._class_of(one)) for one in opinions}
        assert event.kind in ("label", "discard")
        return Verdict(event.kind, self._class_of(event), event.id, disputed=len(said) > 1 and not decisions)

    def _class_of(self, event: Event) -> int | None:
        return None if event.class_id is None else self.classes.resolve(event.class_id)

    def is_decision(self, event: Event) -> bool:
        """Was this answer given in Review?"""
        return self.why(event) == "review"

    def why(self, event: Event) -> Why | None:
        """Why the question that an event is about was asked; None where there was none."""
        ask = self._asks.get(event.ask_id or 0)
        return None if ask is None else ask.why

    def verdicts(self) -> dict[int, Verdict]:
        """What holds of every sample of which somebody said something; copies are found under their first sample."""
        found = {self.files.first(sample) for sample, kept in self._by_sample.items() if kept}
        verdicts = {sample: self.verdict(sample) for sample in sorted(found)}
        return {sample: verdict for sample, verdict in verdicts.items() if verdict.kind != "open"}

    def answers_since(self, skip_id: int) -> int:
        """How many answers were given since a skip, which is what brings a skipped sample back."""
        return self.answers - self._answers_at[skip_id]

    def last_answers(self, annotator_id: int, count: int = 1) -> list[Event]:
        """An annotator's last answers and notes, the newest first: what Backspace takes back, one after the other."""
        return [self._standing[event] for event in reversed(self._by_annotator.get(annotator_id, [])[-count:])]

    def holder(self, sample_id: int, now: datetime) -> int | None:
        """The annotator who looks at a sample now."""
        lease = self._leases.get(sample_id)
        return lease.annotator_id if lease and lease.runs(now) else None

    def holders(self, now: datetime | None = None) -> set[int]:
        """Who looks at a sample now; without a time, whoever was shown one and neither answered nor lost it."""
        return {lease.annotator_id for lease in self._leases.values() if now is None or lease.runs(now)}

    def held(self, annotator_id: int, now: datetime) -> dict[int, Lease]:
        """The samples that are shown to an annotator now, with their leases."""
        return {
            one: lease for one, lease in self._leases.items() if lease.annotator_id == annotator_id and lease.runs(now)
        }

    def held_by_others(self, annotator_id: int, now: datetime) -> list[int]:
        """The samples that are shown to somebody else now."""
        return [one for one, lease in self._leases.items() if lease.annotator_id != annotator_id and lease.runs(now)]

    def is_done(self, ask: Ask, now: datetime) -> bool:
        """Does the batch no longer wait for this ask: an answer, two leases that ran out, a file gone or a copy?"""
        if self.verdict(ask.sample_id).kind != "open" or not self.files.is_there(ask.sample_id):
            return True
        if ask.sample_id in self.files.copies:  # which came out after it was asked
            return True
        lease = self._leases.get(ask.sample_id)
        last = lease is not None and lease.ask_id == ask.id and not lease.runs(now)
        return self._run_out.get(ask.id, 0) + last >= LEASES

    def open_asks(self, batch_id: int, now: datetime) -> list[Ask]:
        """The asks that a batch waits for, in order; it is closed when there are none."""
        return [ask for ask in self.batches[batch_id].asks if not self.is_done(ask, now)]
