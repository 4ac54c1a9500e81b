"""A table in text is the same however it is read: cell by cell, as numbers in blocks, or line by line."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nextlabel.datasets import load
from nextlabel.datasets.base import Request
from nextlabel.datasets.tables import text
from nextlabel.errors import BadData

CELLS = [
    *("1", "2.5", "-3", ".5", "5.", "+8", "1e3", "1e400", "00012", "1_000", "0x1F", "1,5", "inf", "∞", "１"),
    *("", "  ", " 4", "\t3", "\u00a05", "NA", "nan", "-", "True", "é", "#9", "1.5.2"),
    *('"7"', '" 3"', '"  "', '"a,b"', '"a\nb"', '"1,5"', '"q""q"', '"', 'x"y', '"x"y'),
]


def outcome(path: Path) -> tuple[object, ...]:
    try:
        found = load(Request(str(path)))
    except BadData:  # of several faults, each way may come by another first
        return ("refused",)
    return ("read", found.fingerprint, found.classes, found.warnings)


def read_in_three_ways(path: Path, content: str) -> Sequence[tuple[object, ...]]:
    path.write_bytes(content.encode())
    ways: list[dict[str, object]] = [{}, {"LARGE": 0, "BLOCK": 64}, {"_read_cells": text._read_by_line}]
    found = []
    for way in ways:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in way.items():
                patch.setattr(text, name, value)
            found.append(outcome(path))
    return found


@st.composite
def tables(draw: st.DrawFn) -> str:
    mark, end = draw(st.sampled_from(",;\t")), draw(st.sampled_from(["\n", "\r\n", "\r"]))
    width = draw(st.integers(1, 3))
    cell = st.sampled_from([*draw(st.lists(st.sampled_from(CELLS), min_size=1, max_size=4)), "1", "2", "3"])
    rows = draw(st.lists(st.tuples(*[cell] * width, st.sampled_from("ab")), min_size=3, max_size=9))
    lines = [mark.join([*(f"c{i}" for i in range(width)), "label"]), *map(mark.join, rows)]
    odd = draw(st.sampled_from(["", "", "", "   ", mark * width, "# c", "sep=" + mark]))
    if odd:
        lines.insert(draw(st.integers(0, len(lines))), odd)
    lines[-1] += draw(st.sampled_from(["", "", mark, mark + "1"]))
    return end.join(lines) + draw(st.sampled_from(["", end, end * 2]))


@settings(max_examples=50, deadline=None)
@example(content=",\nc0,label\n1,a\n1,a\n1,b")  # a line of empty cells above the header
@example(content='""," "\n\nc0,label\n1,a\n2,a\n3,b')
@given(content=tables())
def test_three_readings_are_one(content: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    quick, large, slow = read_in_three_ways(tmp_path_factory.getbasetemp() / "t.csv", content)
    assert quick == large == slow


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('c0;label\n"  ";b\n";a\n"  ";a\n3;a\n"  ";a\n";a', "is not a whole .csv file"),
        ("a,label\n1,x\n2,y,", "Row 2 of 't.csv' has 3 cells, but the header has 2"),
    ],
)
def test_a_stray_quote_or_comma_swallows_no_row(content: str, said: str, tmp_path: Path) -> None:
    assert read_in_three_ways(tmp_path / "t.csv", content) == [("refused",)] * 3
    with pytest.raises(BadData, match=said):
        load(Request(str(tmp_path / "t.csv")))


def test_a_tab_may_be_named_as_what_parts_cells(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("sep=\t\na,b\tlabel\n1\tx\n2\ty\n")
    assert load(Request(str(tmp_path / "t.csv"))).table.tolist() == [[1], [2]]


def test_cells_of_several_lines_are_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "_read_by_line", None)  # it would take several times as long
    (tmp_path / "t.csv").write_text('a,label\n"one\ntwo",x\n"three",y\n"one\ntwo",y\n')
    assert len(load(Request(str(tmp_path / "t.csv"))).y) == 3
