"""The one page of knobs: what is compared, on what, and how the loop runs."""

import math
import re
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from typing import Any

from nextlabel.errors import BadNumber


@dataclass(frozen=True)
class Amount:
    """A number of samples, as people write it: ``0.2`` a share, ``200`` a count, ``5/class`` per class."""

    value: float
    unit: str = "count"  # "share", "count" or "class"

    @classmethod
    def read(cls, given: "Amount | str | int | float") -> "Amount":
        """Parse ``0.2``, ``200`` or ``5/class``; raises `BadNumber` for anything else."""
        if isinstance(given, Amount):
            return given
        text = str(given).strip()
        match = re.fullmatch(r"(\d+)(/class)?|(\d*\.\d*(?:e-?\d+)?|\d+e-\d+)", text)  # 1e-05 is how 0.00001 prints
        if not match or text == ".":
            raise BadNumber(f"'{text}' is no number of samples. Write a share (0.2), a count (200) or 5/class.")
        if match[1]:
            return cls(int(match[1]), "class" if match[2] else "count")
        if not 0 <= float(text) <= 1:
            raise BadNumber(f"{text} has a point, so it is a share, and shares lie between 0 and 1.")
        return cls(float(text), "share")

    @property
    def exact(self) -> Fraction:
        """The number as it is written: 0.29 is 29/100, where the nearest float is a little less.

        >>> Amount.read("0.29").exact
        Fraction(29, 100)
        """
        return Fraction(str(self.value))

    def total(self, n: int, classes: int) -> int:
        """How many of ``n`` samples that is, rounded down.

        >>> Amount.read("0.03").total(2746, classes=5), Amount.read("0.29").total(100, classes=5)
        (82, 29)
        """
        return int(self.exact * {"share": n, "count": 1, "class": classes}[self.unit])

    def __str__(self) -> str:
        return f"{self.value}/class" if self.unit == "class" else str(self.value)


@dataclass(frozen=True)
class Plan:
    """What belongs to the loop rather than to a strategy.

    ``batch`` and ``budget`` may be given as shares of all samples; `fixed` turns them into counts.
    """

    batch: Amount | str | int | float = 10  # samples asked per round
    rounds: int | None = 20  # batches asked; None: until the budget or the pool is used up
    budget: Amount | str | int | float | None = None  # starting labels + asked labels
    cold: str = "random"  # the strategy while fewer than two classes are known
    audit: float = 0.0  # share of the samples on the audit side
    ahead: int = 0  # 1: batch k+1 is chosen from the answers up to batch k-1, as on the labelling page

    def __post_init__(self) -> None:
        object.__setattr__(self, "batch", Amount.read(self.batch))
        if self.budget is not None:
            object.__setattr__(self, "budget", Amount.read(self.budget))
        if self.rounds is not None and self.rounds < 0:
            raise BadNumber(f"rounds is {self.rounds}; it is the number of batches to ask, 0 or more.")
        if not 0 <= self.audit < 1:
            raise BadNumber(f"audit is {self.audit}; it is a share of the samples, from 0 up to but not including 1.")
        if self.ahead not in (0, 1):
            raise BadNumber(f"ahead is {self.ahead}; it is 0 or 1.")

    def fixed(self, n: int, classes: int) -> "Plan":
        """The same plan in counts, for ``n`` samples; raises `BadNumber` where a batch would hold nothing."""
        batch = Amount.read(self.batch).total(n, classes)
        if batch < 1:
            raise BadNumber(f"A batch of {self.batch} of {n} samples holds nothing. Ask for at least one sample.")
        budget = None if self.budget is None else Amount.read(self.budget).total(n, classes)
        return replace(self, batch=batch, budget=budget)

    def plain(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return plain_knobs(self)

    @property
    def size(self) -> int:
        """Samples per batch, once `fixed`."""
        return int(Amount.read(self.batch).value)

    @property
    def limit(self) -> float:
        """Most labels that may be spent, once `fixed`; infinite without a budget."""
        return math.inf if self.budget is None else Amount.read(self.budget).value


def plain_knobs(knobs: Any) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for field in fields(knobs):
        value = getattr(knobs, field.name)
        out[field.name] = plain_knobs(value) if isinstance(value, Plan) else _simple(value)
    return out


def _simple(value: Any) -> Any:
    if isinstance(value, Amount):
        return str(value)
    return list(value) if isinstance(value, tuple) else value
