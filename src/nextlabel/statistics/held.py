"""How often intervals held that were made without a test set: labelling by labelling, all looks of one together.

>>> figure = {"value": 0.8, "low": 0.6, "high": 0.9, "audit": 30, "labelled": 150, "truth": 0.92}
>>> row = {"strategy": "margin", "seed": 0, "round": 15, "test": 90, "figures": {"new": figure}}
>>> count_held([row])  # from 0.57 to 0.915 once the truth, too, is known from 90 samples alone
[Held(strategy='margin', figure='new', held=0, labellings=1, widths={30: 30.0, 59: None, 92: None})]
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nextlabel.files.strict_json import Row
from nextlabel.statistics.audit_looks import last_look

POINTS = {
    "new": 100.0,
    "rest": 100.0,
    "against_random": 1.0,
    "worth": 1.0,
}  # of figures with a truth, what makes points of their unit
SAMPLED = frozenset({"new", "against_random"})  # those whose truth is measured on test samples
ENDS = {"low": -1, "high": 1}  # a side without one is open
WIDTHS_AT = (30, 59, 92)  # audit answers


@dataclass(frozen=True)
class Held:
    """Of ``labellings`` (a strategy under a seed) in which a figure was shown, so many had no interval that was wrong.

    ``widths`` in points, medians over labellings, by the audit answers of a look; None where no look was taken.
    """

    strategy: str
    figure: str
    held: int
    labellings: int
    widths: Mapping[int, float | None]


def count_held(estimates: Sequence[Row]) -> list[Held]:
    """By strategy and figure, in the order of the rows of ``estimates.jsonl``; figures without a truth are left out."""
    found: dict[tuple[str, str], dict[int, list[tuple[Row, int]]]] = {}
    for row in estimates:
        for name, figure in row["figures"].items():
            if name in POINTS and figure.get("truth") is not None:
                seeds = found.setdefault((row["strategy"], name), {})
                seeds.setdefault(row["seed"], []).append((figure, row["test"]))
    return [
        Held(
            strategy,
            name,
            sum(all(is_right(name, figure, test) for figure, test in seen) for seen in seeds.values()),
            len(seeds),
            {look: _width(name, list(seeds.values()), look) for look in WIDTHS_AT},
        )
        for (strategy, name), seeds in found.items()
    ]


def is_right(name: str, figure: Mapping[str, Any], test: int) -> bool:
    """Does the interval hold its truth? Widened where that is measured, by √(1 + m/N') for m answers and N' samples."""
    value, truth = figure.get("value"), figure["truth"]
    low, high = (math.inf * side if (end := figure.get(word)) is None else end for word, side in ENDS.items())
    if name in SAMPLED and value is not None and test:
        wider = math.sqrt(1 + figure["audit"] / test)
        low, high = value - wider * (value - low), value + wider * (high - value)
    return bool(low - 1e-9 <= truth <= high + 1e-9)


def _width(name: str, labellings: Sequence[Sequence[tuple[Row, int]]], look: int) -> float | None:
    """The median width at a look; where only one end is said there is none."""
    first = [
        next((one for one, _ in seen if last_look(one["audit"]) == look and one["value"] is not None), None)
        for seen in labellings
    ]
    widths = [POINTS[name] * (one["high"] - one["low"]) for one in first if one is not None]
    return round(statistics.median(widths), 9) if widths else None
