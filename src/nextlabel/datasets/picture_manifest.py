"""A list of pictures: a table with a column of paths and a column of labels (.csv, .tsv, .parquet, .jsonl).

Read with polars, every column as text, as it is written. What Label Studio and Hugging Face write is such a list.
Paths are relative to it; an empty label, or a word for missing (the same as in
tables), is no label.
"""

import os
import posixpath
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urljoin

from nextlabel.datasets.base import Dataset, Request, Skipped
from nextlabel.datasets.labels import describe_measured, doubt_numbers, encode_labels, is_measured, read_names
from nextlabel.datasets.layout import side_of
from nextlabel.datasets.listed_paths import (
    LOOKED_AT,
    PathColumn,
    find_path_column,
    possible_places,
    read_cell,
    tidy_path,
)
from nextlabel.datasets.listing import Listing
from nextlabel.datasets.multi_labels import read_choice, refuse_several_labels, say_label_columns, say_several_labels
from nextlabel.datasets.pictures import File
from nextlabel.datasets.remote_file import RemoteFile, name_of_address
from nextlabel.datasets.scanning import PICTURE, Found, read_found
from nextlabel.errors import BadData
from nextlabel.files import cache
from nextlabel.files.cells import read_start
from nextlabel.files.remote import WEB, is_remote, read, scheme_of, show, without_secrets
from nextlabel.knobs.lists import write_names
from nextlabel.text import did_you_mean, printable, several, shorten

if TYPE_CHECKING:
    import polars as pl

ENDINGS = (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson")
LABEL_COLUMNS = ["label", "class", "target", "y", "category", "choice", "class_name", "label_name"]
SPLIT_COLUMNS = ("split", "subset", "set")
START = 2**20  # bytes that hold as many rows as are looked at


class Columns(NamedTuple):
    """Which columns hold what."""

    path: PathColumn
    label: str | None
    group: str | None
    split: str | None


def lists_pictures(path: Path) -> bool:
    """Is that table a list of pictures? In a column of it, most of the first cells name pictures."""
    if path.suffix.lower() not in ENDINGS:
        return False
    try:
        return find_path_column(_read(path, LOOKED_AT), _folder_of(path)) is not None
    except Exception:  # whatever is wrong with it, the reader of tables says it better
        return False


def load_manifest(request: Request) -> Dataset:
    """The pictures of a list; raises `BadData` where it names none, or several labels for one."""
    path = Path(os.path.abspath(os.path.expanduser(request.source)))
    return read_found(request, find_listed(path, path.name, request))


def load_remote_list(request: Request) -> Dataset:
    """The pictures of a list elsewhere, which names addresses, or paths beside it; raises as `load_manifest` does."""
    address, shown = request.source, show(request.source)
    try:
        raw = read(address)
    except PermissionError:
        raise BadData(f"The list '{shown}' may not be read. Ask its owner, or set credentials for it.") from None
    except FileNotFoundError:
        raise BadData(f"There is no list of pictures '{shown}'. Is it spelled right?") from None
    with TemporaryDirectory() as folder:
        name = PurePosixPath(without_secrets(address)).name
        path = Path(folder) / (name if name.lower().endswith(ENDINGS) else "list.csv")
        path.write_bytes(raw)
        found = find_listed(path, shown, request, address=address)
    return read_found(request, found)


def find_listed(
    path: Path, shown: str, request: Request, needs_labels: bool | None = None, address: str | None = None
) -> Found:
    """What a list names, none of it opened; ``shown`` is the list in sentences. Raises as `load_manifest` does.

    ``needs_labels``: must it have a column of them? If not said, as the request has it. ``address``: where it lies, if
    not here.
    """
    frame = _read(path, None)
    columns = _columns(frame, path.parent, request, printable(shown), address is not None)
    if columns.label is None and (request.needs_labels if needs_labels is None else needs_labels):
        raise BadData(_no_label(frame, columns.path.name, printable(shown)))
    named = [read_cell(value) for value in frame[columns.path.name].to_list()]
    written = [None] * len(named) if columns.label is None else frame[columns.label].to_list()
    labels = [read_choice(value, name, shown) or None for value, name in zip(written, named, strict=True)]
    refuse_several_labels(labels, shown, PICTURE)
    read = read_names(labels, request.table.null_words)
    labels = read.names
    rows = _once(named, labels, printable(shown))
    files, skipped = _find(path.parent if address is None else address, [named[i] for i in rows])
    good: list[tuple[int, File]] = [(i, file) for i, file in zip(rows, files, strict=True) if file is not None]
    if not good:
        first = skipped[0].path if skipped else "nothing"
        raise BadData(
            f"'{printable(shown)}' names no picture that is there, e.g. '{first}'. Are its paths relative to it?"
        )
    group, split = (frame[name].to_list() if name else None for name in (columns.group, columns.split))
    return Found(
        path if address is None else without_secrets(address),
        _name_of(path) if address is None else name_of_address(without_secrets(address)),
        _show_places([named[i] for i, _ in good]),
        [file for _, file in good],
        [labels[i] for i, _ in good],
        sides=None if split is None else [side_of(read_cell(split[i])) for i, _ in good],
        groups=None if group is None else [read_cell(group[i]) or None for i, _ in good],
        skipped=skipped,
        notes=[
            *_say_column(columns.path, shown),
            *read.notes,
            *_look_at_numbers(labels, printable(shown), request),
            *_notes(shown, len(named) - len(rows), sum(labels[i] is None for i, _ in good), request),
        ],
        numbers=True,
    )


def list_manifest(path: Path) -> Listing:
    """The pictures that a list names, whatever labels it may have; raises `BadData` where it cannot be read."""
    frame = _read(path, None)
    column = find_path_column(frame, _folder_of(path))
    assert column is not None, "lists_pictures has found it"
    named = list(dict.fromkeys(name for value in frame[column.name].to_list() if (name := read_cell(value))))
    files, skipped = _find(_folder_of(path), named)
    good: list[tuple[str, File]] = [
        (tidy_path(name), file) for name, file in zip(named, files, strict=True) if file is not None
    ]
    return Listing(good, skipped, [], [], [])


def _folder_of(path: Path) -> Path:
    return Path(os.path.abspath(path)).parent


def _say_column(column: PathColumn, shown: str) -> Iterator[str]:
    if not column.known:
        yield (
            f"Column '{shorten(column.name)}' of '{printable(shown)}' names pictures that are there, so these are the "
            f"samples. --drop {shlex.quote(printable(write_names([column.name])))} reads the table without them."
        )


def _notes(name: str, twice: int, alone: int, request: Request) -> Iterator[str]:
    if twice:
        yield f"{several(twice, 'row')} of '{printable(name)}' name a picture again, or none, and were left out."
    if alone and request.needs_labels:
        have = "has" if alone == 1 else "have"
        yield f"{several(alone, 'picture')} in '{printable(name)}' {have} no label{request.say_fate(alone)}."


def _read(path: Path, rows: int | None) -> "pl.DataFrame":
    """The table, or its first rows; raises `BadData` where it is none."""
    import polars as pl  # a third of a second: only who reads a list waits for it

    kind, shown = path.suffix.lower(), printable(path.name)
    try:
        if kind == ".parquet":
            return pl.read_parquet(path, n_rows=rows)
        if kind in (".jsonl", ".ndjson"):
            return pl.read_ndjson(path, n_rows=rows, infer_schema_length=None)
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            header = file.readline()
        mark = max(",;\t", key=header.count)
        source = path if rows is None else read_start(path, START)  # polars reads all of a file for its first rows
        return pl.read_csv(source, separator=mark, infer_schema=False, n_rows=rows, encoding="utf8-lossy")
    except (pl.exceptions.PolarsError, OSError, UnicodeError) as error:
        raise BadData(f"'{shown}' cannot be read ({shorten(str(error), 80)}). Is it whole?") from None


def _columns(frame: "pl.DataFrame", folder: Path, request: Request, shown: str, far: bool) -> Columns:
    names = frame.columns
    plain = {name.strip().lower(): name for name in names}
    path = find_path_column(frame, folder, far)
    if path is None:  # of a list on this disk `lists_pictures` has found it
        raise BadData(
            f"'{shown}' has no column of pictures: none called 'path', 'url' or the like names any. It has "
            f"{', '.join(map(printable, names[:20]))}."
        )
    for wanted in (request.label_column, request.group_column):
        if wanted is not None and wanted not in names:
            known = f"Its columns are {', '.join(printable(name) for name in names[:20])}."
            raise BadData(
                f"'{shown}' has no column called '{printable(wanted)}'. {did_you_mean(wanted, names) or known}"
            )
    label = request.label_column or next((plain[name] for name in LABEL_COLUMNS if name in plain), None)
    split = next((plain[name] for name in SPLIT_COLUMNS if name in plain), None)
    sided = split is not None and all(side_of(read_cell(value)) >= 0 for value in frame[split].to_list())
    return Columns(path, label, request.group_column, split if sided else None)


def _no_label(frame: "pl.DataFrame", path: str, shown: str) -> str:
    """Why there is no label; columns of 0 and 1 may be several."""
    binary = [name for name in frame.columns if {read_cell(value) for value in frame[name].to_list()} <= {"0", "1"}]
    if len(binary) > 1:
        return say_label_columns(binary, shown)
    others = ", ".join(f"'{printable(name)}'" for name in frame.columns if name != path) or "none"
    return f"'{shown}' has no column called 'label' beside its paths; it has {others}. Choose with --label-column."


def _look_at_numbers(labels: Sequence[str | None], shown: str, request: Request) -> list[str]:
    """A note on labels that may be a measured number; raises `BadData` where they look like one."""
    if not request.needs_labels:
        return []
    y, classes = encode_labels(labels)
    if is_measured(y, classes):
        raise BadData(describe_measured(y, classes, shown))
    return doubt_numbers(classes, shown)


def _once(named: Sequence[str], labels: Sequence[str | None], shown: str) -> list[int]:
    """Rows with a path, each path's first; raises `Mistake` where a path has two labels."""
    first: dict[str, int] = {}
    for i, name in enumerate(named):
        if not name:
            continue
        before = first.setdefault(tidy_path(name), i)
        one, other = labels[before], labels[i]
        if one is not None and other is not None and one != other:
            raise say_several_labels(name, [one, other], shown)
    return list(first.values())


def _name_of(path: Path) -> str:
    return printable(path.stem if path.stem != "metadata" else path.parent.name)


def _show_places(named: Sequence[str]) -> list[str]:
    """What pictures are called by: tidy paths, and addresses without their secrets, each of them once."""
    shown = [without_secrets(name) if is_remote(name) else tidy_path(name) for name in named]
    count = Counter(shown)
    return [one if count[one] == 1 else f"{one}?{cache.key(name)[:8]}" for one, name in zip(shown, named, strict=True)]


def _find(folder: Path | str, named: Sequence[str]) -> tuple[Sequence[File | None], list[Skipped]]:
    """The file of each path, or None, with the reason; in a list that lies elsewhere, and in one of addresses alone,
    those are read."""
    if isinstance(folder, str) or (named and all(map(is_remote, named))):
        return [RemoteFile(name if is_remote(name) else _beside(str(folder), name)) for name in named], []
    files = [next((str(path) for path in possible_places(folder, name) if path.is_file()), None) for name in named]
    lost = [name for name, file in zip(named, files, strict=True) if file is None]
    return files, [
        Skipped(printable(name), "is an address, not a file" if "://" in name else "is not there") for name in lost
    ]


def _beside(address: str, name: str) -> str:
    """The address of what a list elsewhere names, relative to it."""
    if scheme_of(address) in WEB:
        return urljoin(address, quote(name, safe="/%?=&#;,:@+~"))
    bucket = address[: address.index("/", len(scheme_of(address)) + 3)]
    folder = without_secrets(address)[len(bucket) :].rpartition("/")[0]
    return f"{bucket}/{posixpath.normpath(f'{folder}/{name}').lstrip('/')}"
