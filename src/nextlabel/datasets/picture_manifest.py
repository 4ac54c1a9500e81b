"""A list of pictures: a table with a column of paths and a column of labels (.csv, .tsv, .parquet, .jsonl).

Read with polars, every column as text, as it is written. What Label Studio and Hugging Face write is such a list.
Paths are relative to it; an empty label, or a word for missing (the same as in
tables), is no label.
"""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from nextlabel.datasets.base import Dataset, Request, Skipped
from nextlabel.datasets.formats import SUFFIXES
from nextlabel.datasets.labels import read_names
from nextlabel.datasets.layout import side_of
from nextlabel.datasets.listing import Listing
from nextlabel.datasets.multi_labels import read_choice, refuse_several_labels, say_several_labels
from nextlabel.datasets.pictures import File
from nextlabel.datasets.scanning import PICTURE, Found, read_found
from nextlabel.errors import BadData
from nextlabel.files.cells import read_start
from nextlabel.text import did_you_mean, printable, several, shorten

if TYPE_CHECKING:
    import polars as pl

ENDINGS = (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson")
PATH_COLUMNS = [
    "file_name",
    "filename",
    "image",
    "path",
    "file",
    "filepath",
    "file_path",
    "image_path",
    "image_name",
    "img",
    "img_path",
    "picture",
]
LABEL_COLUMNS = ["label", "class", "target", "y", "category", "choice", "class_name", "label_name"]
SPLIT_COLUMNS = ("split", "subset", "set")
LOOKED_AT = 50  # rows that say whether a table is a list of pictures
START = 2**20  # bytes that hold so many
UPLOAD = re.compile(r"^[0-9a-f]{8}-")  # what Label Studio puts before an uploaded file's name


class Columns(NamedTuple):
    """Which columns hold what."""

    path: str
    label: str | None
    group: str | None
    split: str | None


def lists_pictures(path: Path) -> bool:
    """Is that table a list of pictures? It has a column of paths, and most of the first of them name pictures."""
    if path.suffix.lower() not in ENDINGS:
        return False
    try:
        frame = _read(path, LOOKED_AT)
    except Exception:  # whatever is wrong with it, the reader of tables says it better
        return False
    name = _path_column(frame.columns)
    values = [str(value) for value in frame[name].to_list() if value] if name else []
    pictures = sum(Path(urlsplit(value).path).suffix.lower() in SUFFIXES or "?d=" in value for value in values)
    return bool(values) and 2 * pictures >= len(values)


def load_manifest(request: Request) -> Dataset:
    """The pictures of a list; raises `BadData` where it names none, or several labels for one."""
    path = Path(os.path.abspath(os.path.expanduser(request.source)))
    return read_found(request, find_listed(path, path.name, request))


def find_listed(path: Path, shown: str, request: Request, needs_labels: bool | None = None) -> Found:
    """What a list names, none of it opened; ``shown`` is the list in sentences. Raises as `load_manifest` does.

    ``needs_labels``: must it have a column of them? If not said, as the request has it.
    """
    frame = _read(path, None)
    columns = _columns(frame, request, printable(shown))
    if columns.label is None and (request.needs_labels if needs_labels is None else needs_labels):
        raise BadData(_no_label(frame, columns.path, printable(shown)))
    named = [_text(value) for value in frame[columns.path].to_list()]
    written = [None] * len(named) if columns.label is None else frame[columns.label].to_list()
    labels = [read_choice(value, name, shown) or None for value, name in zip(written, named, strict=True)]
    refuse_several_labels(labels, shown, PICTURE)
    read = read_names(labels, request.table.null_words)
    labels = read.names
    rows = _once(named, labels, printable(shown))
    files, skipped = _find(path.parent, [named[i] for i in rows])
    good = [(i, file) for i, file in zip(rows, files, strict=True) if file is not None]
    if not good:
        first = skipped[0].path if skipped else "nothing"
        raise BadData(
            f"'{printable(shown)}' names no picture that is there, e.g. '{first}'. Are its paths relative to it?"
        )
    group, split = (frame[name].to_list() if name else None for name in (columns.group, columns.split))
    return Found(
        path,
        printable(path.stem if path.stem != "metadata" else path.parent.name),
        [tidy_path(named[i]) for i, _ in good],
        [file for _, file in good],
        [labels[i] for i, _ in good],
        sides=None if split is None else [side_of(_text(split[i])) for i, _ in good],
        groups=None if group is None else [_text(group[i]) or None for i, _ in good],
        skipped=skipped,
        notes=[
            *read.notes,
            *_notes(shown, len(named) - len(rows), sum(labels[i] is None for i, _ in good), request),
        ],
        numbers=True,
    )


def list_manifest(path: Path) -> Listing:
    """The pictures that a list names, whatever labels it may have; raises `BadData` where it cannot be read."""
    frame = _read(path, None)
    column = _path_column(frame.columns)
    assert column is not None, "lists_pictures has found it"
    named = list(dict.fromkeys(name for value in frame[column].to_list() if (name := _text(value))))
    files, skipped = _find(Path(os.path.abspath(path)).parent, named)
    good: list[tuple[str, File]] = [
        (tidy_path(name), file) for name, file in zip(named, files, strict=True) if file is not None
    ]
    return Listing(good, skipped, [], [], [])


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


def _path_column(columns: Sequence[str]) -> str | None:
    plain = {name.strip().lower(): name for name in columns}
    return next((plain[name] for name in PATH_COLUMNS if name in plain), None)


def _columns(frame: "pl.DataFrame", request: Request, shown: str) -> Columns:
    names = frame.columns
    plain = {name.strip().lower(): name for name in names}
    path = _path_column(names)
    assert path is not None, "lists_pictures has found it"
    for wanted in (request.label_column, request.group_column):
        if wanted is not None and wanted not in names:
            known = f"Its columns are {', '.join(printable(name) for name in names[:20])}."
            raise BadData(
                f"'{shown}' has no column called '{printable(wanted)}'. {did_you_mean(wanted, names) or known}"
            )
    label = request.label_column or next((plain[name] for name in LABEL_COLUMNS if name in plain), None)
    split = next((plain[name] for name in SPLIT_COLUMNS if name in plain), None)
    sided = split is not None and all(side_of(_text(value)) >= 0 for value in frame[split].to_list())
    return Columns(path, label, request.group_column, split if sided else None)


def _no_label(frame: "pl.DataFrame", path: str, shown: str) -> str:
    """Columns of 0 and 1, one for each class, are a way to write several labels for one picture."""
    binary = [name for name in frame.columns if {_text(value) for value in frame[name].to_list()} <= {"0", "1"}]
    if len(binary) > 1:
        return (
            f"'{shown}' has a column of 0 and 1 for each of {several(len(binary), 'label')}, as multi-label data have; "
            "nextlabel learns one label for each picture. Write it into a column 'label'."
        )
    others = ", ".join(f"'{printable(name)}'" for name in frame.columns if name != path) or "none"
    return f"'{shown}' has no column called 'label' beside its paths; it has {others}. Choose with --label-column."


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


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


def tidy_path(name: str) -> str:
    """A path as POSIX writes it, without ``./``."""
    return os.path.normpath(name.replace("\\", "/")).replace("\\", "/")


def _find(folder: Path, named: Sequence[str]) -> tuple[list[str | None], list[Skipped]]:
    """The file of each path, or None, with the reason."""
    files = [next((str(path) for path in _places(folder, name) if path.is_file()), None) for name in named]
    lost = [name for name, file in zip(named, files, strict=True) if file is None]
    return files, [
        Skipped(printable(name), "is an address, not a file" if "://" in name else "is not there") for name in lost
    ]


def _places(folder: Path, name: str) -> Iterator[Path]:
    """Where a path may lead: as it is written, and, for what Label Studio writes, where its files mostly lie."""
    yield folder / name
    yield folder / tidy_path(name)
    address = urlsplit(name)
    if inner := parse_qs(address.query).get("d"):
        yield folder / inner[0].lstrip("/")
    if name.startswith("/data/"):
        base = unquote(Path(address.path).name)
        yield from (folder / base, folder / UPLOAD.sub("", base))
