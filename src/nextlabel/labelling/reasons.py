"""Why a sample was asked, in the words of the page; told after the answer, and never before."""

from collections.abc import Mapping

from nextlabel.store import Ask
from nextlabel.text import shorten

PLAIN = {
    "audit": "drawn at random, to check the machine",
    "random": "drawn at random",
    "lasso": "from the region that you chose",
    "overlap": "asked twice, to see whether two people agree",
    "review": "looked at once more",
    "check": "drawn at random, to check the rest",
    "cold": "typical of many others",
}


def explain(ask: Ask, names: Mapping[int, str]) -> str:
    """One line on a question.

    >>> explain(Ask(1, 1, 0, 17, "strategy", 0.9, {0: 0.48, 1: 0.45, 2: 0.07}), {0: "beach", 1: "lake"})
    'the model said beach .48, lake .45'
    """
    if ask.why in PLAIN:
        return PLAIN[ask.why]
    if not ask.probabilities:
        return "the strategy's choice"
    likeliest = sorted(ask.probabilities.items(), key=lambda item: -item[1])[:2]
    return "the model said " + ", ".join(f"{shorten(names.get(one, '?'))} {_two_digits(p)}" for one, p in likeliest)


def _two_digits(p: float) -> str:
    return f"{p:.2f}".removeprefix("0")
