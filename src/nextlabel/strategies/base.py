"""What a query strategy is, and the door through which every one of them is asked.

A query strategy is a scikit-activeml strategy: ``query(X, y, clf=…, fit_clf=False, batch_size=…)`` is the one contract.
The door hands it the arguments that its signature takes, and guards the answer: distinct, unlabelled, exactly as many as
asked. A table entry says how to make the strategy and what it needs:

    "margin": Entry(lambda kind: UncertaintySampling(method="margin_sampling", **kind.common))
"""

import inspect
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from skactiveml.base import SingleAnnotatorPoolQueryStrategy, SkactivemlClassifier

from nextlabel.pool import Floats, Ids, Labels

MISSING = -1


@dataclass(frozen=True)
class Question:
    """What a strategy may know when it is asked for a batch. Positions, here and only here, are rows of ``X``.

    ``X`` (n, d) features; ``y`` (n,) codes or -1; ``classes`` C; ``batch`` how many positions are wanted, at most the
    number of -1 in ``y``; ``clf`` a fitted classifier over ``X`` (None while there is no model); ``committee(T)`` T fitted
    heads; ``seed`` governs everything random in the strategy.
    """

    X: Floats
    y: Labels
    classes: int
    batch: int
    seed: int
    clf: SkactivemlClassifier | None = None
    committee: Callable[[int], Sequence[SkactivemlClassifier]] | None = None


@dataclass(frozen=True)
class Answer:
    """``positions`` (batch,) rows to ask about, best first; ``mended`` how many of them the door had to draw itself."""

    positions: Ids
    mended: int = 0


@dataclass(frozen=True)
class Entry:
    """How a strategy is made and what it is given.

    ``make(question)`` returns a fresh strategy; ``extra(question)`` what its ``query`` needs beyond the usual;
    ``unit_rows`` asks for features of length 1; ``members`` is the size of its committee.
    """

    make: Callable[[Question], SingleAnnotatorPoolQueryStrategy]
    extra: Callable[[Question], Mapping[str, Any]] = field(default=lambda question: {})
    unit_rows: bool = False
    members: int = 10
    most: int | None = None  # samples in the pool beyond which it would not come back

    def ask(self, question: Question, rng: np.random.Generator) -> Answer:
        """Positions to ask about; what the strategy gets wrong is drawn from ``rng`` instead, and counted."""
        strategy = self.make(question)
        X = unit(question.X) if self.unit_rows else question.X
        given = {**_arguments(strategy, question, self.members), **self.extra(question)}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # upstream warns of what the guard below looks at itself
            found = strategy.query(X, question.y, batch_size=question.batch, **given)
        return guarded(found, question.y, question.batch, rng)


def needs_model(strategy: SingleAnnotatorPoolQueryStrategy) -> bool:
    """Does ``query`` want a fitted classifier or a committee?"""
    wanted = inspect.signature(strategy.query).parameters
    return bool({"clf", "estimator", "ensemble"} & set(wanted))


def _arguments(strategy: SingleAnnotatorPoolQueryStrategy, question: Question, members: int) -> dict[str, Any]:
    """Just what the signature takes: a fitted model, a committee of them, and "do not fit it again"."""
    wanted = inspect.signature(strategy.query).parameters
    given: dict[str, Any] = {}
    for name in ("clf", "estimator"):
        if name in wanted:
            given |= {name: question.clf, f"fit_{name}": False}
    if "ensemble" in wanted and question.committee is not None:
        given |= {"ensemble": list(question.committee(members)), "fit_ensemble": False}
    return given


def guarded(found: Any, y: Labels, batch: int, rng: np.random.Generator) -> Answer:
    """Keep what is distinct and unlabelled, in order, and fill the batch up at random from the rest."""
    positions = np.asarray(found).ravel()
    positions = positions[(positions >= 0) & (positions < len(y))].astype(np.int64)
    positions = positions[y[positions] == MISSING]
    first = np.sort(np.unique(positions, return_index=True)[1])
    kept = positions[first][:batch]
    rest = np.setdiff1d(np.flatnonzero(y == MISSING), kept)
    drawn = rng.choice(rest, batch - len(kept), replace=False)
    return Answer(np.concatenate([kept, drawn]).astype(np.int64), len(drawn))


def unit(X: Floats) -> Floats:
    """Rows of length 1, in float32; a row of zeros stays as it is."""
    length = np.linalg.norm(X, axis=1, keepdims=True)  # (n, 1)
    scaled: Floats = (X / np.where(length > 0, length, 1)).astype(np.float32)
    return scaled
