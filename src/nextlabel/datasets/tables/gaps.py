"""Missing values of features: marked in columns of their own when a table is loaded, filled in when a pool is opened.

    X, names = mark_gaps(X, names)              # NaN stays, and "age is missing" joins
    fill_gaps(X, rest)                          # NaN is the median of the rows in ``rest``: all but the test set's

Which values are missing is plain for every row by itself. What stands in their place is learned from other rows, so it
must not see the test set, and is filled in once a split is known.
"""

from collections.abc import Sequence

import numpy as np

from nextlabel.datasets.tables.base import BLOCK, Column32, count_columns, quote
from nextlabel.errors import BadData
from nextlabel.pool import Floats, Mask
from nextlabel.text import several


def mark_gaps(X: Column32, names: Sequence[str]) -> tuple[Column32, list[str], list[str]]:
    """X (n, d) with a column of 0 and 1 for each pattern of gaps (n, d + g), all names, and a note.

    Columns that have their gaps in the same rows share one.
    """
    gaps = find_gaps(X)
    columns = np.flatnonzero(gaps).tolist()
    if not columns:
        return X, list(names), []
    patterns: dict[bytes, tuple[Column32, str]] = {}
    for column in columns:
        missing = np.isnan(X[:, column])
        patterns.setdefault(np.packbits(missing).tobytes(), (missing.astype(np.float32), f"{names[column]} is missing"))
    marks, called = zip(*patterns.values(), strict=True)
    note = (
        f"{count_columns([names[column] for column in columns])} "
        f"{'lack' if len(columns) > 1 else 'lacks'} {several(int(gaps.sum()), 'value')}: each is filled in with its "
        f"column's median, of all but the test set, and marked in {several(len(marks), 'column')} of 0 and 1. "
        "--missing refuse would refuse them."
    )
    return np.column_stack([X, *marks]), [*names, *called], [note]


def find_gaps(X: Floats) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """How many values each column (d,) of X (n, d) lacks."""
    step = max(1, BLOCK // max(1, X.shape[1]))
    total = np.zeros(X.shape[1], dtype=np.int64)
    for start in range(0, len(X), step):
        total += np.isnan(X[start : start + step]).sum(axis=0)
    return total


def refuse_gaps(X: Column32, names: Sequence[str], shown: str) -> None:
    """`BadData` that names the first missing value of X (n, d), where there is one."""
    for column in np.flatnonzero(find_gaps(X)).tolist():
        row = int(np.flatnonzero(np.isnan(X[:, column]))[0])
        raise BadData(
            f"Row {row + 1} of '{shown}' holds nothing in column {quote(names[column])}. Fill it in, leave "
            "the column out with --drop, or let --missing fill take the median."
        )


def fill_gaps(X: Floats, rest: Mask) -> Floats:
    """X (n, d) without NaN: each is the median of its column over the rows of ``rest`` (n,), 0 where these have none.

    X itself comes back where nothing is missing.

    >>> fill_gaps(np.array([[1.0], [np.nan], [3.0], [99.0]]), np.array([True, True, True, False])).ravel().tolist()
    [1.0, 2.0, 3.0, 99.0]
    """
    columns = np.flatnonzero(find_gaps(X)) if X.dtype.kind == "f" else ()
    if not len(columns):
        return X
    filled = np.array(X)
    for column in columns:
        values = filled[:, column]
        known = values[rest & ~np.isnan(values)]
        values[np.isnan(values)] = np.median(known) if len(known) else 0
    return filled
