"""What a query strategy is: asked for a batch, it names the samples whose labels would teach most.

A query strategy is a scikit-activeml strategy, ours and anybody's: an object with ``query``, which is given features
and labels with gaps, and returns positions of rows to ask about, best first. Whatever else it wants (a classifier, a
committee, weights) are named arguments of ``query``, and the door (`StrategyEntry` in `door`) hands it those that its
signature takes. It remembers nothing between two batches, and all that is random in it follows from one number.

The whole of one, and how it is asked:

>>> import numpy as np
>>> from skactiveml.base import SingleAnnotatorPoolQueryStrategy
>>> class Longest(SingleAnnotatorPoolQueryStrategy):
...     "Ask about the longest vectors."
...     def __init__(self, missing_label=np.nan, random_state=None):
...         super().__init__(missing_label=missing_label, random_state=random_state)
...     def query(self, X, y, candidates=None, batch_size=1, return_utilities=False):
...         length = np.where(np.equal(y, self.missing_label), np.linalg.norm(X, axis=1), -1)  # (n,)
...         return np.argsort(-length)[:batch_size]
>>> from nextlabel.strategies.door import StrategyEntry
>>> X, y = np.array([[9.0, 0.0], [3.0, 4.0], [1.0, 1.0], [0.0, 6.0]]), np.array([0, -1, -1, -1])
>>> StrategyEntry(Longest).ask(Question(X, y, classes=2, batch=2, seed=7), np.random.default_rng(0))
Answer(positions=array([3, 1]), mended=0)

One that is to be chosen by name is one file here and one line in the table `STRATEGIES`; those of ours begin from
`kit.drop_in`, which checks what comes in. `conformance.strategies` says what all of them keep to.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from skactiveml.base import SkactivemlClassifier

from nextlabel.pool import Floats, Ids, Labels

MISSING = -1  # what marks a label that nobody has given yet, everywhere behind the door


class QueryStrategy(Protocol):
    """What is asked for positions; scikit-activeml's `SingleAnnotatorPoolQueryStrategy` is its base class for them."""

    @property
    def query(self) -> Callable[..., Any]:
        """``query(X, y, …, batch_size=1)``: positions (batch,) in ``X`` (n, d) where ``y`` (n,) is missing, best first.

        With ``return_utilities=True`` also what they were worth: (batch, n), NaN for what could not be asked. Named
        arguments beyond these are the strategy's own, and its signature says which it takes.
        """


@dataclass(frozen=True)
class Question:
    """What a strategy may know when it is asked for a batch. Positions, here and only here, are rows of ``X``.

    ``X`` (n, d) features; ``y`` (n,) codes or -1; ``classes`` C; ``batch`` how many positions are wanted, at most the
    number of -1 in ``y``; ``clf`` a fitted classifier over ``X`` (None while there is no model); ``committee(T)`` T
    fitted heads; ``seed`` governs everything random in the strategy.
    """

    X: Floats
    y: Labels
    classes: int
    batch: int
    seed: int
    clf: SkactivemlClassifier | None = None
    committee: Callable[[int], Sequence[SkactivemlClassifier]] | None = None


@dataclass(frozen=True)
class Answer:
    """``positions`` (batch,) rows to ask about, best first; ``mended`` how many of them the door had to draw itself.

    ``scores`` (batch,) the utility of each when it was picked, NaN where the door drew it; None where nobody asked.
    """

    positions: Ids
    mended: int = 0
    scores: Floats | None = field(default=None, repr=False)
