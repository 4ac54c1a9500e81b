"""What an indicator is: one measurement of a pool and its pilot, which says how far a reason holds here.

    def measure(evidence: Evidence) -> Finding: ...        # in its own file
    "imbalance": Indicator(imbalance.measure),             # one line in INDICATORS

It is a pure function of the `Evidence`: the same pool and pilot give the same finding. What a person reads is made of
its numbers by `nextlabel.wording`, and so is the picture.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from nextlabel.indicators.evidence import Evidence


@dataclass(frozen=True)
class Finding:
    """One number with its interval, where it has one, and what it was made of.

    ``leans`` says what it means for asking: above 0 for it, below 0 against it, 0 neither; None: nothing may be said.
    ``facts`` are other numbers that stand in the sentence; ``curves`` what is drawn, by name (x and y, each (k,)).

    >>> Finding(0.81, (0.7, 0.9), leans=1).value
    0.81
    """

    value: float | None
    interval: tuple[float, float] | None = None
    leans: int | None = None
    facts: Mapping[str, float] = field(default_factory=dict)
    curves: Mapping[str, tuple[list[float], list[float]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Indicator:
    """A measurement and what it needs: ``labels`` of the pilot there have to be at least, 0 for none."""

    measure: Callable[[Evidence], Finding]
    labels: int = 0
