"""The contract of estimators finds out whoever breaks it."""

import math

import pytest

from nextlabel.conformance.estimators import for_estimators
from nextlabel.estimators.base import Figure


def share(history):
    """Somebody's estimator, which keeps the contract: the plain share of hits at the last look."""
    if not history.looks:
        return {"share": Figure("share", audit=history.audit, silent="early")}
    look = history.looks[-1]
    return {"share": Figure("share", float(look.hits.mean()), audit=look.m)}


def not_a_number(history):
    return {"share": Figure("share", math.nan if history.checks else None, silent=None if history.checks else "early")}


def beside(history):
    value = share(history)["share"].value
    return share(history) if value is None else {"share": Figure("share", value, value + 0.1, 1.5)}


def points(history):
    value = share(history)["share"].value
    return share(history) if value is None else {"share": Figure("share", 100 * value)}


def other_names(history):
    return share(history) | ({"more": Figure("", silent="early")} if not history.looks else {})


def mute(history):
    return {"share": Figure("share")}


def hasty(history):
    return {"share": Figure("share", 0.5, 0.0, 1.0)}


def talkative(history):
    found = share(history)["share"]
    return {"share": Figure("share", found.value, silent="early")}


def moody(history, said=[]):  # noqa: B006
    said.append(history)
    return share(history) if not history.looks else {"share": Figure("share", 1 / len(said))}


def rude(history):
    if history.looks:
        history.looks[-1].truth[0] = 0
    return share(history)


def superstitious(history):
    if not history.looks:
        return share(history)
    return {"share": Figure("share", float((history.looks[-1].truth == 0).mean()))}


def keep(estimator):
    for check in for_estimators:
        check(estimator)


def test_whoever_keeps_it_passes():
    keep(share)


@pytest.mark.parametrize(
    ("estimator", "why"),
    [
        (beside, "not from"),
        (points, "no share"),
        (other_names, "not {'share'"),
        (mute, "is Figure"),
        (hasty, "before anything was answered"),
        (talkative, "is Figure"),
        (moody, "and gave"),
        (superstitious, "with other names"),
    ],
)
def test_whoever_breaks_it_is_told_where(estimator, why):
    with pytest.raises(AssertionError, match=why):
        keep(estimator)


def test_what_is_no_number_and_who_writes_into_a_history_fail():
    with pytest.raises(ValueError, match="not JSON compliant"):
        keep(not_a_number)
    with pytest.raises(ValueError, match="read-only"):
        keep(rude)
