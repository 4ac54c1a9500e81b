"""The linear head looks at what it is given as scikit-learn's own classifiers do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skactiveml.classifier import SklearnClassifier
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.utils.estimator_checks import check_estimator

from nextlabel.models.head import LinearHead, SklearnHead

HEADS = [LinearHead(classes=[0, 1, 2]), SklearnHead(LogisticRegression(), classes=[0, 1, 2])]


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("labels", [[0, 1, -1], [1, -1, -1], [-1, -1, -1]])
@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([[0.0, np.nan]], "X contains NaN"),
        ([[np.inf, 0.0]], "X contains infinity"),
        ([[0.0, 0.0, 0.0]], "X has 3 features, but .* is expecting 2"),
        ([0.0, 0.0], "Expected 2D array"),
        (np.array([["a", "b"]]), "not compatible with arrays of bytes/strings"),
    ],
)
def test_rows_that_are_none_are_refused(head, labels, rows, words):
    head.fit(np.eye(3, 2), labels)
    with pytest.raises(ValueError, match=words):
        head.predict(rows)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.int64])
def test_sound_rows_are_not_copied(kind):
    X = np.eye(3, 2).astype(kind)
    _, seen = HEADS[0].fit(X, [0, 1, -1]).predict_proba(X, return_embeddings=True)
    assert np.shares_memory(seen, X)
    assert HEADS[0].predict_proba(X[:0]).shape == (0, 3)


@pytest.mark.parametrize(("y", "words"), [(None, "requires y"), (np.array([0.0, np.inf, 1.0]), "infinity")])
def test_labels_that_are_none_are_refused(y, words):
    with pytest.raises(ValueError, match=words):
        LinearHead(missing_label=np.nan).fit(np.eye(3, 2), y)


@pytest.mark.filterwarnings("ignore")
def test_scikit_learns_own_checks_find_no_more_than_in_scikit_activemls_wrapper():
    ours, theirs = (
        {told["check_name"] for told in check_estimator(one, on_fail=None, on_skip=None) if told["status"] == "failed"}
        for one in (LinearHead(missing_label=np.nan), SklearnClassifier(LogisticRegression()))
    )
    assert ours <= theirs
    assert len(ours) <= 4


@settings(max_examples=25)
@given(n=st.integers(4, 12), d=st.integers(1, 40), classes=st.integers(2, 3), seed=st.integers(0, 10**6))
def test_fewer_rows_than_columns_are_fitted_in_the_space_that_they_span(
    n: int, d: int, classes: int, seed: int
) -> None:
    """The head is the best one in all columns: no direction of the loss and its penalty leads down from it."""
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(n, d)).astype(np.float32), np.arange(n) % classes
    head = LinearHead(C=1.0, classes=range(classes)).fit(X, y)
    plain = LogisticRegression(C=1.0, max_iter=3000, tol=1e-8).fit(X.astype(np.float64), y)
    assert head.coef_.shape == (classes, d)
    assert np.allclose(head.predict_proba(X), plain.predict_proba(X.astype(np.float64)), atol=5e-3)


@settings(max_examples=25, deadline=None)
@given(n=st.integers(1, 20), d=st.integers(1, 30), seed=st.integers(0, 10**6), kind=st.sampled_from(["f4", "f8"]))
def test_a_head_fits_others_as_its_clone_would(n, d, seed, kind):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(25, d)).astype(kind), rng.integers(3, size=25)
    rows = rng.choice(25, n, replace=False)
    for head in (LinearHead(0.3, classes=range(4)), SklearnHead(KNeighborsClassifier(1), classes=range(4))):
        known = head.fit(X, y)
        before = known.predict_proba(X)
        other, theirs = known.fit_others(X[rows], y[rows]), clone(known).fit(X[rows], y[rows])
        assert other.predict_proba(X).tobytes() == theirs.predict_proba(X).tobytes()
        assert (other.converged_, other.known_.tolist()) == (theirs.converged_, theirs.known_.tolist())
        assert known.predict_proba(X).tobytes() == before.tobytes()
