"""LIBSVM text: ``label index:value …`` a line; what is not named is 0, and ``#`` begins a comment.

scikit-learn's reader takes the values, which are kept sparse up to here; labels are read as they are written. Where it
stumbles, the file is gone through line by line, and the fault is named.
"""

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nextlabel.datasets.base import Request
from nextlabel.datasets.labels import NUMBER
from nextlabel.datasets.tables.arrays import range_names, table_of_array
from nextlabel.datasets.tables.base import Table
from nextlabel.datasets.tables.text import to_utf8
from nextlabel.errors import BadData
from nextlabel.text import printable

MOST_DENSE = 2**28  # numbers that are held as a whole: 1 GB of float32
MOST_INDEX = 2**31 - 1
COMPONENTS = 256  # of a matrix that would be larger
Sparse = Any  # scipy.sparse.csr_matrix (n, d)


def read_svm(path: Path, request: Request) -> Table:
    """The table in LIBSVM text; raises `BadData`, naming the line."""
    shown = printable(path.name)
    data = to_utf8(path.read_bytes(), shown)
    labels = [words[0].decode() for line in data.splitlines() if (words := line.partition(b"#")[0].split(None, 1))]
    X, first, last = _read_fast(data) or _read_by_line(data.decode(), shown)
    bad = next((i for i, label in enumerate(labels) if not NUMBER.fullmatch(label)), None)
    if bad is not None:
        _read_by_line(data.decode(), shown)  # which names the line
    start = min(first, 1)  # indices begin with 1, or, in some files, with 0
    return _table(X, labels, range(start, last + 1), shown, request)


def _read_fast(data: bytes) -> tuple[Sparse, int, int] | None:
    """Values (n, d) by index from 0 or 1, the first index and the last; None where scikit-learn refuses."""
    from sklearn.datasets import load_svmlight_file

    if b"_" in data or b"qid" in data:  # 1_2 is 12 to Python, and to nobody else
        return None
    try:
        X, _ = load_svmlight_file(io.BytesIO(data), zero_based=True)
    except Exception:  # Cython raises what it likes; whatever it was, the slow reader says it in words
        return None
    if not X.nnz:
        return None
    first, last = int(X.indices.min()), int(X.indices.max())
    return X[:, min(first, 1) :], first, last


def _read_by_line(text: str, shown: str) -> tuple[Sparse, int, int]:
    """The same, line by line."""
    from scipy.sparse import csr_matrix

    indices, values, ends = list[int](), list[float](), [0]
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if words:
            columns, numbers = _svm_line(words, number, shown)
            indices += columns
            values += numbers
            ends.append(len(indices))
    first, last = min(indices, default=1), max(indices, default=0)
    if last > MOST_INDEX:
        raise BadData(
            f"'{shown}' would be {len(ends) - 1:,} x {last:,} numbers, more than any memory holds. "
            "Is its largest index a mistake?"
        )
    start = min(first, 1)
    shape = (len(ends) - 1, last + 1 - start)
    return csr_matrix((values, np.array(indices, dtype=np.int64) - start, ends), shape=shape), first, last


def _svm_line(words: Sequence[str], number: int, shown: str) -> tuple[list[int], list[float]]:
    pairs = [word.partition(":") for word in words[1:]]
    try:
        columns, values = [int(index) for index, _, _ in pairs], [float(value) for _, _, value in pairs]
    except ValueError:
        raise BadData(_svm_fault(words, number, shown)) from None
    twice = len(set(columns)) < len(columns) or min(columns, default=0) < 0
    if not NUMBER.fullmatch(words[0]) or twice or any("_" in word for word in words):
        raise BadData(_svm_fault(words, number, shown))
    return columns, values


def _svm_fault(words: Sequence[str], number: int, shown: str) -> str:
    if not NUMBER.fullmatch(words[0]):
        return (
            f"Line {number} of '{shown}' begins with '{printable(words[0])}'; it should begin with a label, a number."
        )
    good = re.compile(rf"\d+:({NUMBER.pattern}|[+-]?(nan|inf|infinity))", re.IGNORECASE | re.ASCII)
    bad = [word for word in words[1:] if not good.fullmatch(word)]
    if bad:
        return (
            f"Line {number} of '{shown}' holds '{printable(bad[0])}', which is not index:value. Is the file cut short?"
        )
    return f"Line {number} of '{shown}' gives the same index twice."


def _table(X: Sparse, labels: Sequence[str], indices: range, shown: str, request: Request) -> Table:
    """Values as a whole array, where it is not too large; else the columns that hold any, or an SVD of them."""
    names: Sequence[str] = range_names(indices.start, indices.stop - 1) if len(indices) <= MOST_DENSE else []
    if X.shape[0] * X.shape[1] <= MOST_DENSE:
        return table_of_array(X.toarray(), labels, names, shown, request)
    _check_finite(X, shown)
    used = np.flatnonzero(X.getnnz(axis=0))
    found = f"'{shown}' has {X.shape[1]:,} columns, of which {len(used):,} hold anything"
    X = X[:, used]
    if X.shape[0] * X.shape[1] <= MOST_DENSE:
        called = [str(indices.start + int(i)) for i in used]
        table = table_of_array(X.toarray(), labels, called, shown, request)
        return table._replace(notes=(*table.notes, f"{found}: the others were left out."), by_place=False)
    reduced = _reduce(X)
    table = table_of_array(reduced, labels, range_names(1, reduced.shape[1]), shown, request)
    note = f"{found}: a truncated SVD, which looks at no label, made {reduced.shape[1]} of them, over all rows."
    return table._replace(notes=(*table.notes, note), by_place=False)


def _check_finite(X: Sparse, shown: str) -> None:
    bad = np.flatnonzero(~np.isfinite(X.data))
    if len(bad):
        row = int(np.searchsorted(X.indptr, bad[0], side="right"))
        raise BadData(
            f"Row {row} of '{shown}' holds {X.data[bad[0]]}, and so large a sparse table has no room for gaps."
        )


def _reduce(X: Sparse) -> Any:
    from sklearn.decomposition import TruncatedSVD

    components = min(COMPONENTS, min(X.shape) - 1)
    return TruncatedSVD(components, random_state=0).fit_transform(X)
