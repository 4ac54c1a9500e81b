"""Verdicts hold at any look: 5 % over all of them, whoever adds seeds and however often."""

from itertools import islice

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy import stats

from nextlabel.statistics.looks import ALL, EVERY_LOOK, ONE_LOOK, crossing, invert_crossing, last_look, looks
from nextlabel.statistics.standings import Standing, judge

LOOKS = (10, 15, 20, 30, 50, 100)
Drawn = npt.NDArray[np.float64]


def t_levels(drawn: Drawn, seeds: int, popmean: float = 0.0) -> Drawn:
    """p of the t test of the first seeds of every row."""
    p: Drawn = stats.ttest_1samp(drawn[:, :seeds], popmean, axis=1).pvalue
    return p


@pytest.mark.parametrize("kind", ["normal", "heavy", "skewed"])
def test_at_all_looks_together_five_percent_are_false_alarms(kind: str) -> None:
    rng = np.random.default_rng(7)
    draw = {
        "normal": rng.standard_normal, "heavy": lambda size: rng.standard_t(4, size),
        "skewed": lambda size: rng.gamma(8, 1, size) - 8,
    }[kind]  # fmt: skip
    drawn = draw((5000, LOOKS[-1]))
    alarms, naive = (np.zeros(len(drawn), dtype=bool) for _ in range(2))
    for seeds in LOOKS:
        p = t_levels(drawn, seeds)
        alarms |= p < EVERY_LOOK.level(seeds)
        naive |= p < ONE_LOOK.level(seeds)
    assert naive.mean() > 0.11  # what a t test does to those who look again
    assert 0.02 < alarms.mean() < 0.05  # SD .003


def test_the_table_is_what_brownian_motion_does() -> None:
    """Slow and obvious: many paths, and at every look the edge."""
    rng, every = np.random.default_rng(1), list(islice(looks(), 25))
    paths, before, highest = np.zeros(40_000), 0, np.full((2, 40_000), -np.inf)
    for look in every:
        paths += rng.normal(0, (look - before) ** 0.5, len(paths))
        before, z = look, paths / look**0.5
        for k, a in enumerate((1.5, 2.47)):
            highest[k] = np.maximum(highest[k], z - (a * a + abs(np.log(look / 10))) ** 0.5)
    assert (highest > 0).mean(axis=1) == pytest.approx([crossing(1.5), crossing(2.47)], rel=0.1)
    assert sum(min(n, 10) ** 0.5 / max(n, 10) ** 0.5 for n in islice(looks(), 60)) == pytest.approx(ALL, abs=0.001)


@given(some.floats(1e-12, 0.4), some.sampled_from([5, 10, 15, 50, 700]))
def test_a_test_at_the_level_of_its_look_has_the_level_of_all(alpha: float, seeds: int) -> None:
    level = EVERY_LOOK.level(seeds, alpha)
    assert level
    assert level < alpha
    assert EVERY_LOOK.p(level, seeds) == pytest.approx(alpha, rel=0.12)  # where the table ends, the bound is wider
    assert crossing(invert_crossing(alpha)) == pytest.approx(alpha, rel=0.12)


@given(some.floats(1e-250, 1), some.integers(5, 2000))
def test_looking_again_never_makes_p_smaller(p: float, seeds: int) -> None:
    assert p <= EVERY_LOOK.p(p, seeds) <= 1
    assert last_look(seeds) <= seeds
    assert EVERY_LOOK.seeds_at_look(seeds) in set(islice(looks(), 30))


def test_the_plan_is_a_look_that_finds_the_difference_four_times_in_five() -> None:
    spread, margin = 0.005, 0.0025
    seeds = EVERY_LOOK.plan(spread, margin, sides=2)
    assert seeds == last_look(seeds) > ONE_LOOK.plan(spread, margin, sides=2)
    drawn = np.random.default_rng(3).normal(margin, spread, (2000, seeds))
    assert (t_levels(drawn, seeds) < EVERY_LOOK.level(seeds)).mean() > 0.8


def test_thirteen_strategies_at_the_margin_are_seldom_the_same() -> None:
    """Holm over the tests of equality too: without it some would be the same in half of the calls."""
    rng, alarms = np.random.default_rng(5), 0
    for _ in range(60):
        gaps = rng.normal(0.0025, 0.001, (13, 20))
        group = [
            Standing(str(k), "accuracy", 20, {}, None, None, "random", gaps=tuple(row)) for k, row in enumerate(gaps)
        ]
        alarms += any(one.judgement and one.judgement.p_tost_holm < 0.05 for one in judge([group], 0.0025, ONE_LOOK)[0])
    assert alarms <= 8  # 5 % of 60 are 3; uncorrected it would be about 28
