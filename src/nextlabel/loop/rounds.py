"""The loop, written once: learn, ask, be told. Whoever drives it supplies the labels.

A simulation and a labelling page differ only in who answers. A simulation runs the generator to its end; a page, which
rebuilds everything from its store, calls `step` for the round that is due. Both give the same round, since a round is a
function of what is known and of nothing else.

>>> from nextlabel import Linear, Plan, Pool, Truth
>>> from nextlabel.strategies import strategy
>>> y = np.arange(20) % 2
>>> pool = Pool(np.eye(2, dtype=np.float32)[y], np.where(np.arange(20) < 4, y, -1), np.ones(20, dtype=bool), classes=2)
>>> plan = Plan(batch=5, rounds=2).fixed(len(y), classes=2)
>>> learner = ActiveLearner(Linear({}), strategy("margin"), strategy("random"), plan, seed=0)
>>> [len(this.asked.ids) for this in drive(rounds(pool, learner), Truth(y))]
[5, 5, 0]
>>> first = step(pool, learner, k=0)  # the same Round, without a generator
>>> asked = ask(View(pool, first.fitted), learner, k=0, size=5)
>>> asked.ids.tolist() == first.asked.ids.tolist(), asked.why[0]
(True, 'strategy')
"""

import itertools
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Literal

import numpy as np

from nextlabel.models.base import Fitted, Model
from nextlabel.models.head import LinearHead, bootstrap
from nextlabel.plan import Amount, Plan
from nextlabel.pool import NOBODY, Ids, Labels, Pool
from nextlabel.seeds import number, stream
from nextlabel.strategies.base import Question
from nextlabel.strategies.door import StrategyEntry

Why = Literal["strategy", "cold", "random", "audit"]


@dataclass(frozen=True)
class Asked:
    """A batch: ``ids`` (b,) global, best first, and ``why`` (b,) each of them is asked.

    ``strategy`` chose it; ``cold``: the strategy for the time without a model did; ``random``: drawn by the door, where
    the strategy gave no valid answer; ``audit``: the next in line on the audit side.
    """

    ids: Ids
    why: tuple[Why, ...] = ()

    @property
    def mended(self) -> int:
        """How many the door had to draw itself."""
        return self.why.count("random")


@dataclass(frozen=True)
class ActiveLearner:
    """What learns and what asks: all of the loop that stays the same from round to round.

    ``strategy`` asks once two classes are known, ``cold`` until then; ``plan`` is in counts (`Plan.fixed`); everything
    random follows from ``seed``.
    """

    model: Model
    strategy: StrategyEntry
    cold: StrategyEntry
    plan: Plan
    seed: int


@dataclass(frozen=True)
class View:
    """What a batch is chosen from: a pool, and the model that was trained on its labels."""

    pool: Pool
    fitted: Fitted


@dataclass(frozen=True)
class Round:
    """One round: the model that the labels so far give, and the batch that it asks for (empty at the end)."""

    k: int
    pool: Pool
    fitted: Fitted
    asked: Asked
    fit_s: float  # seconds to learn
    ask_s: float  # seconds to choose

    def ahead(self) -> View:
        """What the next batch is chosen from while this one is out for an answer: its samples are not asked again."""
        return View(self.pool.without(self.asked.ids), self.fitted)


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
            view = View(pool.without(ids), learn(pool, learner, k))
        pool = pool.answered(ids, labels)
    return pool, view


def step(pool: Pool, learner: ActiveLearner, k: int, view: View | None = None) -> Round:
    """Round ``k`` of a pool: a function of its arguments alone, but for the two times that it takes.

    ``view`` is what the batch is chosen from where it is not this pool: the state of the round before (`Round.ahead`),
    so that an annotator never waits for a model to learn.
    """
    began = perf_counter()
    fitted = learn(pool, learner, k)
    learned = perf_counter()
    # By this round's pool, also where the view is older: what was labelled since counts against the budget.
    size = batch_size(pool, learner.plan, k)
    asked = ask(view or View(pool, fitted), learner, k, size)
    return Round(k, pool, fitted, asked, learned - began, perf_counter() - learned)


def learn(pool: Pool, learner: ActiveLearner, k: int) -> Fitted:
    """The model of round ``k``; while fewer than two classes are known, one that says just what is known."""
    rng = stream(learner.seed, "fit", k)
    if pool.known_classes() > 1:
        return learner.model.fit(pool, rng)
    # A head with fewer than two classes is constant: certain, or even. Nothing is trained that a model could do worse.
    ids = pool.labelled()
    X = pool.features[ids] if len(ids) else pool.features[:1]  # (l, d); one row, so that there are columns
    y = pool.y[ids] if len(ids) else np.array([-1])
    head = LinearHead(classes=range(pool.classes)).fit(X, y)
    return Fitted(pool.features, head, bootstrap(head, X, y, number(rng)))


def batch_size(pool: Pool, plan: Plan, k: int) -> int:
    """How many samples round ``k`` may ask: a batch, or what is left of the rounds, the budget and the pool."""
    if plan.rounds is not None and k >= plan.rounds:
        return 0
    return max(0, int(min(plan.size, pool.left(), plan.limit - len(pool.labelled()))))


def ask(view: View, learner: ActiveLearner, k: int, size: int) -> Asked:
    """The ``size`` samples to ask about in round ``k``: the strategy's choice, and the audit side's next in line."""
    audit, free, plan = view.pool.unaudited(), len(view.pool.unlabelled()), learner.plan  # free: the strategy's own
    share = Amount(plan.audit, "share")
    # The audit's share of this batch: what it is due after it, less what it was due before.
    due = share.total((k + 1) * plan.size, view.pool.classes) - share.total(k * plan.size, view.pool.classes)
    # More where the strategy has run out of samples, less where the audit side has, and never more than a batch.
    due = min(max(due, size - free), len(audit), size)
    chosen = ask_strategy(view, learner, k, size - due) if size > due else Asked(NOBODY)
    return Asked(np.concatenate([chosen.ids, audit[:due]]), chosen.why + _times("audit", due))


def ask_strategy(view: View, learner: ActiveLearner, k: int, size: int) -> Asked:
    """The strategy's choice. The only place where a position is not an id: ``rows[positions]`` are the ids."""
    pool, fitted = view.pool, view.fitted
    warm = pool.known_classes() > 1
    # Out of sight: test and validation samples, the audit side until it is labelled, and what is out for an answer.
    rows = np.union1d(pool.labelled()[pool.askable[pool.labelled()]], pool.unlabelled())  # (n,) ascending
    question = Question(
        X=fitted.features if len(rows) == len(pool.y) else fitted.features[rows],  # uncopied if whole
        y=pool.y[rows],  # (n,), -1 where it may be asked
        classes=pool.classes,
        batch=size,
        # The strategy's own stream and the door's ("mend") are two: what the door draws moves no pick of the strategy.
        seed=number(stream(learner.seed, "ask", k)),
        # None rather than a constant model: whoever needs one fails loudly instead of choosing by nothing.
        clf=fitted.clf if warm else None,
        committee=fitted.committee if warm else None,
    )
    entry = learner.strategy if warm else learner.cold
    answer = entry.ask(question, stream(learner.seed, "mend", k))
    # The door keeps what is valid, in order, and draws the rest behind it.
    by_choice = _times("strategy" if warm else "cold", size - answer.mended)
    return Asked(rows[answer.positions], by_choice + _times("random", answer.mended))


def _times(why: Why, count: int) -> tuple[Why, ...]:
    return (why,) * count
