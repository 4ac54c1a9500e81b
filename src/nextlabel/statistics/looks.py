"""Looking twice: how sure one must be at each look, so that verdicts hold however often seeds are added.

Whoever compares ten seeds, adds ten and compares again has two chances of a false alarm. So verdicts are taken at the
looks of a calendar alone, 5, 10, 15, 20, 30, 50, 70, 100, 150, … seeds, and the 5 % are spent over all of them: a group
sequential plan (Lan and DeMets 1983) without a last look. In between the last look's verdict stands. Which looks were
taken need not be known, so that the same rows give everybody the same verdict.

A look at n seeds rejects at a two-sided level whose normal quantile z fulfils z² = a² + |ln(n / 10)|. The plan is
cheapest at ten seeds; the logarithm lets the chances of all looks to come add up (Robbins 1970). p values of t tests
take the place of z (Jennison and Turnbull 2000, 3.8). How likely a Brownian motion is to cross that edge at any look
is known from numerical integration (Armitage, McPherson and Rowe 1969), and stands in a table below.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, takewhile

import numpy as np
from scipy import stats

ALPHA = 0.05
POWER = 0.8
FEWEST = 5  # seeds; fewer are no look, and have no verdict
CHEAPEST = 10  # seeds
STEPS = (1, 1.5, 2, 3, 5, 7)  # of each power of ten

# The normal quantile of the chance to cross the upper edge at any look, by a: `python benchmarks/evidence.py looks`
# makes it anew. Beyond the table Mills' ratio bounds the chance by that of one look, times `ALL` of them.
A = np.arange(0, 6.1, 0.5)
CROSSED = np.array(
    [-0.2993, 0.0384, 0.4604, 0.9433, 1.4585, 1.9887, 2.5244, 3.0604, 3.5946, 4.1258, 4.6540, 5.1793, 5.7018]
)
ALL = 6.449  # the sum of exp(-|ln(n / 10)| / 2) over all looks


@dataclass(frozen=True)
class OneLook:
    """One look at a number of seeds that was fixed beforehand: p values and levels of plain tests."""

    words: str = "one look"

    def seeds_at_look(self, seeds: int) -> int:
        """How many of the seeds played the verdict is about."""
        return seeds

    def p(self, p: float, seeds: int) -> float:
        """The two-sided p of a test as it holds here."""
        return p

    def one_sided(self, p: float, seeds: int) -> float:
        """The one-sided p of a test as it holds here."""
        return p

    def level(self, seeds: int, alpha: float = ALPHA) -> float | None:
        """The two-sided level of one test; None for too few seeds."""
        return alpha if seeds > 1 else None

    def plan(self, spread: float, margin: float, sides: int) -> int:
        """Seeds that find a difference of the margin (two ``sides``), or none within it (one), four times in five."""
        edge = float(stats.norm.isf(ALPHA / sides)) + float(stats.norm.ppf(_chance(sides)))
        return max(CHEAPEST, math.ceil((edge * spread / margin) ** 2))


@dataclass(frozen=True)
class EveryLook:
    """All looks of the calendar at once; methods are those of `OneLook`.

    >>> law = EveryLook()
    >>> law.seeds_at_look(17), law.seeds_at_look(4), round(law.level(10), 4), round(law.p(0.01, 10), 3)
    (15, 4, 0.0134, 0.038)
    """

    words: str = "any look"

    def seeds_at_look(self, seeds: int) -> int:
        """The last look that so many seeds reach; all of them where there are too few for one."""
        return seeds if seeds < FEWEST else last_look(seeds)

    def p(self, p: float, seeds: int) -> float:
        """How likely some look would have been as sure as that: adjusted for all looks."""
        return min(1.0, 2 * self.one_sided(p / 2, seeds))

    def one_sided(self, p: float, seeds: int) -> float:
        """As `p`, of a one-sided test."""
        z = float(stats.norm.isf(p))
        square = z * z - _dearer(seeds)
        return crossing(math.sqrt(square)) if z > 0 and square > 0 else 1.0

    def level(self, seeds: int, alpha: float = ALPHA) -> float | None:
        """The two-sided level that a test has at this look, with ``alpha`` over all of them; None below `FEWEST`."""
        if seeds < FEWEST:
            return None
        return float(2 * stats.norm.sf(self._edge(seeds, alpha / 2)))

    def plan(self, spread: float, margin: float, sides: int) -> int:
        """The first look, from ten seeds on, that finds it four times in five by itself."""
        reach = float(stats.norm.ppf(_chance(sides)))
        return next(
            seeds
            for seeds in looks()
            if seeds >= CHEAPEST and seeds >= ((self._edge(seeds, ALPHA / sides) + reach) * spread / margin) ** 2
        )

    def _edge(self, seeds: int, alpha: float) -> float:
        return math.sqrt(invert_crossing(alpha) ** 2 + _dearer(seeds))


Law = OneLook | EveryLook
ONE_LOOK, EVERY_LOOK = OneLook(), EveryLook()


def looks() -> Iterator[int]:
    """The calendar, without an end: 5, 10, 15, 20, 30, 50, 70, 100, …"""
    yield FEWEST
    for power in count(1):
        yield from (int(step * 10**power) for step in STEPS)


def last_look(seeds: int) -> int:
    """The last look at so many seeds or fewer.

    >>> last_look(5), last_look(99), last_look(1500)
    (5, 70, 1500)
    """
    return max(takewhile(lambda look: look <= seeds, looks()))


def crossing(a: float) -> float:
    """The chance that a Brownian motion crosses the upper edge at any look.

    >>> round(crossing(2.47), 3)
    0.025
    """
    if a > A[-1]:
        return ALL * float(stats.norm.sf(a))
    return float(stats.norm.sf(np.interp(a, A, CROSSED)))


def invert_crossing(alpha: float) -> float:
    """The inverse of `crossing`."""
    beyond = float(stats.norm.isf(alpha / ALL))
    return beyond if beyond > A[-1] else float(np.interp(stats.norm.isf(alpha), CROSSED, A))


def _dearer(seeds: int) -> float:
    return abs(math.log(seeds / CHEAPEST))


def _chance(sides: int) -> float:
    """Of one test; to be the same needs two one-sided ones that both reject."""
    return POWER if sides == 2 else (1 + POWER) / 2
