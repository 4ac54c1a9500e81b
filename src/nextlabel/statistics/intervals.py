"""Intervals of a share that was counted: so many of so many were right."""

from typing import NamedTuple

from scipy.stats import beta

LEVEL = 0.95


class Share(NamedTuple):
    """A share with its interval; nothing is known of a share of none."""

    value: float | None
    low: float
    high: float
    hits: int
    total: int


def clopper_pearson(hits: int, total: int, level: float = LEVEL) -> Share:
    """The exact interval of C. J. Clopper and E. S. Pearson, "The Use of Confidence or Fiducial Limits", 1934.

    It holds at least as often as ``level`` says, however few were counted, where these are a random sample.

    >>> [round(edge, 3) for edge in clopper_pearson(90, 100)[1:3]], clopper_pearson(0, 0).value
    ([0.824, 0.951], None)
    """
    return Share(hits / total if total else None, *bounds(hits, total, level), hits, total)


def bounds(hits: float, total: float, level: float = LEVEL) -> tuple[float, float]:
    """The ends of that interval; of counts that need not be whole, as weighted ones are."""
    tail = (1 - level) / 2
    low = float(beta.ppf(tail, hits, total - hits + 1)) if hits > 0 else 0.0
    high = float(beta.ppf(1 - tail, hits + 1, total - hits)) if hits < total else 1.0
    return low, high
