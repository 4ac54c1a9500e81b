"""Is the early uncertainty to be relied on? Whether a small margin foretells an error, on the pilot."""

import numpy as np

from nextlabel.indicators.base import Finding
from nextlabel.indicators.evidence import Evidence, margins
from nextlabel.pool import Floats

GOOD, CHANCE = 0.6, 0.5
FEWEST_WRONG = 3
BINS = 5


def measure(evidence: Evidence) -> Finding:
    """The area under the ROC curve of the margin for being wrong, on cross-fitted answers.

    With the interval of Hanley and McNeil (1982). One half is chance: then the uncertain are asked for nothing.
    """
    wrong, doubt = evidence.hits == 0, 1 - margins(evidence.cross)
    count = int(wrong.sum())
    bins = _by_doubt(doubt, wrong)
    facts = {
        "wrong": float(count),
        "confidence": float(evidence.cross.max(axis=1).mean()),
        "right": float(evidence.hits.mean()),
    }
    if min(count, len(wrong) - count) < FEWEST_WRONG:
        return Finding(None, None, None, facts, {"errors": bins})
    area = auroc(doubt, wrong)
    half = 1.96 * _error_of_area(area, count, len(wrong) - count)
    low, high = max(0.0, area - half), min(1.0, area + half)
    leans = 1 if low > GOOD else -1 if area < GOOD and low < CHANCE else 0
    return Finding(area, (low, high), leans, facts, {"errors": bins})


def auroc(scores: Floats, hit: Floats) -> float:
    """How often a hit scores higher than a miss; draws count half.

    >>> auroc(np.array([0.9, 0.4, 0.5, 0.1]), np.array([True, True, False, False]))
    0.75
    """
    one, other = scores[hit.astype(bool)], scores[~hit.astype(bool)]
    above = (one[:, None] > other).sum() + 0.5 * (one[:, None] == other).sum()
    return float(above / (len(one) * len(other)))


def _error_of_area(area: float, hits: int, misses: int) -> float:
    """The standard error of the area by Hanley and McNeil (1982)."""
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (hits - 1) * (q1 - area**2) + (misses - 1) * (q2 - area**2)
    return float(np.sqrt(max(spread, 0) / (hits * misses)))


def _by_doubt(doubt: Floats, wrong: Floats) -> tuple[list[float], list[float]]:
    """Mean doubt and share of errors (5,) in fifths of the pilot, from the surest to the least sure."""
    parts = [part for part in np.array_split(np.argsort(doubt, kind="stable"), BINS) if len(part)]
    return [float(doubt[part].mean()) for part in parts], [float(wrong[part].mean()) for part in parts]
