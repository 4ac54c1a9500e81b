"""Tables as people have them: text, gaps, dates, an index; commas, comments and encodings; labels in many spellings."""

import gzip
import io
import sys
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextlabel import Experiment, Plan, load_dataset, simulate
from nextlabel.conformance.datasets import for_datasets
from nextlabel.datasets.base import Dataset
from nextlabel.datasets.labels import read_names
from nextlabel.datasets.tables import text
from nextlabel.datasets.tables.base import count_repeats
from nextlabel.datasets.tables.gaps import fill_gaps
from nextlabel.errors import BadData, MissingExtra, Mistake
from nextlabel.loop.oracles import oracle
from nextlabel.simulation.parts import prepare


def read(path: Path, content: str | bytes | None = None, **more: object) -> Dataset:
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return load_dataset(path, **more)


def lines(count: int, cell: object, header: str = "a,b,label") -> str:
    """A table of ``count`` rows: what ``cell`` makes of the row's number, its square, and two classes in turn."""
    return "\n".join([header, *(f"{cell(i)},{i * i},{'xy'[i % 2]}" for i in range(count))])


MIXED = "id,colour,size,when,name,label\n" + "\n".join(
    f"{i},{('red', 'blue', 'green')[i % 3]},{'' if i % 20 == 3 else i * i % 17},"
    f"2024-01-{1 + i % 28:02d},n{i},{'xy'[i % 2]}"
    for i in range(100)
)


def test_a_mixed_table_becomes_numbers_and_says_how(tmp_path: Path) -> None:
    found = read(tmp_path / "t.csv", MIXED)
    assert found.table.shape == (100, 6)  # three colours, size, when, and the gaps of size
    assert [found.table[3, :3].tolist(), bool(np.isnan(found.table[3, 3])), found.table[3, 5]] == [[0, 0, 1], True, 1]
    assert found.table[0, 4] == 19723  # days from 1970 to 2024
    said = "\n".join(found.warnings)
    for told in ("'colour' holds text: 3 columns", "year-month-day", "'id' and 'name' only number", "'size' lacks 5"):
        assert told in said
    for check in for_datasets:
        check(lambda: load_dataset(tmp_path / "t.csv"))


def test_columns_are_chosen_dropped_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    assert read(path, MIXED, table={"keep": "id", "drop": "size,when"}).table.shape == (100, 4)
    assert read(path, None, table={"columns": ("size",)}).table.shape == (100, 2)
    with pytest.raises(BadData, match=r"no column called 'colours'\. Did you mean 'colour'"):
        read(path, None, table={"drop": "colours"})


def test_a_gap_is_refused_where_somebody_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadData, match=r"Row 4 of 't\.csv' holds nothing in column 'size'"):
        read(tmp_path / "t.csv", MIXED, missing="refuse")
    with pytest.raises(Mistake, match="'fill' or 'refuse'"):
        read(tmp_path / "t.csv", None, missing="no")


def test_gaps_are_filled_in_without_the_test_set(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(MIXED)
    parts = prepare(Experiment(str(path), ("random",), seeds=(0, 1), standardize=False))
    for seed in (0, 1):
        X, raw = parts.pool(seed).features, parts.dataset.table
        rest = np.setdiff1d(np.arange(100), parts.splits[seed].test)
        assert (X[np.isnan(raw[:, 3]), 3] == np.nanmedian(raw[rest, 3])).all()
        assert np.array_equal(X[~np.isnan(raw)], raw[~np.isnan(raw)])
    assert simulate(Experiment(str(path), ("margin",), seeds=(0,), plan=Plan(rounds=1)))[1]["labelled"] == 14


@given(st.integers(0, 1000))
def test_medians_are_those_of_numpy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = np.where(rng.random((12, 3)) < 0.3, np.nan, rng.normal(size=(12, 3))).astype(np.float32)
    rest = rng.random(12) < 0.7
    filled = fill_gaps(X, rest)
    for column in range(3):
        known = [value for value, use in zip(X[:, column], rest, strict=True) if use and not np.isnan(value)]
        expected = np.where(np.isnan(X[:, column]), np.median(known) if known else 0, X[:, column])
        assert filled[:, column].tolist() == expected.tolist()


def test_many_categories_are_left_out_and_rare_ones_share(tmp_path: Path) -> None:
    found = read(tmp_path / "t.csv", lines(240, lambda i: f"w{i % 60}"))
    assert found.table.shape == (240, 1)
    assert "60 different texts, more than 50" in found.warnings[0]
    shared = read(tmp_path / "t.csv", lines(500, lambda i: f"rare{i % 4}" if i < 8 else "ab"[i % 2]))
    assert shared.table.shape == (500, 4)
    assert "4 rare ones of 'a' share one" in shared.warnings[0]
    assert shared.table[:8, 2].tolist() == [1] * 8


@pytest.mark.parametrize(
    ("header", "cell", "left"),
    [
        ("a,b,label", lambda i: i + 7, True),
        ("a,b,label", lambda i: 30 - i, True),
        ("a,b,label", lambda i: 7 * i % 30, True),
        ("a,b,label", lambda i: 1 + 7 * i % 30, True),
        ("a,b,label", lambda i: 2 + 7 * i % 30, False),
        ("a,b,label", lambda i: 3 * i, False),
        (",b,label", lambda i: 2 + 7 * i % 30, True),
        ("Unnamed: 0,b,label", lambda i: 2 + 7 * i % 30, True),
        ("Unnamed: 0.1,b,label", lambda i: 2 + 7 * i % 30, True),
        ("index,b,label", lambda i: 90 - 3 * i, True),
        ("patient_id,b,label", lambda i: 2 + 7 * i % 30, True),
        ("a,b,label", lambda i: f"text {i}", True),
        ("width,b,label", lambda i: i / 7, False),
    ],
)
def test_an_index_is_no_feature(tmp_path: Path, header: str, cell: object, left: bool) -> None:
    found = read(tmp_path / "t.csv", lines(30, cell, header))
    assert (found.table.shape[1] == 1) == left
    assert any("left out. --keep" in note for note in found.warnings) == left


@pytest.mark.parametrize("index", [np.arange(30), np.arange(30)[::-1], np.arange(30) * 7 % 30 + 1])
def test_an_index_is_none_in_arrays_and_frames_either(index: np.ndarray) -> None:
    X, y = np.column_stack([index, np.arange(30) ** 2]), np.arange(30) % 2
    for data in ((X, y), pl.DataFrame({"a": X[:, 0], "b": X[:, 1], "label": y})):
        found = load_dataset(data)
        assert found.table[:, 0].tolist() == [i * i for i in range(30)]
        assert any("left out. --keep" in note for note in found.warnings)


def test_truths_are_1_and_0_and_missing_text_is_a_category(tmp_path: Path) -> None:
    rows = [("True", "red"), ("false", "NA"), ("", "blue"), ("TRUE", "")] * 3
    content = "ripe,colour,label\n" + "\n".join(
        f"{ripe},{colour},{'xy'[i % 2]}" for i, (ripe, colour) in enumerate(rows)
    )
    found = read(tmp_path / "t.csv", content)  # ripe, blue, red, no colour, no ripeness
    assert found.table[:2].tolist() == [[1, 0, 1, 0, 0], [0, 0, 0, 1, 0]]
    assert found.table[3].tolist() == [1, 0, 0, 1, 0]
    assert [np.isnan(found.table[2, 0]), *found.table[2, 1:].tolist()] == [True, 1, 0, 0, 1]


def test_a_table_of_nothing_but_an_index_says_so(tmp_path: Path) -> None:
    content = "\n".join(["a,label", *(f"{i},{'xy'[i % 2]}" for i in range(12))])
    with pytest.raises(BadData, match=r"no features left. Column 'a' only numbers or names the rows.*--keep a takes"):
        read(tmp_path / "t.csv", content)
    assert read(tmp_path / "t.csv", None, table={"keep": "a"}).table[:, 0].tolist() == [*range(12)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", "sep=;\na;b;label\n1,5;2;x\n1.234,5;4;y\n"),
        ("t.tsv", "a\tb\tlabel\n1,5\t2\tx\n1234,5\t4\ty\n"),
        ("t.csv", 'a,b,label\n1.5,2,x\n"1,234.5",4,y\n'),
        ("t.csv", "# of today\na,b,label\n1.5,2,x\n# half way\n1234.5,4,y\n"),
        ("t.txt", "# a b label\n1.5 2 x\n1234.5  4 y\n"),
        ("t.csv", "a,b,label\n1.5,2,x\n1234.5,4,y\n".encode("utf-16")),
        ("t.csv", b"\xef\xbb\xbfa,b,label\r1.5,2,x\r1234.5,4,y\r"),
        ("t.csv.gz", gzip.compress(b"a,b,label\n1.5,2,x\n1234.5,4,y\n", mtime=0)),
        ("t.TSV.gz", gzip.compress(b"a\tb\tlabel\n1.5\t2\tx\n1234.5\t4\ty\n", mtime=0)),
        ("t.txt.gz", gzip.compress(b"a b label\n1.5 2 x\n1234.5 4 y\n", mtime=0)),
        ("t.jsonl", '{"a": 1.5, "b": 2, "label": "x"}\n{"a": 1234.5, "b": 4, "label": "y"}\n'),
    ],
)
def test_one_table_in_many_dresses(tmp_path: Path, name: str, content: str | bytes) -> None:
    found = read(tmp_path / name, content)
    assert found.table.tolist() == [[1.5, 2], [1234.5, 4]]
    assert (found.classes, found.name) == (("x", "y"), "t")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a,label\n1,x\n1_2,y\n3,x\n", "Row 2 of 't.csv' holds '1_2' in column 'a'"),
        ("a\tlabel\n1,234\tx\n5,678\ty\n", "holds '1,234' in column 'a', which is a thousand to some"),
        ("a,label\n1,x\n".encode("utf-16-le"), "UTF-16 without its mark"),
        ("5.1,3.5,setosa\n4.9,3,setosa\n6,2,virginica\n", "Is the first line a sample. Then use --no-header"),
        (b"\x1f\x8b\x08cut", "'t.csv' is damaged or cut short"),
    ],
)
def test_what_cannot_be_read_names_its_cause(tmp_path: Path, content: str | bytes, said: str) -> None:
    with pytest.raises(BadData, match=said):
        read(tmp_path / "t.csv", content)


def test_a_table_without_a_header(tmp_path: Path) -> None:
    path = tmp_path / "iris.data"
    path.write_text("5.1,3.5,setosa\n4.9,3,setosa\n6,2,virginica\n")
    with pytest.raises(BadData, match=r"'setosa' is a value in its first line.*--no-header.*--label-column 2"):
        read(path, label_column="setosa")
    with pytest.raises(BadData, match="Without a header they are called 0 to 2"):
        read(path, table={"no_header": True})
    found = read(path, table={"no_header": True}, label_column="2")
    assert (len(found), found.classes) == (3, ("setosa", "virginica"))
    assert read(path, "0,1,2\n5,3,0\n4,3,1\n", label_column="2").table.tolist() == [[5, 3], [4, 3]]  # pandas' header


def test_words_for_missing_labels(tmp_path: Path) -> None:
    content = "a,label\n" + "\n".join(
        f"{i * i},{word}" for i, word in enumerate(["x", "NA", "?", "-", "None", "NULL", "<NA>", "nan", "y"])
    )
    found = read(tmp_path / "t.csv", content)
    assert (found.classes, found.y.tolist()) == (("x", "y"), [0, *[-1] * 7, 1])
    assert "7 rows" in found.warnings[0]
    assert "'NULL'" in found.warnings[1]
    assert len(read(tmp_path / "t.csv", None, table={"null_words": "?"}).classes) == 8


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (["01067", "10115"], ("01067", "10115")),
        (["1e2", "10e1"], ("10e1", "1e2")),
        (["1.10", "1.1"], ("1.1", "1.10")),
        (["TRUE", "true", "False"], ("False", "True")),
        (["True", "False"], ("False", "True")),
        (["True", "1", "0", "false"], ("0", "1")),
        (["True", "1.0", "2"], ("1.0", "2", "True")),
        (["cat", "cat ", "do\u200bg"], ("cat", "dog")),
        (["Caf\u00e9", "Cafe\u0301", "x"], ("Caf\u00e9", "x")),
    ],
)
def test_labels_are_what_is_written(tmp_path: Path, labels: list[str], classes: tuple[str, ...]) -> None:
    found = read(tmp_path / "t.csv", "a,label\n" + "\n".join(f"{i * i},{label}" for i, label in enumerate(labels)))
    assert found.classes == classes
    (tmp_path / "r.csv").write_text("id,label\n" + "\n".join(f"{i},{label}" for i, label in enumerate(labels)))
    answers = oracle(f"replay:{tmp_path / 'r.csv'}", found, 0)(np.arange(len(labels)))
    assert answers.tolist() == found.y.tolist()


def test_merges_are_told() -> None:
    assert "'cat' and 'cat ' were taken for one class" in read_names(["cat", "cat "]).notes[0]
    assert (
        "'0' and 'False' were taken for one class, '0'. So were 1 other."
        in read_names(["0", "False", "1", "True"]).notes[0]
    )


@pytest.mark.parametrize("value", [lambda i: f"{i * 0.37:.2f}", lambda i: i * 7919 % 1000, lambda i: i % 30 / 10])
def test_a_measured_target_is_refused_in_one_sentence(tmp_path: Path, value: object) -> None:
    with pytest.raises(BadData, match=r"look like a measured number, not a class: .*pandas\.qcut"):
        read(tmp_path / "t.csv", "a,label\n" + "\n".join(f"{i * i},{value(i)}" for i in range(60)))


def test_digits_of_other_scripts_are_no_numbers(tmp_path: Path) -> None:
    with pytest.raises(BadData, match="in column 'a', and features must be numbers"):
        read(tmp_path / "t.csv", 'a,label\n"1,5",x\n１,y\n3,x\n4,y\n')


def test_large_numbers_are_not_made_equal_in_silence(tmp_path: Path) -> None:
    near = read(tmp_path / "t.csv", "a,label\n16777216,x\n16777217,y\n")
    assert near.table.tolist() == [[0], [1]]
    assert "their smallest is taken off" in near.warnings[0]
    assert (
        "whole numbers above 16,777,216"
        in read(tmp_path / "t.csv", "a,label\n0,x\n16777216,x\n16777217,y\n").warnings[0]
    )


@given(st.lists(st.tuples(st.integers(-2, 2), st.integers(0, 2)), min_size=1, max_size=30))
def test_repeated_rows_are_counted(rows: list[tuple[int, int]]) -> None:
    assert count_repeats(np.array(rows, dtype=np.float32)) == len(rows) - len(set(rows))


@pytest.mark.parametrize("block", [1, 40, text.BLOCK])  # a line at a time, a few, all
def test_a_large_file_is_read_as_a_small_one(block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contents = [
        MIXED,
        lines(50, lambda i: i / 3),
        lines(50, lambda i: "" if i == 49 else i / 3),
        lines(50, lambda i: f'"{i % 7},5%"'),
        "a,label\n1,x\n\n2,y\n",
        'a,town,label\n1,"New\nYork",x\n2,Rome,y\n3,"New\nYork",y',
    ]
    slow = [read(tmp_path / "t.csv", content) for content in contents]
    monkeypatch.setattr(text, "LARGE", 0)
    monkeypatch.setattr(text, "START", 60 * block)
    monkeypatch.setattr(text, "BLOCK", block)
    for content, one in zip(contents, slow, strict=True):
        found = read(tmp_path / "t.csv", content)
        assert (found.fingerprint, found.warnings) == (one.fingerprint, one.warnings)
    with pytest.raises(BadData, match=r"Row 2 of 't\.csv' has 1 cells"):
        read(tmp_path / "t.csv", "a,label\n1,x\n2\n3,y\n")


def test_typed_tables_are_the_same_table(tmp_path: Path) -> None:
    frame = pl.read_csv(io.StringIO(MIXED), try_parse_dates=True)
    frame.write_parquet(tmp_path / "t.parquet")
    frame.write_ipc(tmp_path / "t.arrow")
    frame.write_ndjson(tmp_path / "t.ndjson")
    plain = read(tmp_path / "t.csv", MIXED).fingerprint
    for source in (*(tmp_path / f"t.{kind}" for kind in ("parquet", "arrow", "ndjson")), frame):
        assert load_dataset(source).fingerprint == plain
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    with pytest.raises(BadData, match="cannot be read as Parquet"):
        load_dataset(tmp_path / "t.parquet")


def test_a_frame_of_pandas_is_a_table(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.read_csv(io.StringIO(MIXED))
    assert load_dataset(frame).fingerprint == read(tmp_path / "t.csv", MIXED).fingerprint
    frame["label"] = frame["label"].astype("category")
    frame["size"] = frame["size"].astype("Int64")
    assert load_dataset(frame).fingerprint == read(tmp_path / "t.csv", MIXED).fingerprint


def workbook(path: Path, rows: list[list[str]]) -> Path:
    """The least that is an .xlsx file: one sheet of text."""
    kinds = {"worksheet": "worksheets/sheet1.xml", "officeDocument": "xl/workbook.xml"}
    office = "http://schemas.openxmlformats.org/"
    link = f'<Relationships xmlns="{office}package/2006/relationships"><Relationship Id="r1" Type="{office}'
    links = {
        kind: f'{link}officeDocument/2006/relationships/{kind}" Target="{at}"/></Relationships>'
        for kind, at in kinds.items()
    }
    main = f'xmlns="{office}spreadsheetml/2006/main" xmlns:r="{office}officeDocument/2006/relationships"'
    cells = ["".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in row) for row in rows]
    data = "".join(f"<row>{row}</row>" for row in cells)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("[Content_Types].xml", f'<Types xmlns="{office}package/2006/content-types"/>')
        file.writestr("_rels/.rels", links["officeDocument"])
        file.writestr("xl/_rels/workbook.xml.rels", links["worksheet"])
        file.writestr(
            "xl/workbook.xml", f'<workbook {main}><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>'
        )
        file.writestr("xl/worksheets/sheet1.xml", f"<worksheet {main}><sheetData>{data}</sheetData></worksheet>")
    return path


def test_a_workbook_is_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("fastexcel")
    path = workbook(tmp_path / "t.xlsx", [line.split(",") for line in MIXED.replace(",,", ",NA,").splitlines()])
    assert load_dataset(path).fingerprint == read(tmp_path / "t.csv", MIXED).fingerprint
    monkeypatch.setattr("nextlabel.datasets.tables.frames.importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"pip install 'nextlabel\[excel\]'"):
        load_dataset(path)


class Piped:
    def __init__(self, data: bytes) -> None:
        self.buffer = io.BytesIO(data)

    def isatty(self) -> bool:
        return not self.buffer.getvalue()


def test_standard_input_is_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = read(tmp_path / "t.csv", MIXED).fingerprint
    for data in (MIXED.encode(), gzip.compress(MIXED.encode())):
        monkeypatch.setattr(sys, "stdin", Piped(data))
        assert load_dataset("-").fingerprint == plain
    monkeypatch.setattr(sys, "stdin", Piped(b""))
    with pytest.raises(Mistake, match="Nothing is sent to standard input"):
        load_dataset("-")


def test_npz_in_the_ways_that_people_save_it(tmp_path: Path) -> None:
    X, y = np.eye(3), np.array([0, 1, 1])
    np.savez(tmp_path / "t.npz", X, y)
    assert load_dataset(tmp_path / "t.npz").y.tolist() == [0, 1, 1]
    np.savez(tmp_path / "t.npz", x_train=X, y_train=y, x_test=X[:2], y_test=y[:2].reshape(-1, 1))
    found = load_dataset(tmp_path / "t.npz")
    assert found.y.tolist() == [0, 1, 1, 0, 1]
    assert "3 of x_train and 2 of x_test" in found.warnings[0]
    np.savez(tmp_path / "t.npz", X=X, y=np.array(["a", "b", "nan"]))
    assert load_dataset(tmp_path / "t.npz").y.tolist() == [0, 1, -1]


def test_a_wide_sparse_table_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = "\n".join(f"{i % 2} {i + 1}:1 {5_000_000 - i}:2" for i in range(100))
    found = read(tmp_path / "t.svm", content)
    assert found.table.shape == (100, 200)
    assert "5,000,000 columns, of which 200 hold anything" in found.warnings[0]
    monkeypatch.setattr("nextlabel.datasets.tables.svm.MOST_DENSE", 1000)
    reduced = read(tmp_path / "t.svm", None)
    assert reduced.table.shape == (100, 99)
    assert "a truncated SVD, which looks at no label, made 99" in reduced.warnings[0]
    with pytest.raises(BadData, match="holds '1:1_2'"):
        read(tmp_path / "t.svm", "1 1:1_2\n2 1:3\n")


def test_knobs_of_tables_are_said_only_where_they_are_set() -> None:
    assert not {"table", "missing"} & Experiment("t.csv").plain().keys()
    chosen = Experiment("t.csv", table={"drop": "a,b"}, missing="refuse")
    assert (chosen.plain()["table"], chosen.plain()["missing"]) == ({"drop": ["a", "b"]}, "refuse")
    assert Experiment(**chosen.plain()) == chosen
