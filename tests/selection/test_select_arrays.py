"""Every fault of an array or a file is one sentence: what, where, and what to do."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nextlabel.errors import BadArray, BadData
from nextlabel.selection.arrays import (
    check_finite,
    check_probabilities,
    find_missing,
    open_array,
    read_features,
    read_labels,
    read_probabilities,
)


@pytest.mark.parametrize(
    ("X", "words"),
    [
        (np.zeros(5), r"1 dimension, \(5,\).*reshape\(-1, 1\)"),
        (np.zeros((2, 3, 4)), "3 dimensions.*reshape"),
        (np.zeros((2, 3, 4, 4)), "4 dimensions.*pictures"),
        (np.array([[1, None]], dtype=object), "Python objects.*astype"),
        ([[1.0], [1.0, 2.0]], "no array"),
        (np.array([["1", "2"]]), "plain numbers"),
        (np.zeros((2, 2), complex), "plain numbers"),
        (np.zeros((2, 2), bool), "plain numbers"),
        (np.zeros((0, 4)), "empty"),
        (np.zeros((4, 0)), "empty"),
    ],
)
def test_features_that_are_none_are_refused(X, words):
    with pytest.raises(BadArray, match=words):
        read_features(X)


@given(
    X=hnp.arrays(st.sampled_from([np.float16, np.float32, np.float64]), hnp.array_shapes(min_dims=2, max_dims=2)),
    bad=st.sampled_from([np.nan, np.inf, -np.inf]),
    data=st.data(),
)
def test_the_first_bad_row_is_named(X, bad, data):
    X = np.nan_to_num(X, posinf=0, neginf=0)
    check_finite(X)
    rows = data.draw(st.lists(st.integers(0, len(X) - 1), min_size=1))
    for row in rows:
        X[row, data.draw(st.integers(0, X.shape[1] - 1))] = bad
    with pytest.raises(BadArray, match=rf"Row {min(rows)} of the features"):
        check_finite(X)


def test_a_bad_row_far_behind_is_named_and_progress_is_told():
    X, told = np.zeros((30_000, 200), np.float32), []
    X[25_000, 7] = np.inf
    with pytest.raises(BadArray, match=r"Row 25000 .* column 7"):
        check_finite(X, lambda *step: told.append(step))
    assert told[0] == ("checking the features", 2_621, 30_000)


@pytest.mark.parametrize(
    ("P", "words"),
    [
        (np.full(4, 0.5), r"shape \(4,\).*column_stack"),
        (np.ones((4, 1)), "two at least"),
        (np.ones((4, 2), int), "int64.*predict_proba"),
        (np.full((5, 2), 0.5), "4 rows of features and 5 of probabilities"),
        (np.full((4, 2), 0.5, dtype=object), "Python objects"),
    ],
)
def test_probabilities_of_another_shape_are_refused(P, words):
    with pytest.raises(BadArray, match=words):
        read_probabilities(P, 4)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ([0.5, 0.6], "sums to 1.1"),
        ([1.5, -0.5], "holds -0.5"),
        ([np.nan, 1.0], "holds nan"),
        ([3.0, -1.0], "holds -1"),
        ([0.0, 0.0], "sums to 0"),
    ],
)
def test_scores_are_no_probabilities(row, words):
    P = np.full((9, 2), 0.5)
    P[6] = row
    with pytest.raises(BadArray, match=rf"Row 6 .*{words}.*predict_proba"):
        check_probabilities(P)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_rounded_probabilities_are_probabilities(kind):
    check_probabilities(np.random.default_rng(0).dirichlet(np.ones(500), 40).astype(kind))


@pytest.mark.parametrize(
    ("y", "words"),
    [
        ([0, 1, -1], "4 rows of features and 3 labels"),
        ([[0], [1], [-1], [-1]], r"shape \(4, 1\)"),
        (np.array(["a", {}, "b", "a"], dtype=object), "Python objects, such as .*np.array"),
        (np.array(["a", 1, "b", "a"], dtype=object), "text and numbers.*str"),
        ([b"a", b"\xff", b"", b""], "no UTF-8"),
        ([0.0, np.inf, np.nan, np.nan], "sample 1 is inf"),
        ([1, -1, -1, 1], r"only -1 and 1.*missing=-1.*0 and 1"),
        ([1.0, -1.0, -1.0, 1.0], "only -1 and 1"),
    ],
)
def test_labels_that_cannot_be_read_are_refused(y, words):
    with pytest.raises(BadArray, match=words):
        read_labels(y, 4)


def test_minus_one_and_one_are_clear_once_somebody_says_so():
    assert read_labels([1, -1, -1, 1], 4, missing=-1)[0].tolist() == [0, -1, -1, 0]
    assert read_labels([1, -1, -1, 1], 4, missing="-1")[0].tolist() == [0, -1, -1, 0]
    assert read_labels([1.0, -1.0, np.nan, 1.0], 4)[0].tolist() == [1, 0, -1, 1]
    assert read_labels([-1, -1], 2)[0].tolist() == [-1, -1]


@pytest.mark.parametrize("y", [[0, 3, -1], [0.5, np.nan, 1.0], [-2, 0, -1], ["a", "b", "c", "d"]])
def test_labels_outside_the_columns_are_refused(y):
    with pytest.raises(BadArray, match="columns"):
        read_labels(y, len(y), width=3)


def test_labels_are_columns_where_there_are_probabilities():
    y, classes = read_labels([2, -1, 0], 3, width=5)
    assert (y.tolist(), classes) == ([2, -1, 0], 5)


def test_a_word_cannot_mark_missing_numbers():
    with pytest.raises(BadArray, match="'none' is none"):
        find_missing(np.array([1, 2]), "none")


@given(codes=st.lists(st.integers(-1, 4), min_size=1), shift=st.integers(2, 1000))
def test_codes_follow_the_order_of_the_classes(codes, shift):
    given_ = np.array([code if code < 0 else code * 7 + shift for code in codes])
    y, classes = read_labels(given_, len(codes))
    seen = sorted({code for code in codes if code >= 0})
    assert classes == len(seen)
    assert y.tolist() == [-1 if code < 0 else seen.index(code) for code in codes]


def save(path, array):
    np.save(path, array, allow_pickle=True)
    return path


def cut(path, keep):
    save(path, np.zeros((100, 4)))
    path.write_bytes(path.read_bytes()[:keep])
    return path


def wrote(path, data):
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path, "There is no file"),
        (lambda path: path.parent, "is a folder"),
        (lambda path: cut(path, 0), "no .npy file but empty"),
        (lambda path: cut(path, 9), "damaged or cut short"),
        (lambda path: cut(path, 60), "damaged or cut short"),
        (lambda path: cut(path, 900), "damaged or cut short"),
        (lambda path: save(path, np.array([{}, 1], dtype=object)), "pickled Python objects"),
        (lambda path: wrote(path, pickle.dumps([1, 2])), "a pickle, which is never loaded"),
        (lambda path: wrote(path, b"1,2,3\n"), "something else"),
        (lambda path: wrote(path, b"PK\x03\x04 more"), "an archive"),
    ],
)
def test_a_file_that_holds_no_array_is_told(make, words, tmp_path):
    with pytest.raises(BadData, match=words):
        open_array(make(tmp_path / "X.npy"))


@given(st.binary(max_size=200), st.integers(0, 200))
def test_any_bytes_are_an_array_or_one_sentence(tmp_path_factory, data, keep):
    """Bytes of all sorts, alone and behind the beginning of a sound file."""
    path = tmp_path_factory.mktemp("bytes") / "X.npy"
    sound = save(path, np.zeros((3, 2))).read_bytes()
    for content in (data, sound[:keep] + data):
        try:
            open_array(wrote(path, content))
        except BadData:
            continue


def test_a_sound_file_is_mapped_and_cannot_be_written_to(tmp_path):
    mapped = open_array(save(tmp_path / "X.npy", np.eye(3)))
    assert isinstance(mapped, np.memmap)
    assert not mapped.flags.writeable
    assert mapped.tolist() == np.eye(3).tolist()
