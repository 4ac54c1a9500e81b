"""The receipt in words: what each figure says, and what it is made of; or why nothing is said.

>>> from nextlabel.estimators import estimate
>>> from nextlabel.estimators.base import History
>>> for line in describe_receipt(estimate(History(audit=18, side=120)), "picture"):
...     print(line.words)
Too early for a figure: 18 of 30 audit answers.
Too early to compare with random questions: 18 of 59 audit answers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from nextlabel.estimators.base import Figure
from nextlabel.estimators.random_arm import FIRST as FIRST_COMPARISON
from nextlabel.statistics.audit_looks import LOOKS
from nextlabel.text import several
from nextlabel.wording.numbers import MINUS

COMING = "There are enough audit answers: the figure comes with the next batch of questions."
MANY = 0.05  # of the audit's questions: where more are discarded, the figure says so


@dataclass(frozen=True)
class ReceiptLine:
    """One line: the ``figure`` of that ``name``, its ``words``, and in ``made_of`` what it rests on."""

    name: str
    title: str
    words: str
    made_of: str
    figure: Figure


def describe_receipt(figures: Mapping[str, Figure], noun: str = "picture", joined: int = 0) -> list[ReceiptLine]:
    """The lines of a receipt, in their order; one that has nothing to say, and need not say why, is not there.

    ``noun``: what one sample is called. ``joined``: how many came to the folder with which the audit has not caught up.
    """
    found = []
    for name, (title, words) in LINES.items():
        figure = figures.get(name)
        if figure is not None and (said := words(figure, noun)):
            found.append(ReceiptLine(name, title, said, MADE_OF[name].format(noun=noun), figure))
    if joined and found:
        waits = f"{several(joined, noun)} joined that the audit has not asked yet: till then the last figures stand."
        found.insert(
            0, ReceiptLine("joined", "New in the folder", waits, MADE_OF["joined"].format(noun=noun), _NOTHING)
        )
    return found


_NOTHING = Figure("")


def _new(figure: Figure, noun: str) -> str:
    if figure.low is None or figure.high is None:
        return _early(figure, noun, LOOKS[0])
    more = figure.more
    words = (
        f"Agrees with your answers on {_of_hundred(figure.low, figure.high)} new {noun}s like these "
        f"({several(figure.audit, 'audit answer')})."
    )
    if more.get("skipped"):
        words += f" {_passed_over(int(more['skipped']))}"
    gone = int(more.get("discarded", 0))
    if gone > MANY * (gone + figure.audit):
        share = 100 * gone / (gone + figure.audit)
        words += f" {share:.0f} % of the audit's {noun}s were put aside: the figure is about the others."
    return words


def _early(figure: Figure, noun: str, needed: int) -> str:
    if figure.silent == "small":
        return (
            f"Too few {noun}s for a figure: it takes {needed} that were drawn at random, and this folder has fewer to "
            "draw."
        )
    if figure.audit >= needed:
        return COMING
    return f"Too early for a figure: {figure.audit} of {needed} audit answers."


def _passed_over(count: int) -> str:
    if count == 1:
        return "One that was asked and has no answer yet counts as wrong below, and as right above."
    return f"{count:,} that were asked and have no answer yet count as wrong below, and as right above."


def _rest(figure: Figure, noun: str) -> str:
    if figure.silent == "by hand":
        return f"Nothing is said about the rest of this folder: {noun}s were picked by hand, in the grid or on the map."
    if figure.silent == "nothing left":
        return f"No {noun} is left without a label."
    if figure.low is None:
        return ""
    left, low, high = (int(figure.more[name]) for name in ("left", "wrong_low", "wrong_high"))
    wrong = f"{low:,} to {high:,}" if figure.value is not None and low else f"at most {high:,}"
    # As it was at the look: more have been labelled since, and the line above says how many.
    at = several(figure.labelled, "label")
    return f"{several(left, noun)} left at {at}: {wrong} of them would be labelled wrongly."


def _against_random(figure: Figure, noun: str) -> str:
    if figure.silent == "small":
        return ""
    if figure.low is None or figure.high is None:
        if figure.silent != "early":
            return ""
        if figure.audit >= FIRST_COMPARISON:
            return COMING
        return f"Too early to compare with random questions: {figure.audit} of {FIRST_COMPARISON} audit answers."
    labels = several(int(figure.more["labels"]), "label")
    if figure.low > 0:
        return (
            f"Better than random questions by {_round(figure.low)} to {_round(figure.high)} points, at {labels} each."
        )
    if figure.high < 0:
        worse = f"{_round(-figure.high)} to {_round(-figure.low)} points"
        return f"Worse than random questions by {worse}, at {labels} each."
    between = f"{_with_sign(figure.low)} to {_with_sign(figure.high)} points"
    return f"Not told apart from random questions yet: {between}, at {labels} each."


def _next(figure: Figure, noun: str) -> str:
    if figure.high is None or figure.value is None:
        return _SILENT_NEXT.get(figure.silent or "", "")
    return (
        f"The next 100 answers bring about {_tenth(figure.value)} points, at most {_tenth(figure.high)}: "
        f"the last 100 changed {_tenth(figure.more['churn'])} % of the machine's."
    )


_SILENT_NEXT = {
    "no model before": "Too early to say what more answers bring: it takes a model of 100 answers ago with the same "
    "classes.",
    "few in a class": "Nothing is said yet about the next 100 answers: some class has fewer than 5 labels.",
    "few left": "Nothing is said about the next 100 answers: too little of the audit side is left.",
}


def _advice(figure: Figure, noun: str) -> str:
    if figure.value is None:
        return ""
    stop = bool(figure.value)
    if figure.more["rule"] == "cost":
        worth, cost = figure.more["worth"], figure.more["cost"]
        beside = f"100 more labels cost {_money(cost)}, and mend errors worth {_money(worth)} at most"
        return f"You may stop: {beside}." if stop else f"Go on: {beside}."
    if stop:
        return "You may stop: more answers hardly change what the machine says any more."
    return "Go on: answers still change what the machine says."


def _check(figure: Figure, noun: str) -> str:
    if figure.low is None:
        return ""
    asked, hits, low = int(figure.more["asked"]), int(figure.more["hits"]), int(100 * figure.low + 1e-9)
    begun = f"After {several(figure.labelled, 'label')} the rest was checked"
    if waiting := int(figure.more["waiting"]):
        begun = f"A check after {several(figure.labelled, 'label')} is under way, {waiting:,} still to answer"
    return f"{begun}: {hits:,} of {several(asked, noun)} were right, so at least {low} of 100 of the rest are."


Words = Callable[[Figure, str], str]
# No line for `worth`, labels saved: it is written by `simulate --estimate`, and is shown once it holds in 95 of 100.
LINES: Mapping[str, tuple[str, Words]] = {
    "new": ("How good is the machine?", _new),
    "rest": ("The rest of this folder", _rest),
    "against_random": ("Against random questions", _against_random),
    "next": ("The next 100 answers", _next),
    "advice": ("Go on or stop?", _advice),
    "check": ("The rest, checked", _check),
}

MADE_OF = {
    "new": "Answers to questions that were drawn at random. Each is asked of a model that has not learned it. The "
    "interval is right in 95 of 100 labellings, however often one looks.",
    "rest": "The same answers. Where a score chose the questions, each is weighed by how many unlabelled {noun}s it "
    "stands for; elsewhere the rest is taken to be no harder than new {noun}s are.",
    "against_random": "The queue's first labels against as many that were drawn at random, both tried on audit answers "
    "that neither learned.",
    "next": "How many {noun}s the model takes for another class than it did 100 answers ago. A rule that was measured, "
    "no interval.",
    "advice": "Stop where at most 2 % changed over 100 answers, twice, at least 50 answers apart; or by cost, where "
    "the settings name what an error and a label are worth.",
    "check": "Drawn from all {noun}s without a label, and compared with what the model said when the check began. With "
    "95 % confidence; while it is under way, after every single answer.",
    "joined": "An audit is a random sample of all {noun}s only once it has caught up with those that came later.",
}


def _of_hundred(low: float, high: float) -> str:
    """A share's interval, counted on a hundred.

    >>> _of_hundred(0.703, 0.949)
    '70 to 95 of 100'
    """
    # Outwards: rounding must not make an interval narrower than it is.
    return f"{int(100 * low + 1e-9)} to {min(100, -int(-(100 * high - 1e-9) // 1))} of 100"


def _round(points: float) -> str:
    return f"{points:.0f}"


def _with_sign(points: float) -> str:
    return f"{points:+.0f}".replace("-", MINUS)


def _tenth(points: float) -> str:
    """Points, with a digit behind the point where that says something.

    >>> _tenth(0.61), _tenth(12.3), _tenth(0.04)
    ('0.6', '12', '0.0')
    """
    return f"{points:.0f}" if points >= 10 else f"{points:.1f}"


def _money(amount: float) -> str:
    return f"{amount:,.2f}".removesuffix(".00")
