"""Arrays of numpy in one .npz file: ``X`` and ``y``, or other pairs that people save; nothing is ever unpickled."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from nextlabel.datasets.base import Dataset, Request
from nextlabel.datasets.labels import write_labels
from nextlabel.datasets.multi_labels import flatten_labels
from nextlabel.datasets.picture_arrays import load_picture_array
from nextlabel.datasets.scanning import PICTURE, code_groups
from nextlabel.datasets.tables.arrays import range_names, table_of_array
from nextlabel.datasets.tables.base import Table
from nextlabel.errors import BadData
from nextlabel.text import join_names, printable

Array = npt.NDArray[Any]
HOW = "Save it with np.savez(file, X=features, y=labels)."
# Pairs of features and labels, parts of one dataset in a row: ours, numpy's own, scikit-learn's and Keras', MedMNIST's.
PAIRS: Sequence[Sequence[tuple[str, str]]] = (
    (("X", "y"),),
    (("x", "y"),),
    (("data", "target"),),
    (("X_train", "y_train"), ("X_val", "y_val"), ("X_test", "y_test")),
    (("x_train", "y_train"), ("x_val", "y_val"), ("x_test", "y_test")),
    (("train_images", "train_labels"), ("val_images", "val_labels"), ("test_images", "test_labels")),
    (("arr_0", "arr_1"),),
)


class Pair(NamedTuple):
    """Features (n, …), labels as text with None for a missing one, whether they are text, and what was joined."""

    X: Array
    labels: list[str | None]
    as_text: bool
    notes: tuple[str, ...]


def read_npz(path: Path, request: Request) -> Table | Dataset:
    """The table in the file, or a dataset of pictures where X is one of those."""
    shown = printable(path.name)
    arrays = _open(path, shown, request.group_column)
    pair = _join(arrays, shown)
    groups = None if request.group_column is None else _groups(arrays, request.group_column, len(pair.X), shown)
    if pair.X.ndim in (3, 4):
        found = load_picture_array(request, pair.X, pair.labels, pair.as_text)
        return replace(found, groups=None if groups is None else code_groups(groups))
    _check_numbers(pair.X, shown)
    table = table_of_array(pair.X, pair.labels, range_names(0, pair.X.shape[1] - 1), shown, request)
    return table._replace(as_text=pair.as_text, notes=(*pair.notes, *table.notes), groups=groups)


def _open(path: Path, shown: str, group: str | None) -> dict[str, Array]:
    """The arrays of the file that one of `PAIRS` names, and that of groups."""
    wanted = {name for pairs in PAIRS for pair in pairs for name in pair} | {group}
    with path.open("rb") as raw:
        try:
            file = np.load(raw, allow_pickle=False)
            arrays = {name: file[name] for name in file if name in wanted} if hasattr(file, "files") else None
            names = list(getattr(file, "files", ()))
        except Exception as error:  # zipfile and numpy raise nearly anything on damaged bytes: zlib.error, …
            why = "it holds Python objects" if "Object arrays" in str(error) else "it is damaged or cut short"
            raise BadData(f"'{shown}' cannot be read: {why}. {HOW}") from None
    if arrays is None:
        raise BadData(f"'{shown}' is a single array. {HOW}")
    if not any(first in arrays and second in arrays for first, second in (pairs[0] for pairs in PAIRS)):
        missing = "X" if "X" not in arrays else "y"
        listed = ", ".join(printable(name) for name in names) or "none"
        raise BadData(f"'{shown}' has no array '{missing}' (it has: {listed}). Save it with np.savez(file, X=…, y=…).")
    if group is not None and group not in arrays:
        listed = ", ".join(printable(name) for name in names)
        raise BadData(f"'{shown}' has no array '{printable(group)}' of groups. It has {listed}.")
    return arrays


def _groups(arrays: Mapping[str, Array], name: str, count: int, shown: str) -> list[str | None]:
    """The group of each sample (n,), None where it is empty, or NaN."""
    found = arrays[name]
    if found.shape not in ((count,), (count, 1)):
        raise BadData(
            f"In '{shown}', {printable(name)} is {found.shape}; groups should be ({count},): one for each sample."
        )
    return [group or None for group in write_labels(found.reshape(count), shown)]


def _join(arrays: Mapping[str, Array], shown: str) -> Pair:
    """The first pair that is there, with the parts that belong to it behind it."""
    pairs = next(some for some in PAIRS if some[0][0] in arrays and some[0][1] in arrays)
    there = [(arrays[x], arrays[y], x) for x, y in pairs if x in arrays and y in arrays]
    for X, y, _ in there:
        if X.ndim < 2 or not y.ndim or len(y) != len(X) or X.shape[1:] != there[0][0].shape[1:]:
            raise BadData(
                f"In '{shown}', X is {X.shape} and y is {y.shape}; they should be (n, d) and (n,): one label a sample."
            )
    noun = "sample" if there[0][0].ndim == 2 else PICTURE
    labels = [label for _, y, _ in there for label in write_labels(flatten_labels(y, shown, noun), shown)]
    as_text = any(y.dtype.kind in "US" for _, y, _ in there)
    if len(there) == 1:
        return Pair(there[0][0], labels, as_text, ())
    sizes = [f"{len(X):,} of {name}" for X, _, name in there]
    note = f"'{shown}' holds {join_names(sizes)}: they are one dataset here, in this order, and split anew."
    return Pair(np.concatenate([X for X, *_ in there]), labels, as_text, (note,))


def _check_numbers(X: Array, shown: str) -> None:
    if X.ndim != 2:
        raise BadData(f"In '{shown}', X is {X.shape}; it should be (n, d).")
    if X.dtype.kind not in "buif":
        raise BadData(f"In '{shown}', X holds {X.dtype}; features must be real numbers.")
