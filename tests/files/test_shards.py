"""Vectors in several files are one matrix, however it is cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from nextlabel.errors import BadData
from nextlabel.files.shards import Shards


@st.composite
def stores(draw):
    dtype = draw(st.sampled_from([np.float16, np.float32, np.float64]))
    width, sizes = draw(st.integers(1, 5)), draw(st.lists(st.integers(1, 6), min_size=1, max_size=4))
    whole = draw(arrays.arrays(dtype, (sum(sizes), width), elements=st.integers(-9, 9)))
    start = draw(st.integers(0, len(whole) - 1))
    rows = draw(st.lists(st.integers(0, len(whole) - 1), max_size=9))
    return whole, sizes, start, draw(st.integers(start + 1, len(whole))), np.array(rows, dtype=np.int64)


@settings(max_examples=40, deadline=None)
@given(store=stores())
def test_it_reads_what_numpy_would(store, tmp_path_factory):
    whole, sizes, start, stop, rows = store
    folder = tmp_path_factory.mktemp("store")
    for i, part in enumerate(np.split(whole, np.cumsum(sizes)[:-1])):
        np.save(folder / f"part-{i}.npy", part)
    shards = Shards.open(folder)
    assert (shards.shape, shards.dtype, shards.nbytes) == (whole.shape, whole.dtype, whole.nbytes)
    assert np.array_equal(shards.read(start, stop), whole[start:stop])
    assert np.array_equal(shards.at(rows), whole[rows])


def save(folder, name, array):
    np.save(folder / name, array)
    return folder / name


def test_a_file_that_is_cut_short_is_told(tmp_path):
    path = save(tmp_path, "0.npy", np.ones((9, 4), np.float32))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(BadData, match=r"'.*0\.npy' is cut short"):
        Shards.open(tmp_path)


def test_a_file_that_shrinks_while_it_is_read_is_told(tmp_path):
    path = save(tmp_path, "0.npy", np.ones((9, 4), np.float32))
    shards = Shards.open(path)
    path.write_bytes(path.read_bytes()[:-20])
    for read in (lambda: shards.read(0, 9), lambda: shards.at(np.array([8]))):
        with pytest.raises(BadData, match="shorter than it was"):
            read()
    path.unlink()
    with pytest.raises(BadData, match=r"cannot be read .*Was it moved"):
        shards.read(0, 1)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (np.ones((2, 3), np.float32), r"rows of 3 float32 numbers, and '.*0\.npy' rows of 2 float32"),
        (np.ones((2, 2), np.float16), "rows of 2 float16"),
        (np.ones(4, np.float32), r"array \(4,\) of float32"),
        (np.asfortranarray(np.ones((3, 2), np.float32)), "by columns"),
        (np.ones((3, 2), int), r"of int64"),
        (np.array([["a", "b"]]), "of <U1"),
    ],
)
def test_files_that_do_not_fit_are_named(other, words, tmp_path):
    save(tmp_path, "0.npy", np.ones((2, 2), np.float32))
    save(tmp_path, "1.npy", other)
    with pytest.raises(BadData, match=words) as error:
        Shards.open(tmp_path)
    assert "1.npy" in str(error.value)


def test_what_holds_no_vectors_is_told(tmp_path):
    with pytest.raises(BadData, match=r"holds no \.npy files.*nextlabel embed"):
        Shards.open(tmp_path)
    (tmp_path / "0.npy").write_text("no array")
    with pytest.raises(BadData, match=r"is no \.npy file"):
        Shards.open(tmp_path)
