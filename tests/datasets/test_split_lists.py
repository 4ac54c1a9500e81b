"""Folders of a split with a list of pictures in each, as Hugging Face's imagefolder has it, are one dataset."""

from itertools import product
from pathlib import Path

import pytest
from painted import noise

from nextlabel import Experiment, Plan, load_dataset
from nextlabel.datasets import load
from nextlabel.datasets.base import Request
from nextlabel.errors import BadData
from nextlabel.simulation.parts import read_parts

PLAN = Plan(batch=1, rounds=1)
LISTS = {"train": "cat dog cat dog cat dog", "val": "cat dog", "test": "dog cat"}


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Ten pictures in three folders, each with its list."""
    for side, labels in LISTS.items():
        write(tmp_path / side, labels.split())
    return tmp_path


def write(folder: Path, labels: list[str], inside: str = "") -> None:
    for i in range(len(labels)):
        noise(folder / f"{inside}{i}.png", seed=100 * len(folder.name) + 10 * len(labels) + i)
    rows = "".join(f"{inside}{i}.png,{label},p{i}\n" for i, label in enumerate(labels))
    (folder / "metadata.csv").write_text("file_name,label,patient\n" + rows)


def test_the_split_is_the_folders(album: Path) -> None:
    found = load_dataset(album)
    assert (found.classes, found.name) == (("cat", "dog"), album.name)
    assert found.paths == tuple(f"{side}/{i}.png" for side in sorted(LISTS) for i in range(len(LISTS[side].split())))
    assert found.sides.tolist() == [2, 2, 0, 0, 0, 0, 0, 0, 1, 1]
    assert [found.classes[code] for code in found.y] == " ".join(LISTS[side] for side in sorted(LISTS)).split()
    assert found.warnings[0] == (
        "'test', 'train' and 'val' are splits, and labels are read from 'metadata.csv' in each."
    )
    parts = read_parts(Experiment(album, ("random",), seeds=(0,), split="folders", start="1/class", plan=PLAN))
    assert parts.splits[0].test.tolist() == [0, 1]


def test_pictures_may_lie_deeper_and_columns_are_chosen(album: Path) -> None:
    write(album / "train", ["cat", "dog"], "images/")
    found = load(Request(str(album), label_column="label", group_column="patient"))
    assert [path for path in found.paths if path.startswith("train")] == ["train/images/0.png", "train/images/1.png"]
    assert found.groups.tolist() == [0, 1, 0, 1, 0, 1]  # a patient is the same on every side


@pytest.mark.parametrize("outside", [False, True])
def test_folders_that_are_classes_come_before_lists(outside: bool, tmp_path: Path) -> None:
    for side, label in product(("train", "test"), ("rose", "tulip")):
        folder = tmp_path / label / side if outside else tmp_path / side / label
        noise(folder / "0.png", seed=len(str(folder)))
        (folder if outside else folder.parent).joinpath("metadata.csv").write_text("file_name,label\n0.png,x\n")
    assert load_dataset(tmp_path).classes == ("rose", "tulip")


def test_answers_come_before_lists(album: Path, tmp_path: Path) -> None:
    (tmp_path / "answers.csv").write_text("path,label\ntrain/0.png,a\ntest/1.png,b\n")
    found = load_dataset(album, labels=tmp_path / "answers.csv")
    assert (found.classes, len(found)) == (("a", "b"), 10)


def test_only_the_training_list_needs_labels(album: Path) -> None:
    (album / "test" / "metadata.csv").write_text("file_name\n0.png\n1.png\n")
    found = load_dataset(album)
    assert found.y.tolist()[:2] == [-1, -1]
    assert "2 pictures in 'test/metadata.csv' have no label" in " ".join(found.warnings)
    (album / "train" / "metadata.csv").write_text("file_name\n0.png\n")
    with pytest.raises(BadData, match=r"'train/metadata\.csv' has no column called 'label'"):
        load_dataset(album)


def test_what_is_not_listed_is_told(album: Path) -> None:
    noise(album / "extra" / "0.png", seed=3)
    (album / "train" / "metadata.csv").write_text("file_name,label\n0.png,cat\n1.png,dog\ngone.png,dog\n")
    found = load_dataset(album)
    assert "1 picture lies outside of these and was left out, e.g. 'extra/0.png'." in found.warnings
    assert [(file.path, file.reason) for file in found.skipped] == [("train/gone.png", "is not there")]


def test_a_picture_on_two_sides_is_refused(album: Path) -> None:
    (album / "test" / "metadata.csv").write_text("file_name,label\n../train/0.png,cat\n")
    with pytest.raises(BadData, match=r"'test' and 'train' both name 'train/0\.png'"):
        load_dataset(album)
