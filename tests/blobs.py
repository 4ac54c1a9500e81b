"""Three clouds of points, some of them labelled, and probabilities of somebody's model."""

import numpy as np


def blobs(n=60, labelled=12, d=5, seed=0):
    """Three classes; the first ``labelled`` samples are known."""
    truth = np.arange(n) % 3
    X = np.random.default_rng(seed).normal(size=(n, d)) + 2 * np.eye(3, d)[truth]
    return X.astype(np.float32), np.where(np.arange(n) < labelled, truth, -1)


def proba(n=60, classes=3, seed=1):
    return np.random.default_rng(seed).dirichlet(np.ones(classes), n)
