"""The audit side: fair, in whole numbers, and hidden from whoever chooses."""

import math
from collections import Counter
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextlabel.loop.asking import visible
from nextlabel.loop.audit import count_due, draw, draws, order_side
from nextlabel.loop.learner import ActiveLearner
from nextlabel.loop.rounds import drive, rounds, step
from nextlabel.models.base import Fitted
from nextlabel.models.head import LinearHead, bootstrap
from nextlabel.models.linear import Linear
from nextlabel.models.tuned import Tuned
from nextlabel.plan import Plan
from nextlabel.pool import Pool
from nextlabel.seeds import stream
from nextlabel.strategies import RandomSampling, strategy
from nextlabel.strategies.door import StrategyEntry

N, C, SHARE = 300, 3, 0.2
RNG = stream(0, "problem")
TRUTH = RNG.integers(C, size=N)
X = (RNG.normal(size=(N, 5)) + 2 * np.eye(5)[TRUTH]).astype(np.float32)
SHARES = st.fractions(0, "99/100", max_denominator=1000).map(lambda share: float(f"{float(share):.3f}"))


def open_pool(share=SHARE, seed=0, known=(), given=None):
    places = draws([f"{i}.jpg" for i in range(N)], seed)
    side = order_side(places, np.arange(N), share)
    y, askable = np.full(N, -1), np.ones(N, dtype=bool)
    y[list(known)], askable[side] = TRUTH[list(known)], False
    return Pool(X, y, askable, C, audit=side, draws=places, given=given)


def play(pool, plan, entry="margin", answers=TRUTH, model=None):
    asker = strategy(entry) if isinstance(entry, str) else entry
    learner = ActiveLearner(model or Tuned(Linear), asker, strategy(plan.cold), plan.resolve(N, C), 0)
    return list(drive(rounds(pool, learner), answers.__getitem__))


class Even:
    """A model that knows nothing: what is counted here does not hang on it."""

    def fit(self, pool, rng):
        head = LinearHead(classes=range(pool.classes)).fit(pool.features[:1], np.array([-1]))
        return Fitted(pool.features, head, bootstrap(head, pool.features[:1], np.array([-1]), 0))

    def tune(self, pool):
        return {}


def test_a_draw_is_the_same_on_every_machine():
    assert draw(7, "roses/001.jpg") == 0.1888264372552383
    assert draw(7, "Blätter/ein Bild.png") == 0.1181841998085933
    assert draw(0, "\udcff.jpg") == 0.031189684748294644  # a name that is no UTF-8


@given(st.integers(0, 2**63), st.text())
def test_a_draw_is_a_fraction_below_one(seed, key):
    found = draw(seed, key)
    assert 0 <= found < 1
    assert found * 2**53 == int(found * 2**53)  # kept by any database, to the bit


@given(SHARES, st.integers(0, 5000))
def test_the_share_of_questions_is_exact(share, n):
    due = count_due(share, n)
    assert Fraction(due - 1) < Fraction(str(share)) * n <= due


@settings(max_examples=30)
@given(SHARES, st.integers(1, 25), st.sampled_from([0, 1]), st.integers(0, 9))
def test_after_every_batch_the_audit_had_its_share_in_the_order_of_draws(share, batch, ahead, seed):
    pool = open_pool(share, seed)
    asked, why = [], []
    for this in play(pool, Plan(batch=batch, rounds=8, audit=share, ahead=ahead), "random", model=Even()):
        asked += this.asked.ids.tolist()
        why += this.asked.why
        wanted = math.ceil(Fraction(str(share)) * len(asked))
        assert why.count("audit") == min(wanted, len(pool.audit)) or not len(this.pool.unlabelled())
    audits = [i for i, reason in zip(asked, why, strict=True) if reason == "audit"]
    assert audits == sorted(pool.audit.tolist(), key=lambda i: pool.draws[i])[: len(audits)]
    assert len(asked) == len(set(asked))


def test_places_in_the_batch_are_drawn():
    firsts = Counter(
        this.asked.why.index("audit")
        for this in play(open_pool(), Plan(batch=5, rounds=40, audit=0.2), model=Even())[:-1]
    )
    assert set(firsts) == set(range(5))  # 40 batches with one audit question each


def test_labels_that_were_there_before_are_no_audit_questions():
    pool = open_pool(known=range(60))
    assert pool.audited() == 0
    first = play(pool, Plan(batch=10, rounds=1, audit=SHARE))[0].asked
    audits = [i for i, why in zip(first.ids.tolist(), first.why, strict=True) if why == "audit"]
    assert audits == [i for i in pool.audit.tolist() if i >= 60][:2]


SEEN: list[tuple[np.ndarray, np.ndarray]] = []


class Spy(RandomSampling):
    """Asks at random, and keeps what it was shown."""

    def query(self, X, y, candidates=None, batch_size=1, return_utilities=False):
        SEEN.append((X.copy(), np.array(y)))
        return super().query(X, y, candidates, batch_size, return_utilities)


@pytest.mark.parametrize("ahead", [0, 1])
def test_no_strategy_ever_sees_an_audit_sample(ahead):
    SEEN.clear()
    pool = open_pool(known=range(20))
    last = play(pool, Plan(batch=10, rounds=6, audit=SHARE, ahead=ahead), StrategyEntry(Spy))[-1]
    assert last.pool.audited() == 12
    where = {row.tobytes(): i for i, row in enumerate(X)}
    assert len(SEEN) == 6
    for rows, y in SEEN:
        ids = [where[row.tobytes()] for row in rows]
        assert not {*ids} & {*pool.audit.tolist()}
        assert set(y[y >= 0]) <= set(TRUTH)
        told = [(i, label) for i, label in zip(ids, y, strict=True) if label not in (-1, TRUTH[i])]
        # What is out for an answer counts as known, by whatever the model says: a batch of its own side at most.
        assert len(told) <= (8 if ahead else 0)


@pytest.mark.parametrize("name", ["margin", "badge", "auto", "uherding", "probcover"])
def test_what_the_audit_answers_moves_no_choice(name):
    """Neither through the model, nor through its settings, nor by a count of labels or classes."""
    pool, plan = open_pool(), Plan(batch=10, rounds=4, audit=SHARE, ahead=1, cold="maxherding")
    lies = TRUTH.copy()
    lies[pool.audit] = (TRUTH[pool.audit] + 1) % C
    honest, lying = play(pool, plan, name), play(pool, plan, name, lies)
    assert [this.asked.ids.tolist() for this in honest] == [this.asked.ids.tolist() for this in lying]
    assert (honest[-1].fitted.clf.coef_ != lying[-1].fitted.clf.coef_).any()  # what is shown learned from them


def test_a_class_that_only_the_audit_met_is_none_of_the_choosers():
    answers = np.where(TRUTH == 1, 0, TRUTH)
    pool = open_pool(given=0)
    answers[pool.audit] = 1  # classes 0 and 2 on the strategy's side, 1 on the audit's
    this = play(pool, Plan(batch=20, rounds=3, audit=SHARE), answers=answers)[-1]
    blind = this.pool.blind()
    assert (this.pool.classes, blind.classes, blind.known_classes()) == (3, 2, 2)
    assert set(blind.y[blind.y >= 0]) == {0, 1}  # codes without a gap, which would tell


def test_the_chooser_is_the_model_of_the_strategys_own_labels():
    this = play(open_pool(), Plan(batch=10, rounds=6, audit=SHARE))[4]
    own = np.setdiff1d(this.pool.labelled(), this.pool.audit)
    strength = Tuned(Linear).settings(this.pool)["C"][-1][1]
    expected = LinearHead(strength, classes=range(C)).fit(X[own], TRUTH[own])
    assert this.chooser.clf.coef_ == pytest.approx(expected.coef_)
    assert len(this.pool.labelled()) > len(own)


def test_without_an_audit_side_one_model_serves_both():
    for this in play(open_pool(share=0), Plan(batch=10, rounds=2)):
        assert this.chooser is this.fitted


@pytest.mark.parametrize("name", ["margin", "entropy", "least_confident", "auto(few=0)"])
def test_nobody_on_the_strategys_side_was_doubted_more_than_the_deepest_pick(name):
    for this in play(open_pool(known=range(9)), Plan(batch=10, rounds=3, audit=SHARE), name)[:-1]:
        own = np.array(this.asked.why) == "strategy"
        assert np.isnan(this.asked.scores[~own]).all()
        assert this.asked.tau == this.asked.scores[own].min()
        left = np.setdiff1d(this.pool.unlabelled(), this.asked.ids)
        P = np.sort(this.chooser.clf.predict_proba(X[left]), axis=1)
        doubt = {"entropy": -(P * np.log(P)).sum(axis=1), "least_confident": 1 - P[:, -1]}
        assert doubt.get(name, 1 - (P[:, -1] - P[:, -2])).max() <= this.asked.tau + 1e-6


@pytest.mark.parametrize("name", ["badge", "maxherding", "random", "auto"])
def test_a_batch_that_is_chosen_otherwise_has_no_scores(name):
    first = play(open_pool(known=range(9)), Plan(batch=10, rounds=1, audit=SHARE), name)[0].asked
    assert first.scores is None
    assert first.tau is None


def test_coverage_chooses_among_the_smallest_draws():
    pool = open_pool(known=range(30))
    seen = visible(pool, 50)
    own = np.setdiff1d(np.arange(N), pool.audit)
    free = own[own >= 30]
    assert seen.tolist() == sorted([*own[own < 30], *free[np.argsort(pool.draws[free])][:50]])
    assert visible(replace(pool, draws=None), 50).tolist() == own.tolist()  # as it was before there were draws


@pytest.mark.parametrize(("name", "expected"), [("auto(sample=20)", 20), ("auto(sample=20, few=0)", None)])
def test_auto_looks_at_few_while_it_covers(name, expected):
    """The same samples from batch to batch, where it would draw others each time."""
    learner = ActiveLearner(Linear({}), strategy(name), strategy("random"), Plan(batch=2, audit=SHARE).resolve(N, C), 0)
    pool = open_pool(known=range(9))
    asked = step(pool, learner, 0).asked
    own = [i for i, why in zip(asked.ids.tolist(), asked.why, strict=True) if why == "strategy"]
    few = visible(pool, expected)
    assert {*own} <= {*few.tolist()}
    assert expected is None or len(few) < 40


def test_settings_are_chosen_on_the_strategys_labels_in_the_order_of_asking():
    this = play(open_pool(), Plan(batch=10, rounds=4, audit=SHARE))[-1]
    own = [i for i in this.pool.asked.tolist() if i not in set(this.pool.audit.tolist())]
    counts = [count for count, _ in Tuned(Linear).settings(this.pool)["C"]]
    assert counts == [counts[0] * 2**power for power in range(len(counts))]
    assert counts[-1] <= len(own) < 2 * counts[-1]
    assert len(set(TRUTH[own[: counts[0]]])) == 2 > len(set(TRUTH[own[: counts[0] - 1]]))


def test_settings_are_remembered_and_come_out_again():
    model, this = Tuned(Linear), play(open_pool(), Plan(batch=10, rounds=2, audit=SHARE))[-1]
    assert model.settings(this.pool) == model.settings(this.pool) == Tuned(Linear).settings(this.pool)
    corrected = replace(this.pool, y=np.where(np.arange(N) == this.pool.asked[0], 2, this.pool.y))
    assert model.settings(corrected) == Tuned(Linear).settings(corrected)


def test_every_second_question_is_the_audits_until_it_has_caught_up_with_those_that_joined():
    """Else its answers would be no sample of the folder as it is now: those that joined would be missing in it."""
    whole, late = open_pool(), np.arange(N) % 2 == 1
    askable = whole.askable & ~late
    before = replace(whole, askable=askable, audit=whole.audit[~late[whole.audit]])
    plan = Plan(batch=10, rounds=10, audit=SHARE)
    asked = np.concatenate([this.asked.ids for this in play(before, plan)])
    y = np.where(np.isin(np.arange(N), asked), TRUTH, -1)
    joined = replace(whole, y=y, asked=asked)
    behind = joined.behind()
    assert behind > 10
    shares = [this.asked.why.count("audit") for this in play(joined, plan)][:-1]
    catching_up = behind // 5
    assert shares[:catching_up] == [5] * catching_up
    assert sum(shares[: catching_up + 1]) == behind  # no more than that: they count as questions of the audit
    assert shares[catching_up + 1] == 0
