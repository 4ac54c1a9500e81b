"""The one page of knobs: what is compared, on what, and how the loop runs."""

import math
import re
from dataclasses import dataclass, fields, is_dataclass, replace
from fractions import Fraction
from numbers import Number
from typing import Any

from nextlabel.errors import BadNumber
from nextlabel.knobs import knob, knobs, names, read_knobs
from nextlabel.knobs.kinds import Kind, as_plain, number_within, optional, text, whole
from nextlabel.knobs.panels import LOOP
from nextlabel.text import shorten


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
            raise BadNumber(
                f"'{shorten(text)}' is no number of samples. Write a share (0.2), a count (200) or 5/class."
            )
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


def read_amount(value: Any) -> Amount:
    """An amount as people write it; raises `BadNumber`, or TypeError or ValueError where it is no number at all."""
    value = as_plain(value)
    if isinstance(value, Amount):
        return value
    if isinstance(value, bool) or not isinstance(value, str | Number) or len(str(value)) > 40:
        raise TypeError
    return Amount.read(str(value))


AMOUNT = Kind(read_amount, "a share (0.2), a count (200) or 5/class", "AMOUNT", BadNumber)


@dataclass(frozen=True)
class Plan:
    """What belongs to the loop rather than to a strategy.

    ``batch`` and ``budget`` may be given as shares of all samples; `fixed` turns them into counts.

    >>> plan = Plan(batch=0.03, budget="20/class").resolve(2746, classes=5)
    >>> plan.size, plan.limit
    (82, 100)
    """

    batch: Amount | str | int | float = knob(
        10, AMOUNT, "Samples asked per round: 0.2 is a share, 200 a count, 5/class per class.", LOOP
    )
    rounds: int | None = knob(  # None: until the budget or the pool is used up
        20,
        optional(whole(0, "the number of batches to ask, 0 or more")),
        "Batches asked. Default: 20, or as many as --budget allows.",
        LOOP,
        unless="budget",
    )
    budget: Amount | str | int | float | None = knob(
        None, optional(AMOUNT), "Most labels in all: start and asked. A share, count or per class.", LOOP
    )
    cold: str = knob(
        "random",
        text("the name of a query strategy, such as 'random'", "NAME"),
        "Strategy while fewer than two classes are known.",
        LOOP,
        choices=names.STRATEGY_NAMES,
    )
    audit: float = knob(
        0.0,
        number_within(0, 1, "a share of the samples, from 0 up to but not including 1"),
        "0.2: a fifth of the samples is hidden from the strategies, and a fifth of the questions is drawn from it at "
        "random, as one does to measure accuracy while labelling (docs/audit.md).",
        LOOP,
    )
    ahead: int = knob(
        0,
        whole(0, "0 or 1", most=1),
        "1: choose each batch while the one before is still unanswered, so that an annotator never waits. "
        "0: once all answers are in.",
        LOOP,
    )

    def __post_init__(self) -> None:
        read_knobs(self)

    def resolve(self, n: int, classes: int) -> "Plan":
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


def plain_knobs(page: Any) -> dict[str, Any]:
    """A page as JSON can hold it; pages inside it likewise, and knobs that are `sparse` only where they are set."""
    out: dict[str, Any] = {}
    known = knobs(page)
    for field in fields(page):
        value, one = getattr(page, field.name), known.get(field.name)
        if one is None or not (one.sparse and value == field.default):
            out[field.name] = (
                plain_knobs(value) if is_dataclass(value) and not isinstance(value, Amount) else _simple(value)
            )
    return out


def _simple(value: Any) -> Any:
    if isinstance(value, Amount):
        return str(value)
    return list(value) if isinstance(value, tuple) else value
