"""Splits in files: read as they are meant, and never taken for those of other samples."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nextlabel.datasets.base import Dataset
from nextlabel.datasets.split_files import plain_splits, read_split
from nextlabel.datasets.splits import split
from nextlabel.errors import BadData, BadSplit


def table(y: object) -> Dataset:
    codes = np.array(y)
    return Dataset("t", codes, ("a", "b"), "of a table", table=np.zeros((len(codes), 1), dtype=np.float32))


def written(folder: Path, what: object) -> Path:
    path = folder / "the split.json"
    path.write_text(what if isinstance(what, str) else json.dumps(what))
    return path


DATA = table([0, 1, 0, 1, 0, 1, -1])


def test_a_split_comes_from_a_file(tmp_path: Path) -> None:
    (one,) = read_split(written(tmp_path, {"test": [5, 0], "start": [2]}), DATA, [0])
    assert [ids.tolist() for ids in (one.test, one.val, one.start, one.pool)] == [[0, 5], [], [2], [1, 3, 4]]


def test_the_ith_split_is_for_the_ith_seed(tmp_path: Path) -> None:
    given_ = [{"test": [0], "val": [1], "start": [2]}, {"test": [1], "val": [0], "start": [3]}]
    found = read_split(written(tmp_path, given_), DATA, [3, 7])
    assert [one.test.tolist() for one in found] == [[0], [1]]


def test_our_own_splits_can_be_read_again(tmp_path: Path) -> None:
    data = table(np.repeat([0, 1], 40))
    parts = split(data.y, data.classes, 0.1, 0.1, 0.05, seed=0)
    (found,) = read_split(written(tmp_path, plain_splits({0: parts}, data)), data, [0])
    assert all(np.array_equal(getattr(found, name), getattr(parts, name)) for name in ("test", "val", "start", "pool"))


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("{", "is not JSON"),
        ("7", "Split 1 of '.*' is not an object"),
        ("[" * 100_000, "is not JSON"),
        ({"test": [0]}, "has no 'start'"),
        ({"test": [0], "start": [1], "vall": [2]}, "a part called 'vall'. Did you mean 'val'"),
        ({"test": [0], "start": [1], "seed": 7}, "is that of seed 7, and would be played under seed 0"),
        ({"test": [0], "start": [1], "seed": "0"}, 'is that of seed "0", and'),
        ({"test": [0], "start": [1], "seed": False}, "is that of seed false, and"),
        ({"test": [0], "start": [7]}, "'start', holds 7, but ids go from 0 to 6"),
        ({"test": [-1], "start": [1]}, "'test', holds -1"),
        ({"test": [6], "start": [1]}, "'test', holds 6, which has no label"),
        ({"test": [0, 0], "start": [1]}, "'test', holds 0 twice"),
        ({"test": [0], "start": [0]}, "sample 0 into two parts"),
        ({"test": ["0"], "start": [1]}, 'holds "0", which is no id'),
        ({"test": [True], "start": [1]}, "holds true, which is no id"),
        ({"test": 5, "start": [1]}, "'test', is not a list"),
        ([{"test": [0], "start": [1]}] * 2, r"2 split\(s\) for 1 seed\(s\)"),
    ],
)
def test_bad_split_files_are_sentences(tmp_path: Path, what: object, said: str) -> None:
    with pytest.raises(BadSplit, match=said):
        read_split(written(tmp_path, what), DATA, [0])


def test_a_missing_split_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadData, match="cannot be read"):
        read_split(tmp_path / "no.json", DATA, [0])


def pictures(*paths: str) -> Dataset:
    """Only who they are matters here, so nobody looks at them."""
    y = np.array([0 if path.startswith("a") else 1 for path in paths])
    return Dataset("t", y, ("a", "b"), "of " + " ".join(paths), paths=paths)


def test_a_split_follows_its_pictures_when_another_joins(tmp_path: Path) -> None:
    """The first picture of all is new: every id moves by one, and no sample changes its part."""
    before = pictures("a/2", "a/3", "a/4", "b/1", "b/2", "b/3")
    parts = split(before.y, before.classes, "1/class", 0, "1/class", seed=0)
    file = written(tmp_path, plain_splits({0: parts}, before))
    after = pictures("a/1", *(before.paths or ()))
    (found,) = read_split(file, after, [0])
    assert (found.test.tolist(), found.start.tolist()) == ((parts.test + 1).tolist(), (parts.start + 1).tolist())
    assert found.pool.tolist() == [0, *(parts.pool + 1)]


def test_a_split_may_name_pictures_by_path(tmp_path: Path) -> None:
    (found,) = read_split(written(tmp_path, {"test": ["b/1", 0], "start": ["a/2"]}), pictures("a/1", "a/2", "b/1"), [0])
    assert (found.test.tolist(), found.start.tolist()) == ([0, 2], [1])


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ({"test": ["b/11"], "start": []}, r"holds 'b/11', and no picture has that path. Did you mean 'b/1'"),
        ({"test": ["a/1", 0], "start": []}, "holds 0 twice"),
        ({"test": [], "start": [], "paths": {"test": ["x" * 99]}}, "was the picture moved"),
    ],
)
def test_paths_that_lead_nowhere_are_sentences(tmp_path: Path, what: object, said: str) -> None:
    with pytest.raises(BadSplit, match=said):
        read_split(written(tmp_path, what), pictures("a/1", "b/1"), [0])


def test_ids_of_a_table_that_has_changed_are_refused(tmp_path: Path) -> None:
    parts = split(DATA.y, DATA.classes, "1/class", 0, "1/class", seed=0)
    file = written(tmp_path, plain_splits({0: parts}, DATA))
    assert read_split(file, DATA, [0])[0].test.tolist() == parts.test.tolist()
    with pytest.raises(BadSplit, match="made for other data"):
        read_split(file, replace(DATA, fingerprint="of another"), [0])
