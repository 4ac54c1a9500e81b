"""Intervals and tests on one value per seed (or per family): scipy's, and the few lines that scipy does not have.

All of them follow a law of looks (`looks`): one look at a number of seeds fixed beforehand, unless another is named.
"""

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from scipy import optimize, stats

from nextlabel.statistics.looks import ALPHA as ALPHA
from nextlabel.statistics.looks import FEWEST, ONE_LOOK, POWER, Law

Doubles = npt.NDArray[np.float64]
T = TypeVar("T")

PILOT = 10  # pairs from which the number of seeds is planned
EXACT = 12  # decimals; differences that are equal but for rounding must not become significant
# Of the distance to what is tested: less spread than that is none. A t test would be sure beyond all measure of what is
# no bell curve at all, but one value again and again (a score at its ceiling). The least of 256 comparisons in
# benchmarks/results was .13. To bound every p by the sign test would leave five seeds without any verdict.
NARROW = 0.01


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds with its 95 % interval; ``low`` and ``high`` are None where there are too few seeds for one.

    ``looks`` says what the 95 % are of: "one look", or "any look" of those that are taken while seeds are added.
    """

    mean: float
    low: float | None
    high: float | None
    seeds: int
    looks: str = ONE_LOOK.words


@dataclass(frozen=True)
class TestResult:
    """The p values of paired differences: ``p`` that they are 0 on average (t test), ``p_tost`` that their mean lies
    outside the margin (two one-sided t tests, Schuirmann 1987), both as they hold under a law of looks; ``p_wilcoxon``
    (signed ranks, of this look alone) for those who ask for it.
    """

    p: float
    p_tost: float
    p_wilcoxon: float


def estimate(values: Sequence[float] | Doubles, law: Law = ONE_LOOK) -> Estimate | None:
    """The mean of one value per seed and its 95 % interval, a t interval at the law's level; None without any.

    >>> estimate([0.02]).low is None
    True
    """
    if not len(values):
        return None
    level = law.level(len(values))
    table = np.asarray(values, dtype=np.float64)[:, None]
    mean, half = (float(part[0]) for part in mean_and_half(table, ALPHA if level is None else level))
    if level is None:
        return Estimate(mean, None, None, len(values), law.words)
    return Estimate(mean, mean - half, mean + half, len(values), law.words)


def mean_and_half(table: Doubles, level: float = ALPHA) -> tuple[Doubles, Doubles]:
    """Means over seeds of (S, G) values, and the half-widths of their t intervals: NaN for one seed.

    ``level`` is the share of intervals that miss, on both sides together.
    """
    seeds, mean = len(table), table.mean(axis=0)
    if seeds < 2:
        return mean, np.full(len(mean), np.nan)
    wide = float(stats.t.isf(level / 2, seeds - 1)) / math.sqrt(seeds)
    return mean, wide * table.std(axis=0, ddof=1)


def trial(differences: Sequence[float] | Doubles, margin: float, law: Law = ONE_LOOK) -> TestResult | None:
    """Test paired differences, one per seed; None for fewer than five, of which no verdict is taken.

    Differences that are all the same, or nearly so, do not prove themselves: a t test would divide by 0 or next to it,
    so a sign test bounds p, by how likely coins would all have fallen alike.

    >>> found = trial([0.011, 0.013, 0.012, 0.012, 0.013], margin=0.0025)
    >>> found.p < 0.001, found.p_tost > 0.99
    (True, True)
    >>> trial([0.01] * 5, margin=0.0025).p, trial([0.01] * 4 + [0.01000001], margin=0.0025).p
    (0.0625, 0.0625)
    """
    values = _round_off(differences)
    seeds = len(values)
    if seeds < FEWEST:
        return None
    p, p_tost = _test(values, 0, "two-sided"), max(_test(values, -margin, "greater"), _test(values, margin, "less"))
    return TestResult(law.p(p, seeds), law.one_sided(p_tost, seeds), _wilcoxon(values))


def _test(values: Doubles, edge: float, alternative: str) -> float:
    """p of the t test that values lie around the edge; of the sign test where they hardly spread."""
    if not _is_narrow(values - edge):
        return float(stats.ttest_1samp(values, edge, alternative=alternative).pvalue)
    above, below = (int((values > edge).sum()), int((values < edge).sum()))
    if not above + below:
        return 1.0
    return float(stats.binomtest(above, above + below, alternative=alternative).pvalue)


def _is_narrow(values: Doubles) -> bool:
    """Do values spread so little, seen from 0, that this tells nothing of what others would do?"""
    return not np.ptp(values) or bool(np.std(values, ddof=1) < NARROW * abs(np.mean(values)))


def _wilcoxon(values: Doubles) -> float:
    if not values.any():
        return 1.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of ties and zeros, which few seeds with equal scores have
        return float(stats.wilcoxon(values).pvalue)


def _round_off(values: Sequence[float] | Doubles) -> Doubles:
    rounded: Doubles = np.round(np.array(values, dtype=np.float64), EXACT).astype(np.float64)
    return rounded


def signed_ranks(values: Sequence[float] | Doubles) -> float:
    """Wilcoxon's sum of signed ranks: above 0 where what lies above 0 outweighs what lies below.

    >>> signed_ranks([0.2, -0.01, -0.02, -0.03])
    -2.0
    """
    rounded = _round_off(values)
    return float((np.sign(rounded) * stats.rankdata(np.abs(rounded))).sum())


def wilcoxon(values: Sequence[float] | Doubles) -> float | None:
    """p of the signed-rank test that values lie around 0; None for fewer than two."""
    return _wilcoxon(_round_off(values)) if len(values) > 1 else None


def holm(ps: Mapping[T, float]) -> dict[T, float]:
    """p values adjusted for there being several (Holm 1979): all below .05 may be claimed at once.

    >>> holm({"a": 0.01, "b": 0.04, "c": 0.03})
    {'a': 0.03, 'c': 0.06, 'b': 0.06}
    """
    adjusted, worst = {}, 0.0
    for place, (key, p) in enumerate(sorted(ps.items(), key=lambda pair: pair[1])):
        worst = max(worst, min(1.0, (len(ps) - place) * p))
        adjusted[key] = worst
    return adjusted


def seeds_needed(differences: Sequence[float] | Doubles, margin: float, law: Law = ONE_LOOK) -> int:
    """Seeds that would show a difference as large as the margin, four times in five.

    ((z.975 + z.8) SD / margin)², rounded up and never below 10; SD of the first ten differences, so that looking again
    and again does not move it. Over all looks it is the first look that is as sure by itself, with that look's z.
    """
    return law.plan(_pilot_spread(differences), margin, sides=2)


def seeds_for_same(differences: Sequence[float] | Doubles, margin: float, law: Law = ONE_LOOK) -> int:
    """Seeds that would show, four times in five, that strategies which do not differ are the same within the margin.

    As `seeds_needed`, with z.95 + z.9: both one-sided tests must reject.
    """
    return law.plan(_pilot_spread(differences), margin, sides=1)


def _pilot_spread(differences: Sequence[float] | Doubles) -> float:
    return float(np.std(_round_off(differences)[:PILOT], ddof=1))


def detectable_difference(differences: Sequence[float] | Doubles, level: float = ALPHA) -> float | None:
    """The smallest true difference that as many seeds as these would have shown, four times in five.

    By the noncentral t distribution, for a paired t test at ``level`` (two-sided) and differences that spread as these
    do; None for fewer than two, and for those that hardly spread, for these tell nothing of what others would do. At
    .05 it is that of statsmodels' ``TTestPower``.

    >>> round(detectable_difference([0.02, -0.02] * 5), 4)
    0.021
    """
    values = _round_off(differences)
    if len(values) < 2 or _is_narrow(values):
        return None
    return float(stats.sem(values)) * _noncentrality(len(values) - 1, level)


def _noncentrality(freedom: int, level: float) -> float:
    """How many standard errors away from 0 a mean must lie to be seen with `POWER`."""
    edge = float(stats.t.ppf(1 - level / 2, freedom))

    def lacking(shift: float) -> float:
        # The other tail is left out: to be seen on the wrong side has no chance worth counting so far from 0, and
        # scipy gives NaN there for few seeds.
        return float(stats.nct.sf(edge, freedom, shift)) - POWER

    far = 2 * edge + 3  # power rises with the shift, and this is beyond 80 % for all but one degree of freedom
    while lacking(far) < 0:
        far *= 2
    return float(optimize.brentq(lacking, 0.0, far))
