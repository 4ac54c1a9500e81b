"""The solver reaches the optimum that scikit-learn reaches when it is given all the steps it wants."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from nextlabel.models.head import LinearHead
from nextlabel.models.linear import cross_validate
from nextlabel.models.logistic import Axes, Solver


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
