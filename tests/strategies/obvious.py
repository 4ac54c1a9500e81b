"""What the tests of query strategies share: small problems, and how a law is put to the test."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from scipy.stats import chisquare
from skactiveml.base import SkactivemlClassifier

from nextlabel.models.head import LinearHead

FEW = settings(max_examples=15, derandomize=True)
seeds = st.integers(0, 2**31)
GRID = {"random_state": 3, "n_init": 1}
LEAST_P = 1e-3  # of a law test; seeds are fixed, so a test that passes once always does


class Table(SkactivemlClassifier):
    """Knows the probabilities (n, C), and embeddings (n, D), of the rows ``X`` (n, d) that it was made with.

    Without ``X`` it may only be asked about all of them, in order.
    """

    def __init__(
        self, P=None, embedded=None, X=None, classes=None, missing_label=-1, cost_matrix=None, random_state=None
    ):
        super().__init__(classes, missing_label, cost_matrix, random_state)
        self.P = P
        self.embedded = embedded
        self.X = X

    def fit(self, X, y, sample_weight=None):
        self.classes_ = np.arange(self.P.shape[1])
        return self

    def predict_proba(self, X, embeddings=False):
        rows = slice(None) if self.X is None else (X[:, None] == self.X[None]).all(axis=2).argmax(axis=1)
        assert self.X is not None or len(X) == len(self.P), "asked about a part of the rows only"
        return (self.P[rows], self.embedded[rows]) if embeddings else self.P[rows]


def table(P, embedded=None, X=None):
    """A fitted `Table`."""
    return Table(P, embedded, X, classes=list(range(P.shape[1]))).fit(None, None)


def points(n, d=4, seed=0, spread=1.0):
    """Rows (n, d) in three heaps; float64, no two distances alike."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)) * spread + 2 * rng.normal(size=(3, d))[np.arange(n) % 3]


def proba(n, classes=3, seed=0):
    """Probabilities (n, C), no two rows alike."""
    return np.random.default_rng([seed, 1]).dirichlet(np.ones(classes), size=n)


def known(n, labelled, classes=2, seed=0):
    """Labels (n,), -1 but for ``labelled`` rows somewhere among them."""
    y = np.full(n, -1)
    rows = np.random.default_rng([seed, 2]).permutation(n)[:labelled]
    y[rows] = np.arange(labelled) % classes
    return y


def agreement(drawn, law):
    """The p-value of outcomes ``drawn`` against their ``law``: {outcome: probability}; rare ones are put together."""
    counts, total = Counter(drawn), len(drawn)
    assert set(counts) <= {outcome for outcome, p in law.items() if p > 0}, "what cannot happen has happened"
    assert sum(law.values()) == pytest.approx(1)
    often = [outcome for outcome, p in law.items() if p * total >= 5]
    seen = np.array([counts[outcome] for outcome in often], dtype=float)
    expected = np.array([law[outcome] * total for outcome in often])
    if total - expected.sum() >= 5:
        seen, expected = np.append(seen, total - seen.sum()), np.append(expected, total - expected.sum())
    elif len(often) < len(law):
        seen[-1] += total - seen.sum()
        expected[-1] += total - expected.sum()
    return float(chisquare(seen, expected * seen.sum() / expected.sum()).pvalue)


def world(seed, n=80, labelled=12, classes=4, d=5):
    """Features, labels and a trained head."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(classes, size=n)
    X = rng.normal(size=(n, d)) + 1.5 * np.eye(classes, d)[truth]
    y = np.full(n, -1)
    known = rng.choice(n, labelled, replace=False)
    y[known] = truth[known]
    head = LinearHead(classes=range(classes))
    return X, y, head.fit(X[known], y[known]) if labelled else head.fit(X[:1], [-1])


def members(X, classes=4, count=6, seed=0):
    rng = np.random.default_rng(seed)
    return [LinearHead(classes=range(classes)).fit(X[:30], rng.integers(classes, size=30)) for _ in range(count)]


def query(kind, X, y, batch, seed=0, init=None, **more):
    return kind(**(init or {}), missing_label=-1, random_state=seed).query(X, y, batch_size=batch, **more)
