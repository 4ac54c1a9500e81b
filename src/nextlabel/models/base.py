"""What a model is: something that learns a head from a pool, and says what the head sees.

A frozen model (`linear`, `sklearn:…`) sees the pool's own features. A trained one (a network) computes features of its
own, which change every round: it is made with the whole dataset, pictures included, and returns what its last layer
sees.

    fitted = model.fit(pool, stream(seed, "fit", k))
    fitted.clf.predict_proba(fitted.features[ids])          # (n, C)
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from skactiveml.base import SkactivemlClassifier

from nextlabel.datasets.base import Dataset
from nextlabel.knobs.names import CPU
from nextlabel.pool import Floats, Pool

Settings = Mapping[str, Any]  # JSON in, JSON out: it stands in a run's manifest


@dataclass(frozen=True)
class Fitted:
    """A trained model.

    ``features`` (N, d) what the head sees, for every sample; ``clf`` a fitted scikit-activeml classifier over them
    (``missing_label=-1``, ``classes=range(C)``) that ``clone(clf).fit(X, y)`` trains again; ``committee(T)`` T heads
    that disagree as much as the labels leave open.

    >>> from nextlabel import Linear, Pool, stream
    >>> X, y = np.array([[0.0], [1.0], [0.2]], dtype=np.float32), np.array([0, 1, -1])
    >>> fitted = Linear({}).fit(Pool(X, y, np.ones(3, dtype=bool), classes=2), stream(0, "fit"))
    >>> fitted.clf.predict_proba(fitted.features).shape
    (3, 2)
    """

    features: Floats
    clf: SkactivemlClassifier
    committee: Callable[[int], Sequence[SkactivemlClassifier]]


class Model(Protocol):
    """Learns from a pool. ``fit`` depends on the pool and ``rng`` alone: never on an earlier round's result."""

    def fit(self, pool: Pool, rng: np.random.Generator) -> Fitted:
        """Train on the labelled samples, in id order; there are at least two classes among them."""

    def tune(self, pool: Pool, asked: bool = False) -> Settings:
        """Settings to be made with again: those that it was made with and, where it is time, what these labels say.

        Called with growing labelled sets; ``{}`` where there is nothing to choose. ``asked``: a strategy asked for
        these labels, so they are no sample of anything.
        """


@dataclass(frozen=True)
class ModelEntry:
    """How a model is made: ``make(dataset, settings)``.

    ``val`` the share of validation labels that it wants by default; ``pictures`` says that it learns from the pictures
    themselves, on features of its own; ``device`` where it computes.
    """

    make: Callable[[Dataset, Settings], Model]
    val: float = 0.0
    pictures: bool = False
    device: str = CPU
