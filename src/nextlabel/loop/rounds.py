"""The loop, written once: learn, ask, be told. Whoever drives it supplies the labels.

A simulation and a labelling page differ only in who answers. A simulation runs the generator to its end; a page, which
rebuilds everything from its store, calls `step` for the round that is due. Both give the same round, since a round is a
function of what is known and of nothing else.

>>> import numpy as np
>>> from nextlabel import ActiveLearner, Linear, Plan, Pool, Truth
>>> from nextlabel.strategies import strategy
>>> y = np.arange(20) % 2
>>> pool = Pool(np.eye(2, dtype=np.float32)[y], np.where(np.arange(20) < 4, y, -1), np.ones(20, dtype=bool), classes=2)
>>> plan = Plan(batch=5, rounds=2).resolve(len(y), classes=2)
>>> learner = ActiveLearner(Linear({}), strategy("margin"), strategy("random"), plan, seed=0)
>>> [len(this.asked.ids) for this in drive(rounds(pool, learner), Truth(y))]
[5, 5, 0]
>>> first = step(pool, learner, k=0)  # the same Round, without a generator
>>> first.k, first.asked.why
(0, ('strategy', 'strategy', 'strategy', 'strategy', 'strategy'))
"""

import itertools
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter

from nextlabel.loop.asking import Asked, ask, batch_size
from nextlabel.loop.learner import ActiveLearner, View, learn
from nextlabel.models.base import Fitted
from nextlabel.pool import Ids, Labels, Pool


@dataclass(frozen=True)
class Round:
    """One round: the models that the labels so far give, and the batch that is asked (empty at the end).

    ``fitted`` learned from all labels, and is what is shown and scored; ``chooser`` from the strategy's own alone, and
    is what chooses. Without an audit side they are one. The batch was chosen from ``view``.
    """

    k: int
    pool: Pool
    fitted: Fitted
    chooser: Fitted
    asked: Asked
    fit_s: float  # seconds to learn
    ask_s: float  # seconds to choose
    view: View

    def ahead(self) -> View:
        """What the next batch is chosen from while this one is out for an answer: its samples are not asked again."""
        return View(self.pool.without(self.asked.ids), self.chooser)


Loop = Generator[Round, Labels, None]
Past = Sequence[tuple[Ids, Labels]]  # batches and their answers, from round 0 on


def rounds(pool: Pool, learner: ActiveLearner, past: Past = ()) -> Loop:
    """Yield a `Round`, receive its labels, until the rounds, the budget or the pool are used up.

    ``past`` are rounds that were played before: they are not learned again, and the loop goes on just as if it had
    never stopped.
    """
    # k goes on from the past: the streams of a round are named by its number, so a resumed run draws what it would
    # have.
    pool, view = replay(pool, learner, past)
    for k in itertools.count(len(past)):
        this = step(pool, learner, k, view)
        labels = yield this
        # After the yield: the round that asks nothing is the last one, and its model is scored like any other.
        if not len(this.asked.ids):
            return
        # The next batch is chosen from this round's model, without what this round asks: the model is one round behind.
        view = this.ahead() if learner.plan.ahead else None
        pool = pool.answered(this.asked.ids, labels)


def drive(loop: Loop, answer: Callable[[Ids], Labels]) -> Iterator[Round]:
    """Run a loop to its end: hand each batch to ``answer``, its labels to the loop, and each round to the caller.

    The caller sees a round before anybody is asked about its batch, so what it keeps of a round is kept first.
    """
    # A generator that is sent to must be started with next; then each send gives the next round.
    this = next(loop)
    while True:
        yield this
        try:
            # Asked even for an empty batch, at the end: the generator is what decides that nothing follows.
            this = loop.send(answer(this.asked.ids))
        except StopIteration:
            return


def replay(pool: Pool, learner: ActiveLearner, past: Past) -> tuple[Pool, View | None]:
    """The pool after ``past``, and what its next batch is chosen from where that was to be chosen ahead."""
    view = None
    for k, (ids, labels) in enumerate(past):
        # Only the last of them, and before its answers are in: the one model that the next batch was chosen by.
        if learner.plan.ahead and k == len(past) - 1:
            # What `Round.ahead` gave then, to the bit: a function of pool, learner and k.
            view = View.of(pool, learner, k, out=ids)
        pool = pool.answered(ids, labels)
    return pool, view


def step(pool: Pool, learner: ActiveLearner, k: int, view: View | None = None) -> Round:
    """Round ``k`` of a pool: a function of its arguments alone, but for the two times that it takes.

    ``view`` is what the batch is chosen from where it is not this pool: the state of the round before (`Round.ahead`),
    so that an annotator never waits for a model to learn.
    """
    # By this round's pool, also where the view is older: what was labelled since counts against the budget.
    size, blind, began = batch_size(pool, learner.plan, k), pool.blind(), perf_counter()
    fitted = learn(pool, learner, k)
    # One model serves both where there is no audit side to hide; and at the end nobody chooses any more.
    chooser = fitted if blind is pool or not size else learn(blind, learner, k)
    learned = perf_counter()
    view = view or View(pool, chooser)
    asked = ask(view, learner, k, size)
    return Round(k, pool, fitted, chooser, asked, learned - began, perf_counter() - learned, view)
