from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextlabel.loop.audit import draws, order_side
from nextlabel.loop.learner import ActiveLearner
from nextlabel.loop.rounds import drive, rounds, step
from nextlabel.models.base import Fitted
from nextlabel.models.head import LinearHead, bootstrap
from nextlabel.models.linear import Linear
from nextlabel.plan import Plan
from nextlabel.pool import Pool
from nextlabel.seeds import number, stream
from nextlabel.strategies import RandomSampling, strategy
from nextlabel.strategies.base import Question
from nextlabel.strategies.door import StrategyEntry

N, C = 90, 3


def problem(start=(0, 1, 2), closed=(), watch=(), audit=()):
    rng = stream(0, "problem")
    truth = np.arange(N) % C
    X = (rng.normal(size=(N, 4)) + 2 * np.eye(4)[truth]).astype(np.float32)
    y, askable = np.full(N, -1), np.ones(N, dtype=bool)
    y[[*start, *watch]] = truth[[*start, *watch]]
    askable[[*closed, *watch, *audit]] = False
    return Pool(X, y, askable, C, np.array(watch, int), np.array(audit, int)), truth


def learner_of(plan, name="margin", seed=0, model=None):
    return ActiveLearner(model or Linear({}), strategy(name), strategy(plan.cold), plan.resolve(N, C), seed)


def play(pool, truth, plan, name="margin", seed=0, past=(), model=None):
    return list(drive(rounds(pool, learner_of(plan, name, seed, model), past), truth.__getitem__))


def batches(steps):
    return [this.asked.ids.tolist() for this in steps]


def flat(lists):
    return [i for ids in lists for i in ids]


def test_rounds_end_with_a_model_that_asks_nothing():
    steps = play(*problem(), Plan(batch=5, rounds=3))
    assert [len(ids) for ids in batches(steps)] == [5, 5, 5, 0]
    assert [len(step.pool.labelled()) for step in steps] == [3, 8, 13, 18]


def test_the_budget_counts_the_start_and_shortens_the_last_batch():
    steps = play(*problem(), Plan(batch=5, rounds=None, budget=15))
    assert [len(ids) for ids in batches(steps)] == [5, 5, 2, 0]


def test_the_pool_is_used_up():
    steps = play(*problem(closed=range(20, N)), Plan(batch=7, rounds=None))
    assert [len(ids) for ids in batches(steps)] == [7, 7, 3, 0]
    assert sorted(flat(batches(steps))) == list(range(3, 20))


@pytest.mark.parametrize("name", ["random", "margin", "badge", "skactiveml:CoreSet"])
def test_closed_samples_are_never_asked(name):
    pool, truth = problem(closed=range(30, 60), watch=range(60, 70))
    asked = flat(batches(play(pool, truth, Plan(batch=6, rounds=4), name)))
    assert len(asked) == len(set(asked)) == 24
    assert not set(asked) & set(range(30, 70))


def test_nothing_known_is_a_cold_start():
    steps = play(*problem(start=()), Plan(batch=2, rounds=4))
    assert steps[0].fitted.clf.predict_proba(steps[0].fitted.features)[0] == pytest.approx([1 / 3] * 3)
    assert steps[-1].pool.known_classes() > 1


def test_cold_rounds_are_asked_by_the_cold_strategy():
    pool, truth = problem(start=(0, 3))  # both of class 0
    plan = Plan(batch=4, rounds=1)
    assert batches(play(pool, truth, plan, "margin")) == batches(play(pool, truth, plan, "random"))


@settings(max_examples=12)
@given(st.integers(0, 5), st.sampled_from([0, 1]), st.sampled_from(["random", "margin"]), st.integers(0, 99))
def test_a_loop_that_stopped_goes_on_as_if_it_had_not(stop, ahead, name, seed):
    pool, truth = problem(audit=range(70, 90))
    plan = Plan(batch=6, rounds=5, ahead=ahead, audit=0.3)
    whole = play(pool, truth, plan, name, seed)
    past = [(this.asked.ids, truth[this.asked.ids]) for this in whole[:stop]]
    assert batches(play(pool, truth, plan, name, seed, past)) == batches(whole[stop:])


def test_ahead_chooses_before_the_last_answers_are_in():
    pool, truth = problem()
    ahead = batches(play(pool, truth, Plan(batch=6, rounds=3, ahead=1)))
    model = Linear({})
    first = model.fit(pool, stream(0, "fit", 0))
    second = strategy("margin")  # asked by hand: round 1 by round 0's model, with round 0's batch out
    assert ahead[0] == batches(play(pool, truth, Plan(batch=6, rounds=3)))[0]
    seen = pool.without(np.array(ahead[0]))
    rows = np.union1d(seen.labelled(), seen.unlabelled())
    question = Question(
        pool.features[rows], pool.y[rows], C, 6, number(stream(0, "ask", 1)), first.clf, first.committee
    )
    assert ahead[1] == rows[second.ask(question, stream(0, "mend", 1)).positions].tolist()


@settings(max_examples=8)
@given(st.sampled_from([0, 1]), st.integers(0, 99))
def test_a_step_is_the_round_that_the_loop_gives(ahead, seed):
    """A page that rebuilds everything from its store asks what a simulation would."""
    pool, truth = problem(audit=range(70, 90))
    plan, view = Plan(batch=6, rounds=3, ahead=ahead, audit=0.3), None
    learner = learner_of(plan, seed=seed)
    for this in play(pool, truth, plan, seed=seed):
        alone = step(pool, learner, this.k, view)
        assert alone.asked.ids.tolist() == this.asked.ids.tolist()
        assert alone.asked.why == this.asked.why
        assert (alone.fitted.clf.coef_ == this.fitted.clf.coef_).all()
        view = alone.ahead() if ahead else None
        pool = pool.answered(alone.asked.ids, truth[alone.asked.ids])


def test_every_id_knows_why_it_is_asked():
    cold, *_ = play(*problem(start=(), audit=[80, 71]), Plan(batch=10, rounds=2, audit=0.2))
    assert sorted(cold.asked.why) == ["audit"] * 2 + ["cold"] * 8
    warm, *_ = play(*problem(audit=[80, 71]), Plan(batch=10, rounds=2, audit=0.2))
    assert sorted(warm.asked.why) == ["audit"] * 2 + ["strategy"] * 8


class Stubborn(RandomSampling):
    """Asks twice for one sample, and for one that is known: two valid answers in a batch of four."""

    def query(self, X, y, candidates=None, batch_size=1, return_utilities=False):
        return np.array([5, 0, 5, 6])


def test_what_the_door_draws_is_random():
    pool, _ = problem()
    learner = replace(learner_of(Plan(batch=4, rounds=1)), strategy=StrategyEntry(Stubborn))
    asked = step(pool, learner, 0).asked
    assert asked.why == ("strategy", "strategy", "random", "random")
    assert asked.ids[:2].tolist() == [5, 6]
    assert asked.mended == 2


def test_the_audit_side_is_asked_in_its_order():
    side = [80, 71, 75, 70]
    steps = play(*problem(audit=side), Plan(batch=10, rounds=4, audit=0.2))
    asked = [(i, why) for this in steps for i, why in zip(this.asked.ids.tolist(), this.asked.why, strict=True)]
    assert [i for i, why in asked if why == "audit"] == side
    assert not {*side} & {i for i, why in asked if why != "audit"}


def test_a_side_that_runs_dry_is_filled_from_the_other():
    steps = play(*problem(closed=range(5, 70), audit=range(70, 90)), Plan(batch=10, rounds=None, audit=0.2))
    assert sorted(flat(batches(steps))) == [3, 4, *range(70, 90)]


def test_the_audit_side_is_a_fair_share_that_newcomers_do_not_move():
    names = [f"{i}.png" for i in range(5000)]
    one, two = (order_side(draws(names[:n], seed=7), np.arange(n), 0.2) for n in (4000, 5000))
    assert len(one) == pytest.approx(800, abs=80)
    assert [i for i in two if i < 4000] == one.tolist()


class Changing:
    """A model whose features are new every round, as a network's are: a random projection, then a linear head."""

    def fit(self, pool, rng):
        features = np.tanh(pool.features @ rng.normal(size=(4, 8))).astype(np.float32)
        ids = pool.labelled()
        head = LinearHead(classes=range(C)).fit(features[ids], pool.y[ids])
        return Fitted(features, head, bootstrap(head, features[ids], pool.y[ids], 0))

    def tune(self, pool):
        return {}


@pytest.mark.parametrize("name", ["margin", "badge", "skactiveml:CoreSet"])
def test_features_may_change_every_round(name):
    steps = play(*problem(), Plan(batch=5, rounds=2), name, model=Changing())
    assert steps[0].fitted.features.shape == (N, 8)
    assert (steps[0].fitted.features != steps[1].fitted.features).any()
