"""Auto covers first; then it doubts or spreads."""

import numpy as np
import pytest
from obvious import query, world

from nextlabel import strategies as ours
from nextlabel.models.head import LinearHead


def test_auto_covers_first_then_doubts_or_spreads():
    X, y, head = world(0, n=200, labelled=8)
    more = {"clf": head, "fit_clf": False}
    expected = {
        3.0: query(ours.UncertaintySampling, X, y, 5, init={"method": "margin_sampling"}, **more),
        9.0: query(ours.MaxHerding, X, y, 5),
    }
    known = (y >= 0).sum() / 4
    assert 1 < known < 3
    assert query(ours.Auto, X, y, 5, init={"few": 1.0, "large": 9.0}, **more).tolist() == expected[3.0].tolist()
    assert query(ours.Auto, X, y, 5, init={"few": 9.0}, **more).tolist() == expected[9.0].tolist()
    spread = query(ours.Badge, X, y, 5, **more)
    assert query(ours.Auto, X, y, 5, init={"few": 1.0, "large": 1.0}, **more).tolist() == spread.tolist()


@pytest.mark.parametrize("few", [1.0, 9.0])
def test_rows_of_one_length_are_covered_where_the_model_doubts(few):
    X, y, head = world(0, n=200, labelled=8)
    X = X / np.linalg.norm(X, axis=1, keepdims=True)
    more = {"clf": head, "fit_clf": False}
    expected = query(ours.UHerding, X, y, 5, **more).tolist()
    assert query(ours.Auto, X, y, 5, init={"few": few}, **more).tolist() == expected
    as_others = query(ours.Auto, X, y, 5, init={"few": few, "directions": False}, **more).tolist()
    assert as_others != expected


def test_without_labels_it_needs_no_model():
    X, y, _ = world(0, labelled=0)
    expected = query(ours.MaxHerding, X, y, 5).tolist()
    for fit in (True, False):
        assert query(ours.Auto, X, y, 5, clf=LinearHead(), fit_clf=fit).tolist() == expected
