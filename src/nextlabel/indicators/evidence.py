"""What is known before the money is spent: features of a pool, and the labels of a few samples drawn at random."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from sklearn.neighbors import NearestNeighbors

from nextlabel.models.head import LinearHead
from nextlabel.models.linear import Linear
from nextlabel.pool import Floats, Ids, Labels, Pool
from nextlabel.seeds import stream
from nextlabel.statistics.curves import primary
from nextlabel.strategies.kit.blocks import distances

FOLDS = 5
NEAREST = 10  # neighbours that a density is told by


@dataclass(frozen=True)
class Evidence:
    """A pool and its pilot: all that an indicator may look at.

    ``X``        (g, d) float32, the pool or an even sample of it, as the head is to see it
    ``pilot``    (m,) rows of ``X`` that were drawn at random and labelled, ascending
    ``y``        (m,) their class codes
    ``classes``  how many classes there are, those that the pilot has not met among them
    ``budget``   labels in all that may be spent, pilot included
    ``samples``  how many samples the whole pool has
    ``seed``     of everything that is drawn

    >>> X = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
    >>> evidence = Evidence(X, np.arange(20), (X[:20, 0] > 0).astype(np.int64), classes=2, budget=40, samples=60)
    >>> evidence.cross.shape, evidence.proba.shape
    ((20, 2), (60, 2))
    """

    X: Floats
    pilot: Ids
    y: Labels
    classes: int
    budget: int
    samples: int
    seed: int = 0

    @cached_property
    def strength(self) -> float:
        """The C that the pilot chooses by cross-validation, as a labelling would."""
        labels = np.full(len(self.X), -1)
        labels[self.pilot] = self.y
        pool = Pool(self.X, labels, np.ones(len(self.X), dtype=bool), self.classes)
        return Linear(Linear({}).tune(pool)).strength(len(self.pilot))

    @cached_property
    def head(self) -> LinearHead:
        """A head that has learned the pilot."""
        return self.fit(np.arange(len(self.pilot)))

    def fit(self, places: Ids) -> LinearHead:
        """A head that has learned the answers at ``places`` of the pilot."""
        head = LinearHead(self.strength, classes=range(self.classes))
        return head.fit(self.X[self.pilot[places]], self.y[places])

    @cached_property
    def cross(self) -> Floats:
        """Probabilities (m, C) of the pilot's samples by heads that have not learned them, one fold of five each."""
        found = np.empty((len(self.pilot), self.classes))
        for out in self._folds():
            rest = np.setdiff1d(np.arange(len(self.pilot)), out)
            found[out] = self.fit(rest).predict_proba(self.X[self.pilot[out]])
        return found

    def _folds(self) -> list[Ids]:
        # By class, then dealt out: a fold that held all of a class would be asked about what nobody has taught. Classes
        # as they come first in that order, not by their codes, which are only names.
        order = stream(self.seed, "check", "folds").permutation(len(self.pilot))
        _, first, codes = np.unique(self.y[order], return_index=True, return_inverse=True)
        order = order[np.argsort(first[codes], kind="stable")]
        return [np.sort(order[start::FOLDS]) for start in range(min(FOLDS, len(order)))]

    @cached_property
    def nearest(self) -> Ids:
        """The place in the pilot of each of its samples' nearest other (m,)."""
        X = self.X[self.pilot].astype(np.float64)
        apart = distances(X, X)
        np.fill_diagonal(apart, np.inf)
        found: Ids = apart.argmin(axis=1)
        return found

    @cached_property
    def hits(self) -> Floats:
        """Which of the pilot's samples are told rightly by heads that have not learned them: 1 or 0 (m,)."""
        found: Floats = (self.cross.argmax(axis=1) == self.y).astype(np.float64)
        return found

    @cached_property
    def proba(self) -> Floats:
        """Probabilities (g, C) of all samples by a head that has learned the pilot."""
        found: Floats = self.head.predict_proba(self.X)
        return found

    @cached_property
    def neighbours(self) -> tuple[Floats, Ids]:
        """Distances and places (g, 10) of each sample's nearest others, nearest first."""
        count = min(NEAREST, len(self.X) - 1) + 1
        found = NearestNeighbors(n_neighbors=count, algorithm="brute").fit(self.X).kneighbors(self.X)
        return found[0][:, 1:], found[1][:, 1:]

    @cached_property
    def metric(self) -> str:
        """What curves are drawn of: accuracy, or balanced accuracy where the pilot's classes differ by more than 3."""
        return primary(np.bincount(self.y, minlength=self.classes).tolist())


def margins(proba: Floats) -> Floats:
    """The likeliest class's probability less the second's, of rows (n, C); 1 where there is one class."""
    if proba.shape[1] < 2:
        return np.ones(len(proba))
    top = np.partition(proba, -2, axis=1)
    found: Floats = top[:, -1] - top[:, -2]
    return found
