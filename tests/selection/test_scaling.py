"""Features are scaled as scikit-learn does it, whatever they are, in blocks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import StandardScaler

from nextlabel.selection.scaling import Moments, scale
from nextlabel.strategies.kit import blocks as blocks_module


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    n=st.integers(2, 60),
    kind=st.sampled_from([np.float16, np.float32, np.float64, np.int64]),
    offset=st.sampled_from([0, 1, 1000]),
    size=st.sampled_from([4, 7, 1 << 19]),
)
def test_scaled_in_blocks_is_what_scikit_learn_scales(seed, n, kind, offset, size):
    rng = np.random.default_rng(seed)
    X = (10 * rng.normal(size=(n, 3)) + offset).astype(kind)
    X[:, 2] = X[0, 2]  # a constant column becomes 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks_module, "CELLS", size)
        found = scale(X)
    assert found.dtype == np.float32
    expected = StandardScaler().fit_transform(X.astype(np.float64))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=2e-5)
    assert (found[:, 2] == 0).all()


def test_a_constant_that_no_float_holds_is_constant():
    assert (scale(np.full((10_000, 2), 0.1)) == 0).all()


def test_numbers_whose_squares_float32_cannot_hold_are_scaled():
    X = np.array([[1e30], [3e30]], dtype=np.float32)
    np.testing.assert_allclose(scale(X), [[-1], [1]])


def test_a_column_far_from_zero_keeps_its_digits():
    rows = (1e6 + np.arange(64) % 2)[:, None].astype(np.float32)
    assert Moments.of(rows).variance == pytest.approx(0.25)


def test_a_map_is_scaled_as_the_array_is(tmp_path, monkeypatch):
    monkeypatch.setenv("NEXTLABEL_CACHE", str(tmp_path / "cache"))
    X = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    np.save(tmp_path / "X.npy", X)
    np.testing.assert_array_equal(scale(np.load(tmp_path / "X.npy", mmap_mode="r")), scale(X))
