"""Features on one scale, so that no column's unit decides what a head learns and who is near to whom."""

import tempfile
from dataclasses import dataclass

import numpy as np

from nextlabel.errors import BadArray
from nextlabel.files import cache
from nextlabel.pool import Floats
from nextlabel.progress import Progress, quiet
from nextlabel.strategies.kit.blocks import Blocks

WHAT = "scaling the features"


def scale(X: Floats, progress: Progress = quiet) -> Floats:
    """Features (n, d) with mean 0 and variance 1 in every column, float32; a column that is constant becomes 0.

    A memory map may be larger than memory: its scaled copy lies in a file without a name, which is gone with the last
    who reads it. Raises `CannotWrite` where the disk has no room for it, and `BadArray` for numbers whose squares are
    infinite.

    >>> scale(np.array([[1e-5, 7.0], [3e-5, 7.0]])).tolist()
    [[-1.0, 0.0], [1.0, 0.0]]
    """
    blocks = Blocks(X)
    moments = measure(blocks, progress)
    if _is_mapped(X):
        return _in_a_file(moments, blocks, progress)
    scaled = np.empty(X.shape, np.float32)  # (n, d)
    for place, rows in blocks.blocks():
        scaled[place] = moments.scale(rows)
    return scaled


@dataclass(frozen=True)
class Moments:
    """The ``mean`` (d,) and ``variance`` (d,) of columns over ``count`` rows, in float64."""

    mean: Floats
    variance: Floats
    count: int

    @classmethod
    def of(cls, rows: Floats) -> "Moments":
        """Of some rows (k, d): squares are summed about their mean, so that columns far from 0 keep their digits."""
        mean = rows.mean(axis=0, dtype=np.float64)
        near = mean.astype(rows.dtype)  # what is subtracted is a number of that type: the rest is made good below
        squares = _sum_squares(rows - near)
        if not np.isfinite(squares).all():  # of float32, whose squares end at 1e38
            squares = _sum_squares(rows.astype(np.float64) - near)
        return cls(mean, np.maximum(squares / len(rows) - (mean - near) ** 2, 0), len(rows))

    def join(self, other: "Moments") -> "Moments":
        """Of the rows of both (Chan, Golub and LeVeque, 1983)."""
        count, apart = self.count + other.count, other.mean - self.mean
        share = other.count / count
        within = (1 - share) * self.variance + share * other.variance
        return Moments(self.mean + share * apart, within + share * (1 - share) * apart**2, count)

    def scale(self, rows: Floats) -> Floats:
        """Rows (k, d) less the mean, in units of the standard deviation: float32. 0 where a column is constant."""
        # What rounding of the mean leaves of a constant column is no variance: scikit-learn's bound.
        eps = np.finfo(np.float64).eps
        constant = self.variance <= self.count * eps * self.variance + (self.count * self.mean * eps) ** 2
        found: Floats = ((rows - self.mean) / np.where(constant, 1, np.sqrt(self.variance))).astype(np.float32)
        found[:, constant] = 0
        return found


def _sum_squares(rows: Floats) -> Floats:
    found: Floats = np.einsum("ij,ij->j", rows, rows).astype(np.float64)
    return found


def measure(blocks: Blocks, progress: Progress = quiet) -> Moments:
    """Mean and variance of every column, in one pass; `BadArray` where its squares are infinite.

    Block by block, since a file may be larger than memory; a third of the time that scikit-learn's scaler takes.

    >>> measure(Blocks(np.array([[1.0], [3.0]]))).variance
    array([1.])
    """
    moments: Moments | None = None
    for place, rows in blocks.blocks():
        # Squares that overflow are told below, with their column, instead of as a warning.
        with np.errstate(over="ignore", invalid="ignore"):
            found = Moments.of(rows)
            moments = found if moments is None else moments.join(found)
        progress(WHAT, place.stop, 2 * len(blocks))  # two passes: this one learns the scale
    assert moments is not None  # features have rows
    # After the pass and before any scaled number is written: a disk is not filled with NaN.
    return check_moments(moments)


def check_moments(moments: Moments) -> Moments:
    """The moments, if they are numbers; `BadArray` names the first column whose squares are infinite."""
    large = np.flatnonzero(~(np.isfinite(moments.mean) & np.isfinite(moments.variance)))
    if len(large):
        raise BadArray(
            f"Column {large[0]} of the features holds numbers too large to be scaled: their squares are infinite. "
            "Divide it by a million, say, or take the features as they are (standardize=False, --no-standardize)."
        )
    return moments


def _is_mapped(X: object) -> bool:
    """Is it a memory map, or a view of one, which numpy hands on as a plain array?"""
    return isinstance(X, np.memmap) or (isinstance(X, np.ndarray) and _is_mapped(X.base))


def _in_a_file(moments: Moments, blocks: Blocks, progress: Progress) -> Floats:
    # Written, not mapped and filled: on a full disk a map ends the process, where a write says so.
    with cache.on_disk(cache.folder()), tempfile.TemporaryFile(dir=cache.folder()) as file:
        for place, rows in blocks.blocks():
            file.write(np.ascontiguousarray(moments.scale(rows)).data)
            progress(WHAT, len(blocks) + place.stop, 2 * len(blocks))
        # Python's own buffer, which a map does not see. Closing the file is harmless then: the map holds it open.
        file.flush()
        return np.memmap(file, np.float32, "r", shape=(len(blocks), blocks.width))
