"""The loop played on the pilot's guess, and the forecast made of it."""

from dataclasses import replace

import numpy as np
import pytest

from nextlabel.checking import check
from nextlabel.checking.forecast import Rule, about, foretell, numbers_of, rules
from nextlabel.checking.self_simulation import RANDOM, Stage, play_seed
from nextlabel.conformance.indicators import make_evidence
from nextlabel.errors import BadArray, BadData
from nextlabel.files.strict_json import dump
from nextlabel.indicators import INDICATORS
from nextlabel.knobs.pilot import Pilot

ONE = Pilot(budget=80, jobs=1)


def test_all_arms_begin_alike_and_stop_at_the_budget():
    stage = Stage.of(make_evidence())
    curves = play_seed(stage, 3)
    assert set(curves) == {"random", "margin", "auto"}
    assert len({(curve.labelled[0], curve.values[0]) for curve in curves.values()}) == 1
    assert all(curve.labelled[0] < curve.labelled[-1] <= 80 for curve in curves.values())


def test_labels_that_are_known_are_taken_as_they_are():
    evidence = make_evidence(apart=0.0)  # whose head is often wrong about them
    assert (Stage.of(evidence).truth[evidence.pilot] == evidence.y).all()


def test_a_rule_is_a_sum_and_its_chance_a_t_law():
    rule = Rule(0.5, {"played": 2.0}, spread=1.0, families=12)
    numbers = {"played": 0.25, "log_error": np.log(0.25)}
    assert rule(numbers) == 1.0
    low, high = rule.interval(numbers)
    assert low < 1.0 < high
    assert rule.chance(numbers, 1.0) == pytest.approx(0.5)
    assert rule.chance(numbers, low) == pytest.approx(0.9)  # eight of ten lie between, one beyond either end
    ends = replace(rule, by_error=True).interval(numbers)
    assert ends[1] - 1.0 == pytest.approx((high - 1.0) / 2)  # the square root of a quarter


def test_what_ships_can_be_read_and_foretells_more_where_more_was_played():
    kept = about()
    names = set(numbers_of(_findings(), {"margin": [0.0]}, 40, 80, 3)["margin"])
    for rule, name in zip(rules(), ("gain", "ratio"), strict=True):
        assert set(rule.weights) <= names
        assert len(rule.weights) <= 3
        assert kept[name]["spread"] > 0
    said = [foretell(numbers_of(_findings(), {"auto": [gain]}, 40, 80, 3), 0.25) for gain in (-2.0, 6.0)]
    assert said[0].chance <= said[1].chance
    assert [one.recommended == RANDOM for one in said] == [one.gain[0] <= 0 for one in said]


def _findings():
    evidence = make_evidence()
    return {name: indicator.measure(evidence) for name, indicator in INDICATORS.items()}


def test_without_a_pilot_only_vectors_speak():
    X = np.random.default_rng(0).normal(size=(80, 3)).astype(np.float32)
    none = np.empty(0, dtype=np.int64)
    found = check(X, none, none, ("a", "b"), ONE)
    assert set(found.findings) == {"redundancy", "dimension", "imbalance"}
    assert found.forecast is None


def test_ids_may_come_in_any_order():
    rng = np.random.default_rng(0)
    X, ids = rng.normal(size=(80, 3)).astype(np.float32), rng.permutation(80)[:12]
    y = (X[ids, 0] > 0).astype(np.int64)  # too few for a forecast, which takes seconds
    one = check(X, ids, y, ("a", "b"), ONE)
    assert one.plain() == check(X, ids[::-1], y[::-1], ("a", "b"), ONE).plain()


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        (lambda X: X[:30], BadData, "There are 30 samples"),
        (lambda X: np.where(X > 1, np.nan, X), BadArray, "not finite"),
        (lambda X: np.ones_like(X), BadData, "same features"),
    ],
)
def test_what_cannot_be_checked_is_a_sentence(change, error, match):
    X = np.random.default_rng(0).normal(size=(80, 3)).astype(np.float32)
    with pytest.raises(error, match=match):
        check(change(X), np.arange(25), np.arange(25) % 2, ("a", "b"), ONE)


def test_a_budget_that_the_pilot_uses_up_is_refused():
    X = np.random.default_rng(0).normal(size=(80, 3)).astype(np.float32)
    with pytest.raises(BadData, match="use up the budget"):
        check(X, np.arange(25), np.arange(25) % 2, ("a", "b"), Pilot(budget=25, jobs=1))


@pytest.mark.parametrize(
    ("y", "classes", "said"),
    [
        (np.zeros(25, dtype=int), 2, "one class only"),
        (np.arange(5) % 2, 2, "A pilot of 5 is too small"),
    ],
)
def test_what_limits_a_check_is_a_note(y, classes, said):
    X = np.random.default_rng(0).normal(size=(80, 3)).astype(np.float32)
    found = check(X, np.arange(len(y)), y, tuple("abc"[:classes]), ONE)
    assert said in found.notes[0]
    assert found.forecast is None


def test_classes_that_the_pilot_has_not_met_are_told():
    X = np.random.default_rng(0).normal(size=(80, 3)).astype(np.float32)
    found = check(X, np.arange(25), np.arange(25) % 2, ("a", "b", "c"), ONE, plays=2)
    assert "did not meet 1 of 3 classes" in found.notes[0]
    assert found.forecast is not None
    assert dump(found.plain())
