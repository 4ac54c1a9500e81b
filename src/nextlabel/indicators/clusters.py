"""Is the pool well clustered? Whether the nearest neighbour has the same label."""

from nextlabel.indicators.base import Finding
from nextlabel.indicators.evidence import Evidence
from nextlabel.statistics.intervals import clopper_pearson


def measure(evidence: Evidence) -> Finding:
    """How often the nearest of the pilot's others has the same label: leave-one-out accuracy of one neighbour."""
    same = clopper_pearson(int((evidence.y[evidence.nearest] == evidence.y).sum()), len(evidence.pilot))
    return Finding(same.value, (same.low, same.high), 0)
