"""Kernels between samples, and what their means must be near without looking at all pairs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.metrics.pairwise import pairwise_kernels

from nextlabel.pool import Floats
from nextlabel.strategies.kit.blocks import Blocks, squares

FLAT = 0.5  # the largest exponent for which it is worth while to expand exp


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

    def turn(self, right: Floats) -> Floats:
        """Rows made ready for the right (k, d or d + 2), made ready for the left, in place."""
        if self.fast:
            right[:, -2:] = right[:, :-3:-1].copy()
        return right

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
        gamma = self._scale(rows)
        wide = np.empty((len(rows), rows.shape[1] + 2), dtype=rows.dtype)
        np.multiply(rows, np.sqrt(2 * gamma), out=wide[:, :-2], casting="same_kind")
        wide[:, -2 if left else -1] = -gamma * squares(rows)
        wide[:, -1 if left else -2] = 1
        return wide

    def _scale(self, rows: Floats) -> float:
        return 1 / rows.shape[1] if self.gamma is None else self.gamma


def bound_means(kernel: Kernel, pool: Blocks, ground: Floats, weight: Floats) -> tuple[Floats, Floats] | None:
    """Between what (m,) and what (m,) the mean of weight_i k(x_j, g_i) lies for each of ``pool``; None: it is unknown.

    Of a wide kernel nothing but moments of the ``ground`` (g, d) is needed: exp(-gamma |a - b|^2) is
    exp(-gamma |a|^2) exp(-gamma |b|^2) exp(z) with z = 2 gamma a.b, and exp(z) is 1 + z + z^2 / 2 up to
    |z|^3 e^|z| / 6. O((m + g) d^2) instead of O(m g d). ``weight`` (g,) is at least 0.
    """
    if not kernel.fast or 4 * pool.width > len(ground):
        return None
    gamma, lengths = kernel._scale(ground), pool.lengths()
    # Largest exponent: of the longest candidate with the longest row of the ground.
    longest = float(squares(ground).max())
    if 2 * gamma * np.sqrt(longest * lengths.max(initial=0)) > FLAT:
        return None
    share = weight * np.exp(-gamma * squares(ground)) / len(ground)  # (g,)
    level, slope = float(share.sum(dtype=np.float64)), share @ ground  # (d,)
    bend = (ground * share[:, None]).T @ ground  # (d, d)
    low, high = np.empty(len(pool)), np.empty(len(pool))
    for place, rows in pool.blocks(1024):
        square = 2 * gamma**2 * np.einsum("ij,ij->i", rows @ bend, rows)  # the mean of z^2 / 2
        z = 2 * gamma * np.sqrt(longest * lengths[place])
        rest = z * np.exp(z) / 3 * square
        own = np.exp(-gamma * lengths[place])
        middle = own * (level + 2 * gamma * (rows @ slope) + square)
        # Kernel values that are computed are rounded, and may all be rounded the same way.
        slack = own * rest + 8 * np.finfo(rows.dtype).eps * middle
        low[place], high[place] = middle - slack, middle + slack
    return low, high
