"""A folder of features: what `nextlabel embed` writes, and what is read back wherever a table is.

    features-000.npy, features-001.npy, …   (n, d) float32, ROWS rows each, the last one fewer
    samples.csv                             key,path,label: one line for each row, in order
    embedding.json                          the embedder's name and settings, d, how many, what it was made of

A key is the digest of what a sample holds. Empty labels are unlabelled. Who adds columns to samples.csv may name them
as those of labels or groups. The folder appears when all of it is there.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nextlabel.datasets.base import Dataset, Request
from nextlabel.datasets.scanning import code_groups
from nextlabel.errors import BadData, CannotWrite
from nextlabel.files import cache
from nextlabel.files.arrays import NewArray, map_array, read_array
from nextlabel.files.atomic import holds_anything, rehearse_folder, write_folder
from nextlabel.files.refusals import refusals
from nextlabel.pool import Floats
from nextlabel.text import did_you_mean, printable, show_path

if TYPE_CHECKING:
    import polars

ABOUT, SAMPLES = "embedding.json", "samples.csv"
ROWS = 100_000  # of one shard: half a gigabyte of 1,280 numbers each
STEP = 4_096  # rows that are copied at once
OTHER_PLACE = "Name another place with --out."
MADE_ANEW = "Write it anew: nextlabel embed DATA --out FOLDER."


@dataclass(frozen=True)
class FeatureFolder:
    """What stands in such a folder beside the features: ``settings`` of the embedder, and who the samples are."""

    name: str
    settings: Mapping[str, Any]
    keys: Sequence[str]
    paths: Sequence[str]  # empty where samples have none
    labels: Sequence[str]  # empty where nobody knows


def holds_features(folder: Path) -> bool:
    """Is this a folder of features?"""
    return os.path.isfile(folder / ABOUT)


def write_features(folder: Path, features: Floats, about: FeatureFolder) -> None:
    """Write features (n, d) and who they belong to, in place of an older folder of features.

    Raises `CannotWrite` where something else lies there, or the disk says no.
    """
    check_place(folder)
    with refusals(folder, OTHER_PLACE), write_folder(Path(os.path.realpath(folder))) as draft:
        for shard, start in enumerate(range(0, len(features), ROWS)):
            _write_shard(draft / f"features-{shard:03}.npy", features[start : start + ROWS])
        _table(about).write_csv(draft / SAMPLES)
        more = {"name": about.name, "embedder": dict(about.settings), "samples": len(features)}
        (draft / ABOUT).write_text(json.dumps(more, indent=1) + "\n", encoding="utf-8")


def check_place(folder: Path) -> None:
    """`CannotWrite` where a folder of features may not be written, before anything is embedded for it."""
    ours = os.path.isdir(folder) and (holds_features(folder) or not holds_anything(folder))
    if os.path.exists(folder) and not ours:
        raise CannotWrite(
            f"'{show_path(folder)}' holds something else than features, and is left alone. Name a new folder with "
            "--out."
        )
    with refusals(folder, OTHER_PLACE):
        rehearse_folder(Path(os.path.realpath(folder)))


def _write_shard(path: Path, rows: Floats) -> None:
    """One plain .npy. Not through a memory map, which a full disk would answer by killing the program."""
    with path.open("xb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": rows.shape}
        np.lib.format.write_array_header_1_0(file, header)
        for block in _blocks(rows):
            file.write(block.tobytes())
        file.flush()
        os.fsync(file.fileno())


def _blocks(rows: Floats) -> Iterator[Floats]:
    """Some rows at a time, since all of them may be a map of gigabytes."""
    for start in range(0, len(rows), STEP):
        yield np.ascontiguousarray(rows[start : start + STEP], dtype="<f4")


def _table(about: FeatureFolder) -> "polars.DataFrame":
    import polars  # a third of a second: only who reads or writes such a folder waits for it

    blank = [""] * len(about.keys)
    return polars.DataFrame({"key": about.keys, "path": about.paths or blank, "label": about.labels or blank})


def load_features(request: Request) -> Dataset:
    """The dataset of a folder of features; raises `BadData` where files are missing, or of different lengths."""
    folder = Path(os.path.abspath(os.path.expanduser(request.source)))
    about, table = _read(folder)
    keys = table["key"].to_list()
    features = _features(folder, about, cache.key(json.dumps(about, sort_keys=True), *keys))
    if len(table) != len(features):
        raise BadData(
            f"'{show_path(folder)}' has {len(features):,} rows of features and {len(table):,} lines in {SAMPLES}. "
            f"Was one of them changed? {MADE_ANEW}"
        )
    wanted = request.label_column or "label"
    labels = [printable(label) for label in _column(table, wanted, folder)]
    groups = None if request.group_column is None else _column(table, request.group_column, folder)
    paths = tuple(printable(path) for path in table["path"].to_list())
    classes = tuple(sorted(set(labels) - {""}))
    codes = {label: code for code, label in enumerate(classes)} | {"": -1}
    return Dataset(
        name=request.name or str(about["name"]),
        y=np.array([codes[label] for label in labels], dtype=np.int64),
        classes=classes,
        fingerprint=cache.key(json.dumps(about["embedder"], sort_keys=True), *keys, *paths, *labels),
        table=features,
        paths=paths if all(paths) else None,
        root=str(folder),
        embedding=about["embedder"],
        keys=tuple(map(printable, keys)),
        groups=None if groups is None else code_groups([name or None for name in groups]),
    )


def _column(table: "polars.DataFrame", name: str, folder: Path) -> list[str]:
    """A column of the samples; somebody may have added it."""
    if name not in table.columns:
        hint = did_you_mean(name, table.columns) or f"It has {', '.join(map(printable, table.columns))}."
        raise BadData(f"'{show_path(folder / SAMPLES)}' has no column called '{printable(name)}'. {hint}")
    return [cell.strip() for cell in table[name].to_list()]


def _read(folder: Path) -> "tuple[dict[str, Any], polars.DataFrame]":
    import polars

    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        if not isinstance(about.get("embedder"), dict) or "name" not in about["embedder"] or "name" not in about:
            raise ValueError(f"{ABOUT} does not say who made the features")
        table = polars.read_csv(folder / SAMPLES, infer_schema=False, empty_string_is_null=False)
        if missing := {"key", "path", "label"} - set(table.columns):
            raise ValueError(f"{SAMPLES} has no column {min(missing)}")
        return about, table
    except (OSError, ValueError, AttributeError, polars.exceptions.PolarsError) as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BadData(
            f"The folder of features '{show_path(folder)}' cannot be read ({printable(why)}). {MADE_ANEW}"
        ) from None


def _features(folder: Path, about: Mapping[str, Any], key: str) -> Floats:
    """All rows (n, d): the map of the one shard, or of a file in the cache into which several are copied."""
    shards = list(_shards(folder))
    if not shards:
        raise BadData(f"'{show_path(folder)}' has no features-000.npy. {MADE_ANEW}")
    widths = {shard.shape[1:] for shard in shards}
    if len(widths) > 1 or sum(map(len, shards)) != about.get("samples"):
        raise BadData(
            f"The shards of '{show_path(folder)}' do not fit together: {sum(map(len, shards)):,} rows, and {ABOUT} "
            f"says {about.get('samples')}. Is one of them missing? {MADE_ANEW}"
        )
    return shards[0] if len(shards) == 1 else _join(shards, key)


def _join(shards: Sequence[Floats], key: str) -> Floats:
    """Several shards as one map, of a file in the cache."""
    path = cache.folder() / f"features-shards-{key}.npy"
    if (whole := read_array(path)) is not None:
        return whole
    with NewArray(path, shards[0].shape[1:], np.float32) as new:
        for shard in shards:
            for block in _blocks(shard):
                new.add(block)
        return new.finish()


def _shards(folder: Path) -> Iterator[Floats]:
    for path in sorted(folder.glob("features-*.npy")):
        try:
            shard = map_array(path)
        except (OSError, ValueError) as error:
            raise BadData(f"'{show_path(path)}' cannot be read ({error}). {MADE_ANEW}") from None
        if shard.ndim != 2 or shard.dtype != np.float32:
            raise BadData(f"'{show_path(path)}' holds no rows of float32 features. {MADE_ANEW}")
        yield shard
