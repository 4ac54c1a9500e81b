"""What the next hundred labels would bring, by *churn*: how many samples the last hundred moved to another class."""

from collections.abc import Mapping

from nextlabel.estimators.base import Check, Figure, History
from nextlabel.statistics.audit_looks import LOOKS

PER_CLASS = 5  # labels that each class has to have
SEEN = 100  # unlabelled audit samples
EXPECTED, BASE, SLOPE = 0.1, 0.3, 0.3  # of the gain: about .1 points a point of churn, at most .3 + .3 a point


def churn(history: History) -> Mapping[str, Figure]:
    """``next``: by how many points more the model would agree with the person after a hundred more labels.

    Churn is the share of the unlabelled audit side that the model takes for another class than a hundred labels ago. A
    rule, found on six datasets, on which it held in 2,321 of 2,373 cases, and not an interval that holds for any.
    """
    found = last_check(history)
    if isinstance(found, str):
        return {"next": Figure("points", audit=history.audit, silent=found)}
    more = {"churn": found.churn, "changed": found.changed, "seen": found.seen}
    value, high = EXPECTED * found.churn, bound(found)
    return {"next": Figure("points", value, 0.0, high, found.audit, found.labelled, more=more)}


def last_check(history: History) -> Check | str:
    """The last check of the model's change, or why nothing can be said by it."""
    if history.audit < LOOKS[0]:
        return "small" if history.side < LOOKS[0] else "early"
    if not history.checks:
        return "no model before"
    last = history.checks[-1]
    if last.fewest < PER_CLASS:
        return "few in a class"
    return "few left" if last.seen < SEEN else last


def bound(check: Check) -> float:
    """The most that a hundred more labels bring, in points."""
    return BASE + SLOPE * check.churn
