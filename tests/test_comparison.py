import math
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy import integrate, stats

from nextlabel import comparison
from nextlabel.comparison import Band, Curve, Estimate, aubc, band, curves, difference, difference_band, log_aubc
from nextlabel.runs import Row

Lists = tuple[list[float], list[float]]


def rows_of(heights: dict[str, dict[int, list[float]]], labelled: list[int] | None = None, **more: Any) -> list[Row]:
    """Rows with these accuracies by strategy and seed; macro F1 is half of them."""
    return [
        {
            "strategy": name, "seed": seed, "round": k, "labelled": labelled[k] if labelled else 10 + 10 * k,
            "accuracy": height, "f1_macro": None if height is None else height / 2, "balanced_accuracy": height, **more,
        }
        for name, seeds in heights.items()
        for seed, values in seeds.items()
        for k, height in enumerate(values)
    ]  # fmt: skip


def planted(gaps: list[float], base: float = 0.5) -> list[Row]:
    """``ours`` lies above random by one gap per seed, everywhere."""
    heights = {
        "random": {seed: [base, base + 0.01 * seed, base + 0.1] for seed in range(len(gaps))},
        "ours": {seed: [base + gap, base + 0.01 * seed + gap, base + 0.1 + gap] for seed, gap in enumerate(gaps)},
    }
    return rows_of(heights)


def learning_curves() -> some.SearchStrategy[Lists]:
    height = some.floats(0, 1)
    steps = some.lists(some.tuples(some.integers(1, 50), height), min_size=2, max_size=12)
    return steps.map(lambda s: (np.cumsum([step for step, _ in s]).astype(float).tolist(), [h for _, h in s]))


@given(learning_curves())
def test_aubc_is_the_trapezoid_of_scipy(curve: Lists) -> None:
    x, y = curve
    assert aubc(x, y) == pytest.approx(integrate.trapezoid(y, x) / (x[-1] - x[0]))
    assert log_aubc(x, y) == pytest.approx(integrate.trapezoid(y, np.log(x)) / math.log(x[-1] / x[0]))


@given(learning_curves(), some.floats(0.01, 100), some.floats(0, 1000))
def test_aubc_does_not_hang_on_the_axis_of_labels(curve: Lists, scale: float, shift: float) -> None:
    x, y = curve
    assert aubc(scale * np.array(x) + shift, y) == pytest.approx(aubc(x, y))
    assert log_aubc(scale * np.array(x), y) == pytest.approx(log_aubc(x, y))


@given(learning_curves())
def test_aubc_lies_between_the_lowest_and_the_highest_point(curve: Lists) -> None:
    x, y = curve
    assert min(y) - 1e-9 <= (aubc(x, y) or 0.0) <= max(y) + 1e-9


def test_aubc_of_a_flat_curve_is_its_height() -> None:
    assert aubc([5, 6, 90], [0.25, 0.25, 0.25]) == log_aubc([5, 6, 90], [0.25, 0.25, 0.25]) == pytest.approx(0.25)


@pytest.mark.parametrize("labelled", [[], [10], [10, 10]])
def test_aubc_without_a_range_is_undefined(labelled: list[int]) -> None:
    assert aubc(labelled, [0.5] * len(labelled)) is None
    assert log_aubc(labelled, [0.5] * len(labelled)) is None


def test_log_aubc_from_no_labels_is_undefined_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert log_aubc([0, 10], [0.1, 0.2]) is None


def test_log_aubc_weighs_early_labels_more() -> None:
    labelled, early, late = [1, 10, 100, 1000], [0, 1, 0, 0], [0, 0, 1, 0]
    assert log_aubc(labelled, early) == pytest.approx(log_aubc(labelled, late))
    assert (aubc(labelled, early) or 0) < (aubc(labelled, late) or 0) / 9


@given(some.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(random: Any) -> None:
    rows = planted([0.01, 0.03, -0.01])
    shuffled = random.sample(rows, len(rows))
    before, after = ({s.strategy: s for s in comparison.standings(r, [5, 5])} for r in (rows, shuffled))
    assert before == after


def test_estimate_is_the_t_interval_of_scipy() -> None:
    values = np.random.default_rng(0).normal(0.01, 0.02, 10)
    found = comparison.estimate(values)
    low, high = stats.t.interval(0.95, 9, loc=values.mean(), scale=stats.sem(values))
    assert found == Estimate(pytest.approx(values.mean()), pytest.approx(low), pytest.approx(high), 10)


def test_difference_is_the_paired_t_interval_of_scipy() -> None:
    gaps = [0.013, 0.021, -0.004, 0.009, 0.017]
    found = curves(planted(gaps), "accuracy")
    gap = difference(found["ours"], found["random"])
    expected = stats.ttest_1samp(gaps, 0).confidence_interval(0.95)
    assert gap == Estimate(pytest.approx(np.mean(gaps)), pytest.approx(expected.low), pytest.approx(expected.high), 5)


def test_pairing_cancels_what_a_split_does() -> None:
    wild = {seed: [height, height] for seed, height in enumerate([0.2, 0.5, 0.9])}
    better = {seed: [h + 0.01 for h in heights] for seed, heights in wild.items()}
    gap = difference(*(curves(rows_of({"r": one}), "accuracy")["r"] for one in (better, wild)))
    assert gap is not None
    assert gap.sign == 1
    assert gap.mean == pytest.approx(0.01)


def test_seeds_of_only_one_strategy_are_left_out() -> None:
    heights = {"random": {0: [0.5, 0.5], 1: [0.5, 0.5]}, "ours": {1: [0.7, 0.7], 2: [0.0, 0.0]}}
    found = curves(rows_of(heights), "accuracy")
    assert difference(found["ours"], found["random"]) == Estimate(pytest.approx(0.2), None, None, 1)


@pytest.mark.parametrize(
    ("low", "high", "sign"), [(0.1, 0.2, 1), (-0.2, -0.1, -1), (-0.1, 0.1, 0), (None, None, 0), (0.0, 0.1, 0)]
)
def test_sign_needs_the_whole_interval(low: float | None, high: float | None, sign: int) -> None:
    assert Estimate(0.1, low, high, 5).sign == sign


def test_band_is_the_t_interval_at_every_label() -> None:
    heights = np.random.default_rng(1).uniform(size=(4, 3))
    found = curves(rows_of({"m": dict(enumerate(heights.tolist()))}), "accuracy")
    mean = band(found["m"].values())
    low, high = stats.t.interval(0.95, 3, loc=heights.mean(axis=0), scale=stats.sem(heights, axis=0))
    assert mean is not None
    assert mean.seeds == 4
    np.testing.assert_allclose([mean.mean, mean.low, mean.high], [heights.mean(axis=0), low, high])


def test_band_of_one_seed_has_no_width() -> None:
    mean = band([Curve(np.array([1.0, 2.0]), np.array([0.3, 0.4]))])
    assert isinstance(mean, Band)
    assert np.isnan(mean.low).all()
    assert mean.mean.tolist() == [0.3, 0.4]


def test_band_keeps_to_labels_that_every_seed_reaches() -> None:
    long, short = Curve(np.arange(4.0), np.zeros(4)), Curve(np.array([1.0, 2.5]), np.ones(2))
    mean = band([long, short])
    assert mean is not None
    assert mean.labelled.tolist() == [1.0, 2.0, 2.5]
    assert mean.mean.tolist() == [0.5] * 3


def test_bands_without_curves_are_none() -> None:
    assert band([]) is None
    assert difference_band({0: Curve(np.empty(0), np.empty(0))}, {0: Curve(np.ones(1), np.ones(1))}) is None


def test_undefined_metrics_leave_undefined_standings() -> None:
    rows = rows_of({name: {0: [None, None]} for name in ("random", "margin")})  # type: ignore[list-item]
    for one in comparison.standings(rows, [5, 5]):
        assert one.aubc is one.log_aubc is one.difference is None
        assert one.at["accuracy"] == (None, None, None)
    assert comparison.headline(comparison.standings(rows, [5, 5])).startswith("Nothing was measured")


def test_shares_of_the_budget_lie_on_the_curve() -> None:
    rows = rows_of({"random": {0: [0.1, 0.2, 0.4]}}, labelled=[10, 20, 40])
    (one,) = comparison.standings(rows, [5, 5])
    assert one.at["accuracy"] == (0.1, 0.2, 0.4)
    late = comparison.standings(rows_of({"random": {0: [0.1, 0.4]}}, labelled=[30, 40]), [5, 5])
    assert late[0].at["accuracy"] == (None, None, 0.4)


def test_imbalance_changes_the_metric() -> None:
    rows = planted([0.01, 0.02])
    assert {one.metric for one in comparison.standings(rows, [10, 31])} == {"balanced_accuracy"}
    assert {one.metric for one in comparison.standings(rows, [10, 30, 0])} == {"accuracy"}


@pytest.mark.parametrize(
    ("gaps", "words"),
    [
        ([0.012, 0.014] * 5, "ours: +1.3 points of AUBC over random [1.2, 1.4], 10 seeds"),
        ([-0.012, -0.014] * 5, "ours: 1.3 points of AUBC below random [1.2, 1.4], 10 seeds"),
        ([0.02, -0.02] * 5, "ours: no difference to random that 10 seeds can see (0.0 points of AUBC [−1.5, 1.5])"),
        ([0.012, 0.014], "ours: +1.3 points of AUBC over random [0.0, 2.6], 2 seeds, indicative"),
        ([0.012], "ours: +1.2 points of AUBC to random; 1 seed cannot tell, indicative at most"),
    ],
)
def test_verdict_says_what_the_seeds_say(gaps: list[float], words: str) -> None:
    found = comparison.standings(planted(gaps), [5, 5])
    assert comparison.verdict(found[1]) == words
    assert comparison.verdict(found[0]) == "random: what the others are measured against"


@pytest.mark.parametrize(
    ("gaps", "words"),
    [
        ([0.012, 0.014] * 5, "ours beat random by 1.3 points of accuracy on average."),
        ([-0.012, -0.014] * 5, "Nothing beat random, and ours did worse."),
        ([0.02, -0.02] * 5, "Nothing beat random, as far as 10 seeds can see."),
        ([0.02, -0.02], "Nothing beat random, as far as 2 seeds can see (indicative: 2 seeds)."),
        ([0.3], "One seed cannot tell whether asking beats random."),
    ],
)
def test_headline_may_say_nothing(gaps: list[float], words: str) -> None:
    assert comparison.headline(comparison.standings(planted(gaps), [5, 5])) == words


def test_headline_without_random_claims_no_win() -> None:
    rows = planted([0.01, 0.02])
    ours = [row for row in rows if row["strategy"] == "ours"]
    assert comparison.headline(comparison.standings(ours, [5, 5])).endswith("Nothing to compare it with.")
    both = ours + [row | {"strategy": "theirs"} for row in ours]
    assert "was not tried" in comparison.headline(comparison.standings(both, [5, 5]))


@given(some.floats(-1, 1))
def test_points_never_show_a_minus_zero(fraction: float) -> None:
    said = comparison.points(fraction, signed=True)
    assert said not in ("−0.0", "+0.0", "-0.0")
    assert float(said.replace("−", "-")) == pytest.approx(100 * fraction, abs=0.0501)
