"""Advice that repeats somebody's names can be pasted into a shell, and does there what it says."""

import csv
import re
import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextlabel import load_dataset
from nextlabel.embedders import embed
from nextlabel.errors import Mistake
from nextlabel.knobs.lists import split_names, write_names

NAMES = ("Unnamed: 0", "row's", "id, of row", "", "$HOME;ls", "count (all", '"quoted"', "-n")


@pytest.mark.parametrize("names", [*([name] for name in NAMES), NAMES[:3], ["plain", *NAMES[3:]]], ids=repr)
def test_keep_takes_the_columns_that_it_names(tmp_path: Path, names: list[str]) -> None:
    with (tmp_path / "t.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [[*names, "b", "label"], *([i] * len(names) + [i * i, "xy"[i % 2]] for i in range(12))]
        )
    (note,) = [note for note in load_dataset(tmp_path / "t.csv").warnings if "--keep" in note]
    option, words = shlex.split(re.sub(r".*(--keep .*) takes .*", r"\1", note))
    assert option == "--keep"
    kept = load_dataset(tmp_path / "t.csv", table={"keep": words})
    assert kept.table.shape[1] == 1 + min(3, len(names))


texts = st.text("ab ,'([{}])\"$=é", max_size=6).filter(lambda name: name == name.strip() and not {"'", '"'} <= {*name})


@given(st.lists(texts, max_size=4))
def test_names_are_read_as_they_are_written(names: list[str]) -> None:
    assert split_names(write_names(names)) == tuple(names)


def test_an_embedder_is_quoted(tmp_path: Path) -> None:
    table = load_dataset(([[1.0], [2.0]], ["a", "b"]))
    with pytest.raises(Mistake, match=r"Leave out --embedder 'efficientnet\(dims=9\)'\."):
        embed(table, "efficientnet(dims=9)")
