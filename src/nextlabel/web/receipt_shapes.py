"""The receipt as it goes over the wire: figures with their intervals, in words, and all looks."""

from typing import Any

from nextlabel.web.shapes import Agreement, Shape


class ReceiptLine(Shape):
    """One figure with its interval, in words; what it is made of; or, where there is no value, why."""

    name: str
    title: str
    words: str
    made_of: str
    unit: str
    value: float | None
    low: float | None
    high: float | None
    audit: int
    labelled: int
    silent: str | None
    more: dict[str, Any]


class ClassLine(Shape):
    """Audit answers of a class, and with how many of them the model agrees."""

    name: str
    answers: int
    hits: int
    low: float | None
    high: float | None


class Confusion(Shape):
    """How many audit answers of a class the model took for another."""

    name: str
    taken_for: str
    times: int


class LookPoint(Shape):
    """The first figure as it was at a look."""

    audit: int
    labelled: int
    value: float | None
    low: float | None
    high: float | None


class Receipt(Shape):
    """What may be said so far: lines in their order, and all looks."""

    labelled: int
    audit: int
    lines: list[ReceiptLine]
    classes: list[ClassLine]
    confusions: list[Confusion]
    curve: list[LookPoint]
    agreement: Agreement | None = None
