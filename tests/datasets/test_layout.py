"""What folders mean: splits are no classes, a folder of what has no label is none, and whoever doubts is told."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from painted import folder_of, noise

from nextlabel.datasets import load
from nextlabel.datasets.base import Request
from nextlabel.datasets.layout import read_layout

CATS = ("cat/1.png", "cat/2.png", "dog/1.png")


def below(*folders):
    return [f"{folder}/{path}" for folder in folders for path in CATS]


@pytest.mark.parametrize(
    ("train", "test", "sides"),
    [
        ("train", "test", (0, 2)),
        ("seg_train/seg_train", "seg_test/seg_test", (0, 2)),
        ("training_set/training_set", "test_set/test_set", (0, 2)),
        ("train_images", "test_images", (0, 2)),
        ("Train", "Test", (0, 2)),
        ("train", "dev", (0, 1)),
        ("train1", "test1", (0, 2)),
        ("Training", "Validation", (0, 1)),
        ("data/train", "data/test", (0, 2)),
    ],
)
def test_splits_are_never_classes(train, test, sides):
    found = read_layout(below(train, test))
    assert found.labels == ["cat", "cat", "dog"] * 2
    assert found.sides == [sides[0]] * 3 + [sides[1]] * 3
    assert "splits, so the classes are the folders inside" in " ".join(found.notes)


def test_a_sample_of_the_rest_is_left_out():
    found = read_layout(below("train", "valid", "sample/train", "sample/valid"))
    assert [place.used for place in found.places] == [True] * 6 + [False] * 6
    assert "'sample' is taken for a small copy of the rest, and left out." in found.notes


def test_a_folder_that_holds_the_same_classes_belongs_to_training():
    found = read_layout(below("train", "test", "extra"))
    assert found.sides == [0] * 3 + [2] * 3 + [0] * 3
    assert any("'extra' holds the same classes" in note for note in found.notes)


@pytest.mark.parametrize(("loose", "side"), [("test/1.png", 2), ("test/images/1.png", 2), ("seg_pred/x.png", -1)])
def test_a_folder_without_classes_beside_a_split_is_unlabelled(loose, side):
    found = read_layout([*below("train", "val"), loose])
    assert (found.labels[6:], found.sides) == ([None], [0] * 3 + [1] * 3 + [side])
    assert found.loose == [6]


@pytest.mark.parametrize("strays", [(0,), (2,), (0, 2)])
@pytest.mark.parametrize("folders", [("train", "test"), ("a/train", "a/test"), ("a_train/a_train", "a_test/a_test")])
def test_a_stray_picture_does_not_undo_a_split(folders, strays):
    train, test = folders
    paths = [f"{train if side == 0 else test}/own.png" for side in strays]
    above = [f"{train.split('/')[0]}/above.png", "top.png"]  # beside the folders of the split, and around them
    found = read_layout([*below(train, test), *paths, *above])
    assert found.labels == ["cat", "cat", "dog"] * 2 + [None] * (len(strays) + 2)
    assert found.sides[: 6 + len(strays)] == [0] * 3 + [2] * 3 + [*strays]
    assert found.loose == [*range(6, 8 + len(strays))]


def test_a_stray_picture_in_a_class_is_on_no_side():
    paths = [f"{label}/{side}/{i}.png" for label in ("cat", "dog") for side in ("train", "test") for i in range(2)]
    found = read_layout([*paths, "cat/own.png"])
    assert (found.labels[-1], found.sides) == ("cat", [0, 0, 2, 2] * 2 + [-1])
    assert "What lies in 'cat' itself is on no side of these" in found.notes[-1]


def test_a_folder_of_trains_stays_a_class_beside_its_own_pictures():
    found = read_layout(["train/1.png", "train/steam/2.png", "bus/1.png", "bus/small/2.png"])
    assert (found.labels, found.sides) == (["train", "train", "bus", "bus"], [-1] * 4)


def test_splits_may_lie_below_classes():
    found = read_layout(["cat/train/1.png", "cat/test/2.png", "dog/train/1.png", "dog/test/9.png"])
    assert (found.labels, found.sides) == (["cat", "cat", "dog", "dog"], [0, 2, 0, 2])


@pytest.mark.parametrize("name", ["unlabeled", "unlabelled", "unsup", "unknown", "Un_Labeled"])
def test_a_folder_of_what_has_no_label_is_no_class(name):
    found = read_layout([*CATS, f"{name}/1.png"])
    assert found.labels == ["cat", "cat", "dog", None]
    assert f"The picture in '{name}' is taken for unlabelled" in found.notes[0]
    inside = read_layout([*below("train", "test"), f"train/{name}/1.png"])
    assert (inside.labels[-1], inside.sides[-1]) == (None, 0)
    assert f"The picture in 'train/{name}' is taken for unlabelled" in inside.notes[1]


def test_known_and_unknown_are_two_classes():
    assert read_layout(["known/1.png", "unknown/2.png"]).labels == ["known", "unknown"]


def test_a_train_is_a_class_beside_a_bus():
    flat = read_layout(["train/1.png", "bus/1.png"])
    assert (flat.labels, flat.sides) == (["train", "bus"], [-1, -1])
    deep = read_layout(["train/steam/1.png", "train/diesel/1.png", "bus/small/1.png", "bus/large/2.png"])
    assert deep.labels == ["train", "train", "bus", "bus"]


def test_same_sub_folders_without_such_a_name_are_doubted():
    found = read_layout(below("2019", "2020"))
    assert set(found.labels) == {"2019", "2020"}
    assert "hold the same sub-folders ('cat' and 'dog')" in found.notes[0]


@given(st.lists(st.lists(st.sampled_from(["train", "test", "a", "b", "unknown", "sample"]), max_size=4), max_size=9))
def test_any_tree_is_read(trees):
    paths = sorted({"/".join([*tree, f"{i}.png"]) for i, tree in enumerate(trees)})
    found = read_layout(paths)
    assert len(found.places) == len(paths)
    assert all(place.label is None or place.label in path for place, path in zip(found.places, paths, strict=True))


def test_thumbnails_and_waste_are_neither_samples_nor_classes(fruits: Path):
    for folder in ("@eaDir", "$RECYCLE.BIN", ".thumbnails", "__MACOSX/apple", "apple/@eaDir", "lost+found"):
        noise(fruits / folder / "x.jpg", seed=1)
    (fruits / "apple" / "Thumbs.db").write_bytes(b"thumbs")
    found = load(Request(str(fruits)))
    assert (len(found), found.classes, found.warnings) == (9, ("apple", "pear", "quince"), ())


def test_a_hidden_class_is_told(fruits: Path):
    noise(fruits / ".net" / "x.png", seed=1)
    (warning,) = load(Request(str(fruits))).warnings
    assert "'.net' is hidden, for its name begins with a dot" in warning


def test_ones_own_digits_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder_of(tmp_path / "digits", {"one": 2, "two": 2})
    monkeypatch.chdir(tmp_path)
    assert load(Request("digits")).warnings == (
        "'digits' is the dataset of that name; the folder here is read as './digits'.",
    )
    assert load(Request("./digits")).classes == ("one", "two")


def test_a_folder_of_splits_is_a_dataset_with_sides(tmp_path: Path):
    for name in ("train", "test"):
        folder_of(tmp_path / "pets" / name, {"cat": 2, "dog": 2})
    found = load(Request(str(tmp_path / "pets")))
    assert (found.classes, found.name) == (("cat", "dog"), "pets")
    assert np.array_equal(found.sides, [2] * 4 + [0] * 4)
