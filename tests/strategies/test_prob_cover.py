"""ProbCover is greedy coverage, and its radius the largest that is pure enough."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from obvious import FEW, GRID, query, seeds, world
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans

from nextlabel import strategies as ours
from nextlabel.strategies import prob_cover as cover_module
from nextlabel.strategies.kit.blocks import distances
from nextlabel.strategies.prob_cover import largest


def pure(X, cluster, delta):
    apart = cdist(X, X)
    return np.mean([(cluster[apart[i] <= delta] == cluster[i]).all() for i in range(len(X))])


@FEW
@given(seed=seeds, edges=st.sampled_from([10**6, 50]), labelled=st.sampled_from([0, 6]))
def test_probcover_is_greedy_cover_with_pairs_remembered_or_found_again(seed, edges, labelled):
    X, y, _ = world(seed, labelled=labelled, d=4)
    before, cover_module.EDGES = cover_module.EDGES, edges
    try:
        found, utilities = query(ours.ProbCover, X, y, 8, init={"deltas": [1.1]}, return_utilities=True)
    finally:
        cover_module.EDGES = before
    inside = cdist(X, X) <= 1.1
    covered = inside[y >= 0].any(axis=0)
    for pick, told in zip(found, utilities, strict=True):
        counts = (inside & ~covered).sum(axis=1)
        np.testing.assert_array_equal(told[~np.isnan(told)], counts[~np.isnan(told)])
        assert counts[pick] == np.nanmax(np.where(np.isnan(told), np.nan, counts))
        covered |= inside[pick]


@FEW
@given(seed=seeds, alpha=st.sampled_from([0.8, 0.95]))
def test_the_exact_radius_is_the_largest_that_is_pure_enough(seed, alpha):
    X, y, _ = world(seed, d=3)
    strategy = ours.ProbCover(4, "exact", alpha, cluster_algo_dict=GRID, missing_label=-1, random_state=0)
    strategy.query(X, y)
    cluster = KMeans(4, **GRID).fit_predict(X)
    assert pure(X, cluster, strategy.delta_max_) >= alpha
    assert pure(X, cluster, strategy.delta_max_ * (1 + 1e-5)) < alpha


@pytest.mark.parametrize(("count", "alpha"), [(10, 0.9), (20, 0.95), (10, 0.7), (3, 0.999)])
def test_a_share_of_balls_is_counted_without_rounding(count, alpha):
    radius = largest(np.arange(1.0, count + 1), alpha)
    assert np.mean(np.arange(1.0, count + 1) > radius) >= alpha - 1e-12
    assert np.mean(np.arange(1.0, count + 1) > radius + 1) < alpha - 1e-12


@pytest.mark.parametrize("edges", [10**6, 10])
def test_copies_within_no_radius_at_all_are_asked_once(edges, monkeypatch):
    monkeypatch.setattr(cover_module, "EDGES", edges)
    X = np.repeat(np.random.default_rng(0).normal(size=(20, 7)).astype(np.float32), 3, axis=0)
    found, told = query(ours.ProbCover, X, np.full(60, -1), 60, init={"deltas": [1e-9]}, return_utilities=True)
    assert sorted(found.tolist()) == list(range(60))
    assert np.nanmin(told) >= 0


def test_exact_balls_are_pure_in_float32():
    for seed in range(10):
        X, y, _ = world(seed, d=3)
        X = X.astype(np.float32)
        strategy = ours.ProbCover(4, "exact", cluster_algo_dict=GRID, missing_label=-1, random_state=0)
        strategy.query(X, y)
        cluster = KMeans(4, **GRID).fit_predict(X)
        inside = distances(X, X) <= strategy.delta_max_**2
        assert np.mean([(cluster[row] == one).all() for row, one in zip(inside, cluster, strict=True)]) >= 0.95
