"""k-means++ on vectors that are outer products, by rejection: what `badge` draws a batch by, wherever its rows lie."""

from typing import Any, Protocol

import numpy as np

from nextlabel.pool import Floats, Ids
from nextlabel.strategies.kit.blocks import pieces
from nextlabel.strategies.kit.progress import report
from nextlabel.strategies.kit.ties import Ties

# Times are of a batch of 100 out of 20,000 x 384 (clusters, ten classes) on one core, as in benchmarks/speed.py's case
# badge-20k: 6.8 ms as it stands. The law is the same for any values; the draws, hence the picks of a seed, are not.
TRIALS = 512  # draws from the same bounds: 64 take 5.5 ms and 2,048 8.1, but they share a sum over the whole pool
TOGETHER = 128  # of them that are looked at together: 32 take 6.8 ms, 512 14.5
TABLE_CELLS = 1 << 18  # numbers in a block: 2^14 take 8.7 ms, 2^22 6.8, and 16 times the memory
STEP = 1 << 14  # bounds that are summed together
ROUNDING = 1e-14  # squared distances below this share of the squared lengths are none: float64 cannot tell


class Factors(Protocol):
    """Gradient embeddings in factors: g_i = a_i x h_i, and so g_i . g_j = (a_i . a_j)(h_i . h_j).

    ``length`` (m,) holds |g_i|^2; a has ``classes`` numbers and h ``width``, of the type ``kind``; wherever they lie.
    Source of the factorisation: Zhang et al., 2023 (LabelBench, appendix D).
    """

    length: Floats

    @property
    def classes(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def kind(self) -> np.dtype[Any]: ...
    def at(self, positions: Ids) -> tuple[Floats, Floats]:
        """The factors a (k, C) and h (k, D) at these positions, in float64."""

    def block(self, place: slice) -> tuple[Floats, Floats]:
        """The factors of a block, in the precision of the features."""


def draw_batch(found: Factors, batch: int, rng: np.random.Generator, ties: Ties, origin: bool = False) -> "Draw":
    """A batch, with how it came about."""
    draw = Draw(found, batch, rng, origin)
    first = ties.best(found.length)
    draw.take(first, *(part[0] for part in found.at(np.array([first]))))
    while not draw.centres.full:
        draw.some()
    return draw


class Centres:
    """What is chosen so far: the first ``count`` of ``picks`` (B,), ``a`` (B, C), ``h`` (B, D), ``square`` (B,) |g|^2.

    With ``origin`` a gradient of length zero counts as chosen from the start.
    """

    def __init__(self, found: Factors, batch: int, origin: bool) -> None:
        self.origin, self.count = origin, 0
        self.picks = np.empty(batch, dtype=np.int64)
        self.a, self.h = np.empty((batch, found.classes)), np.empty((batch, found.width))
        self.square = np.empty(batch)

    @property
    def full(self) -> bool:
        """Is the batch complete?"""
        return self.count == len(self.picks)

    @property
    def taken(self) -> Ids:
        """The picks so far (count,)."""
        return self.picks[: self.count]

    def take(self, pick: int, a: Floats, h: Floats) -> None:
        """Make a sample a centre."""
        self.picks[self.count], self.a[self.count], self.h[self.count] = pick, a, h
        self.square[self.count] = (a @ a) * (h @ h)
        self.count += 1

    def distances(self, a: Floats, h: Floats, length: Floats) -> Floats:
        """Squared distances (k,) of a (k, C) x h (k, D), of squared ``length`` (k,), to the nearest centre."""
        cross = (a @ self.a[: self.count].T) * (h @ self.h[: self.count].T)  # (k, centres)
        near: Floats = _apart(length[:, None], self.square[: self.count], cross).min(axis=1)
        return np.minimum(near, length) if self.origin else near


class Draw:
    """The state of one batch being drawn.

    ``centres``   what is chosen, for sure
    ``bound``     (m,) at least the squared distance to the nearest centre, for every sample, at all times; 0 for picks
    ``known``     how many of the centres the bounds of *all* samples take into account
    ``slack``     by what share a bound that is computed in the features' precision may be short
    ``shortest``, ``capped``: |g| of the shortest centre, now and when all bounds last heard of it
    ``wasted``    draws refused since bounds were last renewed: what `_dear` weighs against renewing them
    ``trials``, ``passes``: draws in all, and readings of all features; `Badge` tells them
    """

    def __init__(self, found: Factors, batch: int, rng: np.random.Generator, origin: bool) -> None:
        self.found, self.rng, self.centres = found, rng, Centres(found, batch, origin)
        # A sum of so many products is off by about sqrt(terms) roundings; four times that has never been seen exceeded.
        terms = max(100, found.width + found.classes)
        self.slack = float(4 * np.finfo(found.kind).eps * np.sqrt(terms))
        self.bound = found.length * (1 + self.slack) if origin else np.full(len(found.length), np.inf)
        self.shortest = self.capped = np.inf
        self.known = self.wasted = self.trials = 0
        self.passes = 1  # the first gave the lengths

    def take(self, pick: int, a: Floats, h: Floats) -> None:
        """Make a sample a centre."""
        self.centres.take(pick, a, h)
        self.bound[pick] = 0
        self.shortest = min(self.shortest, float(np.sqrt(self.found.length[pick])))
        report(self.centres.count, len(self.centres.picks))

    def some(self) -> None:
        """Try `TRIALS` draws from the bounds as they stand, and keep those that chance accepts."""
        self._cap()
        tried = draw_by(self.bound, TRIALS, self.rng)
        if tried is None:
            self._rest()
            return
        chance = self.rng.random(TRIALS) * self.bound[tried]
        before = self.centres.count
        for some in pieces(TRIALS, TOGETHER):
            if not self.centres.full:
                self._accept(tried[some], chance[some])
        self.trials += TRIALS
        self.wasted += TRIALS - (self.centres.count - before)
        if not self.centres.full and self._dear():
            self._renew()

    def _accept(self, tried: Ids, chance: Floats) -> None:
        """Go through the draws in order; each sees the centres that were accepted before it."""
        a, h = self.found.at(tried)  # (t, C), (t, D)
        length = dots(a) * dots(h)
        near = np.minimum(self.centres.distances(a, h, length), self.bound[tried])  # 0 for a centre of meanwhile
        hits = np.flatnonzero(chance < near)  # the others will not be nearer to being accepted
        inner = a[hits] @ a.T  # (hits, t)
        inner *= h[hits] @ h.T
        for t, to_others in zip(hits.tolist(), inner, strict=True):
            if chance[t] < near[t] and not self.centres.full:
                self.take(int(tried[t]), a[t], h[t])
                np.minimum(near, _apart(length, length[t], to_others), out=near)
                near[tried == tried[t]] = 0
        self.bound[tried] = np.minimum(self.bound[tried], near)

    def _cap(self) -> None:
        """No distance is longer than both lengths together: the shortest centre bounds everybody, without a pass.

        Only where it is a tenth shorter than the last time: each capping reads and writes all bounds.
        """
        if self.centres.origin or self.shortest >= 0.9 * self.capped:
            return
        self.capped = self.shortest
        for place in pieces(len(self.bound), TABLE_CELLS):
            far = np.sqrt(self.found.length[place])
            far += self.shortest
            far *= far
            far *= 1 + self.slack
            np.minimum(self.bound[place], far, out=self.bound[place])
        self.bound[self.centres.taken] = 0

    def _dear(self) -> bool:
        """Have the refused draws cost as much as renewing all bounds would?

        Both are counted in products of length C + D. A draw is compared with the centres and with the draws beside it,
        in float64, twice the work of float32; and it bears its share of the cumulative sum over all bounds, additions
        of which a thousand take about as long as a product. Renewing compares every sample with the new centres (with
        all, in float64, where there are none), and reads and writes its row, like four more. The counts decide when
        bounds are renewed, never what the law of a batch is.
        """
        size, new = len(self.bound), self.centres.count - self.known
        draw = 2 * (self.centres.count + TRIALS) + size // 1000
        return self.wasted * draw > size * ((new or 2 * self.centres.count) + 4)

    def _renew(self) -> None:
        """One blocked pass: every bound becomes the squared distance to the centres that it does not know yet."""
        if self.known == self.centres.count:  # and still too many were refused
            self._exact()
            return
        new, kind = slice(self.known, self.centres.count), self.found.kind
        a: Floats = self.centres.a[new].astype(kind)  # (new, C)
        h: Floats = self.centres.h[new].astype(kind)  # (new, D)
        own: Floats = (self.centres.square[new] * (1 + self.slack)).astype(kind)
        for place in pieces(len(self.bound), max(1, TABLE_CELLS // max(len(own), self.found.width))):
            b, rows = self.found.block(place)
            far = (b @ a.T) * (rows @ h.T)  # (k, new)
            far *= -2
            far += own
            near = far.min(axis=1) + self.found.length[place] * (1 + self.slack)
            self.bound[place] = np.minimum(self.bound[place], np.maximum(near, 0))
        self.bound[self.centres.taken] = 0
        self.known, self.wasted = self.centres.count, 0
        self.passes += 1
        # If even the highest bounds are rounding alone, draws from them would all be refused, for ever.
        highest = find_highest(self.bound, TRIALS)
        if not self._tighten(highest):
            self._exact()

    def _exact(self) -> None:
        """One pass in float64 against all centres: where distances are less than what float32 can tell apart."""
        for place in pieces(len(self.bound), TRIALS):
            self._tighten(place.start + np.flatnonzero(self.bound[place] > 0))
        self.wasted = 0
        self.passes += 1

    def _tighten(self, asked: Ids) -> bool:
        """Give these samples bounds that are their squared distances; is there one away from all centres?"""
        a, h = self.found.at(asked)
        near = np.minimum(self.bound[asked], self.centres.distances(a, h, dots(a) * dots(h)))  # 0 stays 0 for centres
        self.bound[asked] = near
        return bool(near.any())

    def _rest(self) -> None:
        """Nobody is away from the centres any more: the rest of the batch is drawn at random."""
        count, picks = self.centres.count, self.centres.picks
        free = np.setdiff1d(np.arange(len(self.bound)), picks[:count])
        picks[count:] = self.rng.choice(free, len(picks) - count, replace=False)
        self.centres.count = len(picks)


def draw_by(weights: Floats, count: int, rng: np.random.Generator) -> Ids | None:
    """Positions (count,), each drawn with probability proportional to its weight; None where all ``weights`` are 0."""
    # Sums of blocks first, and then within those that are hit: one reading of the weights, and no second array of them.
    starts = np.arange(0, len(weights), STEP)
    sums = np.add.reduceat(weights, starts)
    ends = np.cumsum(sums)
    if not ends[-1] > 0:
        return None
    points = rng.random(count) * ends[-1]
    hit = np.minimum(np.searchsorted(ends, points, side="right"), len(ends) - 1)  # rounding can carry one up to the end
    points -= ends[hit] - sums[hit]
    found = np.empty(count, dtype=np.int64)
    for one in np.unique(hit).tolist():
        mine, inner = hit == one, np.cumsum(weights[starts[one] : starts[one] + STEP])
        found[mine] = starts[one] + np.minimum(np.searchsorted(inner, points[mine], side="right"), len(inner) - 1)
    return found


def find_highest(values: Floats, count: int) -> Ids:
    """Positions of the ``count`` highest values, in any order."""
    best = np.empty(0, dtype=np.int64)
    for place in pieces(len(values), TABLE_CELLS):
        best = np.append(best, np.arange(place.start, place.stop))
        if len(best) > count:
            best = best[np.argpartition(values[best], -count)[-count:]]
    return best


def _apart(length: Any, other: Any, inner: Floats) -> Floats:
    """Squared distances, from squared lengths and inner products; what is only rounding is 0."""
    far: Floats = length + other - 2 * inner
    far[far < ROUNDING * (length + other)] = 0
    return far


def dots(rows: Floats) -> Floats:
    """Squared lengths (k,) of rows (k, d), in float64."""
    found: Floats = np.einsum("ij,ij->i", rows, rows)
    return found


def laws(found: Factors, picks: Ids, origin: bool = False) -> Floats:
    """The probabilities (batch, m) with which each pick was drawn: of the first, its share of all squared lengths."""
    wide = np.empty((len(picks), len(found.length)))
    near = found.length.copy() if origin else np.full(len(found.length), np.inf)
    wide[0] = _shares(found.length, picks[:0])
    for b in range(len(picks) - 1):
        (a,), (h,) = found.at(picks[b : b + 1])
        for place in pieces(len(near), max(1, TABLE_CELLS // found.width)):
            c, rows = found.at(np.arange(place.start, place.stop))
            far = _apart(dots(c) * dots(rows), (a @ a) * (h @ h), (c @ a) * (rows @ h))
            near[place] = np.minimum(near[place], far)
        near[picks[: b + 1]] = 0
        wide[b + 1] = _shares(near, picks[: b + 1])
    return wide


def _shares(near: Floats, picked: Ids) -> Floats:
    total = near.sum()
    if total > 0:
        shares: Floats = near / total
        return shares
    alike = np.ones(len(near))
    alike[picked] = 0
    return alike / max(1, len(near) - len(picked))
