"""A check in words: the sentences say their numbers, and both points and labels."""

import pytest

from nextlabel.conformance.indicators import cases
from nextlabel.indicators import INDICATORS
from nextlabel.wording.checking import REASONS, describe_check, headline, say_meeting


def forecast(chance, gain=1.0, recommended="margin"):
    about = {"strategy": "margin", "recommended": recommended, "chance": chance, "knows": not 0.25 < chance < 0.75}
    return {
        "forecast": about | {"gain": [gain, gain - 2, gain + 2], "ratio": [1.5, 0.9, 2.5]},
        "budget": 400,
        "pilot": 100,
    }


@pytest.mark.parametrize(
    ("found", "start"),
    [
        (forecast(0.9), "Ask with margin: 90 in 100 that it beats random by more than 0.25 points."),
        (forecast(0.5), "I do not know whether asking will help: 50 in 100 that margin beats random"),
        (forecast(0.1, -1.0, "random"), "Draw at random: only 10 in 100 that margin beats random"),
    ],
)
def test_the_headline_says_what_to_do_and_how_sure_that_is(found, start):
    said = headline(found)
    assert said.startswith(start)
    assert "points of AUBC [" in said
    assert "random needs 1.5 times as many labels [0.9, 2.5]" in said


def test_where_nothing_can_be_said_no_advice_is_given():
    no_error = {"value": None, "interval": None, "leans": None, "facts": {"wrong": 0.0}}
    no_labels = {"value": None, "leans": None, "facts": {"clusters": 10, "largest": 0.3, "smallest": 0.02}}
    found = {"indicators": {"reliability": no_error, "imbalance": no_labels}, "played": {}, "pilot": 0}
    assert [reason.advice for reason in describe_check(found)] == ["", ""]


def test_without_a_forecast_it_says_so():
    assert headline({"forecast": None}).startswith("Nothing is foretold")


@pytest.mark.parametrize(("where", "evidence"), cases(), ids=lambda one: one if isinstance(one, str) else "")
def test_every_finding_has_a_sentence(where, evidence):
    measured = {
        name: vars(one.measure(evidence)) for name, one in INDICATORS.items() if len(evidence.pilot) >= one.labels
    }
    found = {"indicators": measured, "played": {}, "forecast": None, "pilot": len(evidence.pilot), "budget": 80}
    reasons = describe_check(found)
    assert [reason.name for reason in reasons] == [name for name in REASONS if name in measured]
    assert all(reason.words.endswith(".") and "nan" not in reason.words for reason in reasons)


@pytest.mark.parametrize(
    ("gaps", "said"),
    [
        ([0, 0.2, 0.1], "stay within half a point"),
        ([0, 2.0, 0.1], "have met at 60 labels; before, they were up to 2.0 points apart"),
        ([0, 2.0, 3.0], "margin is 3.0 points ahead of random at 60 labels"),
        ([0, 2.0, -3.0], "margin is 3.0 points behind random at 60 labels"),
    ],
)
def test_where_curves_meet_is_told(gaps, said):
    labels = [20.0, 40.0, 60.0]
    ours = {"labelled": labels, "mean": [0.5 + gap / 100 for gap in gaps]}
    played = {"random": {"labelled": labels, "mean": [0.5] * 3}, "margin": ours}
    assert said in say_meeting({"played": played, "forecast": None})
