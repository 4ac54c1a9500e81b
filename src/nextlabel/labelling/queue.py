"""Who is asked what next: the batches' questions in their order, each shown to one person at a time."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

from nextlabel.labelling.past import ASIDE, COMES_BACK, LASSO, LATE, ONE_BY_ONE, OVERLAP
from nextlabel.labelling.project import Project, new_client
from nextlabel.loop.audit import count_due, draw
from nextlabel.store import Ask, Choice, Entry, Question

RENEW = timedelta(seconds=60)  # a lease that is older is renewed while its holder goes on
FEWEST = 3  # questions that somebody holds, before others are found while a batch is late: nobody shall wait
AUDITS_AHEAD = 10  # audit questions that may be asked before their turn, while a batch is late


class Shown(NamedTuple):
    """A question that is shown to somebody: ``ask`` None where nobody chose it."""

    sample: int
    ask: Ask | None


class Queue:
    """The questions of a project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._asks: dict[int, Ask] = {}  # by sample: the last time that it was asked
        self._seen = 0  # batches that are in it
        self._by_draw: list[int] = []  # all samples
        self._closed: set[int] = set()  # batches that wait for nobody any more
        self.unreadable: frozenset[int] = frozenset()  # samples that the worker could not open

    def ask_of(self, sample: int) -> Ask | None:
        """The last question about a sample."""
        batches = self.project.state.batches
        for batch in list(batches.values())[self._seen :]:
            self._asks.update((ask.sample_id, ask) for ask in batch.asks)
        self._seen = len(batches)
        return self._asks.get(sample)

    def open_batches(self, now: datetime) -> int:
        """How many batches of the loop still wait for an answer."""
        state, found = self.project.state, 0
        for batch in state.batches.values():
            if batch.choice.strategy in ASIDE or batch.id in self._closed:
                continue
            if state.open_asks(batch.id, now):
                found += 1
            else:
                self._closed.add(batch.id)
        return found

    def take(self, annotator: int, count: int) -> list[Shown]:
        """The next questions for somebody, theirs from now on; those that they have already come first."""
        project = self.project
        with project.lock:
            now = project.now()
            held = project.state.held(annotator, now)
            mine = [Shown(i, self.find(lease.ask_id)) for i, lease in held.items() if self._is_open(i, annotator)]
            fresh: list[Shown] = []
            if len(mine) < count:
                fresh = self._fresh(annotator, count - len(mine), set(held), now)
            if len(mine) + len(fresh) < min(count, FEWEST) and self._fill(now):
                fresh = self._fresh(annotator, count - len(mine), set(held), now)
            due = [one for one in mine if now - held[one.sample].at > RENEW]
            self._lease(annotator, [*due, *fresh])
            return [*mine, *fresh][:count]

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

    def _is_open(self, sample: int, annotator: int) -> bool:
        """May this person still answer it? What another one answered is open for a second opinion alone."""
        state = self.project.state
        return state.files.is_there(sample) and annotator not in state.opinions(sample)

    def _fresh(self, annotator: int, count: int, held: set[int], now: datetime) -> list[Shown]:
        found: dict[int, Shown] = {}
        for shown in self._in_order(annotator, now):
            if len(found) == count:
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
        for batch in reversed(state.batches.values()):
            if batch.choice.strategy == LASSO:
                yield from (Shown(ask.sample_id, ask) for ask in batch.asks if self._waits(ask.sample_id))
        skipped = [(i, v.event_id or 0) for i, v in project.verdicts.items() if v.kind == "skip"]
        due = [i for i, event in skipped if state.answers_since(event) >= COMES_BACK]
        yield from (Shown(i, self.ask_of(i)) for i in due)
        yield from self._second_opinions(annotator)
        for batch in state.batches.values():
            if batch.choice.strategy not in ASIDE and batch.id not in self._closed:
                yield from (Shown(ask.sample_id, ask) for ask in batch.asks if self._waits(ask.sample_id))
        if not self.is_more_to_come():
            yield from (Shown(i, self.ask_of(i)) for i, _ in skipped)

    def is_more_to_come(self) -> bool:
        """Is there a sample of which nobody has said anything yet?"""
        there = self.project.state.files.there
        return sum(one in there for one in self.project.verdicts) < self.project.population()

    def _waits(self, sample: int) -> bool:
        return self.project.state.files.first(sample) not in self.project.verdicts

    def _second_opinions(self, annotator: int) -> Iterator[Shown]:
        """What somebody else answered, of the share that two people are asked; drawn from both sides alike."""
        project = self.project
        share = project.settings.overlap
        if not share:
            return
        for sample, verdict in project.verdicts.items():
            if verdict.kind != "label" or draw(project.settings.seed + 1, project.path(sample)) >= share:
                continue
            opinions = project.state.opinions(sample)
            if len(opinions) == 1 and annotator not in opinions and self._was_asked(sample):
                yield Shown(sample, self._overlap_ask(sample))

    def _was_asked(self, sample: int) -> bool:
        return any(event.how in ONE_BY_ONE for event in self.project.state.opinions(sample).values())

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

    def _fill(self, now: datetime) -> bool:
        """While the next batch is late: audit questions ahead of their turn, then samples at random."""
        project = self.project
        size, share = project.settings.batch, project.settings.audit_share
        answered = self._answered()
        ahead = AUDITS_AHEAD + count_due(share, len(answered)) - sum(map(project.is_audit, answered))
        room = min(size, ahead) if share else 0
        questions = [Question(i, "audit") for i in self._free(True, room, now)]
        # In the order of their draws, which nobody chose: as random as any.
        questions = questions or [Question(i, "random") for i in self._free(False, size, now)]
        questions = questions or [Question(i, "audit") for i in self._free(True, size, now)]
        if questions:
            project.add_batch(self._choice(LATE), questions)
        return bool(questions)

    def _free(self, audit: bool, count: int, now: datetime) -> list[int]:
        """The first samples of a side, by their draws, that nobody has answered or is looking at, nor will be soon."""
        project, state = self.project, self.project.state
        if len(self._by_draw) != len(project.samples):
            self._by_draw = sorted(range(len(project.samples)), key=lambda i: project.samples[i].draw)
        waiting = {
            ask.sample_id for batch in state.batches.values() if batch.id not in self._closed for ask in batch.asks
        }
        out = waiting | state.files.copies.keys() | self.unreadable | project.verdicts.keys()
        free = (
            i
            for i in self._by_draw
            if i not in out
            and project.is_audit(i) is audit
            and state.files.is_there(i)
            and state.holder(i, now) is None
        )
        return list(islice(free, max(count, 0)))

    def _answered(self) -> list[int]:
        return [i for i, verdict in self.project.verdicts.items() if verdict.kind == "label" and self._was_asked(i)]
