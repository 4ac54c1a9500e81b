"""Are the uncertain worth asking? How many of them lie far from all others, or where labels disagree."""

import numpy as np

from nextlabel.indicators.base import Finding
from nextlabel.indicators.evidence import Evidence, margins
from nextlabel.pool import Floats

UNCERTAIN = 0.05  # share of the pool, of least margin, that is looked at
FEWEST = 20
FAR = 0.9  # of all distances to the tenth neighbour: a tenth of the pool lies as far out
MANY = 0.3


def measure(evidence: Evidence) -> Finding:
    """The share of outliers among the uncertain; a tenth would be as among all.

    Uncertain samples that no model learns spoil asking (Karamcheti et al., 2021, "Mind your outliers").
    """
    rest = np.setdiff1d(np.arange(len(evidence.X)), evidence.pilot)
    doubtful = rest[np.argsort(margins(evidence.proba[rest]), kind="stable")[: max(FEWEST, int(UNCERTAIN * len(rest)))]]
    reach = evidence.neighbours[0][:, -1]
    far = float((reach[doubtful] > np.quantile(reach, FAR)).mean())
    facts = {"disagree": _disagreement(evidence), "uncertain": float(len(doubtful)), "usual": 1 - FAR}
    leans = -1 if far > MANY else 0
    return Finding(far, None, leans, facts, {"all": _spread(reach), "uncertain": _spread(reach[doubtful])})


def _disagreement(evidence: Evidence) -> float:
    """How often the nearest of the pilot's others has another label, among the less certain half of the pilot."""
    other = evidence.y[evidence.nearest] != evidence.y
    unsure = np.argsort(margins(evidence.cross), kind="stable")[: max(1, len(other) // 2)]
    return float(other[unsure].mean())


def _spread(values: Floats) -> tuple[list[float], list[float]]:
    """A density in twenty steps, relative to the median of all."""
    heights, edges = np.histogram(values / max(float(np.median(values)), 1e-12), bins=20, range=(0, 3), density=True)
    return ((edges[1:] + edges[:-1]) / 2).tolist(), heights.tolist()
