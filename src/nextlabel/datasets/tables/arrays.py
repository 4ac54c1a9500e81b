"""Features that are an array already, in .npz and .svm files: gaps stay, numbers narrow, an index is left out."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from nextlabel.datasets.base import Request
from nextlabel.datasets.tables.base import Narrowed, Numbers, Table, narrow
from nextlabel.datasets.tables.columns import choose_columns
from nextlabel.datasets.tables.kinds import LEAST_ROWS, Encoded, is_index
from nextlabel.datasets.tables.sentences import describe_kinds


def range_names(first: int, last: int) -> Sequence[str]:
    """Columns that have numbers for names."""
    return [str(i) for i in range(first, last + 1)]


def table_of_array(
    X: Numbers, labels: Sequence[str | None], names: Sequence[str], shown: str, request: Request
) -> Table:
    """The table of features X (n, d), of which the request may choose some."""
    keep = set(request.table.keep or ())
    chosen = choose_columns(names, request.table, shown)
    index = [i for i in find_indices(X) if names[i] not in keep and i in chosen]
    kept = [i for i in chosen if i not in index]
    if len(kept) < X.shape[1]:
        X = X[:, kept]
    names, told = [names[i] for i in kept], Narrowed()
    narrowed = narrow(X, names, shown, told)
    notes = describe_kinds([Encoded(str(i), "index") for i in index])
    return Table(narrowed, labels, names, notes=(*notes, *told.sentences()))


def find_indices(X: Numbers) -> list[int]:
    """Columns of X (n, d) that number the rows: few are looked at to their end."""
    start = X[:LEAST_ROWS].astype(np.float64)
    whole: npt.NDArray[np.bool_] = (start == np.floor(start)).all(axis=0) & (np.diff(start, axis=0) != 0).all(axis=0)
    return [int(i) for i in np.flatnonzero(whole) if is_index(X[:, i].astype(np.float64), "")]
