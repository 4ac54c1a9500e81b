"""Who is asked what next: the batches' questions in their order, each shown to one person at a time."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

from nextlabel.labelling.past import ASIDE, CHECK, COMES_BACK, LASSO, LATE, OVERLAP, is_round
from nextlabel.labelling.project import Project, new_client
from nextlabel.loop.audit import count_due, draw
from nextlabel.seeds import stream
from nextlabel.store import Ask, Choice, Entry, Question
from nextlabel.store.records import Why

RENEW = timedelta(seconds=60)  # a lease that is older is renewed while its holder goes on
WISHED = frozenset({LASSO, CHECK})  # batches that somebody wished for: they come before all others
FEWEST = 3  # questions that somebody holds, before others are found while a batch is late: nobody shall wait
AT_HAND = 2.5  # seconds that those must last at somebody's pace: answers and questions are on their way as long
MOST_AT_HAND = 24
AUDITS_AHEAD = 10  # audit questions that may be asked before their turn, while a batch is late
MOST_LATE = 10  # questions that are found at once then: those of the batch that comes are better


class Shown(NamedTuple):
    """A question that is shown to somebody: ``ask`` None where nobody chose it."""

    sample: int
    ask: Ask | None


@dataclass(frozen=True)
class Reserve:
    """What the last chooser would have asked next, after its own batch."""

    choice: Choice
    questions: tuple[Question, ...]


class Queue:
    """The questions of a project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._asks: dict[int, Ask] = {}  # by sample: the last time that it was asked
        self._seen = 0  # batches that are in it
        self._by_draw: list[int] = []  # all samples
        self._second_draws: dict[int, float] = {}  # of samples with a label: hashed once
        self._closed: set[int] = set()  # batches that wait for nobody any more
        self.unreadable: frozenset[int] = frozenset()  # samples that the worker could not open
        self.reserve: Reserve | None = None  # for as long as no later batch is there

    def ask_of(self, sample: int) -> Ask | None:
        """The last question about a sample."""
        batches = self.project.state.batches
        for batch in list(batches.values())[self._seen :]:
            self._asks.update((ask.sample_id, ask) for ask in batch.asks)
        self._seen = len(batches)
        return self._asks.get(sample)

    def unreadable_open(self) -> int:
        """How many samples that cannot be read nobody has said anything of: they are not asked about."""
        return sum(self._waits(i) for i in self.unreadable)

    def open_batches(self, now: datetime) -> int:
        """How many rounds of the loop still wait for an answer."""
        state, found = self.project.state, 0
        for batch in state.batches.values():
            if batch.choice.strategy in ASIDE or batch.id in self._closed:
                continue
            if state.open_asks(batch.id, now):
                found += is_round(batch)  # what came because a batch was late delays none
            else:
                self._closed.add(batch.id)
        return found

    def take(self, annotator: int, count: int) -> list[Shown]:
        """The next questions for somebody, theirs from now on; those that they have already come first."""
        project = self.project
        with project.lock:
            now = project.now()
            held = project.state.held(annotator, now)
            mine = [Shown(i, self.find(lease.ask_id)) for i, lease in held.items()]
            mine = [one for one in mine if self._is_still_open(one, annotator)]
            # What somebody wished for comes at once, before what lies ready.
            mine.sort(key=lambda one: one.ask is None or one.ask.why not in WISHED)
            chosen = sum(one.ask is not None and one.ask.why in WISHED for one in mine)
            front = self._fresh(self._wished_questions(), annotator, count - chosen, set(held), now)
            ready = [*mine[:chosen], *front, *mine[chosen:]]
            fresh = self._further(annotator, count - len(ready), {one.sample for one in ready}, now)
            fewest = min(count, self._fewest(annotator))
            while len(ready) + len(fresh) < fewest and self._fill(now):
                fresh = self._further(annotator, count - len(ready), {one.sample for one in ready}, now)
            due = [one for one in mine if now - held[one.sample].at > RENEW]
            self._lease(annotator, [*front, *due, *fresh])
            return [*ready, *fresh][:count]

    def _fewest(self, annotator: int) -> int:
        """How many questions somebody must hold: whoever is fast has answered the last before the next ones come."""
        pace = self.project.tally.pace(annotator) or 0.0
        return min(max(math.ceil(pace / 60 * AT_HAND), FEWEST), MOST_AT_HAND)

    def _further(self, annotator: int, count: int, but: set[int], now: datetime) -> list[Shown]:
        return self._fresh(self._in_order(annotator, now), annotator, count, but, now) if count > 0 else []

    def show_again(self, annotator: int, sample: int) -> None:
        """Let somebody have a question back that they answered."""
        self._lease(annotator, [Shown(sample, self.ask_of(sample))])

    def _lease(self, annotator: int, shown: list[Shown]) -> None:
        entries = [
            Entry(new_client(), "lease", annotator, one.ask.id if one.ask else None, one.sample) for one in shown
        ]
        if entries:
            self.project.append(*entries)

    def find(self, ask_id: int | None) -> Ask | None:
        """A question by its id."""
        for batch in reversed(self.project.state.batches.values()):
            if ask_id is not None and batch.asks[0].id <= ask_id <= batch.asks[-1].id:
                return batch.asks[ask_id - batch.asks[0].id]
        return None

    def _is_still_open(self, shown: Shown, annotator: int) -> bool:
        """May a question that somebody holds still be answered? Not if somebody else did, in a grid, meanwhile."""
        (sample, ask), verdicts = shown, self.project.verdicts
        first = self.project.state.files.first(sample)
        done = first in verdicts and verdicts[first].kind != "skip"
        return self._is_open(sample, annotator) and (not done or (ask is not None and ask.why == "overlap"))

    def _is_open(self, sample: int, annotator: int) -> bool:
        """May this person still answer it? What another one answered is open for a second opinion alone."""
        state = self.project.state
        if not state.files.is_there(sample) or sample in state.files.copies:
            return False
        return annotator not in state.opinions(sample)

    def _fresh(
        self, waiting: Iterator[Shown], annotator: int, count: int, held: set[int], now: datetime
    ) -> list[Shown]:
        found: dict[int, Shown] = {}
        for shown in waiting:
            if len(found) >= count:
                break
            sample = shown.sample
            if sample in held or sample in found or not self._is_open(sample, annotator):
                continue
            if self.project.state.holder(sample, now) in (None, annotator):
                found[sample] = shown
        return list(found.values())

    def _in_order(self, annotator: int, now: datetime) -> Iterator[Shown]:
        """All questions that wait, whoever may look at them now."""
        project, state = self.project, self.project.state
        yield from self._wished_questions()
        skipped = [(i, v.event_id or 0) for i, v in project.verdicts.items() if v.kind == "skip"]
        due = [i for i, event in skipped if state.answers_since(event) >= COMES_BACK]
        yield from (Shown(i, self.ask_of(i)) for i in due)
        yield from self._second_opinions(annotator)
        for batch in state.batches.values():
            if batch.choice.strategy not in ASIDE and batch.id not in self._closed:
                yield from (Shown(ask.sample_id, ask) for ask in batch.asks if self._waits(ask.sample_id))
        if not self._is_more_to_come(annotator, now):
            yield from (Shown(i, self.ask_of(i)) for i, _ in skipped)

    def _wished_questions(self) -> Iterator[Shown]:
        """What was chosen on the map, or drawn for a check, and waits, the last choice first."""
        for batch in reversed(self.project.state.batches.values()):
            if batch.choice.strategy in WISHED:
                yield from (Shown(ask.sample_id, ask) for ask in batch.asks if self._waits(ask.sample_id))

    def _is_more_to_come(self, annotator: int, now: datetime) -> bool:
        """Is there a sample of which nobody has said anything yet, and that nobody else looks at?"""
        project, state = self.project, self.project.state
        there = state.files.there - self.unreadable
        said = sum(one in there for one in project.verdicts)
        copies = sum(one in there for one in state.files.copies)
        elsewhere = sum(i in there and self._waits(i) for i in state.held_by_others(annotator, now))
        return said + copies + elsewhere < len(there)

    def _waits(self, sample: int) -> bool:
        return self.project.state.files.first(sample) not in self.project.verdicts

    def _second_opinions(self, annotator: int) -> Iterator[Shown]:
        """What somebody else answered, of the share that two people are asked; drawn from both sides alike."""
        project = self.project
        share = project.settings.overlap
        if not share:
            return
        for sample, verdict in project.verdicts.items():
            if verdict.kind != "label" or self._second_draw(sample) >= share:
                continue
            opinions = project.state.opinions(sample)
            if len(opinions) != 1 or annotator in opinions or not self._is_open(sample, annotator):
                continue
            if project.past.was_asked(sample) and not self._skipped_lately(sample, annotator):
                yield Shown(sample, self._overlap_ask(sample))

    def _second_draw(self, sample: int) -> float:
        """Says who is asked of two people: from the first draw, which a sample keeps wherever its file moves."""
        if sample not in self._second_draws:
            project = self.project
            self._second_draws[sample] = draw(project.settings.seed + 1, repr(project.sample(sample).draw))
        return self._second_draws[sample]

    def _skipped_lately(self, sample: int, annotator: int) -> bool:
        """Was this person not sure of it, less than fifty answers ago? Then it is not theirs again so soon."""
        state = self.project.state
        mine = [one for one in state.standing(sample) if one.annotator_id == annotator and one.kind == "skip"]
        return bool(mine) and state.answers_since(mine[-1].id) < COMES_BACK

    def _overlap_ask(self, sample: int) -> Ask:
        last = self.ask_of(sample)
        if last is not None and last.why == "overlap":
            return last
        batch = self.project.add_batch(self._choice(OVERLAP), [Question(sample, "overlap")])
        return batch.asks[0]

    def _choice(self, name: str) -> Choice:
        state = self.project.state
        return Choice(state.upto, name, None, state.settings_id, last_batch=self.project.past.last_batch)

    def put_in_front(self, samples: list[int]) -> int:
        """Ask about these next, as many as wait for an answer and are no audit samples."""
        project = self.project
        with project.lock:
            wanted = [i for i in dict.fromkeys(samples) if self._waits(i) and not project.is_audit(i)]
            wanted = [i for i in wanted if project.state.files.is_there(i) and i not in project.state.files.copies]
            if wanted:
                project.add_batch(self._choice(LASSO), [Question(i, "lasso") for i in wanted])
            return len(wanted)

    def draw_check(self, count: int) -> int:
        """Ask next about so many samples, drawn from all that have no label, whichever side they are on."""
        project = self.project
        with project.lock:
            out = self.unreadable | project.state.files.copies.keys()
            rest = sorted(i for i in project.state.files.there if i not in out and self._waits(i))
            rng = stream(project.settings.seed, "check", project.past.last_batch)  # another one each time
            drawn = rng.permutation(rest)[:count].tolist()
            if drawn:
                self._add(CHECK, "check", drawn)
            return len(drawn)

    def _fill(self, now: datetime) -> bool:
        """While the next batch is late: what is asked instead, if anything is left; chance comes last."""
        project = self.project
        size = min(max(project.settings.batch, FEWEST), MOST_LATE)
        if ahead := self._free(True, min(self._room(), size), now):
            self._add(LATE, "audit", ahead)
        elif more := self._from_reserve(size, now):
            assert self.reserve is not None, "it came from there"
            project.add_batch(self.reserve.choice, more)
        elif others := self._free(False, size, now):  # in the order of their draws, which nobody chose
            self._add(LATE, "random", others)
        elif waiting := self._free(True, size, now):
            self._add(LATE, "audit", waiting)
        else:
            return False
        return True

    def _add(self, name: str, why: Why, samples: list[int]) -> None:
        self.project.add_batch(self._choice(name), [Question(i, why) for i in samples])

    def _free(self, audit: bool, count: int, now: datetime) -> list[int]:
        """The first samples of a side, by their draws, that wait in no batch and are nobody's just now."""
        project = self.project
        if len(self._by_draw) != len(project.samples):
            self._by_draw = sorted(range(len(project.samples)), key=lambda i: project.samples[i].draw)
        out = self._list_unavailable()
        free = (i for i in self._by_draw if i not in out and project.is_audit(i) is audit and self._is_free(i, now))
        return list(islice(free, max(count, 0)))

    def _list_unavailable(self) -> set[int]:
        """Samples that nobody is to be asked about: answered, unreadable, copies, or waiting in a batch."""
        project = self.project
        return self._waiting() | project.state.files.copies.keys() | self.unreadable | project.verdicts.keys()

    def _is_free(self, sample: int, now: datetime) -> bool:
        state = self.project.state
        return state.files.is_there(sample) and state.holder(sample, now) is None

    def _waiting(self) -> set[int]:
        """Samples that batches wait for."""
        batches = [batch for batch in self.project.state.batches.values() if batch.id not in self._closed]
        return {ask.sample_id for batch in batches for ask in batch.asks if self._waits(ask.sample_id)}

    def _room(self) -> int:
        """How many more audit questions may go ahead of their turn: those that wait for an answer count as well."""
        project = self.project
        answered = {i for i, v in project.verdicts.items() if v.kind == "label" and project.past.was_asked(i)}
        asked = answered | self._waiting()
        due = count_due(project.settings.audit_share, len(asked))
        share = project.settings.audit_share
        return max(AUDITS_AHEAD + due - sum(project.is_audit(i) for i in asked), 0) if share else 0

    def _from_reserve(self, size: int, now: datetime) -> list[Question]:
        """The next questions of the reserve that are still free."""
        if self.reserve is None:
            return []
        out = self._list_unavailable()
        left = [one for one in self.reserve.questions if one.sample_id not in out and self._is_free(one.sample_id, now)]
        self.reserve = Reserve(self.reserve.choice, tuple(left[size:]))
        return left[:size]
