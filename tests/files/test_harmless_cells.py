"""No cell that we write is run by a spreadsheet, and every text comes back as it was."""

from hypothesis import given
from hypothesis import strategies as st

from nextlabel.files.cells import quote_cell, quote_path, unquote_cell

HOSTILE = st.text(st.sampled_from("=+-@\t\r'＝１1. a"), max_size=6) | st.text(max_size=20)


@given(HOSTILE)
def test_texts_come_back(text):
    assert unquote_cell(quote_cell(text)) == text


@given(HOSTILE)
def test_no_cell_begins_like_a_formula_unless_it_is_a_number(text):
    cell = quote_cell(text)
    if cell[:1] in tuple("=+-@\t\r＝＋－＠"):
        assert float(cell) is not None


@given(HOSTILE)
def test_no_path_begins_like_a_formula(text):
    assert quote_path(text)[:1] not in tuple("=+-@\t\r＝＋－＠")
