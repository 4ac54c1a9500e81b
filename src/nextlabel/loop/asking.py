"""Asking: which samples a round asks about, and why each of them.

Two sides are asked. The strategy chooses from its own side, and knows nothing of the other: no row, no label, and no
model that learned from one (`Pool.blind`). The audit side is asked in the order of its draws, at places in the batch
that are drawn, so that nothing tells an audit question from another.

>>> from nextlabel import ActiveLearner, Linear, Plan, View, ask
>>> from nextlabel.strategies import strategy
>>> y, askable = np.array([0, 1, -1, -1, -1, -1]), np.array([True] * 4 + [False] * 2)
>>> pool = Pool(np.eye(6, dtype=np.float32), y, askable, classes=2, audit=np.array([5, 4]))
>>> plan = Plan(batch=3, audit=0.2).resolve(n=6, classes=2)
>>> learner = ActiveLearner(Linear({}), strategy("margin"), strategy("random"), plan, seed=0)
>>> asked = ask(View.of(pool, learner, k=0), learner, k=0, size=3)
>>> sorted(zip(asked.why, asked.ids.tolist()))
[('audit', 5), ('strategy', 2), ('strategy', 3)]
"""

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from nextlabel.loop.audit import count_due
from nextlabel.loop.learner import ActiveLearner, View
from nextlabel.models.base import Fitted
from nextlabel.plan import Plan
from nextlabel.pool import NOBODY, Floats, Ids, Pool
from nextlabel.seeds import number, stream
from nextlabel.strategies.auto import SAMPLE
from nextlabel.strategies.base import MISSING, Question
from nextlabel.strategies.door import StrategyEntry
from nextlabel.strategies.kit.drop_in import DropIn
from nextlabel.strategies.max_herding import sample_size

Why = Literal["strategy", "cold", "random", "audit"]


@dataclass(frozen=True)
class Asked:
    """A batch: ``ids`` (b,) global, in asking order, and ``why`` (b,) each of them is asked.

    ``strategy`` chose it; ``cold``: the strategy for the time without a model did; ``random``: drawn by the door, where
    the strategy gave no valid answer; ``audit``: the next in line on the audit side. ``scores`` (b,) how much the
    chooser doubted what the strategy chose, where it goes by that (margin, entropy, least_confident, and auto once it
    does): NaN for the others, None for a batch of another kind.
    """

    ids: Ids
    why: tuple[Why, ...] = ()
    scores: Floats | None = field(default=None, compare=False)

    @property
    def mended(self) -> int:
        """How many the door had to draw itself."""
        return self.why.count("random")

    @property
    def tau(self) -> float | None:
        """The least score that the strategy asked about: a sample of the audit side above it would have been asked."""
        own = [] if self.scores is None else self.scores[np.array(self.why) == "strategy"].tolist()
        return min(own, default=None)


def batch_size(pool: Pool, plan: Plan, k: int) -> int:
    """How many samples round ``k`` may ask: a batch, or what is left of the rounds, the budget and the pool."""
    if plan.rounds is not None and k >= plan.rounds:
        return 0
    return max(0, int(min(plan.size, pool.left(), plan.limit - len(pool.labelled()))))


def ask(view: View, learner: ActiveLearner, k: int, size: int) -> Asked:
    """The ``size`` samples to ask about in round ``k``: the strategy's choice, and the audit side's next in line."""
    waiting, free = view.pool.unaudited(), len(view.pool.unlabelled())  # free: the strategy's own
    # What the audit is due once all of this is answered, less what it had: by whole numbers, so no rounding adds up.
    due = count_due(learner.plan.audit, len(view.pool.asked) + size) - view.pool.audited()
    if learner.plan.audit:  # until it has caught up with those that joined, every second question is the audit's
        due = max(due, min(view.pool.behind(), size // 2))
    # More where the strategy has run out of samples, less where the audit side has, and never more than a batch.
    due = min(max(due, size - free, 0), len(waiting), size)
    chosen = ask_strategy(view, learner, k, size - due) if size > due else Asked(NOBODY)
    return _mix(chosen, waiting[:due], stream(learner.seed, "audit", k)) if due else chosen


def _mix(chosen: Asked, audit: Ids, rng: np.random.Generator) -> Asked:
    """The strategy's choice with the ``audit`` questions among it, at places that are drawn; both keep their order."""
    size = len(chosen.ids) + len(audit)
    place = np.zeros(size, dtype=np.bool_)
    place[rng.choice(size, len(audit), replace=False)] = True
    ids = np.empty(size, dtype=np.int64)
    ids[place], ids[~place] = audit, chosen.ids
    others = iter(chosen.why)
    why: tuple[Why, ...] = tuple("audit" if here else next(others) for here in place)
    if chosen.scores is None:
        return Asked(ids, why)
    scores = np.full(size, np.nan)
    scores[~place] = chosen.scores
    return Asked(ids, why, scores)


def ask_strategy(view: View, learner: ActiveLearner, k: int, size: int) -> Asked:
    """The strategy's choice. The only place where a position is not an id: ``rows[positions]`` are the ids."""
    pool, fitted = view.pool.blind(), view.fitted
    warm = pool.known_classes() > 1
    entry = learner.strategy if warm else learner.cold
    whole = _pose(view, learner, k, size, warm)
    most = entry.reach(whole)
    pool = _believe(pool, view.fitted if warm else None, entry)
    rows = visible(pool, most if warm or most is not None else sample_size(SAMPLE, size))
    question = replace(whole, X=learner.rows.take(fitted.features, rows), y=pool.y[rows])  # (n, d), (n,)
    answer = entry.ask(question, stream(learner.seed, "mend", k))
    # The door keeps what is valid, in order, and draws the rest behind it.
    by_choice = size - answer.mended
    why: tuple[Why, ...] = ("strategy" if warm else "cold",) * by_choice + ("random",) * answer.mended
    scores = entry.doubts(question, answer.positions) if warm else None
    if scores is not None:
        scores[by_choice:] = np.nan
    return Asked(rows[answer.positions], why, scores)


def _pose(view: View, learner: ActiveLearner, k: int, size: int, warm: bool) -> Question:
    """What a strategy is asked, of all samples."""
    pool, fitted = view.pool.blind(), view.fitted
    return Question(
        X=fitted.features,
        # Out of sight: test and validation samples, the audit side; what is out for an answer is none to be asked.
        y=np.where(pool.askable, pool.y, MISSING),
        classes=pool.classes,
        batch=size,
        # The strategy's own stream and the door's ("mend") are two: what the door draws moves no pick of the strategy.
        seed=number(stream(learner.seed, "ask", k)),
        # None rather than a constant model: whoever needs one fails loudly instead of choosing by nothing.
        clf=fitted.clf if warm else None,
        committee=fitted.committee if warm else None,
    )


def doubt(view: View, learner: ActiveLearner, ids: Ids) -> Floats | None:
    """How much the chooser doubts samples, by the score that the strategy's batch was chosen by; None where by none.

    For the audit side, afterwards: which of it would have been asked, had the strategy seen it?
    """
    if view.pool.blind().known_classes() < 2:
        return None
    return learner.strategy.doubts(_pose(view, learner, 0, 1, warm=True), ids)


def _believe(pool: Pool, fitted: Fitted | None, entry: StrategyEntry) -> Pool:
    """The pool in which what is out for an answer is what the model takes it for; without a model, of one class.

    Else the next batch would be chosen where this one is, as if nobody had asked. Only for strategies that look at
    nothing but who is known: others would learn from answers that nobody gave.
    """
    out = pool.asked[pool.y[pool.asked] < 0]
    if not len(out) or not issubclass(entry.kind, DropIn):
        return pool
    y, askable = pool.y.copy(), pool.askable.copy()
    y[out] = 0 if fitted is None else fitted.clf.predict(fitted.features[out])
    askable[out] = True
    return replace(pool, y=y, askable=askable)


def visible(pool: Pool, most: int | None) -> Ids:
    """Ids (n,) of what a strategy sees, ascending: the labelled ones and those that it may ask about.

    Of these, where samples have draws, the ``most`` with the smallest draws: as random a choice as any, and one that
    stays the same from batch to batch.
    """
    if most is None or pool.draws is None or len(free := pool.unlabelled()) <= most:
        return np.flatnonzero(pool.askable)  # once labelled, a sample stays askable: it is only not asked again
    first = free[np.argsort(pool.draws[free], kind="stable")[:most]]
    return np.union1d(np.flatnonzero(pool.askable & (pool.y >= 0)), first)
