"""Who is typical of a cluster: the member with the nearest neighbours, found without all distances being kept."""

import numpy as np

from nextlabel.pool import Floats, Ids, Mask
from nextlabel.strategies.kit.blocks import distances, pieces, squares

SMALL = 1024  # members whose distances are all held at once: 4 MB
SIDE = 512  # rows of a tile, which stays in a core's cache while it is worked on
PROBES = 64  # members looked at first, on either side: nearest to the mean, and anywhere
EPS = 1e-5  # of the paper's code


class Members:
    """The unlabelled members of a cluster, of which the most typical are taken one by one.

    ``rows`` (n, d); ``askable`` (n,) who may be taken, the others are only neighbours; ``k`` neighbours, and never more
    than half of the members left. The typicality of a member is 1 / (mean squared distance to its nearest neighbours
    among those left + 1e-5).

    Of many members only the best is sought. The sum of the k smallest distances a_j of a member is at least
    k t - sum_j max(t - a_j, 0) for every t, with equality where t lies between the k-th and the next (linear
    programming's dual). So one symmetric pass of matrix products bounds all members, with the t of a member that is
    dense for sure; only those whose bound reaches the best found are looked at. A member that leaves makes nobody
    denser, so that bounds hold until k falls.
    """

    def __init__(self, rows: Floats, askable: Mask, k: int) -> None:
        rows = rows - rows.mean(axis=0, dtype=np.float64).astype(rows.dtype)  # nothing is lost to a far origin
        self.rows, self.squares, self.askable, self.k = rows, squares(rows), askable.copy(), k
        self.left = np.arange(len(rows))  # who has not been taken
        self.apart = np.full(len(rows), np.inf)  # (n,) mean squared distances, or bounds from below
        self.exact = np.zeros(len(rows), dtype=bool)
        self.used = 0  # the k that they are of
        # What rounding may do to a squared distance: members no further apart than that are equals.
        self.slack = 8 * float(np.finfo(rows.dtype).eps) * float(self.squares.mean())

    def best(self) -> Ids:
        """The most typical of those who may be taken: one, or all equals; empty where there is none."""
        if not self.askable.any():
            return np.empty(0, dtype=np.int64)
        self._bound()
        while True:
            known = self.askable & self.exact
            least = self.apart[known].min(initial=np.inf)
            asked = np.flatnonzero(self.askable & ~self.exact & (self.apart <= least + self.slack))
            if not len(asked):
                return np.flatnonzero(known & (self.apart <= least + self.slack))
            if len(asked) > PROBES:
                asked = asked[np.argpartition(self.apart[asked], PROBES)[:PROBES]]
            self._measure(asked)

    def take(self, one: int) -> None:
        """Somebody is asked, and no neighbour any more."""
        self.askable[one] = False
        self.left = self.left[self.left != one]
        self.exact[:] = False

    def typicality(self) -> Floats:
        """Everybody's (n,); of those who were taken a bound."""
        self._bound()
        self._measure(self.left[~self.exact[self.left]])
        return 1 / (self.apart + EPS)

    def _bound(self) -> None:
        k = min(self.k, len(self.left) // 2)
        if k == self.used and k:
            return
        self.used, self.exact[:] = k, False
        if len(self.left) <= SMALL:
            self._measure(self.left)
            return
        probes = np.unique(np.r_[np.argsort(self.squares[self.left])[:PROBES], _spread(len(self.left))])
        reach = self._measure(self.left[probes]).min()
        self.exact[:] = False  # bounds take their place in a moment, and who is looked at is looked at again
        self.apart[self.left] = reach - self._inside(reach) / k - self.slack

    def _measure(self, asked: Ids) -> Floats:
        """Find mean squared distances of ``asked`` (a,), which are left; their k-th smallest (a,)."""
        others, own = self.rows[self.left], self.squares[self.left]
        where = np.searchsorted(self.left, asked)
        furthest = np.empty(len(asked))
        for part in pieces(len(asked), max(1, SMALL * SMALL // max(1, len(others)))):
            some, at = asked[part], np.arange(part.stop - part.start)
            apart = distances(self.rows[some], others, self.squares[some], own)
            apart[at, where[part]] = np.inf  # nobody is their own neighbour
            near = np.partition(apart, self.used - 1, axis=1)[:, : self.used] if self.used else np.zeros((len(at), 1))
            self.apart[some] = near.mean(axis=1, dtype=np.float64)
            furthest[part] = near.max(axis=1)
        self.exact[asked] = True
        return furthest

    def _inside(self, reach: float) -> Floats:
        """Sums (l,) over all others of what their squared distance falls short of ``reach``."""
        rows, own = self.rows[self.left], self.squares[self.left]
        # Two more columns make the product `reach` less the squared distance itself, as in `coverage.Kernel`.
        left, right = (np.empty((len(rows), rows.shape[1] + 2), dtype=rows.dtype) for _ in range(2))
        left[:, :-2] = right[:, :-2] = rows * np.sqrt(2).astype(rows.dtype)
        left[:, -2], left[:, -1], right[:, -2], right[:, -1] = reach - own, 1, 1, -own
        total, zeros = np.zeros(len(rows)), np.zeros(SIDE, dtype=rows.dtype)
        for one in pieces(len(rows), SIDE):
            for other in pieces(one.stop, SIDE):
                short = left[one] @ right[other].T
                np.maximum(short, zeros[: short.shape[1]], out=short)
                total[one] += short.sum(axis=1)
                if other.start < one.start:  # the same values serve those of the other tile
                    total[other] += short.sum(axis=0)
        return total - reach  # of everybody to themselves


def _spread(count: int) -> Ids:
    return np.linspace(0, count - 1, PROBES).astype(np.int64)
