"""Pictures in one file, an array or an archive, are datasets; and an archive that is a trap is none."""

import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from painted import noise

from nextlabel.conformance.datasets import for_datasets
from nextlabel.datasets import archive, load
from nextlabel.datasets.base import Request
from nextlabel.datasets.picture_arrays import load_picture_array
from nextlabel.errors import BadData, Mistake


def arrays(n: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(n).integers(0, 256, (n, *shape), dtype=np.uint8)


def test_medmnist_is_a_dataset_with_its_own_splits(tmp_path: Path) -> None:
    parts = {}
    for part, n in (("train", 20), ("val", 6), ("test", 10)):
        parts |= {f"{part}_images": arrays(n, 28, 28, 3), f"{part}_labels": np.arange(n)[:, None] % 3}
    np.savez(tmp_path / "pathmnist.npz", **parts)
    found = load(Request(str(tmp_path / "pathmnist.npz")))
    assert (found.name, found.classes, len(found)) == ("pathmnist", ("0", "1", "2"), 36)
    assert np.bincount(found.sides).tolist() == [20, 6, 10]
    assert np.array_equal(found.pictures.squares(28)[0], parts["train_images"][0])
    for check in for_datasets:
        check(lambda: load(Request(str(tmp_path / "pathmnist.npz"))))


def test_keras_and_plain_arrays(tmp_path: Path) -> None:
    np.savez(
        tmp_path / "mnist.npz",
        x_train=arrays(8, 9, 9),
        y_train=np.arange(8) % 2,
        x_test=arrays(4, 9, 9),
        y_test=[0, 1] * 2,
    )
    assert load(Request(str(tmp_path / "mnist.npz"))).sides.tolist() == [0] * 8 + [2] * 4
    np.savez(tmp_path / "plain.npz", X=arrays(4, 9, 9, 1), y=np.array(["cat", "dog"] * 2))
    found = load(Request(str(tmp_path / "plain.npz")))
    assert (found.classes, found.sides) == (("cat", "dog"), None)
    assert pickle.loads(pickle.dumps(found)).pictures.squares(4).shape == (4, 4, 4, 3)


@pytest.mark.parametrize("kind", [np.float32, np.uint16, np.int64])
def test_numbers_of_any_type_are_on_one_scale(kind: type) -> None:
    X = arrays(6, 16, 16, 3)
    most = {np.float32: 1 / 255, np.uint16: 257, np.int64: 1}[kind]
    found = load_picture_array(Request("made.npz"), (X.astype(np.float64) * most).astype(kind), np.arange(6) % 2)
    assert np.abs(found.pictures.squares(16).astype(int) - X).max() <= 1


def test_labels_in_columns() -> None:
    X, one_hot = arrays(4, 5, 5), np.eye(2, dtype=int)[[0, 1, 1, 0]]
    assert load_picture_array(Request("x"), X, one_hot).y.tolist() == [0, 1, 1, 0]
    with pytest.raises(Mistake, match="multi-label data, and nextlabel learns one label"):
        load_picture_array(Request("x"), X, np.ones((4, 2)))
    with pytest.raises(BadData, match="4 pictures and 3 labels"):
        load_picture_array(Request("x"), X, np.arange(3))
    with pytest.raises(BadData, match="they should be"):
        load_picture_array(Request("x"), arrays(4, 5, 5, 4), np.arange(4))
    with pytest.raises(BadData, match="The labels of 'x' look like a measured number"):
        load_picture_array(Request("x"), arrays(12, 5, 5), np.arange(12) / 7)
    assert "are 21 classes" in load_picture_array(Request("x"), arrays(63, 5, 5), np.arange(63) % 21).warnings[0]


@pytest.fixture
def zipped(fruits: Path) -> Path:
    with zipfile.ZipFile(fruits.parent / "fruits.zip", "w") as file:
        for path in sorted(fruits.rglob("*.png")):
            file.write(path, f"fruits/{path.relative_to(fruits).as_posix()}")
        file.writestr("__MACOSX/fruits/apple/._0.png", b"x")
    return fruits.parent / "fruits.zip"


def test_an_archive_is_read_where_it_lies(zipped: Path, fruits: Path) -> None:
    before = sorted(zipped.parent.rglob("*"))
    found, folder = load(Request(str(zipped))), load(Request(str(fruits)))
    assert (found.classes, found.content, found.name) == (folder.classes, folder.content, "fruits")
    assert np.array_equal(found.pictures.squares(21), folder.pictures.squares(21))
    assert pickle.loads(pickle.dumps(found)).pictures.squares(22).shape == (9, 22, 22, 3)
    assert sorted(zipped.parent.rglob("*")) == before


def test_an_archive_that_is_a_trap_is_told(zipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(zipped, "a", zipfile.ZIP_DEFLATED) as file:
        file.writestr("fruits/../../etc/x.png", b"x")
        file.writestr("/fruits/y.png", b"x")
        file.writestr("fruits/apple/bomb.png", bytes(2**21 + 1))
    reasons = {file.path: file.reason for file in load(Request(str(zipped))).skipped}
    assert reasons == {
        "fruits/../../etc/x.png": "leads out of the archive",
        "/fruits/y.png": "leads out of the archive",
        "fruits/apple/bomb.png": "would grow more than 200 times when it is unpacked",
    }
    monkeypatch.setattr(archive, "MOST_MEMBERS", 3)
    with pytest.raises(BadData, match="holds more than 3 files"):
        load(Request(str(zipped)))
    zipped.write_bytes(noise(zipped.parent / "n.png", 1).read_bytes())
    with pytest.raises(BadData, match=r"is no whole \.zip file"):
        load(Request(str(zipped)))
