"""What readers of tables hand on, and how numbers become the float32 that everybody computes with."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from nextlabel.errors import BadData
from nextlabel.text import join_names, several, shorten

Column32 = npt.NDArray[np.float32]
Numbers = npt.NDArray[Any]
MOST_NUMBERS = 2**31  # 8 GB of float32
MOST_NAMED = 4  # columns that a sentence lists
LARGEST_WHOLE = 2**24  # from which on not every whole number is a float32
COARSE = 1e-4  # of a column's range: a step of float32 that large would be seen
BLOCK = 2**17  # numbers looked at in one go


class Table(NamedTuple):
    """What a reader finds: ``X`` (n, d) float32 with NaN for a gap, ``labels`` as text (None: missing), column names.

    ``as_text`` says that the labels are text even if they look like numbers; ``notes`` what a person should know;
    ``scheme`` how its columns became numbers. ``by_place``: without a scheme, a column is the one at its place.
    ``groups`` (n,) names of what belongs together, None for whoever is alone.
    """

    X: Column32
    labels: Sequence[str | None]
    columns: Sequence[str]
    as_text: bool = False
    notes: tuple[str, ...] = ()
    scheme: Any = None
    by_place: bool = True
    groups: Sequence[str | None] | None = None


@dataclass
class Narrowed:
    """What happened to columns on their way to 32 bits, by name; `sentences` tells it."""

    shifted: list[str] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)
    offsets: dict[str, float] = field(default_factory=dict)  # what was taken off the shifted ones

    def sentences(self) -> list[str]:
        notes = []
        if self.shifted:
            notes.append(
                f"{count_columns(self.shifted)} {verb(self.shifted, 'holds', 'hold')} large numbers that lie close "
                "together: their smallest is taken off, or 32 bits could not tell them apart."
            )
        if self.merged:
            notes.append(
                f"{count_columns(self.merged)} {verb(self.merged, 'holds', 'hold')} whole numbers above 16,777,216, "
                "some of which are one in the 32 bits that features have."
            )
        return notes


def count_columns(names: Sequence[str]) -> str:
    """Columns in prose, at the start of a sentence.

    >>> count_columns(["a"]), count_columns(["a", "b"])
    ("Column 'a'", "Columns 'a' and 'b'")
    """
    shown = [f"'{shorten(name)}'" for name in names[:MOST_NAMED]]
    more = [several(len(names) - MOST_NAMED, "other")] if len(names) > MOST_NAMED else []
    return f"Column{'s' * (len(names) != 1)} {join_names([*shown, *more])}"


def verb(names: Sequence[str], one: str, many: str) -> str:
    """The form of a verb that goes with so many columns."""
    return one if len(names) == 1 else many


def quote(name: str) -> str:
    """A column in an error; one that is only a number goes without quotes."""
    return name if name.isdecimal() else f"'{shorten(name)}'"


def narrow(X: Numbers, names: Sequence[str], shown: str, told: Narrowed) -> Column32:
    """Numbers (n, d) as float32, NaN where there is none; `BadData` names the first cell that is infinite or too large.

    Columns whose steps 32 bits would blur are shifted to begin at 0, or named in ``told``.
    """
    if X.dtype.kind == "b" or (X.dtype.kind in "iu" and X.dtype.itemsize < 4):
        return X.astype(np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        out = np.ascontiguousarray(X, dtype=np.float32)
    check_finite(X, out, names, shown)
    if X.dtype.itemsize <= 4 and X.dtype.kind == "f":
        return out
    low, high = _range(X)
    top = np.maximum(np.abs(low), np.abs(high))
    blurred = np.flatnonzero((top * 2.0**-24 > COARSE * (high - low)) & (high > low))
    for column in blurred.tolist():
        out[:, column] = (X[:, column].astype(np.longdouble) - low[column]).astype(np.float32)
        told.shifted.append(names[column])
        told.offsets[names[column]] = float(low[column])
    for column in np.setdiff1d(np.flatnonzero(top >= LARGEST_WHOLE), blurred).tolist():
        if _merges(X[:, column], out[:, column]):
            told.merged.append(names[column])
    return out


def _range(X: Numbers) -> tuple[Numbers, Numbers]:
    """Smallest and largest of each column (d,) of X (n, d), gaps aside; 0 where nothing else is there."""
    if not len(X):
        return np.zeros(X.shape[1]), np.zeros(X.shape[1])
    low = np.fmin.reduce(X, axis=0).astype(np.float64)
    high = np.fmax.reduce(X, axis=0).astype(np.float64)
    return np.nan_to_num(low), np.nan_to_num(high)


def _merges(values: Numbers, narrowed: Column32) -> bool:
    """Are some different whole numbers the same afterwards?"""
    known = ~np.isnan(narrowed)
    values = values[known]
    if (values != np.floor(values)).any():
        return False
    return len(np.unique(values)) > len(np.unique(narrowed[known]))


def check_finite(X: Numbers, narrowed: Column32, names: Sequence[str], shown: str) -> None:
    """`BadData` that names the first cell of X (n, d) that is infinite, or is so in 32 bits."""
    if not np.isinf(narrowed).any():
        return
    bad = np.argwhere(np.isinf(narrowed))
    row, column = bad[0]
    what = "is no finite number" if np.isinf(X[row, column]) else "is too large for 32 bits"
    raise BadData(
        f"Row {row + 1} of '{shown}' holds {X[row, column]} in column {quote(names[column])}, which {what}. "
        f"Fill in or drop the {len(bad)} such values."
    )


def count_repeats(X: Column32) -> int:
    """How many rows of X (n, d) are the same as an earlier one: by a 64-bit hash of each, which errs by no chance."""
    if not X.shape[1]:
        return 0
    odd = np.random.default_rng(0).integers(0, 2**63, size=(2, X.shape[1]), dtype=np.uint64) | np.uint64(1)
    hashes = np.empty(len(X), dtype=np.uint64)
    step = max(1, BLOCK // X.shape[1])
    for start in range(0, len(X), step):
        cells = (X[start : start + step] + np.float32(0)).view(np.uint32).astype(np.uint64)  # -0.0 is 0.0
        cells = (cells + odd[0]) * odd[1]
        cells ^= cells >> np.uint64(29)  # or the low bits of whole numbers, all zero, would stay so
        cells *= np.uint64(0xBF58476D1CE4E5B9)  # the finalizer of splitmix64 (Steele et al., 2014)
        cells ^= cells >> np.uint64(32)
        hashes[start : start + step] = (cells * odd[0]).sum(axis=1, dtype=np.uint64)
    return len(X) - len(np.unique(hashes))
