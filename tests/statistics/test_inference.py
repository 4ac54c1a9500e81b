"""Every interval and test against an independent implementation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower
from statsmodels.stats.weightstats import DescrStatsW, ttost_paired

from nextlabel.statistics.curves import Curve
from nextlabel.statistics.inference import (
    Estimate,
    detectable_difference,
    estimate,
    holm,
    seeds_for_same,
    seeds_needed,
    trial,
    wilcoxon,
)
from nextlabel.statistics.ratios import label_ratio, labels_to_reach

GAPS = [0.013, 0.021, -0.004, 0.009, 0.017, 0.0, 0.004]
gaps = some.lists(some.integers(-50, 50).map(lambda k: k / 1000), min_size=5, max_size=12, unique_by=abs)


def test_estimate_is_the_t_interval_of_scipy_and_statsmodels() -> None:
    low, high = stats.ttest_1samp(GAPS, 0).confidence_interval(0.95)
    assert estimate(GAPS) == Estimate(pytest.approx(np.mean(GAPS)), pytest.approx(low), pytest.approx(high), 7)
    assert DescrStatsW(GAPS).tconfint_mean(0.05) == pytest.approx((low, high))
    assert estimate([]) is None
    assert estimate([0.1]) == Estimate(0.1, None, None, 1)


@settings(max_examples=30)
@given(gaps, some.floats(0.0005, 0.05))
def test_trial_is_the_t_test_of_scipy_and_the_tost_of_statsmodels(values: list[float], margin: float) -> None:
    found = trial(values, margin)
    assert found
    if len(set(values)) > 1:
        assert found.p == pytest.approx(stats.ttest_rel(values, np.zeros(len(values))).pvalue)
        ours, theirs = np.array(values) + 0.5, np.full(len(values), 0.5)
        assert found.p_tost == pytest.approx(ttost_paired(ours, theirs, -margin, margin)[0])


@settings(max_examples=30)
@given(gaps, some.floats(0.0005, 0.05))
def test_tost_rejects_where_the_ninety_percent_interval_lies_within(values: list[float], margin: float) -> None:
    if len(set(values)) > 1:
        low, high = stats.ttest_1samp(values, 0).confidence_interval(0.90)
        found = trial(values, margin)
        assert found
        assert (found.p_tost < 0.05) == (-margin < low and high < margin)


@pytest.mark.parametrize("seeds", [5, 6, 10, 20])
def test_differences_without_any_spread_are_no_proof(seeds: int) -> None:
    """A sign test bounds p: a t test would divide by 0."""
    certain, nothing = trial([0.01] * seeds, 0.0025), trial([0.0] * seeds, 0.0025)
    assert certain
    assert nothing
    assert (certain.p, certain.p_tost) == (pytest.approx(stats.binomtest(seeds, seeds).pvalue), 1)
    assert (nothing.p, nothing.p_tost, nothing.p_wilcoxon) == (1, 2.0**-seeds, 1)
    assert nothing == trial([1e-17 * k for k in range(seeds)], 0.0025)
    assert certain == trial([0.075] * seeds, 0.0025)  # ten times .075 has a standard deviation of 1e-17


@settings(max_examples=10)
@given(some.integers(5, 20), some.floats(-0.1, 0.1).filter(lambda mean: abs(mean) > 0.003), some.integers(0, 1000))
def test_hardly_any_spread_is_no_proof_either(seeds: int, mean: float, seed: int) -> None:
    """From none to a thousandth of the difference, p is what the sign test says; from there on what the t test does."""
    noise = np.random.default_rng(seed).normal(size=seeds)
    for spread in (0, 1e-9, 1e-6, 1e-3):
        found = trial(mean * (1 + spread * noise), 0.0025)
        assert found
        assert found.p == pytest.approx(stats.binomtest(seeds, seeds).pvalue)
        assert detectable_difference(mean * (1 + spread * noise)) is None
    noise *= 0.13 / np.std(noise, ddof=1)  # the least that a comparison of ours had
    wide = mean * (1 + noise)
    found = trial(wide, 0.0025)
    assert found
    assert found.p == pytest.approx(stats.ttest_1samp(wide, 0).pvalue, rel=1e-6)
    same = trial(0.0001 + 1e-6 * noise, 0.0025)
    assert same
    assert same.p_tost == 2.0**-seeds


def test_five_seeds_may_have_a_verdict() -> None:
    """Were every p bounded by the sign test, none of them could be below .05."""
    values = np.random.default_rng(0).normal(0.02, 0.01, (300, 5))
    found = [trial(row, 0.0025) for row in values]
    assert np.mean([one is not None and one.p < 0.05 for one in found]) == pytest.approx(0.906, abs=0.05)


def test_fewer_than_five_differences_are_no_trial() -> None:
    assert trial([0.01, 0.02, 0.015, 0.012], 0.0025) is None


def test_wilcoxon_is_scipys() -> None:
    values = [0.001 * k for k in (1, -2, 3, 4, 5, 6, 7, 8, 9, 10)]
    found = trial(values, 0.0025)
    assert found
    assert found.p_wilcoxon == wilcoxon(values) == stats.wilcoxon(values).pvalue
    assert wilcoxon([0.1]) is None
    best = trial([0.001 * k for k in range(1, 11)], 0.0025)
    assert best
    assert best.p_wilcoxon == pytest.approx(0.00195, abs=5e-6)  # the least that ten seeds can give


@settings(max_examples=10)
@given(some.lists(some.floats(0, 1), min_size=1, max_size=12))
def test_holm_is_the_one_of_statsmodels(ps: list[float]) -> None:
    adjusted = holm(dict(enumerate(ps)))
    np.testing.assert_allclose([adjusted[k] for k in range(len(ps))], multipletests(ps, method="holm")[1])


@given(some.permutations([("a", 0.01), ("b", 0.04), ("c", 0.03), ("d", 0.2)]))
def test_holm_does_not_hang_on_order(pairs: list[tuple[str, float]]) -> None:
    assert holm(dict(pairs)) == holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.2})


def test_seeds_needed_is_the_normal_plan() -> None:
    spread = [-0.02 / 2**0.5, 0.02 / 2**0.5]  # SD .02
    assert seeds_needed(spread, 0.0025) == 503  # ((1.96 + .84) .02 / .0025)²
    assert seeds_for_same(spread, 0.0025) == 549  # ((1.645 + 1.282) .02 / .0025)²
    exact = TTestPower().solve_power(effect_size=0.0025 / 0.02, alpha=0.05, power=0.8)
    assert seeds_needed(spread, 0.0025) == pytest.approx(exact, rel=0.01)
    assert seeds_needed([0.0, 0.0001], 0.0025) == 10


def test_seeds_are_planned_from_the_first_ten() -> None:
    first = [0.01 * (-1) ** k for k in range(10)]
    assert seeds_needed(first, 0.0025) == seeds_needed([*first, 0.9, -0.9], 0.0025)


@pytest.mark.parametrize("seeds", [2, 3, 10, 40])
@pytest.mark.parametrize("level", [0.05, 0.0125])
def test_the_detectable_difference_is_that_of_statsmodels(seeds: int, level: float) -> None:
    values = np.random.default_rng(seeds).normal(0.01, 0.02, seeds)
    found = detectable_difference(values, level)
    assert found
    if seeds > 3 or level == 0.05:  # its search for the size gives up where that is many times the spread
        effect = TTestPower().solve_power(nobs=seeds, alpha=level, power=0.8)
        assert found == pytest.approx(effect * values.std(ddof=1), rel=1e-5)
    power = stats.nct.sf(stats.t.ppf(1 - level / 2, seeds - 1), seeds - 1, found / stats.sem(values))
    assert power == pytest.approx(0.8)


def test_what_one_seed_could_have_seen_is_unknown() -> None:
    assert detectable_difference([0.1]) is None
    assert detectable_difference([0.1, 0.1]) is None


def line(heights: list[float]) -> Curve:
    return Curve(np.arange(1.0, len(heights) + 1) * 10, np.array(heights))


def test_label_ratio_is_read_off_the_mean_curves() -> None:
    theirs = {0: line([0.5, 0.6, 0.7, 0.8]), 1: line([0.4, 0.5, 0.6, 0.7])}  # mean ends at .75 with 40 labels
    ours = {0: line([0.5, 0.7, 0.8, 0.8]), 1: line([0.4, 0.6, 0.8, 0.8])}  # mean is at .75 with 26.67 labels
    found = label_ratio(ours, theirs)
    assert found
    assert found.value == pytest.approx(40 / (20 + 10 * (0.75 - 0.65) / (0.8 - 0.65)))
    assert not found.never
    assert found.never_share == 0


def test_never_is_a_value_and_counts_as_the_whole_budget() -> None:
    theirs = {seed: line([0.5, 0.8, 0.7, 0.7]) for seed in range(3)}  # there with 20 labels: a curve is made monotone
    found = label_ratio({seed: line([0.5, 0.6, 0.6, 0.6]) for seed in range(3)}, theirs)
    assert found
    assert (found.value, found.never, found.never_share) == (None, True, 1)
    assert (found.low, found.high) == (pytest.approx(0.5), pytest.approx(0.5))  # 20 of a budget of 40


def test_label_ratio_interval_is_a_paired_bootstrap() -> None:
    rng = np.random.default_rng(0)
    theirs = {seed: line(sorted(rng.uniform(0.4, 0.8, 6))) for seed in range(12)}
    ours = {seed: line((curve.values + rng.uniform(0.02, 0.08)).tolist()) for seed, curve in theirs.items()}
    found = label_ratio(ours, theirs)
    assert found
    wide = stats.norm.cdf(stats.t.ppf(0.975, 11) * (12 / 11) ** 0.5)
    other = stats.bootstrap(
        (np.arange(12),), lambda drawn: _ratio(ours, theirs, drawn), vectorized=False, method="percentile",
        confidence_level=2 * wide - 1, n_resamples=400, rng=np.random.default_rng(1),
    )  # fmt: skip
    assert (found.low, found.high) == pytest.approx(other.confidence_interval, abs=0.1)


def _ratio(ours: dict[int, Curve], theirs: dict[int, Curve], drawn: np.ndarray) -> float:
    """Slow and obvious: walk along both curves until they are high enough."""
    ends = []
    goal = max(np.mean([theirs[i].values for i in drawn], axis=0))
    for curves in (theirs, ours):
        mean = np.mean([curves[i].values for i in drawn], axis=0)
        ends.append(next((n for n in np.linspace(10, 60, 251) if np.interp(n, ours[0].labelled, mean) >= goal), 60))
    return float(ends[0] / ends[1])


def test_a_ratio_without_labels_to_begin_with() -> None:
    curve = Curve(np.array([0.0, 10.0]), np.array([0.5, 0.5]))
    found = label_ratio({0: curve}, {0: curve})
    assert found
    assert (found.value, found.low) == (1, None)
    assert label_ratio({}, {}) is None


@given(some.floats(0.1, 50))
def test_label_ratio_does_not_hang_on_the_unit_of_labels(scale: float) -> None:
    theirs, ours = [0.5, 0.6, 0.65, 0.7], [0.5, 0.65, 0.7, 0.7]
    labels = np.array([20.0, 40.0, 60.0, 80.0]) * max(scale, 0.1)
    found = label_ratio({0: Curve(labels, np.array(ours))}, {0: Curve(labels, np.array(theirs))})
    assert found
    assert found.value == pytest.approx(80 / 60)


def test_labels_to_reach_a_height_are_read_off_the_monotone_mean() -> None:
    seeds = {0: line([0.5, 0.8, 0.6, 0.9]), 1: line([0.5, 0.6, 0.6, 0.9])}  # mean .5, .7, .6, .9
    assert [labels_to_reach(seeds, goal) for goal in (0.4, 0.6, 0.7)] == pytest.approx([10, 15, 20])
    assert labels_to_reach(seeds, 0.8) == pytest.approx(35)  # not 36.7: the running maximum stays at .7
    assert labels_to_reach(seeds, 0.95) is None
    assert labels_to_reach({}, 0.5) is None


def test_the_label_ratio_is_read_from_the_running_maximum() -> None:
    """A dip of the strategy's curve does not make the rise behind it steeper."""
    theirs, ours = line([0.70, 0.75, 0.80, 0.84, 0.88]), line([0.80, 0.86, 0.70, 0.90, 0.91])
    found = label_ratio({0: ours}, {0: theirs})
    assert found
    assert found.value == pytest.approx(50 / 35)  # 1.429; read from the dip it would be 1.282
