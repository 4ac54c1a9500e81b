"""Numbers and names as people say them."""

import math

from nextlabel.statistics.metrics import METRICS
from nextlabel.text import several

ENOUGH = 10  # seeds; a comparison with fewer is called indicative
MINUS = "\N{MINUS SIGN}"


def points(fraction: float, signed: bool = False, digits: int = 1) -> str:
    """A fraction in points, with a true minus and no minus zero.

    >>> points(0.0134, signed=True), points(-0.0001), points(0.0025, digits=2)
    ('+1.3', '0.0', '0.25')
    """
    number = round(100 * fraction, digits) + 0.0  # -0.0 + 0.0 is 0.0: no minus zero
    return f"{number:{'+' if signed and number else ''}.{digits}f}".replace("-", MINUS)


def seen_points(fraction: float) -> str:
    """A size in points, with two digits that matter.

    >>> seen_points(0.00312), seen_points(0.0214), seen_points(0.31)
    ('0.31', '2.1', '31')
    """
    # Bounds a little below 0.01 and 0.1: from there on rounding would show "1.00" and "10.0", a digit too many.
    return points(fraction, digits=2 if fraction < 0.00995 else 1 if fraction < 0.0995 else 0)


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
    if math.isinf(fraction):  # round would raise OverflowError
        return "∞" if fraction > 0 else f"{MINUS}∞"
    return f"{round(100 * fraction) + 0:.0f}".replace("-", MINUS)


def seed_words(seeds: int) -> str:
    """How many seeds, and whether that is few.

    >>> seed_words(10), seed_words(1)
    ('10 seeds', '1 seed, indicative')
    """
    return several(seeds, "seed") + ("" if seeds >= ENOUGH else ", indicative")


def metric_words(metric: str) -> str:
    """A metric's name in prose.

    >>> metric_words("f1_macro")
    'macro F1'
    """
    return METRICS[metric].words


def title_case(words: str) -> str:
    """Words as a title: their first letter a capital, the others as they are.

    >>> title_case("macro F1")
    'Macro F1'
    """
    return words[:1].upper() + words[1:]  # str.capitalize would make it "Macro f1"
