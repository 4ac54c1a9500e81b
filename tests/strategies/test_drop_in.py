"""What all of ours refuse, how they break ties, and that precision is not what decides."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from obvious import LEAST_P, agreement, query, table, world

from nextlabel import strategies as ours
from nextlabel.strategies.kit.ties import Ties


@pytest.mark.parametrize(
    ("P", "why"),
    [
        ([[0.5, 0.6]], "do not sum to one"),
        ([[np.nan, 1.0]], "do not sum to one"),
        ([[1.5, -0.5]], "negative"),
        ([[[1.0]]], "must be a table"),
    ],
)
def test_what_is_no_probability_is_refused(P, why):
    X, y = np.zeros((3, 2)), np.full(3, -1)
    clf = table(np.repeat(P, 3, axis=0))
    with pytest.raises(ValueError, match=why):
        query(ours.UncertaintySampling, X, y, 1, clf=clf, fit_clf=False)


@given(scores=st.lists(st.sampled_from([0.0, 1.0, 2.0]), min_size=1, max_size=12), data=st.data())
def test_the_top_is_a_sort_whose_ties_are_shuffled_once(scores, data):
    scores = np.array(scores)
    batch = data.draw(st.integers(1, len(scores)))
    ties = Ties(len(scores), np.random.default_rng(batch))
    expected = sorted(range(len(scores)), key=lambda i: (-scores[i], ties.rank[i]))
    assert ties.top(scores, batch).tolist() == expected[:batch]
    assert ties.best(scores) == expected[0]


def test_float32_and_float64_choose_alike():
    X, y, head = world(4, n=500, labelled=20)
    for kind, more in (
        (ours.CoreSet, {}),
        (ours.MaxHerding, {}),
        (ours.UncertaintySampling, {"clf": head, "fit_clf": False}),
        (ours.UHerding, {"clf": head, "fit_clf": False}),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            single, double = (query(kind, X.astype(t), y, 15, **more) for t in (np.float32, np.float64))
        assert single.tolist() == double.tolist(), kind


def test_random_follows_its_law(record_property):
    X, y = np.zeros((6, 1)), np.array([-1, 0, -1, -1, 0, -1])
    drawn = [tuple(query(ours.RandomSampling, X, y, 2, seed).tolist()) for seed in range(1200)]
    p = agreement(drawn, {(i, j): 1 / 12 for i in (0, 2, 3, 5) for j in (0, 2, 3, 5) if i != j})
    record_property("p", p)
    assert p > LEAST_P


def test_randoms_utilities_are_uniform_and_highest_where_it_asks(record_property):
    X, y, tops = np.zeros((4, 1)), np.full(4, -1), []
    for seed in range(1000):
        found, told = query(ours.RandomSampling, X, y, 2, seed, return_utilities=True)
        assert found.tolist() == query(ours.RandomSampling, X, y, 2, seed).tolist()
        assert np.argsort(-told[0])[:2].tolist() == found.tolist()
        tops.append(int(told[0, 0] * 5))  # of one sample, whether it is asked or not
    p = agreement(tops, dict.fromkeys(range(5), 0.2))
    record_property("p", p)
    assert p > LEAST_P
