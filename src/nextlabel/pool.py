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
    ``audit``     ids of the audit side in the order in which they will be asked, those with a label among them, and
                  without those that somebody skipped, for as long as they are not to be asked again
    ``classes``   C, the number of classes (a code may be known long before its first label is)
    ``asked``     ids that were asked one by one so far, in order: answered, or out for an answer
    ``draws``     (N,) the samples' draws (`nextlabel.loop.audit`), where there is an audit side
    ``given``     how many classes, the first ones, were there before any answer; None: all of them

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
    asked: Ids = field(default_factory=lambda: NOBODY)
    draws: Floats | None = None
    given: int | None = None

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
        waiting = self.audit[self.y[self.audit] < 0]
        return waiting[~np.isin(waiting, self.asked)]  # what is out for an answer is asked already

    def behind(self) -> int:
        """How many of the audit side came too late for their turn: others with a larger draw were asked before them.

        >>> y, side, places = np.array([1, -1, -1]), np.array([1, 0, 2]), np.array([0.1, 0.05, 0.15])
        >>> pool = Pool(np.eye(3), y, np.zeros(3, dtype=bool), 2, audit=side, asked=np.array([0]), draws=places)
        >>> pool.behind()
        1
        """
        asked = self.asked[np.isin(self.asked, self.audit)]
        if self.draws is None or not len(asked):
            return 0
        return int((self.draws[self.unaudited()] < self.draws[asked].max()).sum())

    def left(self) -> int:
        """How many samples can still be asked about, by a strategy or for the audit."""
        return len(self.unlabelled()) + len(self.unaudited())

    def known_classes(self) -> int:
        """How many different classes the labelled set holds."""
        return len(np.unique(self.y[self.labelled()]))

    def audited(self) -> int:
        """How many of the samples asked so far are of the audit side; labels that it had before count for nothing."""
        return int(np.isin(self.asked, self.audit).sum())

    def only(self, ids: Ids) -> "Pool":
        """The pool as it was when just ``ids`` had a label, beside the validation samples."""
        y = np.full(len(self.y), -1, dtype=self.y.dtype)
        for known in (ids, self.watch):
            y[known] = self.y[known]
        return replace(self, y=y)

    def blind(self) -> "Pool":
        """The pool as a strategy may know it: the audit side is not in it, nor its labels, nor a class known by them.

        Without an audit side it is the pool itself.

        >>> y = np.array([0, 1, -1, -1])
        >>> pool = Pool(np.eye(4, dtype=np.float32), y, np.array([True, False, True, False]), 2, audit=np.array([3, 1]))
        >>> pool.labelled().tolist(), pool.blind().labelled().tolist()
        ([0, 1], [0])
        """
        if not len(self.audit):
            return self
        y = self.y.copy()
        y[self.audit] = -1
        asked = self.asked[~np.isin(self.asked, self.audit)]
        return replace(self, y=y, asked=asked, audit=NOBODY)._with_its_own_classes()

    def _with_its_own_classes(self) -> "Pool":
        """The pool with codes for the classes that were given, or have a label in it; order stays."""
        if self.given is None:
            return self
        own = np.union1d(np.arange(self.given), self.y[self.y >= 0])
        y = np.where(self.y >= 0, np.searchsorted(own, self.y), -1)
        return replace(self, y=y, classes=max(len(own), 1))  # one at least: no classifier can do with none

    def own_classes(self) -> Ids:
        """The codes here of the classes that `blind` counts, by its own codes."""
        if not len(self.audit):  # nothing is hidden, so all are known
            return np.arange(self.classes)
        y = self.y.copy()
        y[self.audit] = -1
        return np.union1d(np.arange(self.classes if self.given is None else self.given), y[y >= 0])

    def answered(self, ids: Ids, labels: Labels) -> "Pool":
        """The pool after somebody answered; a negative label means that they did not know."""
        y, askable = self.y.copy(), self.askable.copy()
        y[ids] = labels
        askable[ids] &= labels >= 0  # what nobody could answer is not asked again, and the audit side stays hidden
        audit = self.audit[~np.isin(self.audit, ids[labels < 0])]
        return replace(self, y=y, askable=askable, audit=audit, asked=np.append(self.asked, ids[labels >= 0]))

    def without(self, ids: Ids) -> "Pool":
        """The pool as a strategy must see it while ``ids`` are out for an answer."""
        askable = self.askable.copy()
        askable[ids] = False
        return replace(self, askable=askable, asked=np.append(self.asked, ids))
