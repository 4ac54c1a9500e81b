"""CoreSet is plain farthest-first traversal."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from obvious import FEW, query, seeds, world
from scipy.spatial.distance import cdist

from nextlabel.errors import BadArray
from nextlabel.strategies import CoreSet


@FEW
@given(seed=seeds, labelled=st.sampled_from([1, 7]), offset=st.sampled_from([0.0, 1e4]))
def test_coreset_is_farthest_first(seed, labelled, offset):
    X, y, _ = world(seed, labelled=labelled)
    X += offset  # far from the origin, where squared lengths swallow the distances
    centres, expected = list(np.flatnonzero(y >= 0)), []
    for _ in range(10):
        near = cdist(X, X[centres]).min(axis=1)
        expected.append(int(near.argmax()))
        centres.append(expected[-1])
    assert query(CoreSet, X, y, 10).tolist() == expected


def test_coreset_looks_beyond_its_working_set():
    X = np.random.default_rng(0).normal(size=(3000, 3))
    y = np.where(np.arange(3000) < 2, 0, -1)
    centres = [0, 1]
    for _ in range(300):
        centres.append(int(cdist(X, X[centres]).min(axis=1).argmax()))
    assert query(CoreSet, X, y, 300).tolist() == centres[2:]


def test_among_copies_all_are_asked_once():
    X = np.repeat(np.eye(3), [300, 200, 100], axis=0)
    assert sorted(query(CoreSet, X, np.full(600, -1), 600).tolist()) == list(range(600))


@FEW
@given(seed=seeds)
def test_without_labels_it_goes_on_from_its_first_pick(seed):
    X, y, _ = world(seed, n=400, labelled=0)
    found, told = query(CoreSet, X, y, 8, seed, return_utilities=True)
    assert not told[0].any()
    for b in range(1, 8):
        near = cdist(X, X[found[:b]]).min(axis=1)
        assert found[b] == near.argmax()
        np.testing.assert_allclose(np.delete(told[b], found[:b]), np.delete(near, found[:b]), rtol=1e-9)


@pytest.mark.parametrize("labelled", [0, 3])
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning", "ignore:invalid value:RuntimeWarning")
def test_features_too_large_to_be_squared_are_refused(labelled):
    X, y, _ = world(0, labelled=labelled)
    with pytest.raises(BadArray, match="Scale the features down"):
        query(CoreSet, X * 1e200, y, 5)


@pytest.mark.parametrize("seed", range(3))
def test_far_from_the_origin_float32_still_tells_distances(seed):
    X, y, _ = world(seed, labelled=4)
    X = (X + 1000).astype(np.float32)
    centres, expected = list(np.flatnonzero(y >= 0)), []
    for _ in range(10):
        expected.append(int(cdist(X, X[centres]).min(axis=1).argmax()))
        centres.append(expected[-1])
    assert query(CoreSet, X, y, 10).tolist() == expected
