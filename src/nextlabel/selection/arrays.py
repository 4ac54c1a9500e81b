"""Arrays from outside: files opened, and features, labels and probabilities looked at before anything is built on them.

Nothing is copied, and nothing is ever unpickled: a file comes as a read-only memory map. Each fault is one sentence
that says where it is.

    X = read_features(read_array(Path("features.npy")))
    y, classes = read_labels(read_array(Path("y.npy")), len(X))        # codes (n,), -1 where nobody has answered
"""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nextlabel.conversion import WIDEST, name_remedy, to_labels, to_table
from nextlabel.errors import BadArray, BadData
from nextlabel.files.arrays import Array
from nextlabel.pool import TOLERANCE, Floats, Ids, Labels, Mask
from nextlabel.progress import Progress, quiet
from nextlabel.strategies.kit.blocks import CELLS, pieces
from nextlabel.text import printable, several, shorten

MAGIC = b"\x93NUMPY"

CODES = "Write classes as whole numbers from 0 and missing labels as -1"


def open_array(path: Path) -> Array:
    """The array in a .npy file, as a read-only memory map; `BadData` where there is none."""
    shown = printable(str(path))
    try:
        # The first bytes by hand: np.load would take a .npz or a pickle for what it is, or say so in words of its own.
        with path.open("rb") as file:
            start = file.read(len(MAGIC))
    except FileNotFoundError:
        raise BadData(f"There is no file '{shown}'. Is its name right, and the folder?") from None
    except IsADirectoryError:
        raise BadData(f"'{shown}' is a folder. Name the .npy file in it.") from None
    except OSError as error:
        raise BadData(f"The file '{shown}' cannot be read ({error.strerror}). May you read it?") from None
    if start != MAGIC:
        raise BadData(
            f"'{shown}' is no .npy file but {_describe(start)}. Save one array with np.save('{path.stem}.npy', X)."
        )
    try:
        # Read-only and mapped: a million rows are there at once, and no mistake of ours can reach the file.
        array: Array = np.load(path, mmap_mode="r", allow_pickle=False)
        return array
    except Exception as error:  # numpy raises nearly anything on damaged bytes
        if "object" in str(error):
            raise BadData(
                f"'{shown}' holds pickled Python objects, which are never loaded, since they can run programs. "
                "Save plain numbers or text: np.save(file, np.array(values, dtype=float)), or astype(str)."
            ) from None
        raise BadData(
            f"'{shown}' is damaged or cut short: it holds less than its first bytes announce. Copy or save it again."
        ) from None


def _describe(start: bytes) -> str:
    """What a file is by its first bytes, if it is not one array."""
    if not start:
        return "empty"
    if start.startswith(b"PK"):
        return "an archive of arrays, or another .zip"
    return "a pickle, which is never loaded" if start.startswith(b"\x80") else "something else"


def read_features(given: Any) -> Floats:
    """Features (n, d), as they are: numbers that matrices can be multiplied of. What they hold is not looked at."""
    X = to_table(given, "features")
    if X.ndim != 2:
        raise BadArray(
            f"The features have {several(X.ndim, 'dimension')}, {X.shape}, and should have two: one row for each "
            f"sample. {name_remedy(X, given)}"
        )
    if X.dtype.kind not in "iuf" or X.dtype.itemsize > WIDEST:
        raise BadArray(f"The features are {X.dtype}, and should be plain numbers. {name_remedy(X, given)}")
    if not X.size:
        raise BadArray(f"The features are empty, {X.shape}. Was the right array saved?")
    return X


def check_finite(X: Floats, progress: Progress = quiet) -> None:
    """One pass over features (n, d); `BadArray` names the first row that holds NaN or infinity."""
    # Whole numbers have neither NaN nor infinity, so their file is not read through.
    if X.dtype.kind != "f":
        return
    for place in _walk_blocks("checking the features", X, progress):
        refuse_gaps(X[place], range(place.start, place.stop))


def refuse_gaps(rows: Floats, numbers: Sequence[int] | Ids) -> None:
    """`BadArray` with the number of the first of ``rows`` (k, d) that holds NaN or infinity; ``numbers`` (k,)."""
    if np.isfinite(rows).all():
        return
    # Looked for only once something is found: argwhere of a good block would cost more than the check.
    row, column = np.argwhere(~np.isfinite(rows))[0]
    raise BadArray(
        f"Row {numbers[row]} of the features (the first is row 0) holds {rows[row, column]} in column {column}. "
        "Distances to it mean nothing: fill such values in, or leave their rows out."
    )


def read_probabilities(given: Any, count: int) -> Floats:
    """Probabilities (n, C) of ``count`` samples by their shape; `check_probabilities` looks at the numbers."""
    P = to_table(given, "probabilities")
    if P.ndim != 2 or P.shape[1] < 2:
        raise BadArray(
            f"The probabilities have the shape {P.shape}, and should have one row for each sample and one column for "
            "each class, two at least. For two classes: np.column_stack([1 - p, p])."
        )
    if P.dtype.kind != "f" or P.dtype.itemsize > WIDEST:
        raise BadArray(f"The probabilities are {P.dtype}, and should be floats, as predict_proba gives them.")
    if len(P) != count:
        raise BadArray(
            f"There are {count:,} rows of features and {len(P):,} of probabilities. Pass those of all samples, in the "
            "same order, the labelled ones too."
        )
    return P


def check_probabilities(P: Floats, progress: Progress = quiet) -> None:
    """One pass over probabilities (n, C); `BadArray` names the first row that is none."""
    for place in _walk_blocks("checking the probabilities", P, progress):
        refuse_other_than_probabilities(P[place], range(place.start, place.stop))


def refuse_other_than_probabilities(P: Floats, numbers: Sequence[int] | Ids) -> None:
    """`BadArray` with the number of the first of the rows (k, C) that is no probability; ``numbers`` (k,)."""
    total = P.sum(axis=1, dtype=np.float64)  # (k,)
    bad = np.flatnonzero(~(np.abs(total - 1) <= TOLERANCE) | ~(P.min(axis=1) >= 0))  # NaN is bad too
    if not len(bad):
        return
    least = P[bad[0]].min()
    # `not least >= 0` and not `least < 0`: NaN has to come out as what the row holds.
    what = f"holds {least:.4g}" if not least >= 0 else f"sums to {total[bad[0]]:.4g}"
    raise BadArray(
        f"Row {numbers[bad[0]]} of the probabilities (the first is row 0) {what}: they should be at least 0 and sum to "
        "one. Pass what predict_proba gives, not scores or logits."
    )


def read_labels(given: Any, count: int, width: int | None = None, missing: Any = None) -> tuple[Labels, int]:
    """Codes (n,) of the labels of ``count`` samples, -1 where one is missing, and how many classes there are.

    ``given`` None (nothing is labelled), whole numbers (-1 is missing), decimals (NaN is missing) or text ("" is
    missing), in an array, a list, a series or a tensor; what is masked, None or <NA> is missing, too; ``missing`` names
    another value. Classes are numbered in numeric or code-point order. With probabilities
    there are ``width`` classes, whether seen or not, and a number is the column of its class.
    """
    if given is None:
        # 0 classes is "nobody knows": strategies are told two, and those that ask for a count say so.
        return np.full(count, -1, dtype=np.int64), width or 0
    y, unknown = to_labels(given)
    if y.ndim != 1:
        raise BadArray(f"The labels have the shape {y.shape}, and should be one value for each sample. {CODES}.")
    if len(y) != count:
        raise BadArray(
            f"There are {count:,} rows of features and {len(y):,} labels. Pass one label for each row, and mark those "
            "that are missing: -1 in whole numbers, NaN in decimals, '' in text."
        )
    if y.dtype.kind not in "biufU" or (y.dtype.itemsize > WIDEST and y.dtype.kind == "f"):
        raise BadArray(f"The labels are {y.dtype}, and should be numbers or text. {CODES}.")
    if missing is None:
        # Only while nobody said what -1 means: with missing=-1 the same labels are clear.
        _refuse_two_readings(y[~unknown])
    return _encode(y, ~(find_missing(y, missing) | unknown), width)


def find_missing(y: Array, missing: Any = None) -> Mask:
    """Where labels (n,) are missing: NaN always, and ``missing``, or what stands for it in such labels by default."""
    if not isinstance(missing, str | int | float | np.generic | None):
        raise BadArray(
            f"The missing label is {shorten(repr(missing))}, and must be one number or one text, as it stands among "
            "the labels."
        )
    # missing=3 among texts means "3"; what comes from the command line is text in any case.
    if y.dtype.kind == "U":
        text: Mask = y == ("" if missing is None else str(missing))
        return text
    try:
        # In decimals -1.0 is a class unless it is named: the marks are NaN there. Booleans never equal -1, so none is
        # missing.
        value = (math.nan if y.dtype.kind == "f" else -1) if missing is None else float(missing)
    except (TypeError, ValueError):
        raise BadArray(
            f"The labels are numbers, and '{missing!s}' is none, so it cannot mark the missing ones."
        ) from None
    # NaN equals nothing, itself included.
    found: Mask = (y == value) | np.isnan(y) if y.dtype.kind == "f" else y == value
    return found


def _refuse_two_readings(y: Array) -> None:
    """Refuse what can be read in two ways: -1 and 1 are two classes to some, one class and "missing" to others."""
    if y.dtype.kind in "if" and len(y) and np.isin(y, (-1, 1)).all() and (y == -1).any() and (y == 1).any():
        raise BadArray(
            "The labels are only -1 and 1: are these two classes, or is -1 a missing label? If it is missing, say so "
            "with missing=-1 (--missing=-1). If it is a class, write the classes as 0 and 1, and -1 for missing labels."
        )


def _encode(y: Array, known: Mask, width: int | None) -> tuple[Labels, int]:
    values = y[known]  # (l,)
    if y.dtype.kind == "f" and not np.isfinite(values).all():
        row = int(np.flatnonzero(known)[~np.isfinite(values)][0])
        raise BadArray(f"The label of sample {row} is {y[row]}, which is no class. Mark it as missing: NaN.")
    codes = np.full(len(y), -1, dtype=np.int64)
    if width is not None and y.dtype.kind != "U":
        codes[known] = _check_label_columns(values, np.flatnonzero(known), width)
        return codes, width
    # Without columns to go by, classes are numbered as they sort: the same numbers whatever order samples come in.
    classes, codes[known] = np.unique(values, return_inverse=True)
    if width is not None and len(classes) > width:
        raise BadArray(
            f"There are {len(classes)} different labels, and the probabilities have {width} columns. "
            "Pass a column for each class, in the order of the classes."
        )
    return codes, width or len(classes)


def _check_label_columns(values: Array, samples: Array, width: int) -> Labels:
    """Labels that are columns of the probabilities, checked."""
    # floor: 1.0 is a column, 1.5 is none.
    bad = np.flatnonzero(~((values >= 0) & (values < width) & (values == np.floor(values))))
    if len(bad):
        raise BadArray(
            f"Sample {samples[bad[0]]} has the label {values[bad[0]]}, which is outside the classes of the "
            f"probabilities: their {width} columns are the classes 0 to {width - 1}. Number the labels as the columns "
            "are ordered, -1 for missing ones, or name the value that marks these: missing=… (--missing=…)."
        )
    columns: Labels = values.astype(np.int64)
    return columns


def _walk_blocks(what: str, array: Floats, progress: Progress) -> Iterator[slice]:
    """Places of blocks of rows, each told when it is done."""
    for place in pieces(len(array), max(1, CELLS // array.shape[1])):
        yield place
        # After the yield, so that a block is told once the caller is through with it.
        progress(what, place.stop, len(array))
