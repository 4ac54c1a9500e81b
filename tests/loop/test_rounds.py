import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextlabel.datasets.base import Dataset
from nextlabel.loop.rounds import rounds
from nextlabel.models.base import Fitted
from nextlabel.models.head import LinearHead, bootstrap
from nextlabel.models.linear import Linear
from nextlabel.plan import Plan
from nextlabel.pool import Pool
from nextlabel.seeds import number, stream
from nextlabel.simulation.arm import audit_side
from nextlabel.strategies import strategy
from nextlabel.strategies.door import Question

N, C = 90, 3


def problem(start=(0, 1, 2), closed=(), watch=(), audit=()):
    rng = stream(0, "problem")
    truth = np.arange(N) % C
    X = (rng.normal(size=(N, 4)) + 2 * np.eye(4)[truth]).astype(np.float32)
    y, askable = np.full(N, -1), np.ones(N, dtype=bool)
    y[[*start, *watch]] = truth[[*start, *watch]]
    askable[[*closed, *watch, *audit]] = False
    return Pool(X, y, askable, C, np.array(watch, int), np.array(audit, int)), truth


def drive(pool, truth, plan, name="margin", seed=0, past=(), model=None):
    loop = rounds(pool, model or Linear({}), strategy(name), plan.fixed(N, C), seed, past)
    steps = [next(loop)]
    while True:
        try:
            steps.append(loop.send(truth[steps[-1].ids]))
        except StopIteration:
            return steps


def batches(steps):
    return [step.ids.tolist() for step in steps]


def flat(lists):
    return [i for ids in lists for i in ids]


def test_rounds_end_with_a_model_that_asks_nothing():
    steps = drive(*problem(), Plan(batch=5, rounds=3))
    assert [len(ids) for ids in batches(steps)] == [5, 5, 5, 0]
    assert [len(step.pool.labelled()) for step in steps] == [3, 8, 13, 18]


def test_the_budget_counts_the_start_and_shortens_the_last_batch():
    steps = drive(*problem(), Plan(batch=5, rounds=None, budget=15))
    assert [len(ids) for ids in batches(steps)] == [5, 5, 2, 0]


def test_the_pool_is_used_up():
    steps = drive(*problem(closed=range(20, N)), Plan(batch=7, rounds=None))
    assert [len(ids) for ids in batches(steps)] == [7, 7, 3, 0]
    assert sorted(flat(batches(steps))) == list(range(3, 20))


@pytest.mark.parametrize("name", ["random", "margin", "badge", "skactiveml:CoreSet"])
def test_closed_samples_are_never_asked(name):
    pool, truth = problem(closed=range(30, 60), watch=range(60, 70))
    asked = flat(batches(drive(pool, truth, Plan(batch=6, rounds=4), name)))
    assert len(asked) == len(set(asked)) == 24
    assert not set(asked) & set(range(30, 70))


def test_nothing_known_is_a_cold_start():
    steps = drive(*problem(start=()), Plan(batch=2, rounds=4))
    assert steps[0].fitted.clf.predict_proba(steps[0].fitted.features)[0] == pytest.approx([1 / 3] * 3)
    assert steps[-1].pool.known_classes() > 1


def test_cold_rounds_are_asked_by_the_cold_strategy():
    pool, truth = problem(start=(0, 3))  # both of class 0
    plan = Plan(batch=4, rounds=1)
    assert batches(drive(pool, truth, plan, "margin")) == batches(drive(pool, truth, plan, "random"))


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 5), st.sampled_from([0, 1]), st.sampled_from(["random", "margin"]), st.integers(0, 99))
def test_a_loop_that_stopped_goes_on_as_if_it_had_not(stop, ahead, name, seed):
    pool, truth = problem(audit=range(70, 90))
    plan = Plan(batch=6, rounds=5, ahead=ahead, audit=0.3)
    whole = drive(pool, truth, plan, name, seed)
    past = [(step.ids, truth[step.ids]) for step in whole[:stop]]
    assert batches(drive(pool, truth, plan, name, seed, past)) == batches(whole[stop:])


def test_ahead_chooses_before_the_last_answers_are_in():
    pool, truth = problem()
    ahead = batches(drive(pool, truth, Plan(batch=6, rounds=3, ahead=1)))
    model = Linear({})
    first = model.fit(pool, stream(0, "fit", 0))
    second = strategy("margin")  # asked by hand: round 1 by round 0's model, with round 0's batch out
    assert ahead[0] == batches(drive(pool, truth, Plan(batch=6, rounds=3)))[0]
    seen = pool.without(np.array(ahead[0]))
    rows = np.union1d(seen.labelled(), seen.unlabelled())
    question = Question(
        pool.features[rows], pool.y[rows], C, 6, number(stream(0, "ask", 1)), first.clf, first.committee
    )
    assert ahead[1] == rows[second.ask(question, stream(0, "mend", 1)).positions].tolist()


def test_the_audit_side_is_hidden_and_asked_in_its_order():
    side = [80, 71, 75, 70]
    steps = drive(*problem(audit=side), Plan(batch=10, rounds=4, audit=0.2))
    asked = batches(steps)
    assert [ids[8:] for ids in asked[:2]] == [[80, 71], [75, 70]]
    assert not {*side} & {*flat(ids[:8] for ids in asked[:2])}


def test_a_side_that_runs_dry_is_filled_from_the_other():
    steps = drive(*problem(closed=range(5, 70), audit=range(70, 90)), Plan(batch=10, rounds=None, audit=0.2))
    assert sorted(flat(batches(steps))) == [3, 4, *range(70, 90)]


def test_the_audit_side_is_a_fair_share_that_newcomers_do_not_move():
    few = Dataset("d", np.zeros(4000, int), ("a",), "0", paths=tuple(f"{i}.png" for i in range(4000)))
    many = Dataset("d", np.zeros(5000, int), ("a",), "0", paths=tuple(f"{i}.png" for i in range(5000)))
    one, two = audit_side(few, np.arange(4000), 0.2, 7), audit_side(many, np.arange(5000), 0.2, 7)
    assert len(one) == pytest.approx(800, abs=80)
    assert [i for i in two if i < 4000] == one.tolist()


class Changing:
    """A model whose features are new every round, as a network's are: a random projection, then a linear head."""

    def fit(self, pool, rng):
        features = np.tanh(pool.features @ rng.normal(size=(4, 8))).astype(np.float32)
        ids = pool.labelled()
        head = LinearHead(classes=range(C)).fit(features[ids], pool.y[ids])
        return Fitted(features, head, bootstrap(head, features[ids], pool.y[ids], 0))

    def tune(self, pools):
        return {}


@pytest.mark.parametrize("name", ["margin", "badge", "skactiveml:CoreSet"])
def test_features_may_change_every_round(name):
    steps = drive(*problem(), Plan(batch=5, rounds=2), name, model=Changing())
    assert steps[0].fitted.features.shape == (N, 8)
    assert (steps[0].fitted.features != steps[1].fitted.features).any()
