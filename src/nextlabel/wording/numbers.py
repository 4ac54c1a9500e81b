"""Numbers and names as people say them."""

import math

from nextlabel.text import several

ENOUGH = 10  # seeds; a comparison with fewer is called indicative
MINUS = "\N{MINUS SIGN}"


def points(fraction: float, signed: bool = False, digits: int = 1) -> str:
    """A fraction in points, with a true minus and no minus zero.

    >>> points(0.0134, signed=True), points(-0.0001), points(0.0025, digits=2)
    ('+1.3', '0.0', '0.25')
    """
    number = round(100 * fraction, digits) + 0.0
    return f"{number:{'+' if signed and number else ''}.{digits}f}".replace("-", MINUS)


def span(low: float | None, high: float | None, digits: int = 1) -> str:
    """An interval in points; nothing where there is one seed.

    >>> span(0.006, 0.02)
    '[0.6, 2.0]'
    """
    if low is None or high is None:
        return ""
    return f"[{points(low, digits=digits)}, {points(high, digits=digits)}]"


def share(fraction: float) -> str:
    """A fraction in whole percent.

    >>> share(0.384), share(-0.07), share(-math.inf)
    ('38', '−7', '−∞')
    """
    if math.isinf(fraction):
        return "∞" if fraction > 0 else f"{MINUS}∞"
    return f"{round(100 * fraction) + 0:.0f}".replace("-", MINUS)


def seeds_said(seeds: int) -> str:
    """How many seeds, and whether that is few.

    >>> seeds_said(10), seeds_said(1)
    ('10 seeds', '1 seed, indicative')
    """
    return several(seeds, "seed") + ("" if seeds >= ENOUGH else ", indicative")


def spoken(metric: str) -> str:
    """A metric's name in prose.

    >>> spoken("f1_macro")
    'macro F1'
    """
    return {"f1_macro": "macro F1", "metric": "score"}.get(metric, metric.replace("_", " "))
