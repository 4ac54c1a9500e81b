"""Pictures in the cells of a table: what Hugging Face saves (Arrow streams), and shards of Parquet, here or elsewhere.

A picture is a struct {bytes, path}, as the `datasets` library writes it, or plain bytes. Names of classes are those of
its features (`dataset_info.json`, or what stands in a Parquet file). Cells are read when they are wanted, a shard of
Arrow or some rows of Parquet at a time; no pyarrow is needed.
"""

import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from nextlabel.datasets.base import Dataset, Request
from nextlabel.datasets.decoding import NO_ROOM, Passing, Unreadable
from nextlabel.datasets.folder import name_of
from nextlabel.datasets.labels import read_names
from nextlabel.datasets.layout import side_of
from nextlabel.datasets.listed_paths import read_cell
from nextlabel.datasets.memory import sign
from nextlabel.datasets.multi_labels import read_choice
from nextlabel.datasets.picture_manifest import LABEL_COLUMNS
from nextlabel.datasets.remote_file import RemoteFile, name_of_address
from nextlabel.datasets.scanning import Found, read_found
from nextlabel.errors import BadData
from nextlabel.files import cache
from nextlabel.files.remote import is_remote, read, show, without_secrets
from nextlabel.text import did_you_mean, printable, quote_few, shorten

if TYPE_CHECKING:
    import polars as pl

ABOUT, STATE, SPLITS = "dataset_info.json", "state.json", "dataset_dict.json"  # of `save_to_disk`
ARROW, PARQUET = ".arrow", ".parquet"
PLAIN = ("image", "img", "picture", "photo", "bytes", "image_bytes", "jpg", "jpeg", "png")  # columns of plain bytes
ROWS_AT_ONCE = 256  # of Parquet
HUGGING_FACE = "huggingface"  # the key in a Parquet file under which features stand
_reading = Lock()


class Cell(NamedTuple):
    """A picture in a row of a shard; small, so that it travels."""

    shard: str
    column: str
    row: int
    mark: str = ""

    def read(self) -> bytes:
        """Its bytes; raises `Unreadable`."""
        start = 0 if self.shard.endswith(ARROW) else self.row // ROWS_AT_ONCE * ROWS_AT_ONCE
        try:
            with _reading:  # one reads, and the others find it read
                cells = _cells(self.shard, self.column, start)
            value = cells[self.row - start]
        except MemoryError:
            raise Passing(NO_ROOM) from None
        except BadData:
            raise Passing("cannot be read from its shard") from None
        raw = value.get("bytes") if isinstance(value, Mapping) else value
        if not isinstance(raw, bytes):
            raise Unreadable("is an empty cell")
        return raw

    @property
    def signature(self) -> str:
        """By what is known of its shard."""
        return cache.key(self.mark, self.column, self.row) if self.mark else ""

    @property
    def lies_in(self) -> str:
        """The shard."""
        return self.shard

    @property
    def far(self) -> bool:
        """No: a shard is read at once."""
        return False

    def __str__(self) -> str:
        return f"{PurePosixPath(without_secrets(self.shard)).name}, row {self.row}"


class Shard(NamedTuple):
    """A file of rows: where it lies, what it is called, and the side of a split that it is on (-1: none)."""

    place: str
    name: str
    side: int = -1


@lru_cache(maxsize=2)
def _cells(shard: str, column: str, start: int) -> "pl.Series":
    return _frame(shard, [column], start, None if shard.endswith(ARROW) else ROWS_AT_ONCE)[column]


def _frame(shard: str, columns: Sequence[str], start: int = 0, count: int | None = None) -> "pl.DataFrame":
    """Columns of a shard; of Parquet some rows alone are read. Raises `BadData` where it is damaged, or not there."""
    import polars as pl

    try:
        source = _source(shard)
        if shard.endswith(ARROW):
            return pl.read_ipc_stream(source, columns=list(columns))
        return pl.scan_parquet(source).select(columns).slice(start, count).collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _unreadable(shard, error) from None


def _source(shard: str) -> Any:
    return io.BytesIO(_fetch(shard)) if is_remote(shard) else shard


@lru_cache(maxsize=1)
def _fetch(shard: str) -> bytes:
    return read(shard)


def _schema(shard: str) -> "dict[str, pl.DataType]":
    import polars as pl

    try:
        if shard.endswith(ARROW):
            return dict(pl.read_ipc_stream(_source(shard), n_rows=1).schema)
        return dict(pl.read_parquet_schema(_source(shard)))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _unreadable(shard, error) from None


def _unreadable(shard: str, error: Exception) -> BadData:
    if isinstance(error, FileNotFoundError | PermissionError):
        return BadData(f"'{_show(shard)}' is not there, or may not be read. Is the dataset whole?")
    return BadData(f"'{_show(shard)}' cannot be read ({shorten(str(error), 80)}). Is it whole?")


def _show(shard: str) -> str:
    return show(shard) if is_remote(shard) else printable(os.path.basename(shard))


def picture_column(schema: "Mapping[str, pl.DataType]") -> str | None:
    """The column of pictures: the first struct of bytes, else bytes in a column of a usual name; None without one."""
    import polars as pl

    for name, kind in schema.items():
        if isinstance(kind, pl.Struct) and any(field.name == "bytes" for field in kind.fields):
            return name
    return next((name for name, kind in schema.items() if kind == pl.Binary and name.lower() in PLAIN), None)


def holds_cells(path: Path) -> bool:
    """Is that a saved dataset of Hugging Face, a folder with shards of Parquet that hold pictures, or such a shard?"""
    try:
        if (path / STATE).is_file() or (path / SPLITS).is_file():
            return True
        shards = [path] if path.suffix.lower() == PARQUET else [Path(shard.place) for shard in _parquets(path)]
        return bool(shards) and picture_column(_schema(str(shards[0]))) is not None
    except BadData:
        return False  # whoever reads tables says what is wrong with it


def load_cells(request: Request) -> Dataset:
    """The pictures of a saved dataset, or of shards; raises `BadData` where there are none."""
    path = Path(os.path.abspath(os.path.expanduser(request.source)))
    shards = [Shard(str(path), path.stem)] if path.is_file() else list(_list_saved(path)) or list(_parquets(path))
    about = next((found for found in (path, *_split_folders(path)) if (found / ABOUT).is_file()), None)
    features = {} if about is None else _features((about / ABOUT).read_bytes())
    return read_found(request, _found(path, name_of(path.with_suffix("")), shards, features, request))


def load_remote_cells(request: Request, shards: Sequence[str]) -> Dataset:
    """The same of shards at addresses, by their names alone."""
    root = without_secrets(request.source).rstrip("/")
    named = [Shard(one, without_secrets(one).removeprefix(f"{root}/"), _side(one)) for one in shards]
    features: Mapping[str, Any] = {}
    if (first := shards[0]).endswith(ARROW):
        try:
            features = _features(read(f"{first.rpartition('/')[0]}/{ABOUT}"))
        except OSError:  # without it, classes are called by their numbers
            features = {}
    return read_found(request, _found(root, name_of_address(root), named, features, request))


def _list_saved(path: Path) -> Iterator[Shard]:
    """The shards of `save_to_disk`, in their order."""
    for folder in [path] if (path / STATE).is_file() else _split_folders(path):
        try:
            names = [str(file["filename"]) for file in json.loads((folder / STATE).read_bytes())["_data_files"]]
        except (OSError, ValueError, TypeError, KeyError):
            raise BadData(f"'{printable(str(folder / STATE))}' is missing or damaged. Save the dataset anew.") from None
        split = "" if folder == path else folder.name
        for name in names:
            inner = os.path.basename(name)  # never out of the folder
            yield Shard(str(folder / inner), f"{split}/{inner}".lstrip("/"), side_of(split))


def _split_folders(path: Path) -> list[Path]:
    try:
        splits = json.loads((path / SPLITS).read_bytes())["splits"]
        return [path / os.path.basename(str(name)) for name in splits]
    except (OSError, ValueError, TypeError, KeyError):
        return []


def _parquets(path: Path) -> Iterator[Shard]:
    """Shards right in a folder, or in ``data``, as the hub has them."""
    if path.is_dir():
        for file in sorted(path.glob("*.parquet")) or sorted((path / "data").glob("*.parquet")):
            yield Shard(str(file), file.relative_to(path).as_posix(), _side(file.name))


def _side(name: str) -> int:
    """``train-00000-of-00002.parquet`` is on a side, and so is what lies in ``train/``."""
    parts = without_secrets(name).split("/")[-2:]
    return max(side_of(PurePosixPath(part).stem) for part in parts)


def _features(raw: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(raw)
        features = found.get("features", found.get("info", {}).get("features"))
        return features if isinstance(features, dict) else {}
    except (ValueError, AttributeError):
        return {}


def _found(
    root: Path | str, name: str, shards: Sequence[Shard], features: Mapping[str, Any], request: Request
) -> Found:
    """The samples in shards, no picture of which has been decoded."""
    column, label, features = _columns(shards[0].place, features, request, name)
    wanted = [one for one in (label, request.group_column) if one is not None]
    cells, paths, sides = list[Cell](), list[str](), list[int]()
    labels, groups = list[Any](), list[Any]()
    for shard in shards:
        frame = _frame(shard.place, wanted or [column])
        mark = RemoteFile(shard.place).signature if is_remote(shard.place) else sign(shard.place)
        cells += [Cell(shard.place, column, row, mark) for row in range(len(frame))]
        stem = str(PurePosixPath(shard.name).with_suffix(""))
        paths += [f"{stem}/{row:06}" for row in range(len(frame))]
        sides += [shard.side] * len(frame)
        labels += frame[label].to_list() if label else [None] * len(frame)
        groups += frame[request.group_column].to_list() if request.group_column else []
    if not cells:
        raise BadData(f"'{printable(name)}' has no rows. Is it whole?")
    read_labels = read_names(_names(labels, features.get(label or "", {}), paths, name), request.table.null_words)
    return Found(
        root,
        name,
        paths,
        cells,
        read_labels.names,
        sides=sides,
        groups=[read_cell(group) or None for group in groups] if request.group_column else None,
        notes=list(read_labels.notes),
        numbers=True,
    )


def _columns(
    shard: str, features: Mapping[str, Any], request: Request, shown: str
) -> tuple[str, str | None, Mapping[str, Any]]:
    """Which columns hold pictures and labels, and what is known of them."""
    schema = _schema(shard)
    column = picture_column(schema)
    if column is None:
        raise BadData(
            f"'{printable(shown)}' has no column of pictures, a struct with 'bytes'. It has {quote_few(list(schema))}."
        )
    for wanted in (request.label_column, request.group_column):
        if wanted is not None and wanted not in schema:
            hint = did_you_mean(wanted, list(schema)) or f"It has {quote_few(list(schema))}."
            raise BadData(f"'{printable(shown)}' has no column called '{printable(wanted)}'. {hint}")
    features = features or _own_features(shard)
    plain = {name.lower(): name for name in schema if name != column}
    coded = [name for name, about in features.items() if _class_names(about) and name in schema]
    usual = [plain[name] for name in LABEL_COLUMNS if name in plain]
    label = request.label_column or next(iter([*(one for one in usual if one in coded), *coded, *usual]), None)
    return column, label, features


def _own_features(shard: str) -> Mapping[str, Any]:
    """What stands in a Parquet file of the hub."""
    import polars as pl

    if shard.endswith(ARROW):
        return {}
    return _features(pl.read_parquet_metadata(_source(shard)).get(HUGGING_FACE, "").encode())


def _class_names(about: Any) -> list[str]:
    names = about.get("names") if isinstance(about, Mapping) else None
    return [str(name) for name in names] if isinstance(names, list) else []


def _names(values: Sequence[Any], about: Any, paths: Sequence[str], shown: str) -> list[str | None]:
    """Labels as they are called: by the names of a class, and else as they are written."""
    names = _class_names(about)
    if not names:
        return [read_choice(value, path, shown) or None for value, path in zip(values, paths, strict=True)]
    return [names[value] if isinstance(value, int) and 0 <= value < len(names) else None for value in values]
