"""What learns and what asks; and what a batch is chosen from.

>>> from nextlabel import ActiveLearner, Linear, Plan, View
>>> from nextlabel.strategies import strategy
>>> y = np.array([0, 1, -1, -1])
>>> pool = Pool(np.eye(4, dtype=np.float32), y, np.ones(4, dtype=bool), classes=2)
>>> plan = Plan(batch=1).resolve(n=4, classes=2)
>>> learner = ActiveLearner(Linear({}), strategy("margin"), strategy("random"), plan, seed=0)
>>> View.of(pool, learner, k=1, out=np.array([2])).pool.unlabelled().tolist()  # while somebody looks at sample 2
[3]
"""

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from nextlabel.models.base import Fitted, Model
from nextlabel.models.head import LinearHead, bootstrap
from nextlabel.plan import Plan
from nextlabel.pool import NOBODY, Floats, Ids, Pool
from nextlabel.seeds import number, stream
from nextlabel.strategies.door import StrategyEntry


class RowCache:
    """The rows that a strategy is shown, copied out of the features once: from round to round they are mostly the same.

    >>> cache, features = RowCache(), np.eye(3)
    >>> rows = cache.take(features, np.array([0, 2]))
    >>> cache.take(features, np.array([0, 2])) is rows, cache.take(features, np.arange(3)) is features
    (True, True)
    """

    def __init__(self) -> None:
        self._last: tuple[Floats, Ids, Floats] | None = None

    def take(self, features: Floats, ids: Ids) -> Floats:
        """``features[ids]`` (n, d), of ids that ascend; the features themselves where that is all of them."""
        if len(ids) == len(features):
            return features
        if self._last is None or self._last[0] is not features or not np.array_equal(self._last[1], ids):
            self._last = None  # before the next copy is made, so that there is never room taken for two
            self._last = features, ids, features[ids]
        return self._last[2]


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
    rows: RowCache = field(default_factory=RowCache, repr=False, compare=False)


@dataclass(frozen=True)
class View:
    """What a batch is chosen from: a pool, and the *chooser*, the model that was trained on the strategy's own labels.

    Without an audit side these are all labels.
    """

    pool: Pool
    fitted: Fitted

    @classmethod
    def of(cls, pool: Pool, learner: ActiveLearner, k: int, out: Ids = NOBODY) -> Self:
        """The view of a pool in round ``k``, while ``out`` is out for an answer: those are not asked again."""
        return cls(pool.without(out), learn(pool.blind(), learner, k))


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
