"""How a table was encoded, kept: its own rows come out as they were, whatever columns it has."""

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextlabel import load_dataset
from nextlabel.datasets.tables import encode_table
from nextlabel.datasets.tables.schemes import Scheme
from nextlabel.errors import BadData

ROWS = 40
KINDS = {
    "number": st.one_of(st.none(), st.floats(-1e6, 1e6, width=32)),
    "whole": st.integers(-1000, 1000),
    "large": st.integers(1_600_000_000_000, 1_600_000_009_999),
    "word": st.one_of(st.none(), st.sampled_from(["red", "green", "blue", " red "])),
    "two": st.sampled_from(["yes", "no"]),
    "rare": st.one_of(st.just("often"), st.just("mostly"), st.integers(0, 99).map(lambda i: f"once {i}")),
    "truth": st.booleans(),
    "day": st.dates().filter(lambda day: day.year > 999),
}


@st.composite
def frames(draw):
    kinds = draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=5, unique=True))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    columns = {}
    for kind in kinds:  # a few values each, in many rows
        some = draw(st.lists(KINDS[kind], min_size=3, max_size=8))
        columns[kind] = [some[i] for i in rng.integers(len(some), size=ROWS)]
    return pl.DataFrame({**columns, "label": ["a", "b"] * (ROWS // 2)}, strict=False)


@given(frames())
def test_a_table_by_its_own_scheme_is_itself(frame):
    try:
        data = load_dataset(frame)
    except BadData:  # all of its columns were left out
        return
    scheme = Scheme.read(json.loads(json.dumps(data.scheme.plain())))
    assert scheme == data.scheme
    assert np.array_equal(encode_table(frame, scheme), data.table, equal_nan=True)
    # Row by row, in any company, and whatever place a column has.
    few = frame.select(reversed(frame.columns))[7:9]
    assert np.array_equal(encode_table(few, scheme), data.table[7:9], equal_nan=True)


def test_text_is_read_as_typed_columns_were():
    """A model that learned from Parquet is asked about a CSV file."""
    kinds = {
        "size": [0.5, 1.5, None, 2.5] * 10,
        "ripe": [True, False] * 20,
        "colour": ["red", "green", None, "red"] * 10,
    }
    frame = pl.DataFrame({**kinds, "label": ["a", "b"] * 20})
    data = load_dataset(frame)
    text = pl.DataFrame({name: frame[name].cast(pl.String) for name in frame.columns})
    assert np.array_equal(encode_table(text, data.scheme), data.table, equal_nan=True)


def test_a_category_that_nobody_has_seen_is_a_rare_one_or_none():
    known = ["often"] * 150 + ["mostly"] * 148 + ["once", "twice"]
    data = load_dataset(pl.DataFrame({"how": known, "label": ["a", "b"] * 150}))
    new = pl.DataFrame({"how": ["often", "never before", "once", None]})
    assert encode_table(new, data.scheme).tolist() == [[0, 1, 0], [0, 0, 1], [0, 0, 1], [0, 0, 0]]


def test_a_date_is_read_in_the_form_that_it_had():
    form = pl.DataFrame({"when": [f"{i + 1:02}.02.2024" for i in range(28)], "label": ["a", "b"] * 14})
    data = load_dataset(form, table={"keep": "when"})
    later = encode_table(pl.DataFrame({"when": ["01.03.2024", None]}), data.scheme)
    assert later[0, 0] - data.table[0, 0] == 29
    assert np.isnan(later[1, 0])
    with pytest.raises(BadData, match=r"Row 1 of 'the frame' holds '03/01/2024'.* which is not a date"):
        encode_table(pl.DataFrame({"when": ["03/01/2024"]}), data.scheme)
