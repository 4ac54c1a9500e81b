"""Is the pool well clustered? Whether the nearest neighbour has the same label."""

import numpy as np

from nextlabel.indicators.base import Finding
from nextlabel.indicators.evidence import Evidence
from nextlabel.statistics.intervals import clopper_pearson


def measure(evidence: Evidence) -> Finding:
    """How often the nearest of the pilot's others has the same label: leave-one-out accuracy of one neighbour."""
    X = evidence.X[evidence.pilot].astype(np.float64)
    squares = (X**2).sum(axis=1)
    apart = squares[:, None] + squares - 2 * X @ X.T
    np.fill_diagonal(apart, np.inf)
    same = clopper_pearson(int((evidence.y[apart.argmin(axis=1)] == evidence.y).sum()), len(X))
    return Finding(same.value, (same.low, same.high), 0)
