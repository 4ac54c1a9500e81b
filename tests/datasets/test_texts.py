"""Texts as samples: a column of a table, or a folder of .txt files; in any script, of any length, in any encoding."""

import csv
import pickle
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from nextlabel import Experiment, load_dataset, record, report
from nextlabel.conformance.datasets import for_datasets
from nextlabel.conformance.embedders import texts
from nextlabel.datasets import load
from nextlabel.datasets.base import Dataset, Request
from nextlabel.datasets.texts import Texts
from nextlabel.embedders import default, embed
from nextlabel.errors import BadData, Mistake
from nextlabel.knobs.columns import Columns

ROWS = [
    ("a reef of coral", "sea"),
    ("a tax return", "money"),
    ("", "money"),
    ("1984", "sea"),
    ("a reef of coral", "sea"),
]


def write_table(path: Path, rows: Sequence[Sequence[object]], header: Sequence[str] = ("text", "label")) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def read(path: Path, column: str = "text", **more: object) -> Dataset:
    return load(Request(str(path), table=Columns(text_column=column, **more)))


def contents(dataset: Dataset) -> list[str]:
    return [dataset.texts[i] for i in range(len(dataset))]


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    """A folder of six texts in two classes, one of them in UTF-16, one in Windows-1252."""
    files = {
        "sea/1.txt": b"a reef", "sea/2.txt": "\ufeffriffe".encode(), "sea/deep/3.txt": "récif".encode("utf-16"),
        "money/1.txt": "reçu".encode("cp1252"), "money/2.TXT": b"a tax return", "money/3.txt": b"a bill",
    }  # fmt: skip
    for name, raw in files.items():
        (tmp_path / "letters" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "letters" / name).write_bytes(raw)
    return tmp_path / "letters"


def test_a_column_of_texts_is_the_samples_and_no_other_is_looked_at(tmp_path: Path) -> None:
    rows = [(i, text, 0.5, label) for i, (text, label) in enumerate(ROWS)]
    found = read(write_table(tmp_path / "t.csv", rows, ("id", "text", "size", "label")))
    assert contents(found) == [text for text, _ in ROWS]
    assert (found.kind, found.table, found.classes, found.y.tolist()) == (
        "texts",
        None,
        ("money", "sea"),
        [1, 0, 0, 1, 1],
    )
    assert found.duplicates == ((0, 4),)
    assert found.warnings == (
        "1 row of 't.csv' holds no text: all of them count, as texts that say nothing.",
        "Columns 'id' and 'size' are left out, for the texts alone are looked at.",
    )


def test_datasets_of_texts_keep_the_contract(tmp_path: Path, letters: Path) -> None:
    table = write_table(tmp_path / "t.csv", ROWS)
    for check in for_datasets:
        check(lambda: read(table))
        check(lambda: load(Request(str(letters))))


def test_forty_scripts_endless_texts_and_none_come_through_as_they_are(tmp_path: Path) -> None:
    odd = ["z" * 100_000, "\u4e00" * 100_000, 'quotes " , and\nlines', "", "\u202eright to left", "\U0001f44d"]
    rows = [(text, i % 2) for i, text in enumerate([*texts(), *odd])]
    found = read(write_table(tmp_path / "t.csv", rows))
    assert contents(found) == [text for text, _ in rows]
    features = embed(found, "tfidf")
    assert features.array.shape == (46, 45)
    assert np.isfinite(features.array).all()


@pytest.mark.parametrize("last", ["x", ""])  # an empty last cell is read line by line, by another reader
def test_a_book_in_a_cell_is_read_whole(tmp_path: Path, last: str) -> None:
    books = [text * (150_000 // len(text) + 1) for text in texts()]
    rows = [(f'"{book}",\n', i % 2, last) for i, book in enumerate(books)]
    found = read(write_table(tmp_path / "t.csv", rows, ("text", "label", "more")))
    assert contents(found) == [text for text, _, _ in rows]
    assert csv.field_size_limit() == 131_072


def test_a_large_table_keeps_texts_that_are_numbers(tmp_path: Path) -> None:
    rows = [(f"{i:07}", i % 2, "x" * 2_000) for i in range(2_200)]
    found = read(write_table(tmp_path / "t.csv", rows, ("text", "label", "more")))
    assert (found.texts[7], found.texts[2_199]) == ("0000007", "0002199")


def test_a_frame_and_standard_formats_are_tables_of_texts_too(tmp_path: Path) -> None:
    import polars as pl

    frame = pl.DataFrame({"text": ["a", None, "c"], "label": ["x", "y", "x"], "who": ["p", "p", ""]})
    frame.write_parquet(tmp_path / "t.parquet")
    found = load_dataset(frame, table={"text_column": "text"})
    assert contents(found) == contents(read(tmp_path / "t.parquet")) == ["a", "", "c"]
    grouped = load(Request(str(tmp_path / "t.parquet"), group_column="who", table=Columns(text_column="text")))
    assert grouped.groups.tolist() == [0, 0, -1]


@pytest.mark.parametrize(
    ("column", "more", "why"),
    [
        ("txet", {}, r"no column called 'txet'. Did you mean 'text'\?"),
        ("label", {}, "cannot hold both the texts and the labels"),
        ("blank", {}, "Column 'blank' of 't.csv' holds no text"),
        ("text", {"drop": "blank"}, "no other column is a feature. Leave out --columns, --drop and --keep"),
    ],
)
def test_columns_that_hold_no_texts_are_refused(tmp_path: Path, column: str, more: dict[str, str], why: str) -> None:
    table = write_table(tmp_path / "t.csv", [(*row, " ") for row in ROWS], ("text", "label", "blank"))
    with pytest.raises((BadData, Mistake), match=why):
        read(table, column, **more)


def test_lists_are_no_texts_and_folders_have_no_columns(tmp_path: Path, letters: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"text": ["a"], "label": 1}\n{"text": ["b"], "label": 2}\n')
    with pytest.raises(BadData, match=r"holds List.*, not text"):
        read(tmp_path / "t.jsonl")
    with pytest.raises(Mistake, match=r"no columns to choose texts from. Use --text-column with a .csv"):
        read(letters)


def test_a_folder_of_texts_is_read_in_every_encoding_that_can_be_told(letters: Path) -> None:
    (letters / "sea" / "4.txt").write_bytes(b"a\0b")
    (letters / "sea" / "5.txt").write_bytes(b" \n")
    (letters / "sea" / "6.txt").write_bytes(b"\x81\xff")
    (letters / "sea" / "chart.pdf").write_bytes(b"%PDF")
    found = load(Request(str(letters)))
    assert contents(found) == ["reçu", "a tax return", "a bill", "a reef", "riffe", "récif"]
    assert [file.reason for file in found.skipped] == [
        "is no text, or is UTF-16 without its mark", "is empty", "is text neither in UTF-8 nor in Windows-1252",
    ]  # fmt: skip
    assert found.warnings == (
        "1 file is no text and was left out, e.g. 'sea/chart.pdf'.",
        "1 text in no UTF-8 was read as Windows-1252, e.g. 'money/1.txt'. If that is wrong, save them as UTF-8.",
    )


def test_folders_of_texts_may_be_splits_unlabelled_or_in_an_archive(letters: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "letters.zip", "w") as archive:
        for path in letters.rglob("*.*"):
            archive.write(path, path.relative_to(letters))
    assert load(Request(str(tmp_path / "letters.zip"))).fingerprint == load(Request(str(letters))).fingerprint
    (letters / "unlabeled").mkdir()
    (letters / "unlabeled" / "7.txt").write_text("who knows")
    (letters.rename(tmp_path / "train")).rename(tmp_path / "mail")
    found = load(Request(str(tmp_path / "mail")))
    assert found.y.tolist() == [0, 0, 0, 1, 1, 1, -1]
    assert "The text in 'unlabeled' is taken for unlabelled" in " ".join(found.warnings)


def test_beside_pictures_texts_are_no_samples(fruits: Path) -> None:
    (fruits / "apple" / "about.txt").write_text("how these were taken")
    found = load(Request(str(fruits)))
    assert (found.kind, len(found)) == ("pictures", 9)
    assert "1 file is no picture and was left out, e.g. 'apple/about.txt'." in found.warnings


def test_a_lone_readme_makes_no_folder_of_texts(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("pictures to come")
    with pytest.raises(BadData, match=r"1 files, but no pictures.*texts in txt, and lie in one sub-folder per class"):
        load(Request(str(tmp_path)))


@given(some.lists(some.text(max_size=20), min_size=1, max_size=30))
def test_texts_come_back_whole_from_a_pickle_and_alike_have_one_digest(given: list[str]) -> None:
    found = pickle.loads(pickle.dumps(Texts.of(given)))
    assert [found[i] for i in range(len(found))] == given
    for i, digest in enumerate(found.digests):
        assert found.digests.index(digest) == given.index(given[i])


def test_many_texts_travel_as_the_path_of_a_file() -> None:
    many = Texts.of([f"{i} {'x' * 500}" for i in range(3_000)])
    sent = pickle.dumps(many)
    assert len(sent) < 50_000
    assert pickle.loads(sent)[2_999] == many[2_999]


def test_an_experiment_on_texts_names_its_samples_and_shows_them(tmp_path: Path) -> None:
    rows = [(f"{word} {i} <b>&", label) for i in range(12) for word, label in (("reef", "sea"), ("tax", "money"))]
    table = write_table(tmp_path / "t.csv", rows)
    plan = {"batch": 4, "rounds": 1}
    wanted = Experiment(
        str(table), ("random",), seeds=(0,), embedder="tfidf", plan=plan, table={"text_column": "text"}, test="3/class"
    )
    run, parts = (found := record(wanted, tmp_path / "run", {"jobs": 1})).run, found.parts
    assert run.manifest["dataset"]["kind"] == "texts"
    assert run.manifest["embedder"] | {"d": 0, "settings": {}} == {
        "name": "tfidf", "version": 1, "transductive": True, "d": 0, "settings": {},
    }  # fmt: skip
    assert run.manifest["experiment"]["table"] == {"text_column": "text"}
    assert (tmp_path / "run" / "samples.jsonl").read_text().count(parts.dataset.texts.digests[0]) == 1
    assert run.rows[-1]["accuracy"] == 1
    page = report.write(run, parts.dataset, parts.embedding.array).read_text()
    shelf = re.findall(r'<p dir="auto">(\w+) (\d+) (.*?)</p><span dir="auto">(\w+)</span>', page)
    assert [f"{word} {i} <b>&" for word, i, _, _ in shelf] == [parts.dataset.texts[i] for i in run.picks[0]["ids"]]
    assert {rest for _, _, rest, _ in shelf} == {"&lt;b&gt;&amp;"}


def test_the_default_for_texts_knows_languages_where_that_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = read(write_table(tmp_path / "t.csv", ROWS))
    monkeypatch.setattr("nextlabel.embedders.use_is_installed", lambda: True)
    assert default(found) == "use"
    monkeypatch.setattr("nextlabel.embedders.use_is_installed", lambda: False)
    with pytest.warns(UserWarning, match=r"embedded by 'tfidf', which sees letters and no meaning.*nextlabel\[text\]"):
        assert embed(found).name == "tfidf"


def test_embedders_of_another_kind_are_refused(tmp_path: Path, fruits: Path) -> None:
    with pytest.raises(Mistake, match=r"holds texts, and 'patches' takes pictures. Choose an embedder: use, tfidf."):
        embed(read(write_table(tmp_path / "t.csv", ROWS)), "patches")
    with pytest.raises(Mistake, match=r"holds pictures, and 'tfidf' takes texts. Choose an embedder: efficientnet"):
        embed(load(Request(str(fruits))), "tfidf")
    network = Experiment(str(tmp_path / "t.csv"), ("random",), model="cnn", table={"text_column": "text"})
    pytest.importorskip("torch")
    with pytest.raises(Mistake, match=r"holds texts, and 'cnn' learns from pictures"):
        record(network, tmp_path / "run")
