"""A list of pictures is a dataset like any other, whoever wrote it; several labels for one are refused."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from painted import folder_of, noise

from nextlabel.datasets import load
from nextlabel.datasets.base import Dataset, Request
from nextlabel.errors import BadData, Mistake
from nextlabel.knobs.columns import Columns
from nextlabel.loop.oracles import oracle


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """A folder with six pictures in it."""
    for i in range(6):
        noise(tmp_path / "pictures" / f"{i}.png", seed=i)
    return tmp_path


def written(album: Path, text: str, name: str = "list.csv", **more: object) -> Dataset:
    (album / name).write_text(text, encoding="utf-8")
    return load(Request(str(album / name), **more))


def test_a_list_is_a_dataset(album: Path) -> None:
    found = written(album, "image,label\npictures/0.png,10\n./pictures/1.png,2\npictures\\2.png,\n")
    assert (found.classes, found.y.tolist()) == (("2", "10"), [1, 0, -1])
    assert found.paths == ("pictures/0.png", "pictures/1.png", "pictures/2.png")
    assert found.warnings == ("1 picture in 'list.csv' has no label.",)
    assert found.pictures.squares(8).shape == (3, 8, 8, 3)


def test_parquet_and_json_lines_say_the_same(album: Path) -> None:
    frame = pl.DataFrame({"file_name": [f"pictures/{i}.png" for i in range(4)], "label": ["a", "b", "a", "b"]})
    frame.write_csv(album / "metadata.csv")
    frame.write_parquet(album / "m.parquet")
    frame.write_ndjson(album / "m.jsonl")
    found = [load(Request(str(album / name))) for name in ("metadata.csv", "m.parquet", "m.jsonl")]
    assert len({each.fingerprint for each in found}) == 1
    assert found[0].name == album.name


def test_groups_and_splits_are_columns(album: Path) -> None:
    rows = [f"pictures/{i}.png;{'ab'[i % 2]};s{i // 2};{('train', 'train', 'test')[i // 2]}" for i in range(6)]
    found = written(album, "path;label;patient;split\n" + "\n".join(rows), group_column="patient")
    assert found.groups.tolist() == [0, 0, 1, 1, 2, 2]
    assert found.sides.tolist() == [0, 0, 0, 0, 2, 2]
    with pytest.raises(BadData, match=r"has no column called 'pateint'\. Did you mean 'patient'"):
        load(Request(str(album / "list.csv"), group_column="pateint"))


def test_what_label_studio_writes_is_read(album: Path) -> None:
    lines = ["image,id,choice", "/data/upload/3/1a2b3c4d-0.png,1,cat", "/data/local-files/?d=pictures/1.png,2,dog"]
    noise(album / "0.png", seed=0)
    assert len(written(album, "\n".join([*lines, 'pictures/2.png,3,"{""choices"": [""cat""]}"']))) == 3
    assert load(Request(str(album / "list.csv"))).classes == ("cat", "dog")


@pytest.mark.parametrize(
    "text",
    [
        "image,label\npictures/0.png,cat\npictures/0.png,dog\n",
        "image,label\npictures/0.png,cat|dog\npictures/1.png,cat\npictures/2.png,dog\n",
        'image,label\npictures/0.png,"[""cat"", ""dog""]"\n',
        "image,cat,dog\npictures/0.png,1,1\npictures/1.png,0,1\n",
    ],
)
def test_several_labels_are_refused_in_one_sentence(album: Path, text: str) -> None:
    with pytest.raises((Mistake, BadData), match=r"multi-label data.*nextlabel learns one label for each picture"):
        written(album, text)


def test_what_is_not_there_is_told(album: Path) -> None:
    found = written(album, "image,label\npictures/0.png,a\npictures/1.png,b\ngone.png,a\ns3://bucket/x.png,b\n,b\n")
    assert [file.reason for file in found.skipped] == ["is not there", "is an address, not a file"]
    assert "1 row of 'list.csv' name a picture again, or none" in found.warnings[0]
    with pytest.raises(BadData, match=r"names no picture that is there, e\.g\. 'x\.png'"):
        written(album, "image,label\nx.png,a\ny.png,b\n")


def test_a_table_of_numbers_stays_a_table(album: Path) -> None:
    assert written(album, "image,x,label\n1,2,a\n3,4,b\n").table.shape == (2, 2)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "Path;Label\n./pictures/0.png;b\n"),
        ("a.csv", "path, label\npictures\\0.png , b\n"),
        ("a.csv", "ID,Label\n0,b\n"),
        ("a.jsonl", json.dumps({"Path": "./pictures/0.png", "label": "b"})),
    ],
)
def test_answers_of_other_programs_are_read(album: Path, name: str, text: str) -> None:
    found = written(album, "image,label\npictures/0.png,a\npictures/1.png,b\n")
    (album / name).write_text(text)
    assert oracle(f"replay:{album / name}", found, 0)(np.arange(2)).tolist() == [1, -1]


@pytest.mark.parametrize("inside", ["", "images/"])
def test_a_folder_with_a_list_and_no_classes_is_read_by_its_list(tmp_path: Path, inside: str) -> None:
    for i in range(4):
        noise(tmp_path / f"{inside}{i}.png", seed=i)
    rows = "".join(f"{inside}{i}.png,{'ab'[i % 2]},p{i}\n" for i in range(4))
    (tmp_path / "metadata.csv").write_text("file_name,label,patient\n" + rows)
    (tmp_path / "exif.csv").write_text("file_name,label\n" + f"{inside}0.png,Nikon\n")
    found = load(Request(str(tmp_path), group_column="patient"))
    assert (found.classes, found.y.tolist(), found.name) == (("a", "b"), [0, 1, 0, 1], tmp_path.name)
    assert found.warnings == (
        f"The folders in '{tmp_path}' are no classes, so labels are read from 'metadata.csv' in it.",
    )
    assert found.groups is not None
    assert found.groups.tolist() == [0, 1, 2, 3]
    assert found.fingerprint == load(Request(str(tmp_path / "metadata.csv"))).fingerprint


def test_folders_that_are_classes_come_before_a_list(fruits: Path) -> None:
    before = load(Request(str(fruits)))
    (fruits / "metadata.csv").write_text("".join(["file_name,label\n", *(f"{path},x\n" for path in before.paths)]))
    assert load(Request(str(fruits))).fingerprint == before.fingerprint


def test_words_for_missing_are_those_of_tables(album: Path) -> None:
    text = "image,label\npictures/0.png,NA\npictures/1.png,none\npictures/2.png,b\npictures/3.png,bad\n"
    found = written(album, text)
    assert (found.classes, found.y.tolist()) == (("b", "bad", "none"), [-1, 2, 0, 1])
    assert "1 label written 'NA' counts as missing" in found.warnings[0]
    found = written(album, text, table=Columns(null_words=("bad",)))
    assert (found.classes, found.y.tolist()) == (("NA", "b", "none"), [0, 2, 1, -1])


@pytest.mark.parametrize("name", ["fname", "image_id", "ImagePath", "img_name", "images", " Image_Name "])
def test_columns_of_paths_are_known_by_many_names(album: Path, name: str) -> None:
    found = written(album, f"width,{name},label\n" + "".join(f"{i},pictures/{i}.png,{'ab'[i % 2]}\n" for i in range(6)))
    assert (found.kind, len(found), found.warnings) == ("pictures", 6, ())


def test_a_column_of_pictures_that_are_there_is_known_by_its_cells(album: Path) -> None:
    rows = "".join(f"n{i}.png,{i * i},pictures/{i}.png,{'ab'[i % 2]}\n" for i in range(6))
    assert written(album, "cell,place,0,label\n" + rows).kind == "pictures"
    found = written(album, "old name,width,my scans,label\n" + rows)
    assert (found.kind, found.paths) == ("pictures", tuple(f"pictures/{i}.png" for i in range(6)))
    assert found.warnings == (
        "Column 'my scans' of 'list.csv' names pictures that are there, so these are the samples. --drop 'my scans' "
        "reads the table without them.",
    )
    table = load(Request(str(album / "list.csv"), table=Columns(drop=("my scans", "old name"))))
    assert table.table.tolist() == [[i * i] for i in range(6)]
    parts = "".join(f"pictures/{i // 2}.png,{i * i},{'ab'[i % 2]}\n" for i in range(12))
    assert written(album, "my scans,width,label\n" + parts).kind == "table"  # of what is seen in them
    (album / "list.csv").write_text(
        "old name,width,label\n" + "".join(f"n{i}.png,{i},{'ab'[i % 2]}\n" for i in range(6))
    )
    assert load(Request(str(album / "list.csv"))).kind == "table"


def test_a_table_without_any_text_is_no_list(album: Path) -> None:
    pl.DataFrame({"image": [1, 2, 3], "label": [0, 1, 0]}).write_parquet(album / "t.parquet")
    assert load(Request(str(album / "t.parquet"))).kind == "table"
    paths = pl.Series("image", [f"pictures/{i}.png" for i in range(4)], dtype=pl.Categorical)
    pl.DataFrame([paths, pl.Series("label", [0, 1, 0, 1])]).write_parquet(album / "list.parquet")
    assert load(Request(str(album / "list.parquet"))).kind == "pictures"


def test_of_two_columns_the_one_whose_pictures_are_there_counts(album: Path) -> None:
    found = written(
        album, "filename,path,label\n" + "".join(f"{i}.png,pictures/{i}.png,{'ab'[i % 2]}\n" for i in range(4))
    )
    assert found.paths == tuple(f"pictures/{i}.png" for i in range(4))
    rows = "".join(f"http://[{i}.png,pictures/{i}.png,{'ab'[i % 2]}\n" for i in range(4))
    assert written(album, "image,here,label\n" + rows).paths == found.paths


def test_a_number_called_image_id_names_no_picture(album: Path) -> None:
    assert written(album, "image_id,x,label\n7,2.5,a\n9,4.5,b\n").kind == "table"
    dataset = written(album, "image,label\npictures/0.png,a\npictures/1.png,b\n")
    (album / "answers.csv").write_text("image_id,id,label\n1,0,b\n")
    assert oracle(f"replay:{album / 'answers.csv'}", dataset, 0)(np.arange(2)).tolist() == [1, -1]


def test_measured_numbers_are_no_labels(tmp_path: Path) -> None:
    for i in range(12):
        noise(tmp_path / f"{i}.png", seed=i)
    written = "".join(f"{i}.png,{i / 7:.3f}\n" for i in range(12))
    (tmp_path / "list.csv").write_text("image,label\n" + written)
    with pytest.raises(BadData, match=r"The labels of 'list\.csv' look like a measured number.*from 0 to 1\.571 in 12"):
        load(Request(str(tmp_path / "list.csv")))
    assert len(load(Request(str(tmp_path / "list.csv"), unlabelled=True))) == 12
    folder = folder_of(tmp_path / "folders", {f"{i / 7:.3f}": 1 for i in range(12)})
    assert len(load(Request(str(folder))).classes) == 12  # folders are classes, whatever they are called


def test_whole_numbers_that_may_measure_are_doubted(tmp_path: Path) -> None:
    for i in range(63):
        noise(tmp_path / f"{i}.png", seed=i, size=4)
    (tmp_path / "ages.csv").write_text("image,label\n" + "".join(f"{i}.png,{20 + i % 21}\n" for i in range(63)))
    (note,) = load(Request(str(tmp_path / "ages.csv"))).warnings
    assert "The labels of 'ages.csv' are 21 classes, all whole numbers from 20 to 40. If they measure something" in note


def test_spellings_that_become_one_class_are_told(album: Path) -> None:
    found = written(album, "image,label\npictures/0.png,cat\npictures/1.png,cat \npictures/2.png,dog\n")
    assert (found.classes, found.y.tolist()) == (("cat", "dog"), [0, 0, 1])
    assert found.warnings == ("Labels that are spelled 'cat' and 'cat ' were taken for one class, 'cat'.",)
