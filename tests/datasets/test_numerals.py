"""Numbers as people write them, with commas, spaces and signs, are numbers: as features, and as labels that measure."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextlabel import load_dataset
from nextlabel.datasets.base import Dataset
from nextlabel.datasets.labels import doubt_numbers
from nextlabel.datasets.numerals import read_numerals
from nextlabel.datasets.tables import encode_table
from nextlabel.errors import BadData

WAYS = {  # of a number of hundredths: how it is written, and what is told of it
    "decimal comma": (lambda n: f"{n / 100:.2f}".replace(".", ","), "decimal commas"),
    "thousands": (lambda n: f"{n / 100:,.2f}", "commas at thousands"),
    "spaces": (lambda n: f"{n / 100:,.2f}".replace(",", " "), "spaces at thousands: 1 234 is 1234"),
    "no-break": (lambda n: f"{n / 100:,.2f}".replace(",", "\u00a0").replace(".", ","), "spaces at thousands"),
    "narrow": (lambda n: f"{n / 100:,.2f}".replace(",", "\u202f").replace(".", ","), "decimal commas"),
    "percent": (lambda n: f"{n / 100:.2f}%", "with %: 12% is read as 12"),
    "percent apart": (lambda n: f"{n / 100:.2f}\u00a0%".replace(".", ","), "with %"),
    "dollars": (lambda n: f"${n / 100:,.2f}" if n >= 0 else f"-${-n / 100:,.2f}", r"with $: $12 is read as 12"),
    "euros": (lambda n: f"{n / 100:,.2f} €".replace(",", " ").replace(".", ","), "with €"),
}


def table(path: Path, cells: list[str], **more: object) -> Dataset:
    rows = [f"{cell}\t{i * i}\t{'xy'[i % 2]}" for i, cell in enumerate(cells)]
    path.write_text("\n".join(["a\tb\tlabel", *rows]))
    return load_dataset(path, **more)


@pytest.mark.parametrize("way", WAYS)
def test_a_column_so_written_is_numbers_and_told(tmp_path: Path, way: str) -> None:
    write, told = WAYS[way]
    values = [123456, 7, -250, 98765432, 50, 0] * 5
    found = table(tmp_path / "t.tsv", [write(n) for n in values])
    assert found.table[:, 0].tolist() == [np.float32(n / 100) for n in values]
    assert told in "\n".join(found.warnings)
    again = encode_table(pl.DataFrame({"a": [write(2_500_099), None], "b": [1, 2]}), found.scheme)
    assert again[0, 0] == np.float32(25000.99)
    if way.startswith(("percent", "dollars", "euros")):  # 0.5 is not 50%
        with pytest.raises(
            BadData, match=r"Row 1 of 'the frame' holds '0\.5' in column 'a', which is not a number, as"
        ):
            encode_table(pl.DataFrame({"a": ["0.5"], "b": [1]}), found.scheme)


def test_a_column_that_is_left_out_is_told_once(tmp_path: Path) -> None:
    notes = table(tmp_path / "t.tsv", [f"{i}%" for i in range(20)]).warnings
    assert [note for note in notes if "'a'" in note] == [
        "Column 'a' only numbers or names the rows, and was left out. --keep a takes it as a feature."
    ]


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=20), st.sampled_from(sorted(WAYS)))
def test_numerals_are_the_numbers_that_they_write(values: list[int], way: str) -> None:
    found = read_numerals([WAYS[way][0](n) for n in values])
    assert found is not None
    assert found.tolist() == [n / 100 for n in values]


@pytest.mark.parametrize(
    ("cells", "named"),
    [
        (["1,5", "2,5", "red"], "red"),
        (["12%", "7%", "0.5"], "0.5"),
        (["$3", "$4", "€5"], "€5"),
        (["1 234", "5 678", "1 2"], "1 2"),
    ],
)
def test_a_cell_that_is_written_otherwise_is_named(tmp_path: Path, cells: list[str], named: str) -> None:
    with pytest.raises(BadData, match=f"Row 3 of 't.tsv' holds '{named}' in column 'a', and features must be numbers"):
        table(tmp_path / "t.tsv", cells * 4)


@pytest.mark.parametrize("cells", [["$", "$$", "$$$"], ["10-20%", "20-30%"], ["1 2", "3 4"], ["$10-$20", "$20-$30"]])
def test_words_with_signs_are_categories(tmp_path: Path, cells: list[str]) -> None:
    assert "'a' holds text" in table(tmp_path / "t.tsv", cells * 6).warnings[0]


@pytest.mark.parametrize("way", WAYS)
def test_labels_so_written_measure_something(tmp_path: Path, way: str) -> None:
    write = WAYS[way][0]
    cells = "\n".join(f"{i * i}\t{write(100 * i + i % 7)}" for i in range(60))
    (tmp_path / "t.tsv").write_text("a\tlabel\n" + cells)
    with pytest.raises(
        BadData, match=r"look like a measured number, not a class: 60 different values from 0 to 59\.03"
    ):
        load_dataset(tmp_path / "t.tsv")


@pytest.mark.parametrize(
    ("values", "doubted"),
    [
        (18 + np.arange(500) * 37 % 62, True),  # ages
        (np.arange(2000) * 37 % 101, True),  # scores
        (1990 + np.arange(300) % 30, True),  # years
        (np.arange(500) % 10, False),
        (np.arange(500) % 62 * 10, False),  # codes with gaps
    ],
)
def test_whole_numbers_that_repeat_and_lie_densely_are_doubted(values: np.ndarray, doubted: bool) -> None:
    X = np.random.default_rng(0).normal(size=(len(values), 2))
    found = load_dataset((X, values))
    told = [note for note in found.warnings if "If they measure something" in note]
    assert bool(told) == doubted
    assert all("pandas.qcut(y, 3, labels=" in note for note in told)
    assert not doubt_numbers([f"c{value}" for value in found.classes], "named")


def test_the_bins_that_are_named_are_classes() -> None:
    pandas = pytest.importorskip("pandas")
    y = 18 + np.arange(500) * 37 % 62
    remedy = doubt_numbers([str(age) for age in np.unique(y)], "t")[0].rpartition(": ")[2].rstrip(".")
    X = np.random.default_rng(0).normal(size=(500, 2))
    assert load_dataset((X, eval(remedy, {"pandas": pandas, "y": y}))).classes == ("high", "low", "middle")
