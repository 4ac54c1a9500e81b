"""A check in words: what may be expected of asking, and how far each reason against it holds here.

What it is given is `nextlabel.checking.Outlook.plain`, so that a page, a file and a terminal say the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nextlabel.text import several
from nextlabel.wording.numbers import points, span

RANDOM = "random"
NEAR = 0.5  # points: curves that lie so near have met
MUCH = 0.7  # of neighbours with the same label
Found = Mapping[str, Any]


@dataclass(frozen=True)
class Reason:
    """One indicator: its ``title``, what was found in ``words``, and the ``advice`` that follows.

    ``leans`` is above 0 for asking, below 0 against it.
    """

    name: str
    title: str
    words: str
    advice: str
    leans: int | None


def headline(found: Found, margin: float = 0.25) -> str:
    """The forecast in one sentence or two; ``margin`` in points.

    >>> figures = {"gain": [1.6, 0.1, 3.1], "ratio": [1.5, 0.9, 2.4], "knows": True}
    >>> forecast = figures | {"strategy": "auto", "recommended": "auto", "chance": 0.84}
    >>> print(headline({"forecast": forecast, "budget": 400, "pilot": 100}))
    Ask with auto: 84 in 100 that it beats random by more than 0.25 points. Expected up to 400 labels: +1.6 points of \
AUBC [0.1, 3.1], and random needs 1.5 times as many labels [0.9, 2.4].
    """
    return " ".join(filter(None, [say_verdict(found, margin), say_expected(found)]))


def say_verdict(found: Found, margin: float = 0.25) -> str:
    """What to do, and how sure that is; ``margin`` in points."""
    forecast = found["forecast"]
    if forecast is None:
        return "Nothing is foretold without a pilot: the vectors alone do not tell whether asking will pay."
    chance = (
        f"{100 * forecast['chance']:.0f} in 100 that {forecast['strategy']} beats random by more than {margin:g} points"
    )
    if not forecast["knows"]:
        return f"I do not know whether asking will help: {chance}."
    if forecast["chance"] < 0.5 or forecast["recommended"] == RANDOM:
        return f"Draw at random: only {chance}."
    return f"Ask with {forecast['strategy']}: {chance.replace(forecast['strategy'], 'it', 1)}."


def say_expected(found: Found) -> str:
    """The gain in points and in labels, each with its interval; nothing where nothing is foretold."""
    forecast = found["forecast"]
    if forecast is None:
        return ""
    gain, low, high = (number / 100 for number in forecast["gain"])
    more, least, most = forecast["ratio"]
    return (
        f"Expected up to {found['budget']:,} labels: {points(gain, signed=True)} points of AUBC {span(low, high)}, "
        f"and random needs {more:.1f} times as many labels [{least:.1f}, {most:.1f}]."
    )


def describe_check(found: Found) -> list[Reason]:
    """The reasons, in their order, as far as there is something to say of each."""
    reasons = []
    for name, (title, words, advice) in REASONS.items():
        one = found["indicators"].get(name)
        if one is not None and (said := words(one, found)):
            reasons.append(Reason(name, title, said, advice(one), one["leans"]))
    meeting = say_meeting(found)
    if meeting:
        then = "Compare at the budget that you have, not at the end of the pool."
        reasons.insert(min(4, len(reasons)), Reason("convergence", "Converging to random?", meeting, then, 0))
    return reasons


def say_meeting(found: Found) -> str:
    """Where the curves of the self-simulation meet, from which on asking brings nothing more."""
    played = found["played"]
    if RANDOM not in played or len(played) < 2:
        return ""
    forecast = found["forecast"]
    arm = forecast["strategy"] if forecast else next(name for name in played if name != RANDOM)
    gaps = [100 * (ours - theirs) for ours, theirs in zip(played[arm]["mean"], played[RANDOM]["mean"], strict=False)]
    labelled = played[arm]["labelled"]
    apart = [place for place, gap in enumerate(gaps) if abs(gap) >= NEAR]
    start = f"Played on what the pilot makes of the pool, {arm} and random"
    if not apart:
        return f"{start} stay within half a point of each other all along."
    if apart[-1] == len(gaps) - 1:
        apart_now = f"{abs(gaps[-1]):.1f} points {'ahead of' if gaps[-1] > 0 else 'behind'}"
        return f"Played on what the pilot makes of the pool, {arm} is {apart_now} random at {labelled[-1]:.0f} labels."
    met, most = labelled[apart[-1] + 1], max(map(abs, gaps))
    return f"{start} have met at {met:.0f} labels; before, they were up to {most:.1f} points apart."


def _headroom(one: Found, found: Found) -> str:
    low, high = one["interval"]
    facts = one["facts"]
    return (
        f"After {found['pilot']} labels the model errs in {_percent(one['value'])} of 100 cases [{_percent(low)}, "
        f"{_percent(high)}]; random labels alone would leave about {_percent(facts['at_budget'])} at "
        f"{found['budget']:,}. A low error leaves few points to win, and still many labels."
    )


def _reliability(one: Found, found: Found) -> str:
    if one["value"] is None:
        times = several(int(one["facts"]["wrong"]), "time")
        return f"The pilot's model erred {times}: too seldom to say what foretells it."
    low, high = one["interval"]
    return (
        f"Of a wrong and a right answer the wrong one is the less certain in {100 * one['value']:.0f} of 100 cases "
        f"[{100 * low:.0f}, {100 * high:.0f}]; 50 would be chance."
    )


def _noise(one: Found, _: Found) -> str:
    return (
        f"Of the {one['facts']['uncertain']:.0f} least certain samples {_percent(one['value'])} in 100 lie farther out "
        f"than nine tenths of all; 10 would be usual."
    )


def _epistemic(one: Found, _: Found) -> str:
    value, agree = _percent(one["value"]), _percent(one["facts"]["agree"])
    return (
        f"{value} % of the model's doubt is its own, and labels could remove it; the rest lies in the data, as far as "
        f"this model sees them. Ten models of resampled pilots agree on {agree} of 100 samples."
    )


def _redundancy(one: Found, _: Found) -> str:
    gain = 100 * (one["value"] - 1)
    what = f"{gain:.0f} % more" if gain >= 0.5 else "no more" if gain > -0.5 else f"{-gain:.0f} % less"
    return f"As many samples, chosen to cover the pool, cover {what} than random ones do."


def _clusters(one: Found, _: Found) -> str:
    low, high = one["interval"]
    return (
        f"The nearest neighbour has the same label in {_percent(one['value'])} of 100 cases [{_percent(low)}, "
        f"{_percent(high)}]."
    )


def _imbalance(one: Found, _: Found) -> str:
    facts = one["facts"]
    if one["value"] is None:
        most, least = _percent(facts["largest"]), _percent(facts["smallest"])
        return (
            f"Of {facts['clusters']:.0f} clusters the largest holds {most} % of the samples, the smallest {least} %. "
            "Clusters are no classes: only a pilot can tell."
        )
    unmet = f" {several(int(facts['unmet']), 'class')} the pilot has not met." if facts["unmet"] else ""
    return f"The largest class is about {one['value']:.1f} times as large as the smallest.{unmet}"


def _dimension(one: Found, found: Found) -> str:
    what = "a pilot" if found["pilot"] else "a budget"
    labels = found["pilot"] or found["budget"]
    wide, columns = one["facts"]["dimension"], one["facts"]["columns"]
    return (
        f"The features spread over about {wide:.0f} dimensions (of {columns:.0f}), so "
        f"{what} of {labels:,} is {one['value']:.1f} labels for each."
    )


def _by_leaning(against: str, between: str, towards: str) -> Callable[[Found], str]:
    def advise(one: Found) -> str:
        leans = one["leans"]
        if leans is None:  # nothing may be said, and so nothing follows
            return ""
        return against if leans < 0 else towards if leans > 0 else between

    return advise


Words = Callable[[Found, Found], str]
REASONS: Mapping[str, tuple[str, Words, Callable[[Found], str]]] = {
    "headroom": (
        "Too easy?",
        _headroom,
        _by_leaning(
            "There is little left to win in points: stop here, if this error is good enough.",
            "Ask, if the points that are left matter to you.",
            "There is much left to win.",
        ),
    ),
    "reliability": (
        "Is early doubt to be relied on?",
        _reliability,
        _by_leaning(
            "Do not ask by uncertainty yet: other features or another model first.",
            "Rather a strategy that also covers, such as auto or badge, than margin alone.",
            "Asking by uncertainty has something to go by.",
        ),
    ),
    "noise": (
        "Are the uncertain worth asking?",
        _noise,
        _by_leaning(
            "Look at the list of outliers, and put aside what is broken.",
            "Nothing to do.",
            "Nothing to do.",
        ),
    ),
    "epistemic": (
        "Is the model too strong already?",
        _epistemic,
        _by_leaning(
            "More labels of any kind will change little of its doubt: stronger features might.",
            "Nothing to do.",
            "Labels will teach it.",
        ),
    ),
    "redundancy": (
        "Is the pool redundant?",
        _redundancy,
        _by_leaning(
            "Random covers as well.",
            "Random covers nearly as well. Many near-duplicates are a reason for auto or badge, not margin.",
            "A strategy that covers, such as auto, has something to gain, most of all at first.",
        ),
    ),
    "clusters": (
        "Are its classes in clusters?",
        _clusters,
        lambda one: f"A label tells {'much' if one['value'] > MUCH else 'little'} about its neighbours.",
    ),
    "imbalance": (
        "Are classes uneven?",
        _imbalance,
        _by_leaning("", "Nothing to do.", "Asking tends to find the rare ones sooner. Look at balanced accuracy."),
    ),
    "dimension": (
        "Are there labels enough for the dimensions?",
        _dimension,
        _by_leaning(
            "Fewer than one: draw some more at random before you ask by uncertainty.",
            "Enough to begin with.",
            "Plenty.",
        ),
    ),
}


def _percent(share: float) -> str:
    """A share of 100, with a decimal where it is small."""
    number = 100 * share
    return f"{number:.0f}" if number >= 0.995 or number == 0 else f"{number:.1f}"
