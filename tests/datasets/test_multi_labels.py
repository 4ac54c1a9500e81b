"""Several labels for one sample are refused in one sentence; names of several words, and numbers, are not."""

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
import torch
from hypothesis import given
from hypothesis import strategies as st
from painted import folder_of

from nextlabel import load_dataset
from nextlabel.datasets.multi_labels import refuse_several_labels
from nextlabel.errors import BadData, Mistake

JOINED = (
    "cat|dog",
    "cat;dog",
    "cat, dog",
    "['cat', 'dog']",
    '["cat", "dog"]',
    "['cat' 'dog']",
    "[cat, dog]",
    "{dog,cat}",
)


@pytest.mark.parametrize("joined", JOINED)
def test_two_labels_in_one_are_refused(joined: str) -> None:
    with pytest.raises(Mistake, match=r"'(cat|dog)' and '(cat|dog)': these are multi-label data, and nextlabel learns"):
        refuse_several_labels(["cat", None, "dog", "Paris, France", joined], "a.csv")


@pytest.mark.parametrize(
    "labels",
    [
        ["0,3,7", "0", "3", "7"],
        ["1,2", "1", "2"],
        ["bird|cat", "cat|dog", "bird|dog"],  # nobody is alone, and yet these are no names
        ["drama|war", "drama", "comedy|drama", "war|comedy", "western|comedy"],  # one is there once
        ['["it\'s", "b"]', "a"],
    ],
)
def test_several_labels_are_known_by_what_other_labels_say(labels: list[str]) -> None:
    with pytest.raises(Mistake, match="multi-label data"):
        refuse_several_labels(labels, "a.csv")


@pytest.mark.parametrize(
    "labels",
    [
        ["sea", "lion", "sea lion", "sea/lion"],
        ["Lyon, France", "Paris, France", "Berlin, Germany", "Bonn, Germany"],
        ["apple, healthy", "apple, scab", "pear, healthy", "pear, scab"],
        ["0|0", "0|1", "1|0", "1|1"],  # genotypes
        ["1", "1,5", "2", "2,5", "5"],  # halves of a scale
        ["36,1", "36,2", "37,1", "37,2"],
        ["(0, 10]", "(10, 20]", "(20, 30]"],  # pandas.cut
        ["(0, 1)", "(1, 0)", "[unknown]", "{'a': 1, 'b': 2}", "|", ""],
        ["A", "A+", "crane", "crane, bird"],
    ],
)
def test_names_numbers_and_intervals_are_no_several_labels(labels: list[str]) -> None:
    refuse_several_labels(labels, "a.csv")


words = st.lists(st.text("abcd", min_size=1, max_size=3), min_size=2, max_size=5, unique=True)


@given(words, st.sampled_from("|;,"), st.integers(2, 5), st.randoms(use_true_random=False))
def test_whatever_joins_labels_that_are_there_is_refused(names: list[str], mark: str, count: int, rng) -> None:
    rest = [f"{name}{mark}{name}x" for name in names]  # names of two words
    refuse_several_labels([*names, *rest], "a.csv")
    labels = [*names, *rest, mark.join(rng.sample(names, min(count, len(names))))]
    rng.shuffle(labels)
    with pytest.raises(Mistake, match="multi-label data"):
        refuse_several_labels(labels, "a.csv")


def test_files_of_labels_and_arrays_of_pictures_are_looked_at(tmp_path: Path) -> None:
    folder_of(tmp_path / "p", {"": 3})
    rows = [f"{i:03d}.png,{label}\n" for i, label in enumerate(("cat", "dog", "cat|dog"))]
    for name, some in (("all.csv", rows), ("one.csv", rows[:2]), ("two.csv", rows[2:])):
        (tmp_path / name).write_text("path,label\n" + "".join(some))
    for files in ("all.csv", ["one.csv", "two.csv"]):
        files = [tmp_path / name for name in ([files] if isinstance(files, str) else files)]
        with pytest.raises(Mistake, match=r"'cat\|dog' in '.*\.csv' is 'cat' and 'dog': these are multi-label data"):
            load_dataset(tmp_path / "p", labels=files)
    (tmp_path / "columns.csv").write_text("path,cat,dog\n000.png,1,1\n001.png,0,1\n")
    with pytest.raises(BadData, match=r"'.*columns\.csv' has a column of 0 and 1 for each of 2 labels, as multi-label"):
        load_dataset(tmp_path / "p", labels=tmp_path / "columns.csv")
    pictures = np.arange(3 * 8 * 8, dtype=np.uint8).reshape(3, 8, 8)
    with pytest.raises(Mistake, match="multi-label data, and nextlabel learns one label for each picture"):
        load_dataset((pictures, ["cat", "dog", "cat;dog"]))


X = np.arange(36, dtype=np.float32).reshape(12, 3) ** 2
PICTURES = np.arange(12 * 16, dtype=np.uint8).reshape(12, 4, 4)
TEXTS = [f"a text about {i}" for i in range(12)]
CODES = np.arange(12) % 3
SEVERAL = np.array([[1, 1, 0], [0, 1, 1], [1, 0, 0]] * 4)


@pytest.mark.parametrize("content", [{}, {"text_column": "a"}])
@pytest.mark.parametrize("joined", ["cat|dog", "cat;dog", "['cat', 'dog']"])
def test_tables_are_looked_at(tmp_path: Path, joined: str, content: dict[str, str]) -> None:
    rows = [(str(i * i), f'"{label}"') for i, label in enumerate(["cat", "dog", joined] * 4)]
    (tmp_path / "t.csv").write_text("a,label\n" + "\n".join(map(",".join, rows)))
    with pytest.raises(Mistake, match="is 'cat' and 'dog': these are multi-label data"):
        load_dataset(tmp_path / "t.csv", table=content)
    (tmp_path / "one.csv").write_text("id,label\n" + "\n".join(f"{i},{'xy'[i % 2]}" for i in range(12)))
    labelled = load_dataset(tmp_path / "t.csv", table=content, labels=tmp_path / "one.csv")
    assert labelled.classes == ("x", "y")  # by the file alone


@pytest.mark.parametrize("data", [X, PICTURES, TEXTS], ids=["table", "pictures", "texts"])
def test_a_column_for_each_class_is_one_label_or_several(data: object) -> None:
    for y in (np.eye(3)[CODES], np.eye(3, dtype=bool)[CODES], torch.eye(3)[CODES], CODES.reshape(-1, 1)):
        assert load_dataset((data, y)).y.tolist() == CODES.tolist()
    sparse = scipy.sparse.csr_matrix(SEVERAL)
    lists = [["a"], ["b", "c"], {"a"}] * 4
    for y in (SEVERAL, SEVERAL.tolist(), pd.DataFrame(SEVERAL), sparse, lists):
        with pytest.raises(Mistake, match="multi-label data, and nextlabel learns one label"):
            load_dataset((data, y))


@pytest.mark.parametrize("data", [X, PICTURES], ids=["table", "pictures"])
@pytest.mark.parametrize("names", [("X", "y"), ("x_train", "y_train"), ("arr_0", "arr_1")])
def test_so_it_is_in_an_archive_of_arrays(tmp_path: Path, data: np.ndarray, names: tuple[str, str]) -> None:
    np.savez(tmp_path / "t.npz", **dict(zip(names, (data, np.eye(3)[CODES]), strict=True)))
    assert load_dataset(tmp_path / "t.npz").y.tolist() == CODES.tolist()
    np.savez(tmp_path / "t.npz", **dict(zip(names, (data, SEVERAL), strict=True)))
    with pytest.raises(Mistake, match="multi-label data, and nextlabel learns one label"):
        load_dataset(tmp_path / "t.npz")


def test_a_frame_may_hold_lists() -> None:
    frame = pl.DataFrame({"a": X[:, 0], "label": [["cat"], ["cat", "dog"], ["dog"]] * 4})
    with pytest.raises(BadData, match="multi-label data"):
        load_dataset(frame)
