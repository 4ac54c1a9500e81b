"""A strategy a second time: ``random@1`` asks as ``random`` does, from another stream of randomness.

Split, starting set and model stay the same, so two replicas differ by luck alone: what a comparison finds between them
is a false alarm.
"""

import re
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from nextlabel.seeds import number, stream
from nextlabel.strategies.base import Answer, Question
from nextlabel.strategies.door import StrategyEntry


@dataclass(frozen=True)
class Replica(StrategyEntry):
    """A strategy whose seeds are moved on, the same way in every round."""

    copy: int = 0

    def ask(self, question: Question, rng: np.random.Generator, scored: bool = False) -> Answer:
        """As the strategy itself would, had it been given another seed."""
        return super().ask(replace(question, seed=number(stream(question.seed, "replica", self.copy))), rng, scored)


def split_name(name: str) -> tuple[str, int]:
    """The strategy's own name, and which replica is meant: 0 for the strategy itself.

    >>> split_name("random@2"), split_name("random"), split_name("typiclust(k=20)@1")
    (('random', 2), ('random', 0), ('typiclust(k=20)', 1))
    """
    match = re.fullmatch(r"(.+)@([1-9]\d{0,5})", name)
    return (match[1], int(match[2])) if match else (name, 0)


def replicate(entry: StrategyEntry, copy: int) -> Replica:
    """The ``copy``-th replica of a strategy."""
    knobs: dict[str, Any] = {knob.name: getattr(entry, knob.name) for knob in fields(StrategyEntry)}
    return Replica(**knobs, copy=copy)
