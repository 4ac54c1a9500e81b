"""Probabilities that are given belong to their rows, in whatever order somebody asks for them."""

import numpy as np

from nextlabel.selection import look_up_rows
from nextlabel.strategies.kit.known_probabilities import KnownProbabilities


def test_probabilities_follow_the_rows_that_are_asked_for():
    X = np.arange(6, dtype=np.float32).reshape(3, 2)
    P = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]])
    known = KnownProbabilities(X, look_up_rows(P), 2)
    assert known.predict_proba(X[::-1]).tolist() == P[::-1].tolist()
    assert known.predict_proba(X[[1, 1, 0]]).tolist() == P[[1, 1, 0]].tolist()


def test_the_whole_table_is_not_copied():
    P = np.array([[0.9, 0.1], [0.4, 0.6]])
    assert look_up_rows(P)(np.arange(2)) is P
