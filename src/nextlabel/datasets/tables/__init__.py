"""Tables of features: text (.csv and its kin), Parquet, Arrow, JSON lines, Excel, LIBSVM and numpy's archives.

Every value of the labels is a class, -1 too, but for words that say missing. Numbers are ordered as numbers, text by
code points, and ``classes`` keeps them as they were written (1.0 as ``1``). Columns that are no numbers are encoded
here; what is learned from rows, such as the median that fills a gap, is left to whoever knows the split.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nextlabel.datasets.base import Dataset, Request
from nextlabel.datasets.tables.base import Table, count_repeats
from nextlabel.datasets.tables.columns import Sheet, read_sheet
from nextlabel.datasets.tables.frames import read_arrow, read_excel, read_frame, read_json_lines, read_parquet
from nextlabel.datasets.tables.gaps import mark_gaps, refuse_gaps
from nextlabel.datasets.tables.labels import (
    describe_measured,
    encode_labels,
    is_measured,
    read_names,
)
from nextlabel.datasets.tables.npz import read_npz
from nextlabel.datasets.tables.stream import STANDARD_INPUT, spool
from nextlabel.datasets.tables.svm import read_svm
from nextlabel.datasets.tables.text import read_text
from nextlabel.errors import BadData
from nextlabel.files import cache
from nextlabel.files.arrays import digest, on_file
from nextlabel.knobs.columns import REFUSE
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
    shown = printable(path.name)
    try:
        found = READERS[kind](path, request)
    except PermissionError:
        raise BadData(f"The file '{shown}' may not be read. Ask its owner, or copy it.") from None
    except OSError as error:
        raise BadData(f"The file '{shown}' cannot be read ({error.strerror or error}). Is it whole?") from None
    return make_dataset(found, request, shown)


def ending(name: str) -> str:
    """What the name of a file ends with, as far as it says how to read it.

    >>> ending("a.CSV"), ending("a.b.csv.gz"), ending("a")
    ('.csv', '.csv.gz', '')
    """
    name = name.lower()
    return ".csv.gz" if name.endswith(".csv.gz") else os.path.splitext(name)[1]


def make_dataset(found: Table | Sheet | Dataset, request: Request, shown: str) -> Dataset:
    """The dataset in what a reader found: labels by name, gaps marked, large features in a file."""
    if isinstance(found, Dataset):
        return found
    table = read_sheet(found, request) if isinstance(found, Sheet) else found
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
    notes = (*_say_unlabelled(y, shown), *named.notes, *table.notes, *gaps, *_repeats(X, shown))
    return Dataset(
        name=request.name or printable(_stem(shown)),
        y=y,
        classes=classes,
        fingerprint=cache.key(X.shape, digest(X.astype("<f4", copy=False)), *y.tolist(), *classes),
        table=on_file(X, "table"),
        warnings=notes,
        gaps=bool(gaps),
        spellings=find_spellings(table.labels, y, classes),
    )


def find_spellings(labels: Sequence[str | None], y: Labels, classes: Sequence[str]) -> dict[str, int]:
    """The code of each label (n,) as the table writes it, where that is not what its class is called."""
    pairs = zip(labels, y.tolist(), strict=True)
    return {label: code for label, code in pairs if label is not None and code >= 0 and label != classes[code]}


def _stem(shown: str) -> str:
    return shown[: -len(ending(shown))] or shown if ending(shown) else shown


def _say_unlabelled(y: Labels, shown: str) -> list[str]:
    alone = int((y < 0).sum())
    return [f"{alone} rows of '{shown}' have no label, so they take no part in a simulation."] if alone else []


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
    ".csv": read_text,
    ".tsv": read_text,
    ".txt": read_text,
    ".data": read_text,
    ".csv.gz": read_text,
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
COLUMNS = frozenset(READERS) - {".svm", ".libsvm", ".npz"}  # files whose columns have names
