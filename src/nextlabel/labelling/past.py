"""What a batch is chosen from: the log up to an event, as the loop sees it.

Whoever chooses a batch, and whoever proves later that it was chosen rightly, builds the same pool from the same log.

    past = Past()
    past.follow(visit, upto=120, before=8)         # the events up to 120, the batches before the eighth
    known = past.build_pool(world)
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from nextlabel.labelling.settings import Settings, read_settings
from nextlabel.loop.audit import order_side
from nextlabel.pool import Floats, Ids, Labels, Pool
from nextlabel.store import Batch, Event, State, Visit
from nextlabel.store.classes import fold_name

# Batches that no strategy chose.
LATE, LASSO, OVERLAP, REVIEW, CHECK = "late", "lasso", "overlap", "review", "check"
ASIDE = frozenset({LASSO, OVERLAP, REVIEW, CHECK})  # of these, those that come beside the loop's and wait for nobody
RESERVE = " reserve"  # ends the name of a strategy that was asked for more, while its next batch was late
ONE_BY_ONE = frozenset({"key", "button"})
COMES_BACK = 50  # answers after which a question that was skipped is asked again


@dataclass(frozen=True)
class World:
    """Samples whose vectors are there, one a row: ``ids`` (n,) ascending, ``features`` (n, d), ``draws`` (n,)."""

    ids: Ids
    features: Floats
    draws: Floats

    def rows(self, samples: Ids) -> Ids:
        """The rows of those of the samples that are here, in the order given."""
        if not len(self.ids):
            return np.empty(0, dtype=np.int64)
        places = np.searchsorted(self.ids, samples)
        here = self.ids[np.minimum(places, len(self.ids) - 1)] == samples
        rows: Ids = places[here]
        return rows


class Known(NamedTuple):
    """A pool whose ids are rows of a world; ``out`` rows that are out for an answer; ``classes`` ids by code."""

    pool: Pool
    out: Ids
    classes: tuple[int, ...]


@dataclass
class Past:
    """The log up to some event and some batch, followed step by step."""

    state: State = field(default_factory=State)
    given: set[int] = field(default_factory=set)  # classes that were there before anybody looked at a sample
    names: set[str] = field(default_factory=set)  # of all classes that ever were, folded: those renamed or merged, too
    last_batch: int = 0
    settings: Settings = field(default_factory=Settings)  # what is set
    by_hand: bool = False  # did somebody pick samples, in the grid or on the map?

    def follow(self, visit: Visit, upto: int | None = None, before: int | None = None) -> None:
        """Go on to the event ``upto``, and to the last batch before ``before``; without them, to the end."""
        for batch in visit.batches(self.last_batch, before):
            self.add_batch(batch)
        for event in visit.events(self.state.upto, upto):
            self.add(event)

    def add_batch(self, batch: Batch) -> None:
        """Follow one batch."""
        self.state.add_batch(batch)
        self.last_batch = batch.id
        self.by_hand |= batch.choice.strategy == LASSO

    def add(self, event: Event) -> None:
        """Follow one event."""
        if event.kind == "class" and event.annotator_id is None and event.class_id not in self.state.classes.by_id:
            self.given.add(event.class_id or 0)
        if event.kind == "class" and "name" in (event.data or {}):
            self.names.add(fold_name((event.data or {})["name"]))
        self.state.add(event)
        self.by_hand |= event.how == "grid"
        if event.kind == "settings":
            self.settings = read_settings(self.state.settings)

    def rounds(self) -> int:
        """How many batches the loop has chosen."""
        return sum(is_round(batch) for batch in self.state.batches.values())

    def classes(self) -> tuple[int, ...]:
        """The ids of the classes by code: those that were given first, then by age."""
        active = [one.id for one in self.state.classes.active()]
        return tuple(sorted(active, key=lambda one: (one not in self.given, one)))

    def build_pool(self, world: World) -> Known:
        """The pool of those who have vectors, with what has been said of them."""
        classes, settings = self.classes(), self.settings
        here = np.isin(world.ids, _as_ids(self.state.files.askable()))
        y, closed, later = self._answers(world, classes)
        here[closed] = False
        y[~here] = -1  # what is gone is on no side, so nothing would hide its label from the chooser
        # Whoever may be asked one day is on a side; a skipped audit question only waits its turn.
        side = order_side(world.draws, np.flatnonzero(here), settings.side)
        askable = here.copy()
        askable[side] = False
        askable[later] = False
        pool = Pool(
            world.features,
            y,
            askable,
            classes=max(len(classes), 1),
            audit=side[~np.isin(side, later)],
            asked=world.rows(_as_ids(self._list_asked())),
            draws=world.draws,
            given=sum(one in self.given for one in classes),
        )
        return Known(pool, world.rows(_as_ids(self._out())), classes)

    def _answers(self, world: World, classes: tuple[int, ...]) -> tuple[Labels, Ids, Ids]:
        """Codes (n,), rows that are closed for good, and rows that were skipped and are not due yet."""
        code = {one: i for i, one in enumerate(classes)}
        verdicts = self.state.verdicts()
        labels = {i: code[v.class_id] for i, v in verdicts.items() if v.kind == "label" and v.class_id in code}
        labelled = _as_ids(labels)
        y = np.full(len(world.ids), -1, dtype=np.int64)
        there = np.isin(labelled, world.ids)
        y[world.rows(labelled)] = np.array(list(labels.values()), dtype=np.int64)[there]
        closed = [i for i, verdict in verdicts.items() if verdict.kind == "discard"]
        later = [i for i, v in verdicts.items() if v.kind == "skip" and not self._is_due(i, v.event_id or 0, world)]
        return y, world.rows(_as_ids(closed)), world.rows(_as_ids(later))

    def _is_due(self, sample: int, skip: int, world: World) -> bool:
        """Is a skipped sample asked again? One of the strategy's side comes back through the queue alone."""
        row = world.rows(_as_ids([sample]))
        audit = len(row) and world.draws[row[0]] < self.settings.side
        return bool(audit) and self.state.answers_since(skip) >= COMES_BACK

    def _list_asked(self) -> list[int]:
        """Samples with an answer to a question, in the order in which they were asked."""
        answered = {i for i, v in self.state.verdicts().items() if v.kind == "label" and self.was_asked(i)}
        asks = [ask.sample_id for batch in self.state.batches.values() for ask in batch.asks]
        return list(dict.fromkeys([*(i for i in asks if i in answered), *sorted(answered)]))

    def was_asked(self, sample: int) -> bool:
        """Did somebody answer a question about it? An import that was corrected, or reviewed, was not asked.

        Nor was one that a check drew: it came out of its turn, whichever side it is on.
        """
        return any(
            event.kind == "label"
            and event.ask_id is not None
            and not self.state.is_decision(event)
            and self.state.why(event) != "check"
            for event in self.state.standing(sample)
        )

    def asked_samples(self) -> set[int]:
        """All samples of which a question was made."""
        return {ask.sample_id for batch in self.state.batches.values() for ask in batch.asks if ask.why != "check"}

    def _out(self) -> list[int]:
        """Samples of the last batches that nobody has answered yet, in the order of their questions.

        Of the last two rounds, and one more for each further person who holds a question: a lease that ran out counts
        as well, for a clock is no part of the log.
        """
        rounds = 1 + max(len(self.state.holders()), 1)
        batches: list[Batch] = []
        for batch in reversed(self.state.batches.values()):
            if not rounds:
                break
            if batch.choice.strategy not in ASIDE:
                batches.insert(0, batch)
            rounds -= is_round(batch)
        asks = [ask.sample_id for batch in batches for ask in batch.asks]
        return list(dict.fromkeys(i for i in asks if self.state.verdict(i).kind == "open"))


def is_round(batch: Batch) -> bool:
    """Did the loop choose this batch as one of its rounds?"""
    strategy = batch.choice.strategy
    return strategy not in (*ASIDE, LATE) and not strategy.endswith(RESERVE)


def _as_ids(found: object) -> Ids:
    return np.fromiter(found, dtype=np.int64)  # type: ignore[call-overload, no-any-return]
