"""What an estimator is: a pure function of what was seen while somebody labelled. No test set is in reach.

    figures = audit(history)                  # {"new": Figure(value=0.86, low=0.72, high=0.95, …), …}

A figure without a value says why there is none: to keep silent is an answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from nextlabel.pool import NOBODY, Ids, Mask


@dataclass(frozen=True)
class Look:
    """What was known when figures were taken, after ``labelled`` answers, ``m`` of them to audit questions.

    ``truth`` (m,) the person's answers to these, and ``guess`` (m,) the class ids of models that had not learned them,
    in the order in which they were asked; ``alive`` (m,) is an answer about a sample that no batch, chosen by a score,
    would have taken; ``survivors``: can that be said of all batches? ``rest`` how many are unlabelled, on the audit
    side and on the strategy's; ``learned`` all labels that the model learned from. ``skipped`` audit questions that
    were passed over and are open still, ``discarded`` those that left the population.

    ``by_chance`` (m,) the class ids of heads that learned four fifths of the audit labels alone; ``queue`` the same of
    heads that learned the first k labels of the strategy's side, by k.
    """

    labelled: int
    truth: Ids
    guess: Ids
    alive: Mask
    survivors: bool
    rest: tuple[int, int]
    learned: int
    skipped: int = 0
    discarded: int = 0
    by_hand: bool = False  # somebody picked samples in the grid or on the map
    by_chance: Ids = field(default_factory=lambda: NOBODY)
    queue: Mapping[int, Ids] = field(default_factory=dict)

    @property
    def m(self) -> int:
        """How many audit answers it stands on."""
        return len(self.truth)

    @property
    def hits(self) -> Mask:
        """Which of them (m,) a model said that had not learned them."""
        found: Mask = self.guess == self.truth
        return found


@dataclass(frozen=True)
class Check:
    """How far the model changed: after ``labelled`` answers ``changed`` of ``seen`` unlabelled audit samples are taken
    for another class than ``gap`` answers before.

    ``fewest`` labels that any class has; ``audit`` answers so far; ``left`` samples without a label; of the last
    ``asked`` questions that the strategy chose, the model that chose them knew ``known``.
    """

    labelled: int
    changed: int
    seen: int
    gap: int
    fewest: int
    audit: int
    left: int = 0
    known: int = 0
    asked: int = 0

    @property
    def churn(self) -> float:
        """Points (percent) of change over 100 answers."""
        return 100 * self.changed / self.seen * 100 / self.gap


@dataclass(frozen=True)
class Frozen:
    """A check with the model as it was after ``labelled`` labels: of questions that were drawn from the ``rest``, all
    samples without a label, so many were hits and misses, and ``waiting`` have no answer yet.
    """

    hits: int
    misses: int
    rest: int
    waiting: int = 0
    labelled: int = 0


@dataclass(frozen=True)
class History:
    """What was seen of a labelling: looks, checks of the model's change, and what is known beside them.

    ``audit`` answers so far, of at most ``side`` that there can be; ``joined``: samples that came to the folder, and
    with which the audit has not caught up yet;
    ``error_value`` and ``label_cost``: what a wrong label and an answer are worth, in one currency.
    """

    audit: int = 0
    side: int = 0
    looks: Sequence[Look] = ()
    checks: Sequence[Check] = ()
    joined: int = 0
    frozen: Frozen | None = None
    error_value: float | None = None
    label_cost: float | None = None


@dataclass(frozen=True)
class Figure:
    """A figure with its interval; ``unit`` of all three. Without a value ``silent`` says why there is none.

    ``audit`` and ``labelled``: the answers that it stands on. ``more``: numbers that belong to it.
    """

    unit: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    audit: int = 0
    labelled: int = 0
    silent: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


class Estimator(Protocol):
    """Figures by name, all of its names each time. Raises nothing: a history is what the loop saw."""

    def __call__(self, history: History) -> Mapping[str, Figure]: ...
