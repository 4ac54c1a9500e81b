"""What may be expected of asking here: the self-simulation and a few indicators, set right by what families showed.

A linear rule with at most three numbers in it, fitted over whole families (``benchmarks/check_fit.py``, one vote each)
and kept in ``forecast.json`` with how it was made and how far it missed families that it had not seen. The probability
comes from those misses: a t law as wide as they were, but for the noise of what was to be foretold.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from scipy import stats

from nextlabel.indicators import Finding

FILE = "forecast.json"
SURE, UNSURE = 0.75, 0.25  # between these it does not know
LEVEL = 0.8  # of the interval, by the law; on families left out it held in 95 of 100 cases


@dataclass(frozen=True)
class Rule:
    """A number foretold: intercept and weights by name; ``spread`` of its misses on families left out, one vote each.

    With ``by_error`` misses grow with the square root of the pilot's error, as those of counts do: where hardly
    anything is wrong, hardly anything can be gained or lost.
    """

    intercept: float
    weights: Mapping[str, float]
    spread: float
    families: int
    by_error: bool = False

    def __call__(self, numbers: Mapping[str, float]) -> float:
        return self.intercept + sum(weight * numbers[name] for name, weight in self.weights.items())

    def interval(self, numbers: Mapping[str, float], level: float = LEVEL) -> tuple[float, float]:
        """The interval that held so often for families that it had not seen."""
        half = float(stats.t.isf((1 - level) / 2, self._freedom)) * self._wide(numbers)
        return self(numbers) - half, self(numbers) + half

    def chance(self, numbers: Mapping[str, float], margin: float) -> float:
        """How likely the truth lies above the margin."""
        return float(stats.t.sf((margin - self(numbers)) / self._wide(numbers), self._freedom))

    def _wide(self, numbers: Mapping[str, float]) -> float:
        return self.spread * math.exp(numbers["log_error"] / 2) if self.by_error else self.spread

    @property
    def _freedom(self) -> int:
        return max(1, self.families - len(self.weights) - 1)


@dataclass(frozen=True)
class Forecast:
    """What is expected of the ``recommended`` strategy against random, up to the budget.

    ``chance`` that it wins by more than the margin; ``gain`` in points of AUBC, ``ratio`` of labels (random's by its
    own), each with the ends of an interval of eight in ten, which held more often on families left out. ``strategy`` is what the figures are
    about, also where ``recommended`` is random.
    """

    strategy: str
    recommended: str
    chance: float
    gain: tuple[float, float, float]
    ratio: tuple[float, float, float]

    @property
    def knows(self) -> bool:
        """Is the chance far enough from even?"""
        return not UNSURE < self.chance < SURE


def numbers_of(
    findings: Mapping[str, Finding], gains: Mapping[str, Sequence[float]], pilot: int, budget: int, classes: int
) -> Mapping[str, Mapping[str, float]]:
    """What a rule may weigh, by strategy; NaN nowhere: what could not be measured stands at its usual value."""
    error = (findings["headroom"].value or 0.0) * pilot
    error = (error + 0.5) / (pilot + 1)
    common = {
        "log_error": math.log(error),
        "inverse_error": 1 / error,
        "falls": 100 * findings["headroom"].facts["falls"],
        "reliability": _or(findings["reliability"].value, 0.85),
        "outliers": _or(findings["noise"].value, 0.1),
        "disagreement": findings["noise"].facts["disagree"],
        "epistemic": _or(findings["epistemic"].value, 0.1),
        "coverage": _or(findings["redundancy"].value, 1.0),
        "log_imbalance": math.log(_or(findings["imbalance"].value, 1.0)),
        "log_labels_by_dimension": math.log(_or(findings["dimension"].value, 1.0)),
        "neighbours": _or(findings["clusters"].value, 0.5),
        "log_budget": math.log(budget / max(pilot, 1)),
        "log_classes": math.log(classes),
    }
    return {arm: common | {"played": float(np.mean(values))} for arm, values in gains.items()}


def _or(value: float | None, usual: float) -> float:
    return usual if value is None else value


def foretell(numbers: Mapping[str, Mapping[str, float]], margin: float) -> Forecast:
    """The forecast for the strategy of which most is expected; ``margin`` in points of AUBC."""
    gain, ratio = rules()
    arm = max(numbers, key=lambda arm: gain(numbers[arm]))
    mine = numbers[arm]
    middle = gain(mine)
    low, high = ratio.interval(mine)
    ends = (2 ** ratio(mine), 2**low, 2**high)
    return Forecast(
        arm, arm if middle > 0 else "random", gain.chance(mine, margin), (middle, *gain.interval(mine)), ends
    )


def rules() -> tuple[Rule, Rule]:
    """The rules for the gain in points, and for log2 of the label ratio."""
    kept = about()
    return _read(kept["gain"]), _read(kept["ratio"])


def _read(kept: Mapping[str, Any]) -> Rule:
    return Rule(**kept)


@cache
def about() -> Mapping[str, Any]:
    """All that is kept of the rules: how they were made, and how far they can be trusted."""
    found: Mapping[str, Any] = json.loads(resources.files(__package__).joinpath(FILE).read_text(encoding="utf-8"))
    return found
