"""Is the pool redundant? What samples chosen for it cover beyond what random ones do."""

import numpy as np

from nextlabel.indicators.base import Finding
from nextlabel.indicators.evidence import Evidence
from nextlabel.pool import Floats, Ids
from nextlabel.seeds import stream
from nextlabel.strategies import MaxHerding

LOOKED_AT, DRAWS = 2_000, 10
PARTS = (0.25, 0.5, 1.0)  # of the budget
GOOD = 1.1


def measure(evidence: Evidence) -> Finding:
    """The coverage advantage: what as many samples cover, chosen for it, by what random ones cover.

    Coverage is the mean over the pool of the highest RBF kernel to a chosen sample, as wide as the median distance to
    the tenth neighbour. Above 1.1 representative strategies have something to gain; near 1 random covers as well.
    """
    some = _even_sample(evidence)
    X = evidence.X[some].astype(np.float64)
    width = float(np.median(evidence.neighbours[0][some, -1])) or 1.0
    room = len(some)
    counts = sorted({max(1, min(room // 2, int(part * evidence.budget * room / evidence.samples))) for part in PARTS})
    chosen = MaxHerding(missing_label=-1, random_state=0).query(
        evidence.X[some], np.full(room, -1), batch_size=counts[-1]
    )
    ours = np.array([coverage(X, chosen[:count], width) for count in counts])
    draws = [stream(evidence.seed, "check", "cover", k).permutation(room) for k in range(DRAWS)]
    theirs = np.array([np.mean([coverage(X, draw[:count], width) for draw in draws]) for count in counts])
    value = float(np.mean(ours / np.maximum(theirs, 1e-12)))
    facts = {"dimension": effective_dimension(X), "looked_at": float(room)}
    labels = [float(count * evidence.samples / room) for count in counts]
    curves = {"chosen": (labels, ours.tolist()), "random": (labels, theirs.tolist())}
    return Finding(value, None, int(value > GOOD), facts, curves)


def _even_sample(evidence: Evidence) -> Ids:
    order = stream(evidence.seed, "check", "even").permutation(len(evidence.X))
    return np.sort(order[:LOOKED_AT])


def coverage(X: Floats, centres: Ids, width: float) -> float:
    """How well ``centres`` cover rows (n, d): the mean of each row's highest RBF kernel to one of them."""
    squares = (X**2).sum(axis=1)
    apart = squares[:, None] + squares[centres] - 2 * X @ X[centres].T
    return float(np.exp(-np.maximum(apart, 0).min(axis=1) / (2 * width**2)).mean())


def effective_dimension(X: Floats) -> float:
    """The participation ratio of the covariance's eigenvalues (n, d): how many directions carry the spread.

    >>> round(effective_dimension(np.array([[1.0, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]])), 3)
    2.0
    """
    centred = X - X.mean(axis=0)
    small = centred.T @ centred if X.shape[1] <= len(X) else centred @ centred.T
    return float(np.trace(small) ** 2 / max(float((small**2).sum()), 1e-300))
