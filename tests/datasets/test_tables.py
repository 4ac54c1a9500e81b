"""Tables: every value is a class, numbers are ordered as numbers, and a fault is named by row and column."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nextlabel.datasets import load
from nextlabel.datasets.base import Dataset, Request
from nextlabel.datasets.labels import NULL_WORDS, encode_labels, normalise
from nextlabel.errors import BadData


def read(path: Path, content: str | bytes | None = None, label_column: str | None = None) -> Dataset:
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return load(Request(str(path), label_column=label_column))


def save(path: Path, **arrays: object) -> Path:
    np.savez(path, **arrays)
    return path


def test_labels_are_ordered_and_kept_as_written() -> None:
    for given_, classes in (
        (["10", "9", "-1", "+1", "2.5"], ("-1", "1", "2.5", "9", "10")),
        (["1.0", "0.0", "1"], ("0", "1")),
        (["b", "B", "10", "9"], ("10", "9", "B", "b")),
    ):
        y, found = encode_labels(given_)
        assert found == classes
        assert y.max() == len(classes) - 1
    assert encode_labels(["01", "1"], as_text=True)[1] == ("01", "1")


def test_svm_is_read_as_written(tmp_path: Path) -> None:
    found = read(tmp_path / "t.svm", "+1 1:0.5 3:-2  # a comment\n\n-1 2:1e-3\n7 3:4 1:1\n\n\n")
    assert found.table.tolist() == [[0.5, 0, -2], [0, np.float32(1e-3), 0], [1, 0, 4]]
    assert found.table.dtype == np.float32
    assert (found.classes, found.y.tolist(), found.name) == (("-1", "1", "7"), [1, 0, 2], "t")


def test_svm_may_count_from_zero(tmp_path: Path) -> None:
    assert read(tmp_path / "t.libsvm", "0 0:5 1:6\n1 1:7\n").table.tolist() == [[5, 6], [0, 7]]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("1 1:0.5\nrose 1:2\n", r"Line 2 of 't.svm' begins with 'rose'"),
        ("1 1:0.5\n2 1:2 2:\n", r"Line 2 .* holds '2:', which is not index:value"),
        ("1 1:0.5\n2 1\n", r"Line 2 .* holds '1'"),
        ("1 1:0.5\n2 1:1e39\n", r"Row 2 .* holds 1e\+39 in column 1, which is too large"),
        ("1 1:0.5\n2 1:1 1:2\n", r"Line 2 .* the same index twice"),
        ("1 1:0.5\n2 99999999999:1\n", r"2 x 99,999,999,999 numbers"),
        ("1 1:0.5\n", r"has 1 rows\. At least two"),
        ("", r"has 0 rows"),
        ("1\n2\n", r"no features"),
        ("1 1:1\n1 1:2\n", r"All 2 labels in 't.svm' are '1'"),
        (b"1 1:1\n2 1:\xff\n", r"Line 2 of 't.svm' is not UTF-8"),
    ],
)
def test_bad_svm_is_named_by_line(tmp_path: Path, content: str | bytes, said: str) -> None:
    with pytest.raises(BadData, match=said):
        read(tmp_path / "t.svm", content)


def test_csv_finds_its_labels(tmp_path: Path) -> None:
    for header in ("a,label,b", "a,Label,b", "a,class,b", "a,TARGET,b", "a,y,b"):
        found = read(tmp_path / "t.csv", f"{header}\n1,x,2\n3,w,4\n")
        assert found.table.tolist() == [[1, 2], [3, 4]]
        assert found.classes == ("w", "x")
    assert read(tmp_path / "t.csv", "y,label,a\n1,x,2\n2,w,3\n").classes == ("w", "x")
    assert read(tmp_path / "t.csv", "y,label,a\n1,7,2\n2,8,3\n", label_column="y").classes == ("1", "2")


def test_csv_comes_in_many_dresses(tmp_path: Path) -> None:
    plain = read(tmp_path / "t.csv", 'a,"the, label",b\n1,"x ""y""",2\n3,w,4\n', "the, label")
    for content in (
        '\ufeffa;"the, label";b\r\n1;"x ""y""";2\r\n3;w;4\r\n\r\n',
        'a\t"the, label"\tb\n1\t"x ""y"""\t2\n\n3\tw\t4',
    ):
        found = read(tmp_path / "t.csv", content, "the, label")
        assert found.fingerprint == plain.fingerprint
        assert found.classes == ("w", 'x "y"')


def test_an_empty_label_is_missing(tmp_path: Path) -> None:
    found = read(tmp_path / "t.csv", "a,label\n1,-1\n2,\n3,1\n")
    assert found.y.tolist() == [0, -1, 1]
    assert found.warnings == ("1 row of 't.csv' has no label.",)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a,b\n1,2\n3,4\n", r"no column called 'label'\. Its columns are a, b"),
        ("class,y,a\n1,2,3\n", r"2 columns that may hold the labels\. Its columns are class, y, a"),
        ("a,label\n1,x\nred,w\n", r"Row 2 of 't.csv' holds 'red' in column 'a', and features must be numbers"),
        ("a,label\n1,x\n-inf,w\n", r"Row 2 .* holds -inf in column 'a'"),
        ("a,label\n1,x\n2\n", r"Row 2 of 't.csv' has 1 cells, but the header has 2"),
        ('a,label\n1,x\n2,"w', r"not a whole .csv file"),
        ("a,label\n1,x\n", r"has 1 rows"),
        ("1,2\n3,4\n", r"has no header"),
        ("", r"'t.csv' is empty"),
        ("a,label\n1,\n2,\n", r"No row of 't.csv' has a label"),
        ("a,label\n1,x\n2,x\n", r"All 2 labels"),
        ("label\nx\nw\n", r"no features"),
        ("a,label\n1,\xe9\n".encode("latin-1"), r"Line 2 of 't.csv' is not UTF-8"),
    ],
)
def test_bad_csv_is_named_by_row(tmp_path: Path, content: str | bytes, said: str) -> None:
    with pytest.raises(BadData, match=said):
        read(tmp_path / "t.csv", content)


def test_a_label_column_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadData, match=r"no column called 'specis'\. Did you mean 'species'"):
        read(tmp_path / "t.csv", "a,species\n1,x\n2,w\n", "specis")
    with pytest.raises(BadData, match="Its columns are a, species"):
        read(tmp_path / "t.csv", None, "zzz")


numbers = st.floats(width=32, allow_nan=False, allow_infinity=False)
words = (
    st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1)
    .map(normalise)
    .filter(lambda word: word and word not in NULL_WORDS)
)


@given(st.lists(st.tuples(numbers, numbers, words), min_size=2, max_size=20), st.sampled_from(",;\t"))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_csv_round_trips(tmp_path: Path, rows: list[tuple[float, float, str]], delimiter: str) -> None:
    rows = [*rows, (0.0, 0.0, "another")]
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([("a", "b", "label"), *rows])
    labels = [label for *_, label in rows]
    if len(set(encode_labels(labels)[1])) < 2:
        return
    found = read(tmp_path / "t.csv", out.getvalue())
    assert found.table.tolist() == [[a, b] for a, b, _ in rows]
    assert [found.classes[code] for code in found.y] == labels


def test_npz_takes_every_value_for_a_class(tmp_path: Path) -> None:
    for y, classes in (
        (np.array([1, -1]), ("-1", "1")),
        (np.array([1.0, 2.5], dtype=np.float32), ("1", "2.5")),
        (np.array([0.1, 7], dtype=np.float32), ("0.1", "7")),
        (np.array(["10", "9"]), ("10", "9")),
        (np.array([True, False]), ("False", "True")),
    ):
        found = read(save(tmp_path / "t.npz", X=np.eye(2), y=y))
        assert found.classes == classes
        assert found.table.dtype == np.float32


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"X": np.eye(2), "Y": [1, 2]}, r"has no array 'y' \(it has: X, Y\)"),
        ({"X": np.ones(2), "y": [1, 2]}, r"X is \(2,\) and y is \(2,\)"),
        ({"X": np.eye(2), "y": [1, 2, 3]}, r"y is \(3,\)"),
        ({"X": np.eye(2), "y": np.array(["a", 2], dtype=object)}, "it holds Python objects"),
        ({"X": np.eye(2) * 1j, "y": [1, 2]}, "X holds complex128"),
        ({"X": np.eye(2), "y": [1, np.inf]}, "Row 2 of 't.npz' has the label inf"),
        ({"X": [[1, np.inf], [2, 3]], "y": [1, 2]}, "Row 1 of 't.npz' holds inf in column 1"),
        ({"X": np.eye(2), "y": np.array(["2020", "2021"], dtype="M8[Y]")}, "y holds datetime64"),
        ({"X": np.empty((0, 3)), "y": []}, "has 0 rows"),
        ({"X": np.empty((2, 0)), "y": [1, 2]}, "has no features"),
    ],
)
def test_bad_npz_is_a_sentence(tmp_path: Path, arrays: dict[str, object], said: str) -> None:
    with pytest.raises(BadData, match=said):
        read(save(tmp_path / "t.npz", **arrays))


def test_a_damaged_npz_is_a_sentence(tmp_path: Path) -> None:
    whole = save(
        tmp_path / "whole.npz", X=np.random.default_rng(0).normal(size=(50, 3)), y=np.arange(50) % 2
    ).read_bytes()
    for part in (whole[:-50], whole[: len(whole) // 2], b"", b"text", whole[:300] + b"\xff" * 40 + whole[340:]):
        with pytest.raises(BadData, match=r"'t\.npz' cannot be read: it is damaged or cut short"):
            read(tmp_path / "t.npz", part)
    np.save(tmp_path / "one.npy", np.eye(2))
    with pytest.raises(BadData, match="is a single array"):
        read(tmp_path / "t.npz", (tmp_path / "one.npy").read_bytes())


def test_every_shared_table_loads(shared: Path) -> None:
    paths = sorted((shared / "tables").glob("*.svm"))
    found = {path.stem: read(path) for path in paths}
    assert len(found) == 19
    assert found["banana"].classes == ("-1", "1")
    assert found["clean1"].table.shape == (476, 166)
    assert len(found["d31"].classes) == 31
    assert all((one.y >= 0).all() and np.isfinite(one.table).all() for one in found.values())


def test_a_header_longer_than_any_cell_may_be_is_read(tmp_path: Path) -> None:
    names = [f"gene number {i:05d}" for i in range(9000)]
    rows = [",".join([*map(str, [k] * 9000), label]) for k, label in enumerate("aabb")]
    found = read(tmp_path / "t.csv", "\n".join([",".join([*names, "label"]), *rows, ""]))
    assert found.classes == ("a", "b")
