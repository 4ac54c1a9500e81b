"""Labels and features in whatever people hold them, and each remedy that is named does help."""

import re
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
import sklearn.decomposition
import torch
from hypothesis import given
from hypothesis import strategies as st

from nextlabel import embed, load_dataset, select
from nextlabel.errors import BadArray
from nextlabel.selection import read_samples
from nextlabel.selection.arrays import check_finite, read_features, read_labels, read_probabilities

TEXTS = {
    "list": list,
    "tuple": tuple,
    "objects": lambda y: np.array(y, dtype=object),
    "pandas": pd.Series,
    "pandas objects": lambda y: pd.Series(y, dtype=object),
    "StringDtype": lambda y: pd.Series(y, dtype="string"),
    "Categorical": pd.Categorical,
    "category": lambda y: pd.Series(y, dtype="category"),
    "index": pd.Index,
    "frame": lambda y: pd.DataFrame({"y": y}),
    "polars": pl.Series,
    "polars category": lambda y: pl.Series(y, dtype=pl.Categorical),
    "polars frame": lambda y: pl.DataFrame({"y": y}),
    "bytes": lambda y: [None if one is None else one.encode() for one in y],
    "fixed bytes": lambda y: np.array([b"" if one is None else one.encode() for one in y]),
    "numpy text": lambda y: np.array(["" if one is None else one for one in y]),
    "NaN beside text": lambda y: [np.nan if one is None else one for one in y],
    "<NA> beside text": lambda y: [pd.NA if one is None else one for one in y],
    "numpy StringDType": lambda y: np.array(["" if one is None else one for one in y], dtype=np.dtypes.StringDType()),
    "masked": lambda y: np.ma.array([one or "?" for one in y], mask=[one is None for one in y]),
}
NUMBERS = {
    "list": list,
    "objects": lambda y: np.array(y, dtype=object),
    "pandas": pd.Series,
    "Int64": lambda y: pd.Series(y, dtype="Int64"),
    "Categorical": pd.Categorical,
    "polars": pl.Series,
    "masked": lambda y: np.ma.array([one or 0 for one in y], mask=[one is None for one in y]),
    "masked decimals": lambda y: np.ma.array([float(one or 0) for one in y], mask=[one is None for one in y]),
    "floats": lambda y: np.array(y, dtype=float),
    "tensor": lambda y: torch.tensor([-1 if one is None else one for one in y]),
    "bfloat16": lambda y: torch.tensor([np.nan if one is None else one for one in y], dtype=torch.bfloat16),
}


def codes(y):
    seen = sorted({one for one in y if one is not None})
    return [-1 if one is None else seen.index(one) for one in y]


@given(st.lists(st.sampled_from([None, "ash", "oak", "é", "nan", "1"]), min_size=1, max_size=8))
@pytest.mark.parametrize("how", TEXTS)
def test_text_labels_are_the_same_in_every_container(how, y):
    assert read_labels(TEXTS[how](y), len(y))[0].tolist() == codes(y)


@given(st.lists(st.sampled_from([None, 3, 5, 100]), min_size=1, max_size=8))
@pytest.mark.parametrize("how", NUMBERS)
def test_numbers_are_the_same_in_every_container(how, y):
    assert read_labels(NUMBERS[how](y), len(y))[0].tolist() == codes(y)


def test_nan_beside_nothing_is_missing_twice():
    assert read_labels(["a", "", np.nan, None, "b"], 5)[0].tolist() == [0, -1, -1, -1, 1]


def test_a_masked_label_is_never_trained_on():
    X = np.arange(8.0)[:, None]
    y = np.ma.array([0, 1, 0, 1, 1, 1, 1, 1], mask=[False, False] + [True] * 6)
    assert set(select(X, y, "random", 6)) == {2, 3, 4, 5, 6, 7}


X = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
TABLES = {
    "list": X.tolist(),
    "pandas": pd.DataFrame(X),
    "Float64": pd.DataFrame(X).astype("Float64"),
    "Int64": pd.DataFrame(X.astype(int)).astype("Int64"),
    "polars": pl.DataFrame(X),
    "sparse": scipy.sparse.csr_matrix(X),
    "sparse array": scipy.sparse.coo_array(X),
    "with a gradient": torch.tensor(X, requires_grad=True),
    "bfloat16": torch.tensor(X, dtype=torch.bfloat16),
    "tensors": [torch.tensor(row, requires_grad=True) for row in X],
    "sparse tensor": torch.tensor(X).to_sparse(),
    "masked, nothing hidden": np.ma.array(X, mask=False),
}


@pytest.mark.parametrize("how", TABLES)
def test_features_are_the_same_in_every_container(how):
    assert read_features(TABLES[how]).tolist() == X.tolist()
    assert len(select(TABLES[how], None, "coreset", 2)) == 2


def test_an_array_is_not_copied():
    assert np.shares_memory(read_features(X), X)
    assert np.shares_memory(read_features(torch.from_numpy(X)), X)


def test_a_missing_number_in_a_frame_is_named_by_its_row():
    frame = pd.DataFrame({"a": [1, 2, None], "b": [1, 2, 3]}).astype("Int64")
    with pytest.raises(BadArray, match=r"Row 2 .* holds nan in column 0"):
        check_finite(read_features(frame))


MIXED = {"id": range(20), "size": [1.5, None, 2.0, 3.0] * 5, "town": ["Rome", "Oslo", "Rome", None] * 5}
FRAMES = {"pandas": pd.DataFrame, "polars": lambda columns: pl.DataFrame(columns, strict=False)}


@pytest.mark.parametrize("how", FRAMES)
def test_a_frame_of_text_and_gaps_is_selected_from_as_its_table_is(how, tmp_path):
    frame = FRAMES[how](MIXED)
    pl.DataFrame(MIXED).write_csv(tmp_path / "towns.csv")
    expected = load_dataset(tmp_path / "towns.csv", unlabelled=True)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ids = select(frame, None, "coreset", 6)
    notes = [str(one.message) for one in caught]
    assert "are read as a table is" in notes[0]
    assert {note for note in expected.warnings if note.startswith("Column")} <= set(notes)
    with pytest.warns(UserWarning, match="median of its column over all 20 samples"):
        X = embed(expected).array
    assert np.isnan(embed(expected, keep_gaps=True).array).any()
    assert ids.tolist() == select(X, None, "coreset", 6).tolist()


@given(st.lists(st.sampled_from([1.5, 2.0, 4.0, None]), min_size=3, max_size=12).filter(lambda x: set(x) != {None}))
@pytest.mark.filterwarnings("ignore:.*:UserWarning")
def test_gaps_in_a_frame_are_medians_whoever_made_it(cells):
    known = [cell for cell in cells if cell is not None]
    filled = [[np.median(known) if cell is None else cell, float(cell is None)] for cell in cells]
    expected = filled if None in cells else [row[:1] for row in filled]
    for make in FRAMES.values():
        assert read_samples(make({"size": cells})).tolist() == expected


@pytest.mark.parametrize("how", FRAMES)
def test_a_frame_of_numbers_alone_is_taken_as_it_is(how):
    frame = FRAMES[how]({"id": range(12), "half": np.arange(12) / 2})
    assert read_samples(frame).tolist() == [[i, i / 2] for i in range(12)]  # an index, too


@pytest.mark.parametrize(
    ("frame", "remedy"),
    [
        (pd.DataFrame({"p": [0.5, 0.5], "q": [0.5, 0.5], "who": ["a", "b"]}), lambda P: P.drop(columns="who")),
        (pl.DataFrame({"p": [0.5, 0.5], "q": [0.5, 0.5], "who": ["a", "b"]}), lambda P: P.drop("who")),
        (pl.DataFrame({"p": ["0.5", "1"], "q": ["0.5", "0"]}).cast(pl.Decimal(3, 1)), lambda P: P.cast(float)),
    ],
)
def test_a_frame_of_probabilities_is_refused_with_what_helps_it(frame, remedy):
    with pytest.raises(BadArray, match=r"'who' of the probabilities holds text.* Leave it out\.|X\.cast\(float\)"):
        read_probabilities(frame, 2)
    assert read_probabilities(remedy(frame), 2).shape == (2, 2)


def apply_remedy(said, **held):
    """What comes of the expression that a sentence ends with, or that stands before its last comma."""
    words = re.search(r": ((?:np|X|pandas|sklearn|\[)[^:]*?)(?:, with '' for missing ones)?\.$", said)
    return eval(words[1], {"np": np, "pandas": pd, "sklearn": sklearn, **held})


DATES = np.array([["2026-01-01"]], dtype="M8[D]")
NOT_YET = {  # features that are refused, and the expression that is named
    "series": (pd.Series([1.0, 2.0, 3.0]), "np.asarray(X).reshape(-1, 1)"),
    "list": ([1.0, 2.0, 3.0], "np.asarray(X).reshape(-1, 1)"),
    "one number": (np.array(5.0), "np.asarray(X).reshape(1, 1)"),
    "bits of one column": ([True, False], "np.asarray(X).astype(np.float32).reshape(-1, 1)"),
    "sequences": (np.ones((2, 3, 4)).tolist(), "np.asarray(X).reshape(len(X), -1)"),
    "pictures": (torch.ones(2, 3, 4, 4, requires_grad=True), "X.detach().cpu().numpy().reshape(len(X), -1)"),
    "masked": (np.ma.array(X, mask=X > 5), "X.filled(0)"),
    "written numbers": (np.array([["1"], ["2"]]), "np.asarray(X).astype(np.float32)"),
    "objects": (np.array([[1, "2"]], dtype=object), "np.asarray(X).astype(np.float32)"),
    "text": (np.array([["red"], ["blue"], ["red"]]), "pandas.DataFrame(np.asarray(X))"),
    "text beside numbers": (np.array([["red", 1], ["blue", 2]], dtype=object), "pandas.DataFrame(np.asarray(X))"),
    "fields": (np.array([(1, 2.5)], dtype=[("a", int), ("b", float)]), "pandas.DataFrame(np.asarray(X))"),
    "bits": (X > 2, "np.asarray(X).astype(np.float32)"),
    "bits of a frame": (pd.DataFrame(X > 2).to_numpy(), "np.asarray(X).astype(np.float32)"),
    "sparse bits": (scipy.sparse.csr_matrix(X > 2), "X.toarray().astype(np.float32)"),
    "sparse bits, 1-D": (scipy.sparse.coo_array([True, False]), "X.toarray().astype(np.float32).reshape(-1, 1)"),
    "sparse complex": (scipy.sparse.csr_array(X * 1j), "X.toarray().real"),
    "bits of a tensor": (torch.tensor(X > 2), "X.detach().cpu().numpy().astype(np.float32)"),
    "sparse tensor": (
        torch.tensor(X > 2).to_sparse(),
        "X.detach().cpu().to_dense().numpy().astype(np.float32)",
    ),
    "wide": (X.astype(np.longdouble), "np.asarray(X).astype(np.float32)"),
    "dates": (DATES, "np.asarray(X).astype(np.int64)"),
    "durations": (DATES - DATES, "np.asarray(X).astype(np.int64)"),
}


@pytest.mark.filterwarnings("ignore:.*:UserWarning")  # of text that becomes numbers
@pytest.mark.parametrize("what", NOT_YET)
def test_the_remedy_that_a_sentence_names_helps(what):
    given_, remedy = NOT_YET[what]
    with pytest.raises(BadArray) as refused:
        read_samples(given_)
    assert str(refused.value).endswith(f": {remedy}.")
    assert read_samples(apply_remedy(str(refused.value), X=given_)).ndim == 2


@pytest.mark.parametrize(
    "y",
    [
        ["a", 1, "b", 2],
        [(1, 2), (3,), (1, 2), (3,)],
        [10**30, 1, 2, 1],
        [b"caf\xe9", b"the", b"the", b"the"],
    ],
    ids=["mixed", "objects", "large", "bytes"],
)
def test_the_remedy_for_labels_helps(y):
    held = np.fromiter(y, dtype=object, count=len(y))
    with pytest.raises(BadArray) as refused:
        read_labels(held, 4)
    assert sorted(set(read_labels(apply_remedy(str(refused.value), y=held), 4)[0])) == [*range(len(set(y)))]


def test_one_column_of_probabilities_becomes_two():
    p = np.array([0.25, 1])
    with pytest.raises(BadArray) as refused:
        read_probabilities(p[:, None], 2)
    assert read_probabilities(apply_remedy(str(refused.value), p=p), 2).tolist() == [[0.75, 0.25], [0, 1]]


def test_a_sparse_matrix_that_is_too_large_is_reduced_as_is_said(monkeypatch):
    monkeypatch.setattr("nextlabel.conversion.DENSE", 1000)
    wide = scipy.sparse.random_array((120, 200), density=0.1, rng=0, format="csr")
    with pytest.raises(BadArray) as refused:
        read_features(wide)
    assert apply_remedy(str(refused.value), X=wide).shape == (120, 100)


def test_a_large_sparse_matrix_is_refused_before_it_is_written_out():
    with pytest.raises(BadArray, match=r"100 x 5,000,000.*TruncatedSVD"):
        read_features(scipy.sparse.csr_matrix((100, 5_000_000)))
