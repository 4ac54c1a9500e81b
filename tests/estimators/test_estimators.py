"""Each estimator against a slow, obvious twin, written from the formulas; and the numbers that were decided on."""

import itertools
import math
import statistics
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy.optimize import brentq
from scipy.special import betainc
from scipy.stats import binomtest

from nextlabel.conformance.estimators import QUEUE, make_history, make_look
from nextlabel.estimators.audit import audit, judge_new, judge_rest
from nextlabel.estimators.base import Check, Frozen, History
from nextlabel.estimators.churn import churn
from nextlabel.estimators.frozen import frozen, lowest_ever, most_wrong
from nextlabel.estimators.random_arm import equal_count, random_arm, steps
from nextlabel.estimators.stopping import stopping
from nextlabel.statistics.audit_looks import LEVEL, LOOKS
from nextlabel.statistics.inference import ALPHA

TAIL = 0.00681 / 2
SHARES = some.sampled_from([0.0, 0.3, 0.8, 0.95, 1.0])


@some.composite
def looks(draw, fewest=30):
    """Looks of all kinds: few and many answers, skips, survivors or none, a folder nearly labelled or not."""
    m = draw(some.integers(fewest, 160))
    alive = np.array(draw(some.lists(some.booleans(), min_size=m, max_size=m)))
    more = {
        "alive": alive,
        "skipped": draw(some.integers(0, 12)),
        "discarded": draw(some.integers(0, 12)),
        "learned": draw(some.sampled_from([m, 2 * m, 3 * m, 5 * m])),
        "rest": draw(some.tuples(some.integers(0, 300), some.integers(0, 900))),
        "survivors": draw(some.booleans()),
    }
    return make_look(m, draw(some.integers(1, 4)), draw(SHARES), **more)


def edges(x, n):
    """Where so few hits, or so many, have a chance of half of alpha' each; of numbers that need not be whole, too."""
    low = brentq(lambda p: betainc(x, n - x + 1, p) - TAIL, 0, 1, xtol=1e-12) if x > 1e-9 else 0.0
    high = brentq(lambda p: betainc(x + 1, n - x, p) - 1 + TAIL, 0, 1, xtol=1e-12) if x < n - 1e-9 else 1.0
    return pytest.approx(low, abs=1e-6), pytest.approx(high, abs=1e-6)


def test_sixteen_looks_hold_together():
    assert (LOOKS[0], LOOKS[-1], len(LOOKS)) == (30, 853, 16)
    assert pytest.approx(1 - 0.00681) == LEVEL
    assert all(1.2 < later / earlier < 1.3 for earlier, later in itertools.pairwise(LOOKS))
    rng, crossed = np.random.default_rng(0), 0
    spans = np.sqrt(np.diff([0, *LOOKS]))
    for _ in range(10):  # max |W(t)| / sqrt(t) over the looks: 5 % of the paths are beyond z = 2.706
        paths = np.cumsum(rng.normal(size=(4_000, len(LOOKS))) * spans, axis=1) / np.sqrt(LOOKS)
        crossed += int((np.abs(paths).max(axis=1) > 2.706).sum())
    assert crossed / 40_000 == pytest.approx(ALPHA, abs=0.004)  # SD .0011


@settings(max_examples=40)
@given(looks())
def test_new_samples(look):
    """Clopper and Pearson by the binomial test; skipped ones as misses below, and as hits above."""
    found, hits = judge_new(look), sum(a == b for a, b in zip(look.guess, look.truth, strict=True))
    assert found.value == hits / look.m
    if look.m * 3 > look.learned:  # hits that hang together count for less
        assert found.low == edges(hits / 1.2, (look.m + look.skipped) / 1.2)[0]
        assert found.high == edges((hits + look.skipped) / 1.2, (look.m + look.skipped) / 1.2)[1]
        return
    below, above = (
        binomtest(right, look.m + look.skipped).proportion_ci(1 - 2 * TAIL, method="exact")
        for right in (hits, hits + look.skipped)
    )
    assert (found.low, found.high) == (pytest.approx(below.low), pytest.approx(above.high))


@settings(max_examples=40)
@given(looks())
def test_the_rest_of_a_folder(look):
    """Each answer stands for samples of its own side, and, where it is alive, for some of the other's."""
    found = judge_rest(look)
    if not sum(look.rest):
        assert found.silent == "nothing left"
        return
    if not look.survivors or not look.alive.any():
        assert (found.value, found.low, found.high) == (None, judge_new(look).low, 1.0)
        return
    n_audit, n_strategy = look.rest
    w = n_audit / (n_audit + n_strategy)
    alive = [*look.alive.tolist(), *[True] * look.skipped]
    hits = [*(look.guess == look.truth).tolist(), *[None] * look.skipped]
    low = high = squares = 0.0
    for is_alive, hit in zip(alive, hits, strict=True):
        u = w / len(alive) + (1 - w) * is_alive / sum(alive)
        squares += u * u
        low += u * (hit is True)
        high += u * (hit is not False)
    n = 1 / (squares + 1 / (n_audit + n_strategy))
    assert (found.low, found.high) == (edges(n * low, n)[0], edges(n * high, n)[1])
    more = found.more
    assert (more["left"], more["wrong_low"]) == (sum(look.rest), math.floor((1 - found.high) * sum(look.rest)))
    assert 0 <= more["wrong_high"] - (1 - found.low) * sum(look.rest) < 1
    assert look.skipped or found.value == pytest.approx(low)


def test_answers_about_samples_that_were_hard_weigh_less():
    """On splice the rest was labelled rightly in .91 of the cases, new samples in .80."""
    hit = np.arange(60) % 5 > 0  # the misses are those that a batch would have taken
    look = make_look(truth=np.zeros(60, np.int64), guess=np.where(hit, 0, 1), alive=hit, rest=(100, 900))
    assert judge_new(look).value == 0.8
    assert judge_rest(look).value == pytest.approx(0.1 * 0.8 + 0.9)
    assert judge_rest(replace(look, by_hand=True)).silent == "by hand"
    assert judge_rest(replace(look, alive=np.ones(60, bool))).value == pytest.approx(0.8)


@settings(max_examples=30)
@given(looks())
def test_classes_are_counted(look):
    found = audit(make_history(look))["classes"].more
    truth, guess = look.truth.tolist(), look.guess.tolist()
    assert [row["answers"] for row in found["classes"]] == [truth.count(code) for code in sorted(set(truth))]
    for row in found["classes"]:
        hits = sum(a == b == row["class"] for a, b in zip(truth, guess, strict=True))
        assert row["hits"] == hits
        if row["answers"] < 20:
            assert row["low"] is row["high"] is None
        else:
            assert (row["low"], row["high"]) == edges(hits, row["answers"])
    wrong = Counter((a, b) for a, b in zip(truth, guess, strict=True) if a != b)
    assert {(a, b): times for a, b, times in found["confusions"]} == wrong


@given(some.integers(0, 29), some.integers(0, 300))
def test_nothing_is_said_before_thirty_answers(answers, side):
    figures = audit(History(answers, side)) | churn(History(answers, side)) | stopping(History(answers, side))
    assert {figure.silent for figure in figures.values()} == {"early" if side >= 30 else "small"}


@some.composite
def checks(draw):
    seen = draw(some.integers(1, 400))
    labelled, gap = draw(some.integers(100, 600)), draw(some.integers(100, 160))
    left, known = seen + draw(some.integers(0, 2_000)), draw(some.integers(0, 100))
    fewest = draw(some.sampled_from([0, 4, 5, 60]))
    return Check(labelled, draw(some.integers(0, min(seen, 12))), seen, gap, fewest, 40, left, known, 100)


@given(some.lists(checks(), max_size=5), some.sampled_from([None, 0.5]), some.sampled_from([None, 0.02, 1.0]))
def test_churn_and_the_rule_that_stops(found, error, cost):
    found = sorted(found, key=lambda one: one.labelled)
    history = History(40, 200, (), found, error_value=error, label_cost=cost)
    gain, advice = churn(history)["next"], stopping(history)["advice"]
    if not found or found[-1].fewest < 5 or found[-1].seen < 100:
        assert gain.silent
        assert gain.silent == advice.silent
        return
    last = found[-1]
    points = 100 * last.changed / last.seen * 100 / last.gap
    assert (gain.value, gain.low, gain.high) == pytest.approx((0.1 * points, 0, 0.3 + 0.3 * points))
    if error and cost:
        accuracy = last.known / last.asked
        worth = last.left * (0.3 + 0.3 * points) / 100 * error + 100 * (1 - accuracy) * error
        assert advice.more["worth"] == pytest.approx(worth)
        assert advice.value == (worth < 100 * cost)
        return
    good = [one for one in found if one.fewest >= 5 and one.seen >= 100 and one.labelled <= last.labelled - 50]
    before = 100 * good[-1].changed / good[-1].seen * 100 / good[-1].gap if good else 100
    assert advice.value == (points <= 2 and before <= 2)


def slow_interval(look, k):
    """The mean of the paired differences, in points, with two answers more: one for either model."""
    d = [1, -1]
    for truth, queue, chance in zip(look.truth, look.queue[k], look.by_chance, strict=True):
        d.append(int(queue == truth) - int(chance == truth))
    half = 2.955 * statistics.stdev(d) / math.sqrt(len(d))
    return 100 * (statistics.mean(d) - half), 100 * (statistics.mean(d) + half)


@settings(max_examples=25)
@given(looks(fewest=59), SHARES, SHARES)
def test_against_random_by_plain_loops(look, queue, chance):
    rng, k = np.random.default_rng(look.m), equal_count(look.m)

    def guess(right):
        return np.where(rng.random(look.m) < right, look.truth, look.truth + 1)

    ks = steps(look.m, 10_000)
    models = {one: guess(min(queue * one / k, 1.0)) for one in ks}  # better with more labels
    look = replace(look, by_chance=guess(chance), queue=models)
    found = random_arm(make_history(look))
    one = found["against_random"]
    assert (one.low, one.high) == pytest.approx(np.clip(slow_interval(look, k), -100, 100))
    difference = (models[k] == look.truth).mean() - (look.by_chance == look.truth).mean()
    assert one.value == pytest.approx(100 * difference)
    asked = [one for one in ks if one in STEPS_OF_PART_3]
    good = [one for one in asked if all(slow_interval(look, j)[0] >= 0 for j in asked if j >= one)]
    worse = [one for one in asked if slow_interval(look, one)[1] < 0]
    if not good:
        assert found["worth"].silent == "not told apart"
        return
    assert (found["worth"].low, found["worth"].high) == (max(worse, default=0), min(good))
    assert found["worth"].more == {"random": k}


STEPS_OF_PART_3 = (10, 15, 20, 25, 30, 40, 50, 60, 75, 90, 110, 140, 180, 220, 275)


def test_how_many_of_the_queues_labels_are_looked_at():
    assert equal_count(92) == 74  # four fifths, which each of the other heads has learned
    assert steps(58, 400) == []
    assert steps(60, 400) == [10, 15, 20, 25, 30, 40, 48, 50, 60, 75, 90]  # and 48; up to 1.6 times 60
    assert steps(60, 55) == [10, 15, 20, 25, 30, 40, 48, 50]  # never beyond what was asked


def test_models_that_are_alike_are_not_told_apart():
    """Where no answer differs, the plain interval would be a point: sure of what sixty answers cannot tell."""
    look = make_look(60)
    alike = replace(look, queue=dict.fromkeys(QUEUE, look.by_chance))
    found = random_arm(make_history(alike))
    assert found["against_random"].low < -4 < 4 < found["against_random"].high
    assert found["worth"].silent == "not told apart"


def test_the_interval_of_a_small_difference_holds():
    """One model never worse, and better in 2 %: the plain interval of a mean held in two of three labellings."""
    rng, held, plain, looks = np.random.default_rng(3), 0, 0, [m for m in LOOKS if 59 <= m < 250]
    for _ in range(150):
        better = rng.random(looks[-1]) < 0.02
        truth = np.zeros(len(better), np.int64)
        ends, naive = [], []
        for m in looks:
            k = equal_count(m)
            look = make_look(m, truth=truth[:m], queue={k: truth[:m]}, by_chance=np.where(better[:m], 1, 0))
            one = random_arm(make_history(look))["against_random"]
            ends.append(one.low <= 2 <= one.high)
            half = 2.955 * 100 * better[:m].std(ddof=1) / math.sqrt(m)
            naive.append(abs(100 * better[:m].mean() - 2) <= half)
        held, plain = held + all(ends), plain + all(naive)
    assert held / 150 > 0.95
    assert plain / 150 < 0.75


@some.composite
def draws_from_a_rest(draw):
    """Checks: of a rest with so many wrong, some are drawn."""
    rest = draw(some.integers(1, 90))
    hits = draw(some.integers(0, rest))
    return Frozen(hits, draw(some.integers(0, rest - hits)), rest)


@given(draws_from_a_rest())
def test_what_is_left_is_bounded_by_every_way_to_draw(found):
    """All numbers of wrong ones that leave a chance of more than 5 % to find so few of them."""
    n = found.hits + found.misses
    possible = []
    for wrong in range(found.misses, found.rest - found.hits + 1):
        ways = sum(
            math.comb(wrong, x) * math.comb(found.rest - wrong, n - x) for x in range(found.misses + 1) if x <= n
        )
        if ways / math.comb(found.rest, n) > 0.05 + 1e-12:
            possible.append(wrong)
    assert most_wrong(found) == max(possible) - found.misses


@given(some.integers(0, 300), some.integers(0, 60))
def test_the_bound_at_every_answer_is_that_of_a_grid(hits, misses):
    grid = np.linspace(1e-4, 1 - 1e-4, 9_999)
    log_beta = math.lgamma(1 + hits) + math.lgamma(1 + misses) - math.lgamma(2 + hits + misses)
    ratio = log_beta - hits * np.log(grid) - misses * np.log(1 - grid)
    inside = grid[ratio < math.log(20)]
    assert lowest_ever(Frozen(hits, misses, 10_000)) == pytest.approx(inside[0] if hits else 0.0, abs=2e-4)


def test_the_bound_at_every_answer_holds_for_draws_from_a_folder():
    """Exact: the chance that it ever lies above the true share, until everybody was drawn."""
    rest, wrong = 100, 20
    truth, alive = 1 - wrong / rest, {0: 1.0}  # by hits so far
    for n in range(1, rest + 1):
        following: dict[int, float] = {}
        for hits, chance in alive.items():
            right, left = rest - wrong - hits, rest - n + 1
            for more, ways in ((1, right), (0, left - right)):
                if ways and lowest_ever(Frozen(hits + more, n - hits - more, rest)) <= truth:
                    following[hits + more] = following.get(hits + more, 0.0) + chance * ways / left
        alive = following
    assert 0.95 <= sum(alive.values()) < 0.9999  # it may be wrong, and seldom is


def test_a_check_of_fifty_nine():
    """None wrong of 59: at least 95 % right, with 95 % confidence."""
    done = frozen(History(frozen=Frozen(59, 0, 100_000)))["check"]
    assert 0.95 <= done.low < 0.951
    under_way = frozen(History(frozen=Frozen(59, 0, 100_000, waiting=1)))["check"]
    assert 0.85 < under_way.low < done.low  # it holds at every answer, and pays for it
    nothing_left = frozen(History(frozen=Frozen(58, 1, 59)))["check"]
    assert nothing_left.low == nothing_left.value
