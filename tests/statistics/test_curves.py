import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from planted import rows_of
from scipy import integrate, stats

from nextlabel.statistics.curves import (
    Band,
    Curve,
    areas,
    aubc,
    band,
    curves,
    difference_band,
    log_aubc,
    rounds_aubc,
)
from nextlabel.statistics.standings import paired_differences

Lists = tuple[list[float], list[float]]


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


def test_the_area_of_lu_li_and_lin_is_their_loop() -> None:
    """Their sum, as the paper's own benchmark computes it: scores after each query, divided by the queries."""
    labelled, values = np.arange(20, 27), np.random.default_rng(2).uniform(size=7)
    scores, total = values[1:], 0.0
    for k in range(len(scores) - 1):
        total += (scores[k] + scores[k + 1]) / 2
    assert rounds_aubc(labelled, values) == pytest.approx(total / len(scores))
    assert rounds_aubc([20], [0.5]) is None


def test_seeds_of_only_one_strategy_are_left_out() -> None:
    heights = {"random": {0: [0.5, 0.5], 1: [0.5, 0.5]}, "ours": {1: [0.7, 0.7], 2: [0.0, 0.0]}}
    found = curves(rows_of(heights), "accuracy")
    assert paired_differences(found["ours"], found["random"]) == [pytest.approx(0.2)]
    assert areas({0: Curve(np.array([1.0]), np.array([0.5]))}) == {}


def test_pairing_cancels_what_a_split_does() -> None:
    wild = {seed: [height, height] for seed, height in enumerate([0.2, 0.5, 0.9])}
    better = {seed: [h + 0.01 for h in heights] for seed, heights in wild.items()}
    ours, theirs = (curves(rows_of({"r": one}), "accuracy")["r"] for one in (better, wild))
    assert paired_differences(ours, theirs) == pytest.approx([0.01] * 3)
