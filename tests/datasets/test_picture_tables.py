"""Pictures in the cells of a table are the pictures of a folder: what `datasets` saves, and shards of Parquet."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from nextlabel.cli.app import app
from nextlabel.datasets import load_dataset
from nextlabel.datasets.base import Dataset
from nextlabel.errors import BadData

NAMES = ["apple", "pear", "quince"]
FEATURES = {"image": {"_type": "Image"}, "label": {"names": NAMES, "_type": "ClassLabel"}}


def cells(fruits: Path) -> pl.DataFrame:
    files = sorted(fruits.rglob("*.png"))
    return pl.DataFrame(
        {
            "image": [{"bytes": file.read_bytes(), "path": file.name} for file in files],
            "label": [NAMES.index(file.parent.name) for file in files],
            "camera": [f"c{i % 2}" for i in range(len(files))],
        }
    )


def save(frame: pl.DataFrame, folder: Path, shards: int = 2) -> Path:
    """As `Dataset.save_to_disk` does, as far as we read it."""
    folder.mkdir(parents=True)
    names = [f"data-{i:05}-of-{shards:05}.arrow" for i in range(shards)]
    size = -(-len(frame) // shards)
    for i, name in enumerate(names):
        frame.slice(i * size, size).write_ipc_stream(folder / name)
    (folder / "state.json").write_text(json.dumps({"_data_files": [{"filename": name} for name in names]}))
    (folder / "dataset_info.json").write_text(json.dumps({"features": FEATURES}))
    return folder


def check_same(found: Dataset, fruits: Path) -> None:
    folder = load_dataset(str(fruits))
    assert found.pictures is not None
    assert folder.pictures is not None
    assert found.classes == folder.classes
    assert np.array_equal(found.y, folder.y)
    assert found.pictures.digests == folder.pictures.digests
    assert np.array_equal(found.pictures.squares(16), folder.pictures.squares(16))


def test_a_saved_dataset_is_the_folder(fruits: Path, tmp_path: Path) -> None:
    found = load_dataset(str(save(cells(fruits), tmp_path / "saved")))
    check_same(found, fruits)
    assert found.paths is not None
    assert found.paths[0] == "data-00000-of-00002/000000"


def test_a_saved_dataset_with_splits_keeps_them(fruits: Path, tmp_path: Path) -> None:
    frame, folder = cells(fruits), tmp_path / "saved"
    save(frame[::2], folder / "train")
    save(frame[1::2], folder / "test", shards=1)
    (folder / "dataset_dict.json").write_text(json.dumps({"splits": ["train", "test"]}))
    found = load_dataset(str(folder))
    assert found.sides is not None
    assert np.bincount(found.sides).tolist() == [5, 0, 4]
    assert found.classes == tuple(NAMES)


@pytest.mark.parametrize("form", ["shards", "file", "bytes"])
def test_parquet_is_the_folder(fruits: Path, tmp_path: Path, form: str) -> None:
    frame, folder = cells(fruits), tmp_path / "shards"
    (folder / "data").mkdir(parents=True)
    metadata = {"huggingface": json.dumps({"info": {"features": FEATURES}})}
    if form == "bytes":
        frame = frame.with_columns(pl.col("image").struct.field("bytes").alias("image"))
    if form == "file":
        frame.write_parquet(folder / "all.parquet", metadata=metadata)
        check_same(load_dataset(str(folder / "all.parquet")), fruits)
    else:
        frame[:4].write_parquet(folder / "data" / "train-00000-of-00002.parquet", metadata=metadata)
        frame[4:].write_parquet(folder / "data" / "train-00001-of-00002.parquet", metadata=metadata)
        check_same(load_dataset(str(folder)), fruits)


def test_other_columns_may_be_labels_and_groups(fruits: Path, tmp_path: Path) -> None:
    folder = save(cells(fruits), tmp_path / "saved")
    assert load_dataset(str(folder), label_column="camera").classes == ("c0", "c1")
    with pytest.raises(BadData, match="no column called 'cameras'"):
        load_dataset(str(folder), label_column="cameras")


def test_embed_reads_them_in_blocks(fruits: Path, tmp_path: Path) -> None:
    folder = save(cells(fruits), tmp_path / "saved")
    for name, source in (("cells", folder), ("files", fruits)):
        words = ["embed", str(source), "--embedder", "pixels", "--out", str(tmp_path / name), "--jobs", "1"]
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, result.output
    assert np.array_equal(*(np.load(tmp_path / name / "features-000.npy") for name in ("cells", "files")))


def test_a_cell_without_a_picture_is_left_out(fruits: Path, tmp_path: Path) -> None:
    frame = cells(fruits)
    empty: list[Any] = [None, {"bytes": None, "path": "gone.png"}, {"bytes": b"no picture", "path": None}]
    pictures = [*empty, *frame["image"].to_list()[3:]]
    frame = frame.with_columns(pl.Series("image", pictures, dtype=frame.schema["image"]))
    found = load_dataset(str(save(frame, tmp_path / "saved")))
    assert [file.reason.split(",")[0] for file in found.skipped] == [
        "is an empty cell",
        "is an empty cell",
        "is not a picture",
    ]


def test_what_is_damaged_is_said(fruits: Path, tmp_path: Path) -> None:
    folder = save(cells(fruits), tmp_path / "saved")
    (folder / "data-00001-of-00002.arrow").write_bytes(b"no arrow")
    with pytest.raises(BadData, match="cannot be read"):
        load_dataset(str(folder))
    (folder / "state.json").write_text("{}")
    with pytest.raises(BadData, match=r"state\.json' is missing or damaged"):
        load_dataset(str(folder))


def test_a_table_of_numbers_stays_a_table(tmp_path: Path) -> None:
    pl.DataFrame({"x": [1.0, 2.0, 3.0], "label": ["a", "b", "a"]}).write_parquet(tmp_path / "numbers.parquet")
    assert load_dataset(str(tmp_path / "numbers.parquet")).table is not None
