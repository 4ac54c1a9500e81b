"""Near-duplicates and outliers among features, as lists that somebody can look through.

    X = embed(dataset, "efficientnet").array              # (N, d)
    found = near_pairs(X)
    found.share, found.ids[0], found.cosines[0]            # of samples with a near-duplicate; the nearest pair
    outliers(X).ids[:20]                                   # what lies farthest from its ten nearest

**One measure for all features**: the squared distance, in units of the median squared distance of two samples. It is 0
for equal rows and about 1 for unrelated ones, whatever the scale, and wherever the features lie. On rows of one length,
as `efficientnet` gives them, it is 1 - cosine over the median of that. No plain threshold for cosines would do: two
pictures at random have a median cosine of .49 on flowers, of .82 on digits.

**Why a tenth** (`NEAR`): pairs from six sets of pictures, as `efficientnet` sees them, were laid side by side. Those
below it are one picture but for a shift, a crop or a shade; a little above, another of the same thing. Two strokes of a
pen and two small blurs can be as near. A tenth is a cosine of .95 on flowers and recycling, .97 on drawn shapes and
symbols, .98 on hand frames and digits. Samples that have such a neighbour, and in brackets those with a cosine > .95:

    flowers .006 (.006), recycling .013 (.013), clothing .001 (.001), coffee-leaves .001 (.001), blood-cells .003 (.009)
    sign-digits 0 (.023), digits .001 (.53), math-symbols .10 (.28), drawn-shapes .12 (.33), hand-frames .54 (.93)

Cosines around the mean, above .9, say much the same, but find more in blood cells (.029), digits (.018) and strokes,
and these are no copies. Distance over that to the tenth neighbour, the local scale, misses the frames of a film (.001),
whose ten nearest are all alike.

**Few columns** bring rows together by chance: of 5,300 points in the plane (banana), .999 have a neighbour below a
tenth. `chance` says below which distance unrelated samples rarely come; for tables, near is below both. That gives
banana .047, vehicle .002 (.94 below a tenth), tictactoe 0, splice .074, mammographic .79 (.58 have an equal row) and
phoneme .72.

Of 20,000 rows of 1,280 numbers the pairs take 7 seconds on one core, the outliers 10, and 160 MB beside the features.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

from nextlabel.errors import BadArray
from nextlabel.pool import Floats, Ids
from nextlabel.strategies.kit.blocks import distances, pieces, squares

NEAR = 0.1  # of the median squared distance
RARE = 0.05  # neighbours that an unrelated sample has by chance, where `chance` draws the line
MOST_COMPARED = 20_000  # samples of which every pair is looked at
TILE = 2_000  # rows and columns of a block of distances: 16 MB
SAMPLE = 1_000  # rows that tell the median distance, and the dimension
ROUNDING = 1e-6  # of the mean squared length: what float32 leaves between equal rows, times ten


@dataclass(frozen=True)
class NearPairs:
    """Pairs of near-duplicates, the nearest first.

    ``ids`` (m, 2) with the lower one first; ``distances`` (m,) squared, in units of the median one; ``cosines`` (m,) of
    the rows as they are; ``count`` how many pairs there are, of which m are listed; ``share`` of the samples
    ``compared`` that have a near-duplicate among these.
    """

    ids: Ids
    distances: Floats
    cosines: Floats
    count: int
    share: float
    compared: int


@dataclass(frozen=True)
class Outliers:
    """``ids`` (m,) of the samples compared, by falling ``scores`` (m,): 1 is a sample as far from others as most."""

    ids: Ids
    scores: Floats


@dataclass(frozen=True)
class _Cloud:
    """What is compared: ``ids`` (n,), their ``rows`` (n, d) around the mean and divided by ``scale``, squared
    ``lengths`` (n,) of the rows."""

    ids: Ids
    rows: npt.NDArray[np.float32]
    lengths: Floats
    scale: float = 1.0

    @cached_property
    def unit(self) -> float:
        """The median squared distance of two rows, told by 1,000 of them; 0 where most are equal."""
        some = self.rows[_evenly(len(self.rows), SAMPLE)].astype(np.float64)
        above = np.triu_indices(len(some), 1)
        return float(np.median(distances(some, some)[above])) if len(some) > 1 else 0.0

    @property
    def rounding(self) -> float:
        """What float32 may leave of a squared distance between equal rows."""
        return ROUNDING * float(self.lengths.mean()) if len(self.lengths) else 0.0

    def tiles(self) -> Iterator[tuple[slice, slice, Floats]]:
        """Squared distances of all pairs, block by block on and above the diagonal, which itself is infinite."""
        for down in pieces(len(self.ids), TILE):
            for right in pieces(len(self.ids), TILE):
                if right.start < down.start:
                    continue
                tile = distances(self.rows[down], self.rows[right], self.lengths[down], self.lengths[right])
                if right == down:
                    np.fill_diagonal(tile, np.inf)
                yield down, right, tile


def near_pairs(X: Floats, within: float = NEAR, most: int = 1_000) -> NearPairs:
    """Pairs of samples with features ``X`` (N, d) nearer than ``within``, and the ``most`` nearest of them.

    Exact up to 20,000 samples; beyond, 20,000 of them, evenly spread over the ids, are compared with one another, so
    that ``share`` is then lower than among all. Raises `BadArray` where features are not finite.

    >>> rows = np.random.default_rng(0).normal(size=(100, 50))
    >>> rows[70] = rows[3] * 1.01
    >>> found = near_pairs(rows)
    >>> found.ids.tolist(), found.count, found.share
    ([[3, 70]], 1, 0.02)
    """
    cloud = _gather(X)
    limit = max(within * cloud.unit, cloud.rounding)
    has_one, count = np.zeros(len(cloud.ids), dtype=bool), 0
    pairs, away = np.empty((0, 2), dtype=np.int64), np.empty(0, dtype=np.float32)
    for down, right, tile in cloud.tiles():
        near = tile <= limit
        if right == down:
            near = np.triu(near)  # each pair once: rounding may tell (i, j) from (j, i)
        has_one[down] |= near.any(axis=1)
        has_one[right] |= near.any(axis=0)
        i, j = np.nonzero(near)
        count += len(i)
        pairs = np.concatenate([pairs, np.column_stack([i + down.start, j + right.start])])
        away = np.concatenate([away, tile[i, j]])
        if len(pairs) > most:
            nearest = np.argsort(away, kind="stable")[:most]
            pairs, away = pairs[nearest], away[nearest]
    ids = cloud.ids[pairs]
    squared, cosines = _measure(X, ids, cloud.scale)
    order = np.lexsort((ids[:, 1], ids[:, 0], squared))
    share = float(has_one.mean()) if len(has_one) else 0.0
    return NearPairs(ids[order], squared[order] / (cloud.unit or 1), cosines[order], count, share, len(cloud.ids))


def outliers(X: Floats, k: int = 10) -> Outliers:
    """Samples with features ``X`` (N, d) by how far their ``k``-th nearest neighbour is, relative to the median.

    The median of those above 0, where more than half of the samples have ``k`` copies. Exact up to 20,000 samples;
    beyond, 20,000 of them, evenly spread over the ids, are ranked among themselves. Raises `BadArray` where features
    are not finite. After Ramaswamy et al. (2000).

    >>> rows = np.random.default_rng(0).normal(size=(100, 5))
    >>> rows[8] += 9
    >>> found = outliers(rows)
    >>> found.ids[0].item(), bool(found.scores[0] > 3 > found.scores[1])
    (8, True)
    """
    cloud = _gather(X)
    n = len(cloud.ids)
    k = min(k, n - 1)
    if k < 1:
        return Outliers(cloud.ids, np.ones(n))
    nearest = np.full((n, k), np.inf, dtype=np.float32)  # squared distances, in no order
    for down, right, tile in cloud.tiles():
        nearest[down] = _smallest(nearest[down], tile)
        if right != down:
            nearest[right] = _smallest(nearest[right], tile.T)
    away = np.sqrt(nearest.max(axis=1), dtype=np.float64)
    away[away <= np.sqrt(cloud.rounding)] = 0
    usual = np.median(away) or np.median(away[away > 0]) if away.any() else 1.0
    scores: Floats = away / usual
    order = np.lexsort((cloud.ids, -scores))
    return Outliers(cloud.ids[order], scores[order])


def chance(X: Floats) -> float:
    """Below which distance, in units of the median squared one, unrelated samples would rarely come.

    Of N Gaussian samples in as many dimensions as features ``X`` (N, d) have effectively (the squared trace of their
    covariance over the sum of its squares), one has `RARE` such neighbours on average. For tables, near is below this
    as well.

    >>> rng = np.random.default_rng(0)
    >>> chance(rng.normal(size=(1000, 2))) < 0.001, chance(rng.normal(size=(1000, 50))) > NEAR
    (True, True)
    """
    cloud = _gather(X)
    some = cloud.rows[_evenly(len(cloud.rows), SAMPLE)].astype(np.float64)
    products = some.T @ some if some.shape[1] < len(some) else some @ some.T
    total = float((products**2).sum())
    if not total:
        return 0.0
    dimensions = float(np.trace(products)) ** 2 / total
    return float(chi2.ppf(min(RARE / len(X), 0.5), dimensions) / chi2.median(dimensions))


def _gather(X: Floats) -> _Cloud:
    """The samples to compare, in float32 where they lose nothing: around their mean, and none larger than 1."""
    ids = _evenly(len(X), MOST_COMPARED)
    blocks = list(pieces(len(ids), TILE))
    # One pass each for the mean and for the scale, so that no more than a block is ever held as float64.
    mean = np.sum([X[ids[at]].sum(axis=0, dtype=np.float64) for at in blocks], axis=0) / max(1, len(ids))
    if not np.isfinite(mean).all():
        raise BadArray("Some features are infinite or no number: nothing is near to them or far. Leave their rows out.")
    scale = max((float(np.abs(X[ids[at]] - mean).max(initial=0)) for at in blocks), default=0.0) or 1.0
    rows = np.empty((len(ids), X.shape[1]), dtype=np.float32)
    for at in blocks:
        rows[at] = (X[ids[at]] - mean) / scale
    return _Cloud(ids, rows, squares(rows), scale)


def _evenly(count: int, most: int) -> Ids:
    """All ids of ``count`` samples, or ``most`` of them in even steps."""
    if count <= most:
        return np.arange(count)
    return np.linspace(0, count - 1, most).round().astype(np.int64)


def _measure(X: Floats, pairs: Ids, scale: float) -> tuple[Floats, Floats]:
    """Squared distances (m,) of pairs (m, 2), of rows divided by ``scale``, and cosines (m,): 0 with a row of zeros."""
    squared, cosines = np.empty(len(pairs)), np.empty(len(pairs))
    for at in pieces(len(pairs), TILE):
        one, other = (X[pairs[at, side]].astype(np.float64) / scale for side in (0, 1))
        squared[at] = squares(one - other)
        lengths = np.sqrt(squares(one) * squares(other))
        cosines[at] = np.einsum("ij,ij->i", one, other) / np.where(lengths > 0, lengths, 1)
    return squared, cosines


def _smallest(found: Floats, tile: Floats) -> Floats:
    """The smallest of each row of both, as many as were found so far."""
    k = found.shape[1]
    best: Floats = np.partition(np.concatenate([found, tile], axis=1), k - 1, axis=1)[:, :k]
    return best
