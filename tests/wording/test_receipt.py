"""The receipt's sentences: each says its numbers, outwards, and no more than its figure holds."""

import math
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from nextlabel.conformance.estimators import histories, make_history, make_look
from nextlabel.estimators import estimate
from nextlabel.estimators.base import Figure, History
from nextlabel.wording.receipt import LINES, MADE_OF, describe_receipt


def say(name, figure, noun="picture"):
    """The sentence of one figure."""
    return LINES[name][1](figure, noun)


SENTENCES = [
    ("new", Figure("share", 0.86, 0.703, 0.949, 30), "Agrees with your answers on 70 to 95 of 100 new pictures like "
     "these (30 audit answers)."),
    ("new", Figure("share", silent="early", audit=29), "Too early for a figure: 29 of 30 audit answers."),
    ("new", Figure("share", silent="early", audit=30), "There are enough audit answers: the figure comes with the next "
     "batch of questions."),
    ("rest", Figure("share", 0.9, 0.86, 0.96, 60, 300, more={"left": 1120, "wrong_low": 40, "wrong_high": 151}),
     "1,120 pictures left at 300 labels: 40 to 151 of them would be labelled wrongly."),
    ("rest", Figure("share", None, 0.6, 1.0, 60, 300, more={"left": 1, "wrong_low": 0, "wrong_high": 1}),
     "1 picture left at 300 labels: at most 1 of them would be labelled wrongly."),
    ("rest", Figure("share", silent="nothing left"), "No picture is left without a label."),
    ("against_random", Figure("points", 4.0, -11.2, 19.0, 60, more={"labels": 48}),
     "Not told apart from random questions yet: −11 to +19 points, at 48 labels each."),
    ("against_random", Figure("points", 9.0, 2.0, 16.0, 470, more={"labels": 376}),
     "Better than random questions by 2 to 16 points, at 376 labels each."),
    ("against_random", Figure("points", -9.0, -16.0, -2.0, 470, more={"labels": 376}),
     "Worse than random questions by 2 to 16 points, at 376 labels each."),
    ("against_random", Figure("points", silent="short queue"), ""),
    ("next", Figure("points", 0.5, 0.0, 1.8, 60, more={"churn": 5.0}), "The next 100 answers bring about 0.5 points, "
     "at most 1.8: the last 100 changed 5.0 % of the machine's."),
    ("next", Figure("points", silent="few left"), "Nothing is said about the next 100 answers: too little of the audit "
     "side is left."),
    ("advice", Figure("", 0.0, more={"rule": "churn", "churn": 5.0}), "Go on: answers still change what the machine "
     "says."),
    ("advice", Figure("", 1.0, more={"rule": "cost", "worth": 1.5, "cost": 10.0}), "You may stop: 100 more labels cost "
     "10, and mend errors worth 1.50 at most."),
]  # fmt: skip


@pytest.mark.parametrize(("name", "figure", "words"), SENTENCES)
def test_a_figure_has_its_sentence(name, figure, words):
    assert say(name, figure) == words


@given(some.floats(0, 1), some.floats(0, 1))
def test_rounding_makes_no_interval_narrower(one, other):
    low, high = sorted((one, other))
    said = [int(number) for number in re.findall(r"\d+", say("new", Figure("share", low, low, high, 30)))]
    assert said[0] <= 100 * low + 1e-6
    assert said[1] >= 100 * high - 1e-6
    assert said[1] - said[0] <= math.ceil(100 * (high - low)) + 2


@pytest.mark.parametrize("noun", ["picture", "text"])
def test_every_history_has_a_receipt_in_whole_sentences(noun):
    for where, history in histories():
        lines = describe_receipt(estimate(history), noun, history.joined)
        assert lines, where
        for line in lines:
            for words in (line.words, line.made_of):
                assert words.endswith("."), words
                assert not re.search(r"None|nan|inf\b|[{}]", words), words
            assert noun == "picture" or "picture" not in line.words + line.made_of
    assert set(MADE_OF) == {*LINES, "joined"}


def test_what_joined_is_said_first_and_what_was_put_aside_beside_the_figure():
    history = make_history(make_look(30, discarded=10, skipped=1), joined=3)
    first, new, *_ = (line.words for line in describe_receipt(estimate(history), "text", 3))
    assert first == "3 texts joined that the audit has not asked yet: till then the last figures stand."
    assert "One that was asked and has no answer yet counts as wrong below, and as right above." in new
    assert "25 % of the audit's texts were put aside: the figure is about the others." in new
    small = estimate(History(audit=4, side=8))
    assert describe_receipt(small)[0].words.startswith("Too few pictures for a figure: it takes 30")
    assert "rest" not in {line.name for line in describe_receipt(small)}
    by_hand = make_history(replace(history.looks[0], by_hand=True))
    assert "picked by hand" in next(one.words for one in describe_receipt(estimate(by_hand)) if one.name == "rest")
