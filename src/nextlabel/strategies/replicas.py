"""A strategy a second time: ``random@1`` asks as ``random`` does, from another stream of randomness.

Split, starting set and model stay the same, so two replicas differ by luck alone: what a comparison finds between them
is a false alarm.
"""

import re
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from nextlabel.seeds import number, stream
from nextlabel.strategies import strategy as plain
from nextlabel.strategies.door import Answer, Question, StrategyEntry


@dataclass(frozen=True)
class Replica(StrategyEntry):
    """A strategy whose seeds are moved on, the same way in every round."""

    copy: int = 0

    def ask(self, question: Question, rng: np.random.Generator) -> Answer:
        """As the strategy itself would, had it been given another seed."""
        return super().ask(replace(question, seed=number(stream(question.seed, "replica", self.copy))), rng)


def strategy(name: str) -> StrategyEntry:
    """The query strategy of that name; ``name@1``, ``name@2``, … are replicas of it.

    >>> strategy("random@1").implementation
    'nextlabel.strategies.RandomSampling'
    """
    match = re.fullmatch(r"(.+)@([1-9]\d{0,5})", name)
    if not match:
        return plain(name)
    entry = plain(match[1])
    knobs: dict[str, Any] = {knob.name: getattr(entry, knob.name) for knob in fields(StrategyEntry)}
    return Replica(**knobs, copy=int(match[2]))
