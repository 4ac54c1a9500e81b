"""The solver reaches the optimum that scikit-learn reaches when it is given all the steps it wants."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from nextlabel.models import linear
from nextlabel.models.head import LinearHead


def problem(n, d, k, seed):
    """Rows (n, d) with a column repeated, a constant one, and scales from 1e-3 to 1e3; labels of k classes."""
    rng = np.random.default_rng(seed)
    y = np.r_[np.arange(k), rng.integers(k, size=n - k)]
    X = rng.normal(size=(n, d)) + 0.5 * rng.normal(size=(k, d))[y]
    scales = 10.0 ** rng.uniform(-3, 3, size=d) if seed % 2 else np.ones(d)
    return np.column_stack([X * scales, (X * scales)[:, 0], np.full(n, 3.0)]), y, rng


def reference(X, y, C, weight=None):
    """Newton's steps to the end; columns centred, which changes nothing but how well they are rounded."""
    mean = X.mean(axis=0)
    solver = LogisticRegression(C=C, solver="newton-cholesky", tol=1e-10, max_iter=1000)
    return solver.fit(X - mean, y, weight).predict_proba(X - mean)


@given(
    st.integers(12, 60), st.integers(1, 80), st.integers(2, 8), st.integers(0, 10**6),
    st.sampled_from([1e-3, 0.1, 1.0, 100.0]), st.booleans(),
)  # fmt: skip
@settings(max_examples=30, deadline=None)
@pytest.mark.filterwarnings("ignore")
def test_probabilities_are_those_of_scikit_learns_tight_solution(n, d, k, seed, C, unequal):
    X, y, rng = problem(n, d, k, seed)
    weight = rng.uniform(0.1, 5, size=n) if unequal else None
    head = LinearHead(C, classes=range(k)).fit(X, y, weight)
    if head.converged_:
        np.testing.assert_allclose(head.predict_proba(X), reference(X, y, C, weight), atol=1e-4)


def test_a_weight_of_two_is_a_label_given_twice():
    X, y, _ = problem(40, 5, 3, 2)
    twice = LinearHead(classes=range(3)).fit(np.r_[X, X], np.r_[y, y])
    heavy = LinearHead(classes=range(3)).fit(X, y, np.full(40, 2.0))
    assert twice.converged_
    assert heavy.converged_
    np.testing.assert_allclose(twice.coef_, heavy.coef_, atol=1e-4)


def test_weights_below_zero_are_refused():
    with pytest.raises(ValueError, match="sample_weight has negative"):
        LinearHead(classes=[0, 1]).fit(np.eye(2), [0, 1], np.array([1.0, -1.0]))


def test_a_search_that_has_no_room_for_folds_side_by_side_chooses_the_same(monkeypatch):
    X, y, _ = problem(60, 6, 3, 4)
    beside = linear.cross_validate(X, y)
    monkeypatch.setattr(linear, "SCORES", 0)
    assert linear.cross_validate(X, y) == beside


@pytest.mark.parametrize(("n", "d", "k"), [(60, 6, 3), (40, 90, 2), (90, 20, 5)])
def test_the_search_chooses_what_a_tight_search_chooses(n, d, k, monkeypatch):
    X, y, _ = problem(n, d, k, 6)
    loose = linear.cross_validate(X, y)
    monkeypatch.setattr(linear, "LOOSE", 1e-7)
    assert linear.cross_validate(X, y) == loose
