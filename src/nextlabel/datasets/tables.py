"""Tables of features: ``.svm`` and ``.libsvm`` (LIBSVM text), ``.csv``, and ``.npz`` with ``X`` and ``y``.

Every value of the labels is a class, -1 too; only an empty cell of a .csv is a missing label. Numbers are ordered as
numbers, text by code points, and ``classes`` keeps them as they were written (1.0 as ``1``).
"""

import csv
import io
import math
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from nextlabel.datasets.base import Dataset, Request
from nextlabel.errors import BadData
from nextlabel.files import cache
from nextlabel.files.arrays import digest, on_file
from nextlabel.pool import Labels
from nextlabel.text import did_you_mean, printable

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
LABEL_COLUMNS = (
    "class",
    "target",
    "y",
)  # columns that hold the labels where there is no "label", if just one of them is there
MOST_NUMBERS = 2**31  # 8 GB of float32


class Table(NamedTuple):
    """What a reader finds: ``X`` (n, d) of any number type, ``labels`` as text (None: missing), names of the columns.

    ``as_text`` says that the labels are text even if they look like numbers.
    """

    X: npt.NDArray[Any]
    labels: list[str | None]
    columns: Sequence[str]
    as_text: bool = False


def load_table(request: Request) -> Dataset:
    """Read a table; raises `BadData`, naming row and column, where it cannot be learned from."""
    path = Path(os.path.expanduser(request.source))
    shown = printable(path.name)
    try:
        table = READERS[path.suffix.lower()](path, request)
    except PermissionError:
        raise BadData(f"The file '{shown}' may not be read. Ask its owner, or copy it.") from None
    except OSError as error:
        raise BadData(f"The file '{shown}' cannot be read ({error.strerror or error}). Is it whole?") from None
    X = _narrow(table, shown)
    y, classes = encode_labels(table.labels, table.as_text)
    _check_labels(X, y, classes, shown)
    alone = int((y < 0).sum())
    unlabelled = (f"{alone} rows of '{shown}' have no label, so they take no part in a simulation.",) if alone else ()
    return Dataset(
        name=request.name or printable(path.stem),
        y=y,
        classes=classes,
        fingerprint=cache.key(X.shape, digest(X.astype("<f4")), *y.tolist(), *classes),
        table=on_file(X, "table"),
        warnings=unlabelled,
    )


def encode_labels(labels: Sequence[str | None], as_text: bool = False) -> tuple[Labels, tuple[str, ...]]:
    """Codes (n,), -1 where a label is missing, and the classes by code.

    >>> encode_labels(["10", "-1", None, "1.0"])
    (array([ 2,  0, -1,  1]), ('-1', '1', '10'))
    """
    known = {label for label in labels if label is not None}
    numeric = not as_text and all(NUMBER.fullmatch(label) for label in known)
    values = {label: _number(label) if numeric else printable(label) for label in known}
    order: list[Any] = sorted(set(values.values()))
    codes = {value: code for code, value in enumerate(order)}
    y = np.array([-1 if label is None else codes[values[label]] for label in labels], dtype=np.int64)
    return y, tuple(str(value) for value in order)


def _number(text: str) -> int | float:
    """A whole number wherever it is one, so that 1.0 and +1 are the class 1."""
    try:
        return int(text)
    except ValueError:
        value = float(text)
        return int(value) if math.isfinite(value) and value == int(value) else value


def _narrow(table: Table, shown: str) -> npt.NDArray[np.float32]:
    with np.errstate(over="ignore"):
        X = np.ascontiguousarray(table.X, dtype=np.float32)
    bad = np.argwhere(~np.isfinite(X))
    if len(bad):
        row, column = bad[0]
        what = "is no finite number" if not np.isfinite(table.X[row, column]) else "is too large for 32 bits"
        raise BadData(
            f"Row {row + 1} of '{shown}' holds {table.X[row, column]} in column {table.columns[column]}, which {what}. "
            f"Fill in or drop the {len(bad)} such values."
        )
    return X


def _check_labels(X: npt.NDArray[np.float32], y: Labels, classes: Sequence[str], shown: str) -> None:
    if len(X) < 2:
        raise BadData(f"'{shown}' has {len(X)} rows. At least two are needed, of different classes. Is it cut short?")
    if not X.shape[1]:
        raise BadData(f"'{shown}' has no features, only labels. Was it saved without them?")
    if not classes:
        raise BadData(f"No row of '{shown}' has a label. Was another column meant? Choose it with --label-column.")
    if len(classes) < 2:
        raise BadData(
            f"All {int((y >= 0).sum())} labels in '{shown}' are '{classes[0]}', so there is nothing to tell apart."
        )


# LIBSVM text


def _read_svm(path: Path, request: Request) -> Table:
    """Lines of ``label index:value …``; an index that is not named is 0, and ``#`` begins a comment."""
    labels: list[str | None] = []
    where, what = [], []
    for number, line in enumerate(_text(path).splitlines(), 1):
        words = line.partition("#")[0].split()
        if words:
            columns, values = _svm_line(words, number, printable(path.name))
            labels.append(words[0])
            where.append(columns)
            what.append(values)
    first = min((min(columns) for columns in where if columns), default=1)
    last = max((max(columns) for columns in where if columns), default=0)
    start = min(first, 1)  # indices begin with 1, or, in some files, with 0
    X = _zeros(len(labels), last + 1 - start, printable(path.name))
    for i, (columns, values) in enumerate(zip(where, what, strict=True)):
        X[i, np.array(columns, dtype=np.int64) - start] = values
    return Table(X, labels, range_names(start, last))


def range_names(first: int, last: int) -> Sequence[str]:
    """Columns that have numbers for names."""
    return [str(i) for i in range(first, last + 1)]


def _svm_line(words: Sequence[str], number: int, shown: str) -> tuple[list[int], list[float]]:
    pairs = [word.partition(":") for word in words[1:]]
    try:
        columns, values = [int(index) for index, _, _ in pairs], [float(value) for _, _, value in pairs]
    except ValueError:
        raise BadData(_svm_fault(words, number, shown)) from None
    if not NUMBER.fullmatch(words[0]) or len(set(columns)) < len(columns) or min(columns, default=0) < 0:
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


def _zeros(n: int, d: int, shown: str) -> npt.NDArray[np.float64]:
    if n * d > MOST_NUMBERS:
        raise BadData(
            f"'{shown}' would be {n:,} x {d:,} numbers, more than fits into memory. "
            "Its features are sparse; reduce their number first."
        )
    return np.zeros((n, d))


# CSV


def _read_csv(path: Path, request: Request) -> Table:
    """A header, then numbers and a column of labels, between commas, semicolons or tabs."""
    shown = printable(path.name)
    header, *rows = _read_cells(_text(path), shown)
    place = label_place(header, request.label_column, shown)
    labels = [row[place].strip() or None for row in rows]
    columns = [f"'{printable(name)}'" for i, name in enumerate(header) if i != place]
    X = np.empty((len(rows), len(columns)))
    for i, row in enumerate(rows):
        cells = row[:place] + row[place + 1 :]
        try:
            X[i] = [float(cell) for cell in cells]
        except ValueError:
            raise BadData(_csv_fault(cells, columns, i + 1, shown)) from None
    return Table(X, labels, columns)


def _read_cells(text: str, shown: str) -> list[list[str]]:
    """Header and rows, all of one length, without blank lines."""
    first = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(",;\t", key=lambda mark: _width(first, mark))
    try:
        found = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise BadData(
            f"'{shown}' is not a whole .csv file ({error}). Is it cut short, or a quote not closed?"
        ) from None
    rows = [row for row in found if any(cell.strip() for cell in row)]
    if not rows:
        raise BadData(f"'{shown}' is empty. It should hold a header and one row per sample.")
    rows[0] = [name.strip() for name in rows[0]]
    for number, row in enumerate(rows[1:], 1):
        if len(row) != len(rows[0]):
            raise BadData(f"Row {number} of '{shown}' has {len(row)} cells, but the header has {len(rows[0])}.")
    if all(NUMBER.fullmatch(name) for name in rows[0]):
        raise BadData(f"'{shown}' has no header: its first line holds only numbers. Add a line that names the columns.")
    return rows


def _width(line: str, mark: str) -> int:
    """How many cells ``mark`` cuts a line into; none where one of them is too long to be a cell."""
    try:
        return len(next(csv.reader([line], delimiter=mark), []))
    except csv.Error:
        return 0


def label_place(header: Sequence[str], wanted: str | None, shown: str) -> int:
    """Which column holds the labels."""
    if wanted is None:
        found = [name for name in header if name.lower() == "label"]
        found = found or [name for name in header if name.lower() in LABEL_COLUMNS]
    else:
        found = [name for name in header if name == wanted]
    if len(found) == 1:
        return header.index(found[0])
    known = f"Its columns are {', '.join(printable(name) for name in header[:20])}{', …' if len(header) > 20 else ''}."
    if len(found) > 1:
        raise BadData(
            f"'{shown}' has {len(found)} columns that may hold the labels. {known} Choose with --label-column."
        )
    if wanted is None:
        raise BadData(f"'{shown}' has no column called 'label'. {known} Choose with --label-column.")
    raise BadData(f"'{shown}' has no column called '{printable(wanted)}'. {did_you_mean(wanted, header) or known}")


def _csv_fault(cells: Sequence[str], columns: Sequence[str], number: int, shown: str) -> str:
    for cell, column in zip(cells, columns, strict=True):
        try:
            float(cell)
        except ValueError:
            held = f"'{printable(cell)}'" if cell.strip() else "nothing"
            return (
                f"Row {number} of '{shown}' holds {held} in column {column}, and features must be numbers. "
                "Fill it in, encode the column, or leave it out."
            )
    raise AssertionError("a row that could not be read has a cell that cannot be read")


# npz


def _read_npz(path: Path, request: Request) -> Table:
    """Arrays ``X`` (n, d), numbers, and ``y`` (n,), numbers or text; nothing is ever unpickled."""
    shown = printable(path.name)
    with path.open("rb") as raw:
        try:
            file = np.load(raw, allow_pickle=False)
            arrays = {name: file[name] for name in file if name in ("X", "y")} if hasattr(file, "files") else None
        except (
            Exception
        ) as error:  # zipfile and numpy raise nearly anything on damaged bytes: zlib.error, struct.error, …
            why = "it holds Python objects" if "Object arrays" in str(error) else "it is damaged or cut short"
            raise BadData(
                f"'{shown}' cannot be read: {why}. Save it with np.savez(file, X=features, y=labels)."
            ) from None
    if arrays is None:
        raise BadData(f"'{shown}' is a single array. Save it with np.savez(file, X=features, y=labels).")
    if missing := {"X", "y"} - arrays.keys():
        names = ", ".join(printable(name) for name in file.files) or "none"
        raise BadData(
            f"'{shown}' has no array '{min(missing)}' (it has: {names}). Save it with np.savez(file, X=…, y=…)."
        )
    return _npz_table(arrays["X"], arrays["y"], shown)


def _npz_table(X: npt.NDArray[Any], y: npt.NDArray[Any], shown: str) -> Table:
    if X.ndim != 2 or y.shape != X.shape[:1]:
        raise BadData(f"In '{shown}', X is {X.shape} and y is {y.shape}; they should be (n, d) and (n,).")
    if X.dtype.kind not in "buif":
        raise BadData(f"In '{shown}', X holds {X.dtype}; features must be real numbers.")
    if y.dtype.kind not in "buifU":
        raise BadData(f"In '{shown}', y holds {y.dtype}; labels are whole numbers, decimals or text.")
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        row = int(np.flatnonzero(~np.isfinite(y))[0])
        raise BadData(
            f"Row {row + 1} of '{shown}' has the label {y[row]}. Every value of y is a class; drop such rows."
        )
    return Table(X, y.astype(str).tolist(), range_names(0, X.shape[1] - 1), as_text=y.dtype.kind == "U")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise BadData(f"Line {line} of '{printable(path.name)}' is not UTF-8 text. Save the file as UTF-8.") from None


READERS: Mapping[str, Callable[[Path, Request], Table]] = {
    ".svm": _read_svm,
    ".libsvm": _read_svm,
    ".csv": _read_csv,
    ".npz": _read_npz,
}
