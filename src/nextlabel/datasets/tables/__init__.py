"""Tables of features: text (.csv and its kin), Parquet, Arrow, JSON lines, Excel, LIBSVM and numpy's archives.

Every value of the labels is a class, -1 too, but for words that say missing. Numbers are ordered as numbers, text by
code points, and ``classes`` keeps them as they were written (1.0 as ``1``). Columns that are no numbers are encoded
here; what is learned from rows, such as the median that fills a gap, is left to whoever knows the split.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nextlabel.conversion import to_table
from nextlabel.datasets.base import Dataset, Request
from nextlabel.datasets.labels import (
    describe_measured,
    doubt_numbers,
    encode_labels,
    find_spellings,
    is_measured,
    read_names,
)
from nextlabel.datasets.multi_labels import refuse_several_labels
from nextlabel.datasets.scanning import code_groups, find_duplicates
from nextlabel.datasets.tables.arrays import range_names
from nextlabel.datasets.tables.base import Column32, Narrowed, Table, count_repeats, narrow
from nextlabel.datasets.tables.columns import Sheet, read_sheet
from nextlabel.datasets.tables.frames import is_frame, read_arrow, read_excel, read_frame, read_json_lines, read_parquet
from nextlabel.datasets.tables.gaps import mark_gaps, refuse_gaps
from nextlabel.datasets.tables.npz import read_npz
from nextlabel.datasets.tables.schemes import Scheme
from nextlabel.datasets.tables.stream import STANDARD_INPUT, spool
from nextlabel.datasets.tables.svm import read_svm
from nextlabel.datasets.tables.text import read_text
from nextlabel.datasets.tables.texts import TextTable, read_texts
from nextlabel.errors import BadArray, BadData
from nextlabel.files import cache
from nextlabel.files.arrays import digest, on_file
from nextlabel.knobs.columns import REFUSE, Columns
from nextlabel.pool import Floats, Labels
from nextlabel.text import printable, several

Reader = Callable[[Path, Request], Table | Sheet | Dataset]


def load_table(request: Request) -> Dataset:
    """Read a table; raises `BadData`, naming row and column, where it cannot be learned from."""
    if request.source == STANDARD_INPUT:
        with spool() as (path, kind):
            return _load(path, kind, request)
    path = Path(os.path.expanduser(request.source))
    return _load(path, ending(path.name), request)


def load_frame(frame: Any, request: Request) -> Dataset:
    """The dataset in a frame of pandas or polars; raises `BadData` as `load_table` does."""
    return make_dataset(read_frame(frame), request, request.name or "the frame")


def _load(path: Path, kind: str, request: Request) -> Dataset:
    return make_dataset(_read(path, kind, request), request, printable(path.name))


def _read(path: Path, kind: str, request: Request) -> Table | Sheet | Dataset:
    shown = printable(path.name)
    try:
        return READERS[kind](path, request)
    except FileNotFoundError:
        raise BadData(f"There is no file '{printable(str(path))}'. Is the path right?") from None
    except PermissionError:
        raise BadData(f"The file '{shown}' may not be read. Ask its owner, or copy it.") from None
    except OSError as error:
        raise BadData(f"The file '{shown}' cannot be read ({error.strerror or error}). Is it whole?") from None


def encode_table(source: Any, scheme: Scheme) -> Column32:
    """Features (n, d) of the rows of another table: a path, ``-`` for standard input, a frame, or an array (n, d).

    Raises `BadData` where it cannot be read, or lacks a column of the scheme.
    """
    if is_frame(source):
        return _encode_found(read_frame(source), scheme, "the frame")
    if not isinstance(source, str | os.PathLike):
        return _encode_found(_table_of(source), scheme, "the array")
    if str(source) == STANDARD_INPUT:
        with spool() as (path, kind):
            return _encode_file(path, kind, scheme)
    path = Path(os.path.expanduser(source))
    if ending(path.name) not in READERS:
        raise BadData(f"'{printable(str(source))}' is no table that is known here ({', '.join(READERS)}).")
    return _encode_file(path, ending(path.name), scheme)


def _table_of(source: Any) -> Table:
    X = to_table(source, "features")
    if X.ndim != 2 or X.dtype.kind not in "biuf":
        raise BadArray(
            f"The features are {X.dtype} of the shape {X.shape}, and should be numbers (n, d), a row a sample."
        )
    names = range_names(0, X.shape[1] - 1)
    return Table(narrow(X, names, "the array", Narrowed()), [None] * len(X), names)


def _encode_file(path: Path, kind: str, scheme: Scheme) -> Column32:
    page = Columns(null_words=scheme.null_words, no_header=scheme.no_header)
    return _encode_found(_read(path, kind, Request(str(path), table=page, unlabelled=True)), scheme, path.name)


def _encode_found(found: Table | Sheet | Dataset, scheme: Scheme, shown: str) -> Column32:
    shown = printable(shown)
    if isinstance(found, Dataset) or (scheme.columns is None) is isinstance(found, Sheet):
        how = "a file of numbers alone (.svm, .npz)" if scheme.columns is None else "columns that have names"
        raise BadData(f"'{shown}' is of another kind than the table that the model learned from, which had {how}.")
    if isinstance(found, Sheet):
        return scheme.encode(found)
    lacking = scheme.width - found.X.shape[1]
    if lacking < 0 or (lacking and ending(shown) not in SPARSE):  # a sparse row leaves out its zeros
        raise BadData(f"'{shown}' has {found.X.shape[1]} features, and the model learned from {scheme.width}.")
    return scheme.mark(np.pad(found.X, ((0, 0), (0, lacking))))


def ending(name: str) -> str:
    """What the name of a file ends with, as far as it says how to read it.

    >>> ending("a.CSV"), ending("a.b.tsv.gz"), ending("a")
    ('.csv', '.tsv.gz', '')
    """
    stem, last = os.path.splitext(name.lower())
    return os.path.splitext(stem)[1] + last if last == ".gz" else last


def make_dataset(found: Table | Sheet | Dataset, request: Request, shown: str) -> Dataset:
    """The dataset in what a reader found: labels by name, gaps marked, large features in a file."""
    if isinstance(found, Dataset):
        return found
    if isinstance(found, Sheet) and request.table.text_column is not None:
        return make_dataset_of_texts(read_texts(found, request), request, shown)
    table = read_sheet(found, request) if isinstance(found, Sheet) else found
    _refuse_several(table.labels, shown, request)
    named = read_names(table.labels, request.table.null_words)
    y, classes = encode_labels(named.names, table.as_text)
    check_rows(table.X, shown)
    if request.needs_labels:
        check_labels(y, classes, shown)
    X, names, gaps = table.X, table.columns, list[str]()
    if request.missing == REFUSE:
        refuse_gaps(X, names, shown)
    else:
        X, names, gaps = mark_gaps(X, names)
    notes = (
        *_say_unlabelled(y, shown, request),
        *named.notes,
        *_doubt(classes, shown, request),
        *table.notes,
        *gaps,
        *_repeats(X, shown),
    )
    return Dataset(
        name=request.name or printable(_stem(shown)),
        y=y,
        classes=classes,
        fingerprint=cache.key(X.shape, digest(X.astype("<f4", copy=False)), *y.tolist(), *classes),
        table=on_file(X, "table"),
        warnings=notes,
        groups=None if table.groups is None else code_groups(table.groups),
        gaps=bool(gaps),
        scheme=_scheme_of(table, names),
        spellings=find_spellings(table.labels, y, classes),
    )


def make_dataset_of_texts(found: TextTable, request: Request, shown: str) -> Dataset:
    """The dataset of texts that a reader found."""
    _refuse_several(found.labels, shown, request)
    named = read_names(found.labels, request.table.null_words)
    y, classes = encode_labels(named.names, found.written)
    if len(y) < (2 if request.needs_labels else 1):
        raise BadData(f"'{shown}' has {len(y)} rows. At least two are needed, of different classes. Is it cut short?")
    if request.needs_labels:
        check_labels(y, classes, shown)
    digests = found.texts.digests
    return Dataset(
        name=request.name or printable(_stem(shown)),
        y=y,
        classes=classes,
        fingerprint=cache.key(*digests, *y.tolist(), *classes),
        texts=found.texts,
        scheme=request.table,
        duplicates=find_duplicates(digests),
        warnings=(
            *_say_unlabelled(y, shown, request),
            *named.notes,
            *_doubt(classes, shown, request),
            *found.notes,
        ),
        groups=None if found.groups is None else code_groups(found.groups),
        spellings=find_spellings(found.labels, y, classes),
    )


def _scheme_of(table: Table, names: Sequence[str]) -> Scheme | None:
    """How other rows become such features, whose names are ``names``; None where nobody else's could."""
    scheme = table.scheme or (Scheme(table.X.shape[1]) if table.by_place else None)
    return None if scheme is None else scheme.with_marks(names)


def _stem(shown: str) -> str:
    return shown[: -len(ending(shown))] or shown if ending(shown) else shown


def _say_unlabelled(y: Labels, shown: str, request: Request) -> list[str]:
    alone = int((y < 0).sum())
    if not alone or not request.needs_labels:
        return []
    have = "has" if alone == 1 else "have"
    return [f"{several(alone, 'row')} of '{shown}' {have} no label{request.say_fate(alone)}."]


def _refuse_several(labels: Sequence[str | None], shown: str, request: Request) -> None:
    if not request.has_other_labels:
        refuse_several_labels(labels, shown)


def _doubt(classes: Sequence[str], shown: str, request: Request) -> list[str]:
    return doubt_numbers(classes, shown) if request.needs_labels else []


def _repeats(X: Floats, shown: str) -> list[str]:
    count = count_repeats(X)
    what = (
        f"{several(count, 'row')} of '{shown}' {'repeats' if count == 1 else 'repeat'} the features of an earlier one"
    )
    return [f"{what}: all of them count."] if count else []


def check_rows(X: Floats, shown: str) -> None:
    """Raises `BadData` where there is nothing to learn from."""
    if len(X) < 2:
        raise BadData(f"'{shown}' has {len(X)} rows. At least two are needed, of different classes. Is it cut short?")
    if not X.shape[1]:
        raise BadData(f"'{shown}' has no features, only labels. Was it saved without them?")


def check_labels(y: Labels, classes: Sequence[str], shown: str) -> None:
    """Raises `BadData` where there is nothing to tell apart."""
    if not classes:
        raise BadData(f"No row of '{shown}' has a label. Was another column meant? Choose it with --label-column.")
    if len(classes) < 2:
        raise BadData(
            f"All {int((y >= 0).sum())} labels in '{shown}' are '{classes[0]}', so there is nothing to tell apart."
        )
    if is_measured(y, classes):
        raise BadData(describe_measured(y, classes, shown))


READERS: Mapping[str, Reader] = {
    **{kind + packed: read_text for packed in ("", ".gz") for kind in (".csv", ".tsv", ".txt", ".data")},
    ".parquet": read_parquet,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".arrow": read_arrow,
    ".feather": read_arrow,
    ".xlsx": read_excel,
    ".svm": read_svm,
    ".libsvm": read_svm,
    ".npz": read_npz,
}
SPARSE = frozenset({".svm", ".libsvm"})
COLUMNS = frozenset(READERS) - SPARSE - {".npz"}  # files whose columns have names
