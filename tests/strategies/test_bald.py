"""BALD's kin: a law, and lazy greedy against plain."""

import itertools

import numpy as np
import pytest
from obvious import LEAST_P, agreement, members, query, world

from nextlabel import strategies as ours
from nextlabel.models.head import LinearHead
from nextlabel.strategies.bald import information
from nextlabel.strategies.batch_bald import Joint, batch_bald
from nextlabel.strategies.kit.ties import Ties


@pytest.mark.parametrize("most", [10**5, 30])
def test_batchbald_is_plain_greedy_with_all_combinations_and_with_some(most, record_property):
    for seed in range(15):
        rng = np.random.default_rng(seed)
        P = rng.dirichlet(np.full(4, 0.4), size=(200, 8))  # (m, T, C)
        lazy, plain = Joint(P, most, seed), Joint(P, most, seed)
        picks = batch_bald(lazy, 8 if most == 30 else 6, Ties(200, rng))
        for pick in picks:
            gains = plain.gains(np.arange(200))
            gains[picks[: list(picks).index(pick)]] = -np.inf
            assert gains[pick] == pytest.approx(gains.max(), abs=1e-12)
            plain.add(int(pick))
        record_property(f"evaluations {most}", (lazy.evaluations, plain.evaluations))
        assert lazy.evaluations < plain.evaluations


def test_drawn_combinations_are_nearly_as_good_as_all():
    """Each step must draw anew: labels that hang together from step to step were wrong by a fifth of a gain."""
    for seed in range(3):
        rng = np.random.default_rng(seed)
        logits = rng.normal(size=(200, 1, 4)) + 0.3 * rng.normal(size=(200, 8, 4))
        P = np.exp(2 * logits) / np.exp(2 * logits).sum(axis=2, keepdims=True)  # (m, T, C)
        every, drawn = Joint(P, 10**6, seed), Joint(P, 1000, seed)
        for pick in batch_bald(Joint(P, 1000, seed), 9, Ties(200, rng)):  # 4^9 combinations
            every.add(int(pick))
            drawn.add(int(pick))
        right = every.everybody()
        assert np.abs(drawn.everybody() - right).max() < 0.1 * right.max()


@pytest.mark.parametrize("beta", [1.0, 3.0])
def test_powerbald_draws_in_proportion_to_a_power(beta, record_property):
    X = np.random.default_rng(0).normal(size=(6, 2))
    ensemble = [LinearHead(C=9.0, classes=range(2)).fit(X[[i, 5 - i]], [0, 1]) for i in range(3)]
    scores = information(np.stack([one.predict_proba(X) for one in ensemble])) ** beta
    law = {}
    for one, two in itertools.permutations(range(6), 2):
        law[one, two] = scores[one] / scores.sum() * scores[two] / (scores.sum() - scores[one])
    y, draws = np.full(6, -1), []
    for seed in range(1200):
        more = {"ensemble": ensemble, "fit_ensemble": False}
        draws.append(tuple(query(ours.PowerBALD, X, y, 2, seed, init={"beta": beta}, **more).tolist()))
    p = agreement(draws, law)
    record_property("p", p)
    assert p > LEAST_P


@pytest.mark.parametrize("kind", ["GreedyBALD", "PowerBALD", "BatchBALD"])
def test_no_probability_may_count_as_zero(kind):
    X, y, _ = world(0)
    with pytest.raises(ValueError, match="eps"):
        query(getattr(ours, kind), X, y, 2, init={"eps": 0.0}, ensemble=members(X), fit_ensemble=False)
