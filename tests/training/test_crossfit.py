"""Audit answers judge heads that have not learned them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextlabel.training import read_lessons
from nextlabel.training.calibration import cool_apart, find_temperature, share_above
from nextlabel.training.crossfit import CrossFit, cross_fit


class Parrot:
    """Repeats what it has learned, and of what it has not says the class that it has heard most."""

    def __init__(self, y, classes):
        self.settings = {}
        from test_training import table

        data = table(len(y), classes)
        self.lessons = read_lessons(data)._replace(y=np.array(y), classes=tuple("abcdef"[:classes]))

    def fit(self, rows):
        return dict(zip(rows.tolist(), self.lessons.y[rows].tolist(), strict=True))

    def logits(self, fitted, rows):
        known = sorted(set(fitted.values()))
        most = max(known, key=list(fitted.values()).count)
        said = [fitted.get(int(row), most) for row in rows]
        return np.array([[9.0 * (code == one) for code in known] for one in said])


def test_no_head_is_asked_what_it_has_learned():
    parrot = Parrot([0] * 20 + [1] * 10, 2)
    found = cross_fit(parrot, np.arange(30))
    assert found.right().tolist() == [True] * 20 + [False] * 10  # by heart it would know all of them


def test_what_is_not_held_out_is_learned_by_every_head():
    parrot = Parrot([0] * 3 + [1] * 10, 2)
    assert not cross_fit(parrot, np.arange(3)).right().any()  # the ten others outvote them


def test_a_class_that_a_head_has_not_heard_is_wrong_and_has_no_say_in_the_temperature():
    parrot = Parrot([0] * 20 + [1] * 10 + [2], 3)
    found = cross_fit(parrot, np.arange(31))
    assert found.seen.tolist() == [True] * 30 + [False]
    assert not found.right()[30]
    apart = cool_apart(found)
    others = (found.fold != found.fold[0]) & found.seen
    assert apart[0, 0] == pytest.approx(9.0 / find_temperature(found.logits[others], found.y[others]))


def test_nothing_is_asked_where_nothing_is_left_to_learn():
    assert cross_fit(Parrot([0, 1], 2), np.arange(2)) is None
    assert cross_fit(Parrot([0, 1], 2), np.arange(0)) is None


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 60), st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_a_threshold_counts_what_it_lets_through(n, threshold, seed):
    rng = np.random.default_rng(seed)
    logits, y = rng.normal(0, 3, (n, 3)), rng.integers(0, 3, n)
    found = share_above(CrossFit(logits, np.arange(n) % 5, y, np.ones(n, dtype=bool)), threshold, calibrated=False)
    proba = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    above = proba.max(axis=1) >= threshold
    assert (found.hits, found.total) == (int((proba.argmax(axis=1) == y)[above].sum()), int(above.sum()))
    assert found.low <= (found.value or 0) <= found.high
