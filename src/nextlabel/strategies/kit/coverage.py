"""Greedy kernel coverage (facility location), the core of `maxherding` and `uherding`."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.metrics.pairwise import pairwise_kernels

from nextlabel.pool import Floats, Ids
from nextlabel.strategies.kit.blocks import Blocks, pieces, squares
from nextlabel.strategies.kit.progress import report
from nextlabel.strategies.kit.ties import Ties

TILE = 1 << 18  # kernel values in a tile: small enough to stay in a core's cache while they are worked on
FEW, MANY = 32, 512  # samples evaluated at a time
PAST = 1 << 25  # numbers of the past to remember: 128 MB of float32


@dataclass(frozen=True)
class Kernel:
    """k(a, b), by name as in `sklearn.metrics.pairwise.pairwise_kernels`; ``rbf`` with ``gamma`` is done here.

    rbf is exp(-gamma |a - b|^2): rows are scaled and get two more columns, so that one matrix product is the exponent.
    """

    metric: str = "rbf"
    gamma: float | None = None  # None: 1 / d
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def fast(self) -> bool:
        """Is it the one that is done here?"""
        return self.metric == "rbf" and not self.more

    def left(self, rows: Floats) -> Floats:
        """Rows (k, d) made ready for the left of `__call__`."""
        return self._widen(rows, left=True) if self.fast else rows

    def right(self, rows: Floats) -> Floats:
        """Rows (l, d) made ready for the right of `__call__`."""
        return self._widen(rows, left=False) if self.fast else rows

    def __call__(self, left: Floats, right: Floats) -> Floats:
        """Kernel values (k, l), a new array."""
        if self.fast:
            values = left @ right.T
            return np.exp(values, out=values)
        gamma = {} if self.gamma is None else {"gamma": self.gamma}
        values = pairwise_kernels(left, right, metric=self.metric, **gamma, **self.more)
        return np.array(values, dtype=left.dtype)

    def _widen(self, rows: Floats, left: bool) -> Floats:
        # -gamma |a - b|^2 = 2 gamma a.b - gamma |a|^2 - gamma |b|^2: the last two are the products with columns of 1.
        gamma = 1 / rows.shape[1] if self.gamma is None else self.gamma
        wide = np.empty((len(rows), rows.shape[1] + 2), dtype=rows.dtype)
        np.multiply(rows, np.sqrt(2 * gamma), out=wide[:, :-2], casting="same_kind")
        wide[:, -2 if left else -1] = -gamma * squares(rows)
        wide[:, -1 if left else -2] = 1
        return wide


class Coverage:
    """f(S) = mean over the ground of weight_j max over s in S of k(x_j, s): monotone and submodular.

    ``pool`` the candidates; ``ground`` positions (g,) of those that are to be covered, None for all of them; ``weight``
    (g,) or None for 1 each. While there is no centre a gain is the mean kernel value.
    """

    def __init__(self, pool: Blocks, kernel: Kernel, ground: Ids | None = None, weight: Floats | None = None) -> None:
        self.pool, self.kernel, self.whole = pool, kernel, ground is None
        rows = pool.at(np.arange(len(pool)) if ground is None else ground)
        self.right = kernel.right(rows)  # (g, d or d + 2)
        self.weight = np.ones(len(rows), rows.dtype) if weight is None else weight.astype(rows.dtype)
        self.covered: Floats | None = None  # (g,) the best kernel value so far
        self.time = 0  # how many centres came one by one
        self.changed = np.zeros(len(rows), dtype=np.int64)  # (g,) when `covered` last did
        self.past: dict[int, Floats] = {}  # `covered` as it was, for as many times as there is room for

    def add(self, centres: Blocks) -> None:
        """Take more centres into account."""
        old = np.zeros(len(self.right), dtype=self.right.dtype) if self.covered is None else self.covered
        best = old.copy()
        for _, rows in centres.blocks(max(1, TILE // 256)):
            left = self.kernel.left(rows)
            for place in pieces(len(best), 256):
                np.maximum(best[place], self.kernel(left, self.right[place]).max(axis=0), out=best[place])
        # A gain computed at time t is renewed from what was covered at t; the oldest go when memory runs out, and gains
        # of that age are computed anew.
        self.past[self.time] = old
        self.past.pop(self.time - max(2, PAST // len(old)), None)
        self.time += 1
        self.changed[best > old] = self.time
        self.covered = best

    def gains(self, rows: Floats) -> Floats:
        """What each of ``rows`` (k, d) would add to f: (k,) float64."""
        left, total = self.kernel.left(rows), np.zeros(len(rows))
        for place in pieces(len(self.right), max(1, TILE // len(rows))):
            values = self.kernel(left, self.right[place])  # (k, t)
            total += self._above(values, self.covered, place) @ self.weight[place]
        return total / len(self.right)

    def everybody(self) -> Floats:
        """Gains (m,) of the whole pool in one blocked pass; half of the products where the pool is the ground."""
        count, total = len(self.pool), np.zeros(len(self.pool))
        for one, rows in self.pool.blocks(MANY):
            report(one.start, count, "measuring coverage")
            if not self.whole:
                total[one] = self.gains(rows)
                continue
            left = self.kernel.left(rows)
            for other in pieces(one.stop, MANY):
                values = self.kernel(left, self.right[other])  # (k, l)
                if other.start < one.start:  # the same values serve those of the other block
                    turned = values if self.covered is None else values - self.covered[one, None]
                    total[other] += self.weight[one] @ (turned if self.covered is None else _positive(turned))
                total[one] += self._above(values, self.covered, other) @ self.weight[other]
        return total / len(self.right) if self.whole else total

    def renewed(self, asked: Ids, gains: Floats, since: Ids) -> Floats:
        """Gains (k,) now of the positions ``asked``, which were ``gains`` (k,) at the times ``since`` (k,).

        Only the ground that came to be covered better since then matters, which soon is little of it.
        """
        found = np.empty(len(asked))
        later = len(self.changed) - np.cumsum(np.bincount(self.changed, minlength=self.time + 1))
        much = later[since]  # (k,) how many ground samples came to be covered better
        fresh = (2 * much > len(self.right)) | ~np.isin(since, list(self.past))
        # Rows of like age are renewed together, by powers of two of the ground that changed: a block takes as long as
        # its oldest row.
        level = np.where(fresh, -1, np.log2(np.maximum(much, 1)).astype(int))
        for one in np.unique(level):
            few = np.flatnonzero(level == one)
            few = few[np.argsort(since[few], kind="stable")]
            rows = self.pool.at(asked[few])
            found[few] = self.gains(rows) if one < 0 else gains[few] - self._lost(rows, since[few])
        return found

    def _lost(self, rows: Floats, since: Ids) -> Floats:
        """By how much the gains of ``rows`` (k, d) have shrunk since the times ``since`` (k,), which ascend."""
        times, starts = np.unique(since, return_index=True)
        parts = [slice(*pair) for pair in itertools.pairwise([*starts.tolist(), len(since)])]
        where = np.flatnonzero(self.changed > times[0])
        left, lost = self.kernel.left(rows), np.zeros(len(rows))
        for place in pieces(len(where), max(1, TILE // len(rows))):
            at = where[place]
            now = self.kernel(left, self.right[at])  # (k, t)
            before = np.empty_like(now)
            for rows_then, then in zip(parts, times.tolist(), strict=True):
                np.subtract(now[rows_then], self.past[then][at], out=before[rows_then])
            lost += _positive(before) @ self.weight[at] - self._above(now, self.covered, at) @ self.weight[at]
        return lost / len(self.right)

    @staticmethod
    def _above(values: Floats, covered: Floats | None, place: Any) -> Floats:
        """What ``values`` (k, t) have above what is covered there; they are overwritten."""
        if covered is not None:
            values -= covered[place]
            _positive(values)
        return values


def _positive(values: Floats) -> Floats:
    """The larger of each value and 0, in place; three times faster with zeros in an array than with one zero."""
    zeros = np.zeros(values.shape[1], dtype=values.dtype)
    positive: Floats = np.maximum(values, zeros, out=values)
    return positive


def herd(coverage: Coverage, batch: int, ties: Ties) -> Ids:
    """Positions (batch,) by greedy maximisation of ``coverage``: plain greedy's picks, lazily (Minoux, 1978).

    A gain only ever shrinks, so an old one is a bound. Each time those with the highest bounds are brought up to date,
    in growing blocks, until nobody else's bound reaches the best found. After a first pick without any centre nearly
    all gains change at once, and all are computed anew.
    """
    picks: list[int] = []
    bound, since = coverage.everybody(), np.full(len(coverage.pool), coverage.time)
    while True:
        best = _best(coverage, bound, since, ties)
        picks.append(best)
        report(len(picks), batch)
        if len(picks) == batch:
            return np.array(picks)
        alone = coverage.covered is None
        coverage.add(Blocks(coverage.pool.at(np.array([best]))))
        if alone:
            bound, since = coverage.everybody(), np.full(len(bound), coverage.time)
        bound[picks] = -np.inf


def _best(coverage: Coverage, bound: Floats, since: Ids, ties: Ties) -> int:
    """The position with the highest gain. ``bound`` (m,) gains at the times ``since`` (m,) are renewed as needed."""
    size = FEW
    while True:
        fresh = np.flatnonzero(since == coverage.time)
        best = bound[fresh].max(initial=-np.inf)
        asked = np.flatnonzero((since < coverage.time) & (bound >= best) & (bound > -np.inf))
        if not len(asked):
            return ties.best(bound[fresh], fresh)
        if len(asked) > size:
            asked = asked[np.argpartition(-bound[asked], size)[:size]]
        asked.sort()
        bound[asked] = coverage.renewed(asked, bound[asked], since[asked])
        since[asked] = coverage.time
        size = min(2 * size, MANY)


def steps(coverage: Callable[[], Coverage], picks: Ids) -> Floats:
    """Utilities (batch, m): everybody's gain before each pick."""
    fresh = coverage()
    wide = np.empty((len(picks), len(fresh.pool)))
    for b, pick in enumerate(picks):
        wide[b] = fresh.everybody()
        fresh.add(Blocks(fresh.pool.at(np.array([pick]))))
    return wide
