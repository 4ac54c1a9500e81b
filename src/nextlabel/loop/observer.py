"""What is seen of a labelling while it goes on, for whoever says how good the model is without a test set.

    observer = Observer()
    for this in drive(rounds(pool, learner), answer):
        figures = estimate(observer.see(Seen(this.pool, this.fitted, this.asked, this.view, learner)))

A look, and a check of the model's change, are functions of the rounds so far: a page that was closed sees its old
rounds once more and says the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from nextlabel.estimators.base import Check, History, Look
from nextlabel.estimators.random_arm import equal_count, steps
from nextlabel.loop.asking import doubt
from nextlabel.loop.guesses import Answers, Seen, cross_guess, guess_anew, guess_of, has_own_features
from nextlabel.pool import NOBODY, Ids, Pool
from nextlabel.statistics.audit_looks import last_look

GAP = 100  # labels over which the model's change is looked at
RECENT = 100  # of the strategy's questions


@dataclass(frozen=True)
class Aside:
    """What a pool does not say. ``codes`` (C,) what classes are called, from round to round; ``merged`` which of these
    names are another one by now. ``skipped`` audit questions that were asked and are open still; ``discarded`` ones;
    ``later``: unlabelled samples that are not to be asked now, of the audit side and of the strategy's; ``away`` ids of
    the audit side that are not in the pool's now, and may be one day: skipped, or discarded by mistake. ``by_hand``:
    somebody picked samples; ``joined`` samples came, and the audit has not caught up.
    """

    codes: Ids | None = None
    merged: Mapping[int, int] = field(default_factory=dict)
    skipped: int = 0
    later: tuple[int, int] = (0, 0)
    away: Ids = field(default_factory=lambda: NOBODY)
    discarded: int = 0
    by_hand: bool = False
    joined: int = 0


class _Batch(NamedTuple):
    """A batch that is out: what it asked by the strategy's choice, and what it would have taken of the audit side."""

    ids: Ids
    taken: Ids
    scored: bool
    known: Ids  # class names that the chooser took its questions for


class _Model(NamedTuple):
    """What a model took samples for: class names by id (N,), after so many answers, of so many classes."""

    labelled: int
    guess: Ids
    classes: frozenset[int]


class Observer:
    """Sees one labelling, round by round, and keeps what estimators go by.

    ``worth``: is the queue tried at many counts, for how many of its labels do the work of random ones? A receipt shows
    nothing of that, and it would be half of the models that a look trains.
    """

    def __init__(self, worth: bool = True) -> None:
        self.worth = worth
        self.looks: list[Look] = []
        self.checks: list[Check] = []
        self._looked = 0  # audit answers of the last look
        self._out: list[_Batch] = []
        self._taken = np.empty(0, dtype=bool)  # (N,) of the audit side, by some batch of which something was answered
        self._survivors: bool | None = None  # None: no batch was chosen by a score so far
        self._models: list[_Model] = []
        self._recent: list[tuple[int, int]] = []  # of the strategy's questions: id, and what the chooser took it for

    def see(self, seen: Seen, aside: Aside | None = None) -> History:
        """The history with one round more; its batch has not been answered yet."""
        aside = aside or Aside()
        pool, answers = seen.pool, Answers.of(seen.pool)
        self._settle(pool)
        self._check(seen, answers, aside)
        due = last_look(len(answers.audit))
        if due is not None and due > self._looked and not aside.joined:
            self._looked = due
            self.looks.append(self._look(seen, answers, aside))
        self.send(seen, aside)
        return self.history(pool, aside)

    def history(self, pool: Pool, aside: Aside) -> History:
        """What was seen so far, of a labelling that has come as far as ``pool``."""
        audit, side = len(Answers.of(pool).audit), len(pool.audit) + aside.later[0]
        return History(audit, side, tuple(self.looks), tuple(self.checks), aside.joined)

    def send(self, seen: Seen, aside: Aside) -> None:
        """A batch goes out: what it would have taken is kept, for when it is answered."""
        pool, asked = seen.pool, seen.asked
        ids = asked.ids[[why == "strategy" for why in asked.why]]
        if not len(ids):
            return
        tau = asked.tau
        # Those that are away, too: once they are answered, they stand for samples that this batch has passed over.
        side = np.union1d(pool.audit, aside.away)
        doubts = None if tau is None else doubt(seen.view, seen.learner, side)
        taken = NOBODY if doubts is None else side[doubts > (tau or 0.0)]
        guess = seen.view.pool.own_classes()[guess_of(seen.view.fitted, ids)]
        self._out.append(_Batch(ids, taken, tau is not None, _names(aside, guess)))

    def _settle(self, pool: Pool) -> None:
        """Let batches count of which something has been answered."""
        if len(self._taken) != len(pool.y):
            self._taken = np.zeros(len(pool.y), dtype=bool)
        out, self._out = self._out, []
        for batch in out:
            if not (pool.y[batch.ids] >= 0).any():
                self._out.append(batch)
                continue
            self._taken[batch.taken] = True
            if batch.scored:
                self._survivors = self._survivors is not False
            elif self._survivors:
                self._survivors = False  # what such a batch would have taken, nobody can say
            self._recent += zip(batch.ids.tolist(), batch.known.tolist(), strict=True)

    def _check(self, seen: Seen, answers: Answers, aside: Aside) -> None:
        """Compare the model with that of a hundred answers ago."""
        pool = seen.pool
        if pool.known_classes() < 2:
            return  # what it says then is no model's
        before, now = self._remember(seen, answers.n, aside)
        if before is None:
            return
        if {aside.merged.get(one, one) for one in before.classes} != now.classes:
            self.checks.clear()  # nobody knows yet how much a class that is new will move
            return
        waiting = pool.audit[pool.y[pool.audit] < 0]
        old = _merge(before.guess[waiting], aside.merged)
        there = old >= 0  # not there a hundred answers ago, or passed over then
        if not there.any():
            return
        known, asked = self._recall(pool, aside)
        check = Check(
            labelled=answers.n,
            changed=int((old != now.guess[waiting])[there].sum()),
            seen=int(there.sum()),
            gap=answers.n - before.labelled,
            fewest=int(np.bincount(pool.y[pool.labelled()], minlength=pool.classes).min()),
            audit=len(answers.audit),
            left=len(pool.unlabelled()) + len(waiting),
            known=known,
            asked=asked,
        )
        self.checks.append(check)

    def _remember(self, seen: Seen, n: int, aside: Aside) -> tuple[_Model | None, _Model]:
        """Keep what the model says of the audit side; that of a hundred answers ago, if there was one, and this one."""
        guess = np.full(len(seen.pool.y), -1, dtype=np.int64)
        guess[seen.pool.audit] = _names(aside, guess_of(seen.fitted, seen.pool.audit))
        now = _Model(n, guess, frozenset(_names(aside, np.arange(seen.pool.classes)).tolist()))
        before = [one for one in self._models if one.labelled <= n - GAP][-1:]
        self._models = [*before, *(one for one in self._models if one.labelled > n - GAP), now]
        return next(iter(before), None), now

    def _recall(self, pool: Pool, aside: Aside) -> tuple[int, int]:
        """Of the last questions that the strategy chose: how many the model that chose them knew, and how many."""
        recent = [(i, one) for i, one in self._recent[-RECENT:] if pool.y[i] >= 0]
        answers = _names(aside, pool.y[[i for i, _ in recent]]).tolist()
        found = (aside.merged.get(one, one) == answer for (_, one), answer in zip(recent, answers, strict=True))
        return sum(found), len(recent)

    def _look(self, seen: Seen, answers: Answers, aside: Aside) -> Look:
        """Take a look: let models that have not learned an audit answer say what it is."""
        pool, audit = seen.pool, answers.audit
        learned = pool.labelled()
        guess = cross_guess(seen, learned, audit)
        wanted = self._count_queue(seen, answers)
        alike = answers.others(pool)
        by_chance = cross_guess(seen, np.union1d(alike, audit), audit) if wanted else NOBODY
        queue = {k: _names(aside, guess_anew(seen, np.union1d(alike, answers.own[:k]), audit)) for k in wanted}
        return Look(
            labelled=answers.n,
            truth=_names(aside, pool.y[audit]),
            guess=_names(aside, guess),
            alive=~self._taken[audit],
            survivors=bool(self._survivors),
            rest=(int((pool.y[pool.audit] < 0).sum()) + aside.later[0], len(pool.unlabelled()) + aside.later[1]),
            learned=len(learned),
            skipped=aside.skipped,
            discarded=aside.discarded,
            by_hand=aside.by_hand,
            by_chance=_names(aside, by_chance),
            queue=queue,
        )

    def _count_queue(self, seen: Seen, answers: Answers) -> list[int]:
        """How many of the queue's labels models are to learn, that are compared with random ones."""
        if has_own_features(seen):
            return []  # a network learns too long for twenty more of it
        m = len(answers.audit)
        return [k for k in steps(m, len(answers.own)) if self.worth or k == equal_count(m)]


def _names(aside: Aside, codes: Ids) -> Ids:
    return codes if aside.codes is None else aside.codes[codes]


def _merge(names: Ids, merged: Mapping[int, int]) -> Ids:
    return np.array([merged.get(one, one) for one in names.tolist()], dtype=np.int64) if merged else names
