"""Labels and features in whatever people hold them, and each remedy that is named does help."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
import torch
from hypothesis import given
from hypothesis import strategies as st

from nextlabel import select
from nextlabel.errors import BadArray
from nextlabel.selection.arrays import check_finite, read_features, read_labels

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


TOWNS = pd.DataFrame({"a": [1.0, 2.0, 3.0], "town": ["Rome", "Oslo", "Rome"]})


@pytest.mark.parametrize(
    ("given_", "words", "remedy"),
    [
        (TOWNS, "column 'town' .* 'Rome'.*get_dummies", lambda X: pd.get_dummies(X, columns=["town"], dtype=float)),
        (pd.Series([1.0, 2.0, 3.0]), "reshape", lambda X: np.asarray(X).reshape(-1, 1)),
        ([1.0, 2.0, 3.0], "reshape", lambda X: np.asarray(X).reshape(-1, 1)),
        (np.ma.array(X, mask=X > 5), "filled", lambda X: X.filled(0.0)),
        (np.array([["1"], ["2"]]), "astype", lambda X: np.asarray(X).astype(np.float32)),
        (np.array([[1, "2"]], dtype=object), "astype", lambda X: np.asarray(X).astype(np.float32)),
        (scipy.sparse.csr_matrix(X > 2), "astype", lambda X: X.astype(np.float32)),
        (np.array([["2026-01-01"]], dtype="M8[D]"), "np.int64", lambda X: np.asarray(X).astype(np.int64)),
    ],
)
def test_each_remedy_helps(given_, words, remedy):
    with pytest.raises(BadArray, match=words):
        read_features(given_)
    read_features(remedy(given_))


def test_a_large_sparse_matrix_is_refused_before_it_is_written_out():
    with pytest.raises(BadArray, match=r"100 x 5,000,000.*TruncatedSVD"):
        read_features(scipy.sparse.csr_matrix((100, 5_000_000)))
