"""Neighbours within a radius among a million rows: only rows of cells near one another are compared."""

from collections.abc import Iterator

import numpy as np
from scipy.spatial.distance import cdist

from nextlabel.pool import Floats, Ids, Labels, Mask
from nextlabel.strategies.kit.blocks import Blocks, pieces, squares
from nextlabel.strategies.kit.clusters import tile_clusters
from nextlabel.strategies.kit.k_means import SampledKMeans
from nextlabel.strategies.kit.progress import report
from nextlabel.strategies.kit.threads import spread_over_threads

SIDE = 1024  # rows of a tile
RECALL = 0.95  # of a sample's neighbours, this share at least is among the pairs that are looked at
MOST_CELLS = 1000


class Cells:
    """Which samples are in whose ball, in Euclidean distance, as `Balls` tells it, but for neighbours that are missed.

    Rows are put into about sqrt(n) cells by k-means, at most 1,000. Pairs are looked at where the centres of their
    cells are at most ``reach`` apart: the least at which the pairs looked at hold a share of `RECALL` of all neighbours
    of ``sample`` (s,), rows that are compared with everybody. That share is ``recall``. A neighbour that is counted is
    one, since its distance is computed; and if i is found to be near j, so is j to i.

    ``rows`` must be as Euclidean distances want them: around the origin. O(s N d) for the sample, then O(P d) for P
    pairs looked at, once, and about once more while they are counted down; memory O(N), never the pairs.
    """

    def __init__(self, rows: Blocks, radius: float, sample: Ids, seed: int) -> None:
        self.rows, self.radius = rows, radius
        count = min(MOST_CELLS, max(1, round(np.sqrt(len(rows)))))
        # Numbered anew, since k-means may leave cells empty.
        self.cell = np.unique(SampledKMeans(count, seed).label(rows), return_inverse=True)[1]  # (n,)
        self.order, self.tiles = tile_clusters(self.cell, SIDE)
        self.owner = self.cell[self.order[[tile.start for tile in self.tiles]]]  # (T,) the cell of each tile
        self.size = np.bincount(self.cell)  # (K,)
        self.apart = cdist(centres := self._centres(), centres)  # (K, K)
        self.reach, self.recall = self._reach(sample)
        self.near: Mask = self.apart <= self.reach
        self.count = self._count()

    def neighbours(self, ids: Ids) -> Labels:
        """How many of the samples ``ids`` each sample's ball holds: (n,)."""
        held = np.zeros(len(self.rows), dtype=np.int64)
        around = self.near[np.unique(self.cell[ids])].sum(axis=0) > 0
        for rows, found in self._held(ids, around):
            held[rows] = found
        return held

    def count_down(self, left: Labels, new: Ids, covered: Mask) -> None:
        """Make ``left`` (n,) what each ball holds that is not ``covered`` (n,), where ``new`` have just come to be."""
        fresh = np.bincount(self.cell[new], minlength=len(self.size))
        rest = self.size - np.bincount(self.cell[covered], minlength=len(self.size))
        fewer, others = self.near @ fresh, self.near @ rest  # (K,) what would be looked at from each cell, either way
        # A ball that covers most of its surroundings leaves few: to count these is less work than to take it off.
        anew = others < fewer
        for rows, found in self._held(new, (fewer > 0) & ~anew):
            left[rows] = np.maximum(left[rows] - found, 0)  # a pair on the edge may be rounded either way
        if anew.any():
            for rows, found in self._held(np.flatnonzero(~covered), (fewer > 0) & anew):
                left[rows] = found

    def _held(self, ids: Ids, cells: Mask) -> Iterator[tuple[Ids, Labels]]:
        """For each tile of ``cells`` (K,): its rows, and how many of ``ids`` near their cell each one's ball holds."""
        ids = ids[np.argsort(self.cell[ids], kind="stable")]
        bounds = np.searchsorted(self.cell[ids], np.arange(len(self.size) + 1))

        def hold(t: int) -> tuple[Ids, Labels]:
            parts = [ids[bounds[c] : bounds[c + 1]] for c in np.flatnonzero(self.near[self.owner[t]])]
            rows, some = self.order[self.tiles[t]], np.concatenate(parts)
            one, found = self._left(rows), np.zeros(len(rows), dtype=np.int64)
            for part in pieces(len(some), SIDE):
                inside = self._inside(one, self._right(some[part]))
                # A sample is in its own ball, whatever rounding says. Rows of a tile are in ascending order.
                place = np.searchsorted(rows, some[part]).clip(max=len(rows) - 1)
                own = np.flatnonzero(rows[place] == some[part])
                inside[place[own], own] = True
                found += _sums(inside, 1)
            return rows, found

        with spread_over_threads() as spread:
            yield from spread(hold, np.flatnonzero(cells[self.owner]).tolist())

    def _count(self) -> Labels:
        """How many samples each ball holds (n,): each pair of tiles once, for both."""
        count = np.zeros(len(self.rows), dtype=np.int64)

        def pairs(t: int) -> list[tuple[int, Labels]]:
            one, found = self._left(self.order[self.tiles[t]]), []
            own = np.zeros(len(one), dtype=np.int64)
            for u in np.flatnonzero(self.near[self.owner[t], self.owner[:t]]).tolist():
                inside = self._inside(one, self._right(self.order[self.tiles[u]]))
                own += _sums(inside, 1)
                found.append((u, _sums(inside, 0)))
            inside = self._inside(one, self._right(self.order[self.tiles[t]]))
            np.fill_diagonal(inside, True)
            return [*found, (t, own + _sums(inside, 1))]

        with spread_over_threads() as spread:
            for t, found in enumerate(spread(pairs, range(len(self.tiles)))):
                report(t, len(self.tiles), "measuring balls")
                for u, held in found:
                    count[self.order[self.tiles[u]]] += held
        return count

    def _reach(self, sample: Ids) -> tuple[float, float]:
        """How far apart the centres of cells may be, and the share of the sample's neighbours in cells so near."""
        one = self._left(sample)

        def look(t: int) -> Labels:
            rows = self.order[self.tiles[t]]
            inside = self._inside(one, self._right(rows))
            inside &= sample[:, None] != rows  # nobody is a neighbour of itself
            return _sums(inside, 1)

        held = np.zeros((len(sample), len(self.size)), dtype=np.int64)  # (s, K) neighbours in each cell
        with spread_over_threads() as spread:
            for t, found in enumerate(spread(look, range(len(self.tiles)))):
                report(t, len(self.tiles), "looking at a sample")
                held[:, self.owner[t]] += found
        apart, total = self.apart[self.cell[sample]], held.sum()
        if not total:
            return 0.0, 1.0
        order = np.argsort(apart, axis=None)
        enough = np.searchsorted(np.cumsum(held.ravel()[order]), RECALL * total)
        reach = float(apart.ravel()[order[enough]])
        return reach, float(held[apart <= reach].sum() / total)

    def _centres(self) -> Floats:
        centres = np.zeros((len(self.size), self.rows.width))
        for tile, owner in zip(self.tiles, self.owner.tolist(), strict=True):
            centres[owner] += self.rows.at(self.order[tile]).sum(axis=0, dtype=np.float64)
        found: Floats = centres / self.size[:, None]
        return found

    # Of rows with two more columns each, a product is a.b - |a|^2 / 2 - |b|^2 / 2: minus half the squared distance.

    def _left(self, ids: Ids) -> Floats:
        rows = self.rows.at(ids)
        return np.column_stack([rows, -squares(rows) / 2, np.ones(len(rows), rows.dtype)])

    def _right(self, ids: Ids) -> Floats:
        rows = self.rows.at(ids)
        return np.column_stack([rows, np.ones(len(rows), rows.dtype), -squares(rows) / 2])

    def _inside(self, one: Floats, other: Floats) -> Mask:
        inside: Mask = one @ other.T >= -self.radius * self.radius / 2
        return inside


def _sums(inside: Mask, axis: int) -> Labels:
    """`inside.sum(axis)` of a tile, in a quarter of the time: no number of its rows is too large for 16 bits."""
    found: Labels = inside.view(np.uint8).sum(axis=axis, dtype=np.uint16)
    return found
