"""A folder of pictures becomes samples, classes and warnings; what cannot be used is said, never thrown."""

import os
import pickle
import shutil
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from painted import folder_of, noise, paint

from nextlabel.datasets import load
from nextlabel.datasets.base import Dataset, Request
from nextlabel.errors import BadData, Mistake, UnknownName
from nextlabel.text import printable


def read(source: object, **more: object) -> Dataset:
    return load(Request(str(source), **more))


def test_digits_are_embedded() -> None:
    digits = read("digits")
    assert (len(digits), digits.classes, digits.name) == (1797, tuple("0123456789"), "digits")
    assert digits.pictures.squares(12).shape == (1797, 12, 12, 3)
    assert len(digits.content) == 1797
    assert digits.fingerprint == read("digits").fingerprint


def test_first_path_component_is_the_class(fruits: Path) -> None:
    noise(fruits / "apple" / "deeper" / "still" / "x.PNG", seed=99)
    found = read(fruits)
    assert found.classes == ("apple", "pear", "quince")
    assert np.bincount(found.y).tolist() == [5, 3, 2]
    assert list(found.paths) == sorted(found.paths)
    assert "apple/deeper/still/x.PNG" in found.paths


def test_rows_are_sorted_by_code_points(tmp_path: Path) -> None:
    for name in ("b/2.png", "b/10.png", "B/1.png", "a/z/1.png", "a/z-1.png", "é/1.png"):
        noise(tmp_path / "d" / name, seed=hash(name) % 1000)
    found = read(tmp_path / "d")
    assert found.paths == ("B/1.png", "a/z-1.png", "a/z/1.png", "b/10.png", "b/2.png", "é/1.png")
    assert found.classes == ("B", "a", "b", "é")


def test_folder_names_that_are_numbers_stay_text(tmp_path: Path) -> None:
    assert read(folder_of(tmp_path / "n", {"2": 1, "10": 1, "1": 1})).classes == ("1", "10", "2")


def test_hidden_and_other_files_are_ignored(fruits: Path) -> None:
    noise(fruits / ".trash" / "x.png", seed=1)
    noise(fruits / "apple" / "._0.png", seed=1)
    (fruits / "apple" / "notes.txt").write_text("good ones")
    found = read(fruits)
    assert len(found) == 9
    assert found.skipped == ()
    assert found.warnings == ("1 file is no picture and was left out, e.g. 'apple/notes.txt'.",)


def test_files_at_the_top_are_unlabelled(fruits: Path) -> None:
    noise(fruits / "loose.png", seed=77)
    found = read(fruits)
    assert found.y[found.paths.index("loose.png")] == -1
    assert "1 picture lies in no class folder" in found.warnings[0]
    assert "'loose.png'" in found.warnings[0]


def test_truncated_and_foreign_files_are_skipped(fruits: Path) -> None:
    whole = noise(fruits / "pear" / "a.jpg", seed=5, size=64).read_bytes()
    (fruits / "pear" / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (fruits / "pear" / "stub.jpg").write_bytes(whole[:3])
    (fruits / "pear" / "empty.png").touch()
    (fruits / "pear" / "text.png").write_text("no picture")
    shutil.copy(fruits / "apple" / "000.png", fruits / "pear" / "cut.png")
    os.truncate(fruits / "pear" / "cut.png", 900)
    found = {file.path: file.reason for file in read(fruits).skipped}
    assert list(found) == ["pear/cut.jpg", "pear/cut.png", "pear/empty.png", "pear/stub.jpg", "pear/text.png"]
    assert found["pear/cut.jpg"] == found["pear/cut.png"] == "is truncated"
    assert found["pear/empty.png"] == "is empty"
    assert "not a picture" in found["pear/text.png"]


def test_damaged_metadata_loses_no_picture(fruits: Path) -> None:
    path = noise(fruits / "pear" / "exif.jpg", seed=5)
    exif = b"Exif\0\0MM\0*\0\0\0\x08\xff\xff broken"
    path.write_bytes(
        path.read_bytes()[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + path.read_bytes()[2:]
    )
    assert "pear/exif.jpg" in read(fruits).paths


def test_a_huge_picture_is_skipped_by_its_header(fruits: Path) -> None:
    (fruits / "apple" / "huge.png").write_bytes(blank_png(30_000, 30_000))
    (file,) = read(fruits).skipped
    assert file.reason == "30000 x 30000 pixels is more than 178,956,970"


def test_a_large_picture_is_no_reason_to_warn(fruits: Path) -> None:
    (fruits / "apple" / "large.png").write_bytes(blank_png(10_000, 9_000))
    assert "apple/large.png" in read(fruits).paths


def blank_png(width: int, height: int) -> bytes:
    """A black picture of one bit per pixel, packed row by row: small even where it is huge."""
    packer = zlib.compressobj(1)
    row = bytes(1 + (width + 7) // 8)
    data = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


def test_duplicates_are_two_samples_each(fruits: Path) -> None:
    shutil.copy(fruits / "apple" / "000.png", fruits / "apple" / "again.png")
    found = read(fruits)
    assert [[found.paths[i] for i in group] for group in found.duplicates] == [["apple/000.png", "apple/again.png"]]
    assert found.warnings == ()


def test_same_bytes_in_two_classes_are_named(fruits: Path) -> None:
    shutil.copy(fruits / "apple" / "000.png", fruits / "pear" / "again.png")
    (warning,) = read(fruits).warnings
    assert "two classes: 'apple/000.png' and 'pear/again.png'" in warning


def test_a_class_without_a_readable_picture_is_none(fruits: Path) -> None:
    (fruits / "plum").mkdir()
    (fruits / "plum" / "x.jpg").write_text("")
    found = read(fruits)
    assert "plum" not in found.classes
    assert "'plum'" in found.warnings[0]


def test_odd_names_stay_as_they_are(tmp_path: Path) -> None:
    names = ('it\'s "so"', "naïve äpple", "日本 語", "<script>alert(1)<")
    found = read(folder_of(tmp_path / "odd names", dict.fromkeys(names, 1)))
    assert found.classes == tuple(sorted(names))
    assert found.name == "odd names"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has names that are not text")
def test_undecodable_names_become_printable(fruits: Path) -> None:
    raw = os.fsencode(fruits) + b"/p\xffear\n"
    os.mkdir(raw)
    shutil.copy(fruits / "apple" / "000.png", raw + b"/\xfe.png")
    found = read(fruits)
    assert "p\\udcffear\\n" in found.classes
    assert "p\\udcffear\\n/\\udcfe.png" in found.paths
    assert "\n".join((*found.paths, *found.warnings)).encode()
    assert found.pictures.squares(8).shape == (10, 8, 8, 3)


def test_printable_leaves_all_else_alone() -> None:
    assert printable("naïve 日本 ☃") == "naïve 日本 ☃"
    assert printable("a\x1b[31m\udc80") == "a\\x1b[31m\\udc80"


def test_linked_files_are_read_and_loops_are_not(fruits: Path) -> None:
    (fruits / "apple" / "linked.png").symlink_to(fruits / "pear" / "000.png")
    (fruits / "apple" / "gone.png").symlink_to(fruits / "nowhere.png")
    (fruits / "apple" / "itself.png").symlink_to(fruits / "apple" / "itself.png")
    (fruits / "apple" / "up").symlink_to(fruits, target_is_directory=True)
    found = read(fruits)
    assert len(found) == 10
    assert [(file.path, file.reason) for file in found.skipped] == [
        ("apple/gone.png", "is a link to nothing"),
        ("apple/itself.png", "is a link to nothing"),
    ]


def test_fingerprint_is_of_content_and_not_of_place(fruits: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(fruits, tmp_path / "elsewhere" / "fruits")
    assert read(moved).fingerprint == read(fruits).fingerprint
    noise(moved / "apple" / "000.png", seed=4711)
    assert read(moved).fingerprint != read(fruits).fingerprint


def test_name_comes_from_a_telling_folder(tmp_path: Path) -> None:
    folder_of(tmp_path / "birds" / "train", {"owl": 1, "tit": 1})
    assert read(tmp_path / "birds" / "train").name == "birds"
    assert read(tmp_path / "birds" / "train", name="mine").name == "mine"


def test_train_and_test_are_hardly_classes(tmp_path: Path) -> None:
    (warning,) = read(folder_of(tmp_path / "birds", {"train": 1, "test": 1})).warnings
    assert "Did you mean the folder 'train' inside?" in warning


def test_folders_to_learn_nothing_from(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadData, match="is empty"):
        read(tmp_path / "empty")
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").touch()
    with pytest.raises(BadData, match="1 files, but no pictures"):
        read(tmp_path / "texts")
    with pytest.raises(BadData, match="one class only, 'a'"):
        read(folder_of(tmp_path / "single", {"a": 2}))
    with pytest.raises(BadData, match="lie in no class folder"):
        read(noise(tmp_path / "flat" / "a.png", seed=1).parent)
    (tmp_path / "broken" / "a").mkdir(parents=True)
    (tmp_path / "broken" / "a" / "x.jpg").write_text("")
    (tmp_path / "broken" / "b").mkdir()
    (tmp_path / "broken" / "b" / "y.jpg").write_text("")
    with pytest.raises(BadData, match=r"None of the 2 pictures .* 'a/x.jpg', is empty"):
        read(tmp_path / "broken")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_closed_folder_is_a_sentence(fruits: Path) -> None:
    (fruits / "apple").chmod(0)
    try:
        assert read(fruits).skipped[0].reason == "is a folder that may not be read"
        fruits.chmod(0)
        with pytest.raises(BadData, match="may not be read"):
            read(fruits)
    finally:
        fruits.chmod(0o700)
        (fruits / "apple").chmod(0o700)


def test_names_and_paths_that_lead_nowhere(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="Did you mean 'digits'"):
        read("digts")
    for path in (tmp_path / "nothing", "./nothing", "nothing.csv", "~nobody-of-that-name/nothing"):
        with pytest.raises(BadData, match=r"There is no folder or file '.*nothing"):
            read(path)
    (tmp_path / "a.pdf").touch()
    with pytest.raises(BadData, match="neither a folder of pictures nor a table"):
        read(tmp_path / "a.pdf")
    with pytest.raises(Mistake, match="no columns to choose labels from"):
        read("digits", label_column="y")


def test_a_dataset_travels_to_a_worker(fruits: Path) -> None:
    found = read(fruits)
    there = pickle.loads(pickle.dumps(found))
    assert np.array_equal(there.pictures.squares(8), found.pictures.squares(8))


def test_flowers_are_as_described(shared: Path) -> None:
    flowers = read(shared / "flowers" / "train")
    assert dict(zip(flowers.classes, np.bincount(flowers.y).tolist(), strict=True)) == {
        "daisy": 501,
        "dandelion": 646,
        "rose": 497,
        "sunflower": 495,
        "tulip": 607,
    }
    assert [len(group) for group in flowers.duplicates] == [2, 2]
    assert (flowers.name, flowers.skipped, flowers.warnings) == ("flowers", (), ())


def test_pictures_of_one_colour_share_bytes(tmp_path: Path) -> None:
    for name in ("a/1.png", "a/2.png", "b/1.png"):
        paint(tmp_path / "same" / name)
    found = read(tmp_path / "same")
    assert found.duplicates == ((0, 1, 2),)
