"""Rows of a matrix that may be larger than memory: read in blocks, gathered by position, never copied whole."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from nextlabel.pool import Floats, Ids

CELLS = 1 << 19  # numbers in a block: 2 or 4 MB


class Blocks:
    """The rows ``index`` of ``X``, prepared as they are read.

    ``X`` (n, d) an array or a memory map, never changed; ``index`` (m,) row numbers, or None for all. ``unit`` scales
    rows to length 1 (zeros stay zeros); ``shift`` (d,) is subtracted, so that distances far from the origin keep their
    digits. Blocks come as ``kind``; by default as float32 or float64, whichever holds ``X``.
    """

    def __init__(
        self,
        X: Floats,
        index: Ids | None = None,
        unit: bool = False,
        shift: Floats | None = None,
        kind: DTypeLike | None = None,
    ) -> None:
        self.X, self.unit, self.shift = X, unit, shift
        self.index = index if index is not None and len(index) < len(X) else None  # distinct rows, so all is all
        self.kind = np.dtype(kind or (np.float32 if X.dtype in (np.float32, np.float16) else np.float64))

    def __len__(self) -> int:
        return len(self.X) if self.index is None else len(self.index)

    @property
    def width(self) -> int:
        """How many numbers a row holds: d."""
        return int(np.prod(self.X.shape[1:]))

    def at(self, positions: Ids) -> Floats:
        """The rows at these positions (k,), as a new array (k, d)."""
        # Positions count what is in `index`, never rows of X: the trap of every subset.
        return self._prepared(self.X[positions if self.index is None else self.index[positions]])

    def all(self) -> Floats:
        """All rows: ``X`` itself where nothing has to be prepared."""
        return self.block(0, len(self))

    def block(self, start: int, stop: int) -> Floats:
        """Rows ``start`` to ``stop``: a view where nothing has to be prepared."""
        if self.index is None:
            return self._prepared(self.X[start:stop])
        return self._prepared(self.X[self.index[start:stop]])

    def blocks(self, size: int | None = None) -> Iterator[tuple[slice, Floats]]:
        """All rows in blocks of ``size``, each with its place."""
        for place in pieces(len(self), size or max(1, CELLS // self.width)):
            yield place, self.block(place.start, place.stop)

    def lengths(self, size: int | None = None) -> Floats:
        """Squared lengths (m,) float64 of the rows as they come, ``size`` at a time."""
        if self.index is not None and 2 * len(self.index) >= len(self.X):  # read on rather than gather
            return Blocks(self.X, None, self.unit, self.shift, self.kind).lengths(size)[self.index]
        found = np.empty(len(self))
        for place, rows in self.blocks(size):
            found[place] = squares(rows)
        return found

    def _prepared(self, rows: Floats) -> Floats:
        rows = rows.astype(self.kind, copy=False)  # a view stays one; nobody downstream may write to it
        if self.shift is not None:
            rows = rows - self.shift
        if self.unit:
            rows = _of_length_one(rows)
        return rows


def _of_length_one(rows: Floats) -> Floats:
    with np.errstate(over="ignore"):
        length = np.sqrt(squares(rows))[:, None]  # (k, 1)
    least, most = np.sqrt(np.finfo(rows.dtype).tiny) * 1e4, np.finfo(rows.dtype).max
    odd = ~((length > least) & (length < most))[:, 0]
    if odd.any():  # too short or too long to be squared, or zero
        largest = np.abs(rows[odd]).max(axis=1, keepdims=True)
        rows = rows.copy()
        rows[odd] /= np.where(largest > 0, largest, 1)
        length[odd] = np.sqrt(squares(rows[odd]))[:, None]
    found: Floats = rows / np.where(length > 0, length, 1).astype(rows.dtype)
    return found


def squares(rows: Floats) -> Floats:
    """Squared lengths of rows (k, d)."""
    found: Floats = np.einsum("ij,ij->i", rows, rows)
    return found


def pieces(count: int, size: int) -> Iterator[slice]:
    """Slices of at most ``size`` that cover ``count`` things in order."""
    return (slice(start, min(start + size, count)) for start in range(0, count, size))


def find_centre(X: Floats) -> Floats | None:
    """What to subtract from rows that lie far from the origin for their spread; None where they do not.

    Squared distances are computed as |a|^2 + |b|^2 - 2 a.b, which loses as many digits as |a|^2 is larger than the
    distance. The mean of at most 1,000 rows is near enough.
    """
    # A stride, not a draw: the same for everybody who looks at the same X, whatever the seed.
    sample = np.asarray(X[:: max(1, len(X) // 1000)], dtype=np.float64)
    mean, spread = sample.mean(axis=0), sample.var(axis=0).sum()
    if not (mean @ mean > 100 * spread):
        return None
    shift: Floats = mean.astype(X.dtype if X.dtype.kind == "f" else np.float64)
    return shift


def distances(rows: Floats, others: Floats, squared: Any = None, others_squared: Any = None) -> Floats:
    """Squared Euclidean distances (k, l) between ``rows`` (k, d) and ``others`` (l, d): one matrix product.

    ``squared`` (k,) and ``others_squared`` (l,) are their squared lengths, where they are known already.
    """
    squared = squares(rows) if squared is None else squared
    others_squared = squares(others) if others_squared is None else others_squared
    found = rows @ others.T  # (k, l), then all in place: a second array of that size would cost as much as the product
    found *= -2
    found += np.asarray(squared, dtype=found.dtype)[:, None]
    found += np.asarray(others_squared, dtype=found.dtype)
    nearest: Floats = np.maximum(found, 0, out=found)  # of a row and itself rounding leaves a little below zero
    return nearest


def are_directions(X: Floats) -> bool:
    """Are rows (n, ...) of one length, but for a thousandth? Then nothing but their directions tells them apart.

    Told by a hundred of them, evenly spread.

    >>> are_directions(np.array([[3.0, 4.0], [5.0, 0.0]])), are_directions(np.eye(2) * [1, 2])
    (True, False)
    """
    some = np.asarray(X[:: max(1, len(X) // 100)], dtype=np.float64)
    lengths = np.linalg.norm(some.reshape(len(some), -1), axis=1)
    return bool(lengths.max(initial=0) > 0 and np.ptp(lengths) <= 1e-3 * lengths.max())
