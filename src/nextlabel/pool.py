"""Who said what: the samples, the labels known so far, and which samples may be asked about."""

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]
Labels = npt.NDArray[np.int64]
Floats = npt.NDArray[np.floating]
Mask = npt.NDArray[np.bool_]

NOBODY: Ids = np.empty(0, dtype=np.int64)
TOLERANCE = 1e-3  # of a sum of probabilities: what float16 loses


def are_distributions(P: Floats) -> bool:
    """Is every row of ``P`` (n, C) at least 0, and does it sum to one? NaN and infinity do not.

    >>> are_distributions(np.array([[0.25, 0.75], [np.nan, 1.0]]))
    False
    """
    total = P.sum(axis=1, dtype=np.float64)  # (n,)
    return bool((np.abs(total - 1) <= TOLERANCE).all() and P.min(initial=0.0) >= -1e-9)


@dataclass(frozen=True)
class Pool:
    """The whole state of a labelling: everything else is recomputed from it.

    Ids are global: sample ``i`` is row ``i`` of ``features`` and of ``y``, everywhere.

    ``features``  (N, d) float32, perhaps a read-only memory map
    ``y``         (N,) class codes 0 … C-1, or -1 where nobody has answered; validation labels are in it
    ``askable``   (N,) may a strategy see and ask this sample? False for test, validation, discarded and audit samples
    ``watch``     validation ids: the model may look at their labels, strategies may not
    ``audit``     ids of the audit side in the order in which they will be asked
    ``classes``   C, the number of classes (a code may be known long before its first label is)

    >>> pool = Pool(np.eye(4, dtype=np.float32), np.array([0, -1, -1, -1]), np.ones(4, dtype=bool), classes=2)
    >>> pool = pool.answered(np.array([2, 3]), np.array([1, -1]))  # somebody knew 2, and nobody 3
    >>> pool.labelled().tolist(), pool.unlabelled().tolist()
    ([0, 2], [1])
    """

    features: Floats
    y: Labels
    askable: Mask
    classes: int
    watch: Ids = field(default_factory=lambda: NOBODY)
    audit: Ids = field(default_factory=lambda: NOBODY)

    def labelled(self) -> Ids:
        """Ids of the labelled set, ascending: what is trained on, hence without validation samples."""
        known = self.y >= 0
        known[self.watch] = False
        return np.flatnonzero(known)

    def unlabelled(self) -> Ids:
        """Ids that a strategy may ask about, ascending."""
        return np.flatnonzero(self.askable & (self.y < 0))

    def unaudited(self) -> Ids:
        """Ids of the audit side still to be asked, in asking order."""
        return self.audit[self.y[self.audit] < 0]

    def left(self) -> int:
        """How many samples can still be asked about, by a strategy or for the audit."""
        return len(self.unlabelled()) + len(self.unaudited())

    def known_classes(self) -> int:
        """How many different classes the labelled set holds."""
        return len(np.unique(self.y[self.labelled()]))

    def answered(self, ids: Ids, labels: Labels) -> "Pool":
        """The pool after somebody answered; a negative label means that they did not know."""
        y, askable = self.y.copy(), self.askable.copy()
        y[ids] = labels
        askable[ids] = labels >= 0  # what nobody could answer is not asked again
        audit = self.audit[~np.isin(self.audit, ids[labels < 0])]
        return replace(self, y=y, askable=askable, audit=audit)

    def without(self, ids: Ids) -> "Pool":
        """The pool as a strategy must see it while ``ids`` are out for an answer."""
        askable = self.askable.copy()
        askable[ids] = False
        return replace(self, askable=askable, audit=self.audit[~np.isin(self.audit, ids)])
