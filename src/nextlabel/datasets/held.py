"""Data that somebody holds in Python: a dataset as it is, a frame with its labels in a column, or a pair (X, y).

    load_held(Request((X, y)))               # X (n, d) or (n, h, w, 3), a tensor, a frame of columns, or texts
    load_held(Request(frame, label_column="species"))

Of a pair, labels are read as `nextlabel.select` reads them: -1 in whole numbers, NaN in decimals, "" in text, and None
anywhere say that one is missing. A frame is a table, in which only an empty cell, and words such as NA, do so.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from nextlabel.conversion import Array, name_remedy, to_labels, to_table
from nextlabel.datasets.base import Dataset, Request
from nextlabel.datasets.multi_labels import flatten_labels, refuse_lists
from nextlabel.datasets.picture_arrays import load_picture_array
from nextlabel.datasets.tables import load_frame, make_dataset, make_dataset_of_texts
from nextlabel.datasets.tables.arrays import range_names, table_of_array
from nextlabel.datasets.tables.columns import Sheet
from nextlabel.datasets.tables.frames import is_frame, read_frame
from nextlabel.datasets.tables.texts import TextTable
from nextlabel.datasets.texts import Texts
from nextlabel.errors import BadArray, Mistake
from nextlabel.knobs.kinds import name_data
from nextlabel.text import several

NUMBERS, TEXT = "biuf", "U"  # numpy's kinds of dtype


def load_held(request: Request) -> Dataset:
    """The dataset in what somebody holds; raises `BadArray` and `BadData` where nothing can be learned from it."""
    data = request.source
    if is_frame(data):
        return load_frame(data, request)
    framed = isinstance(data, tuple) and is_frame(data[0])
    if request.label_column is not None or (request.group_column is not None and not framed):
        wanted = request.label_column or request.group_column
        raise Mistake(
            f"'{wanted}' was to be the column of labels or groups, which only a frame has. Leave it out, or hand in a "
            "frame in the place of the arrays."
        )
    if isinstance(data, Dataset):
        return replace(data, name=request.name or data.name)
    if isinstance(data, tuple) and len(data) == 2:
        return _load_pair(*data, request)
    raise Mistake(
        f"A {type(data).__name__} is no data that is known here. Hand in a pair (X, y), or (X, None) without labels, a "
        "frame of pandas or polars, a Dataset, or a path."
    )


def _load_pair(X: Any, y: Any, request: Request) -> Dataset:
    name = request.name or name_data(request.source)
    labels, as_text, notes = _read_labels(y, name, request.needs_labels)
    if (texts := _read_texts(X)) is not None:
        labels = _fit(labels, len(texts))
        return make_dataset_of_texts(TextTable(Texts.of(texts), labels, as_text, None, notes), request, name)
    if is_frame(X):
        sheet = read_frame(X)
        return make_dataset(_with_labels(sheet, _fit(labels, sheet.frame.height), as_text, notes), request, name)
    values = to_table(X, "features")
    labels = _fit(labels, len(values) if values.ndim else 0)
    if values.ndim in (3, 4):
        found = load_picture_array(replace(request, source=name, name=name), values, labels, as_text)
        return replace(found, warnings=(*notes, *found.warnings))
    if values.ndim != 2 or values.dtype.kind not in NUMBERS:
        raise BadArray(
            f"The features are {values.dtype} of the shape {values.shape}, and should be plain numbers (n, d), a row "
            f"for each sample. {name_remedy(values, X)}"
        )
    table = table_of_array(values, labels, range_names(0, values.shape[1] - 1), name, request)
    return make_dataset(table._replace(as_text=as_text, notes=(*notes, *table.notes)), request, name)


def _with_labels(sheet: Sheet, labels: Sequence[str | None], as_text: bool, notes: tuple[str, ...]) -> Sheet:
    return replace(sheet, labels=labels, text_labels=as_text, notes=(*notes, *sheet.notes))


def _read_texts(X: Any) -> list[str] | None:
    """The samples as texts, where they are such; None where they are something else."""
    if is_frame(X) or not hasattr(X, "__iter__") or hasattr(X, "tocsr") or getattr(X, "ndim", 1) != 1:
        return None
    if not isinstance(next((one for one in X if one is not None), None), str):
        return None
    return [one if isinstance(one, str) else "" for one in X]  # None and NaN: a text that says nothing


def _read_labels(y: Any, shown: str, needed: bool) -> tuple[list[str | None] | None, bool, tuple[str, ...]]:
    """Labels (n,) as they would be written, None where one is missing; are they text; and what a person should know.

    None for all of them where there are no labels.
    """
    if y is None:
        return None, False, ()
    y = y.toarray() if hasattr(y, "tocsr") else y  # columns of 0 and 1, as scikit-learn has several labels
    try:
        values, unknown = to_labels(y)
    except BadArray:
        refuse_lists(y, shown)
        raise
    if values.ndim == 2:
        values, unknown = flatten_labels(values, shown), np.asarray(unknown.any(axis=1))
    if values.ndim != 1 or values.dtype.kind not in NUMBERS + TEXT:
        raise BadArray(
            f"The labels are {values.dtype} of the shape {values.shape}, and should be one number or text for each "
            "sample, (n,). Write classes as whole numbers from 0, and missing labels as -1."
        )
    if values.dtype.kind == "f" and np.isinf(values[~unknown]).any():
        row = int(np.flatnonzero(np.isinf(values) & ~unknown)[0])
        raise BadArray(f"The label of sample {row} is {values[row]}, which is no class. Mark it as missing: NaN.")
    both = values.dtype.kind == "i" and set(np.unique(values[~unknown]).tolist()) == {-1, 1}
    if both and not needed:
        raise BadArray(
            "The labels are only -1 and 1: are these two classes, or is -1 a missing label? Write classes as 0 and 1, "
            "and missing labels as -1; or all of them as text, with '' for missing ones."
        )
    missing = unknown | (np.zeros(len(values), dtype=bool) if both else _find_missing(values))
    words = values.astype(str).tolist()
    notes = ("The labels are -1 and 1, which were taken for two classes.",) if both else ()
    labels = [None if gone else word for word, gone in zip(words, missing.tolist(), strict=True)]
    return labels, values.dtype.kind == TEXT, notes


def _find_missing(values: Array) -> Any:
    if values.dtype.kind == "f":
        return np.isnan(values)
    return values == ("" if values.dtype.kind == TEXT else -1)


def _fit(labels: list[str | None] | None, count: int) -> list[str | None]:
    """The labels of ``count`` samples."""
    if labels is not None and len(labels) != count:
        raise BadArray(
            f"There are {several(count, 'sample')} and {several(len(labels), 'label')}. Hand in one label for each "
            "sample, and mark those that are missing: -1 in whole numbers, NaN in decimals, '' in text."
        )
    return [None] * count if labels is None else labels
