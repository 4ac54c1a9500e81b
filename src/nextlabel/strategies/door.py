"""What a query strategy is, and the door through which every one of them is asked.

A query strategy is a scikit-activeml strategy: ``query(X, y, clf=…, fit_clf=False, batch_size=…)`` is the one contract.
The door hands it the arguments that its signature takes, and guards the answer: distinct, unlabelled, exactly as many
as asked. A table entry names the class, and what it needs beyond the usual:

    "margin": StrategyEntry(UncertaintySampling, {"method": "margin_sampling"})

    entry = strategy("margin")
    answer = entry.ask(Question(X, y, classes=3, batch=10, seed=7, clf=clf), stream(0, "mend", 0))
    answer.positions                                        # (10,) rows of X
"""

import copy
import inspect
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from skactiveml.base import SingleAnnotatorPoolQueryStrategy, SkactivemlClassifier

from nextlabel.errors import Mistake, NextlabelError, StrategyFailed
from nextlabel.pool import Floats, Ids, Labels

T = TypeVar("T")

MISSING = -1
MEMBERS = 10  # of a committee


@dataclass(frozen=True)
class Question:
    """What a strategy may know when it is asked for a batch. Positions, here and only here, are rows of ``X``.

    ``X`` (n, d) features; ``y`` (n,) codes or -1; ``classes`` C; ``batch`` how many positions are wanted, at most the
    number of -1 in ``y``; ``clf`` a fitted classifier over ``X`` (None while there is no model); ``committee(T)`` T
    fitted heads; ``seed`` governs everything random in the strategy.
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


Maker = Callable[[Question], Any]  # makes one argument from a question


def always(value: Any) -> Maker:
    """An argument that does not hang on the question."""
    return lambda question: value


def fitted(question: Question) -> SkactivemlClassifier:
    """This round's classifier, as a shallow copy: ``predict`` draws ties from a generator that it moves on."""
    clf = copy.copy(_trained(question.clf))
    clf.random_state_ = np.random.RandomState(question.seed)
    return clf


def count(question: Question) -> int:
    """How many classes there are."""
    return question.classes


def heads(question: Question) -> list[SkactivemlClassifier]:
    """This round's committee."""
    return list(_trained(question.committee)(MEMBERS))


def _trained(part: T | None) -> T:
    if part is None:
        raise Mistake("This query strategy needs a trained model, and there is none yet. Let random ask first.")
    return part


NO = always(False)
USUAL: Mapping[str, Maker] = {
    "clf": fitted,
    "fit_clf": NO,
    "estimator": fitted,
    "fit_estimator": NO,
    "ensemble": heads,
    "fit_ensemble": NO,
}


@dataclass(frozen=True)
class StrategyEntry:
    """How a strategy is made and what it is given.

    ``kind`` its class; ``args`` plain arguments that it is made with; ``init`` others that are made from the question
    (``args`` beats them; two dicts are merged); ``given`` what its ``query`` needs instead of or beside `USUAL`.
    ``unit_rows``: it wants features of length 1. ``most_classes``: it cannot tell more apart.
    ``faults``: exceptions by which a known defect shows; the door then draws the whole batch.
    """

    kind: type[SingleAnnotatorPoolQueryStrategy]
    args: Mapping[str, Any] = field(default_factory=dict)
    init: Mapping[str, Maker] = field(default_factory=dict)
    given: Mapping[str, Maker] = field(default_factory=dict)
    unit_rows: bool = False
    most_classes: int | None = None
    faults: tuple[type[Exception], ...] = ()

    @property
    def implementation(self) -> str:
        """The class, by its public dotted path: ``skactiveml.pool.Badge``."""
        module, name = self.kind.__module__, self.kind.__qualname__
        public = ".".join(word for word in module.split(".") if not word.startswith("_"))
        if hasattr(sys.modules.get(module.rpartition(".")[0]), name):  # a package that shows what its files hold
            public = module.rpartition(".")[0]
        return f"{public}.{name}"

    @property
    def needs(self) -> Mapping[str, Maker]:
        """How each argument of ``query`` is made, beyond X, y and the batch size: just what the signature takes."""
        wanted = inspect.signature(self.kind.query).parameters
        return {name: make for name, make in USUAL.items() if name in wanted} | dict(self.given)

    @property
    def model_free(self) -> bool:
        """Does it choose without a trained model? Only then may it ask while there is none."""
        return not {fitted, heads} & set(self.needs.values())

    def make(self, question: Question) -> SingleAnnotatorPoolQueryStrategy:
        """A fresh strategy: it remembers nothing of earlier rounds."""
        made = {name: make(question) for name, make in self.init.items()}
        for name, value in self.args.items():
            both = isinstance(value, dict) and isinstance(made.get(name), dict)
            made[name] = made[name] | value if both else value
        return self.kind(**made, missing_label=MISSING, random_state=question.seed)

    def ask(self, question: Question, rng: np.random.Generator) -> Answer:
        """Positions to ask about; what the strategy gets wrong is drawn from ``rng`` instead, and counted.

        Raises `StrategyFailed` where it breaks down, or cannot choose from so many classes; `Mistake` where it needs a
        model and there is none.
        """
        return guarded(self._found(question), question.y, question.batch, rng)

    def _found(self, question: Question) -> Any:
        name, most = self.kind.__name__, self.most_classes
        if most is not None and question.classes > most:
            raise StrategyFailed(
                f"{name} tells at most {most} classes apart, and here are {question.classes}. "
                "Use another query strategy."
            )
        X = unit(question.X) if self.unit_rows else question.X
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # upstream warns of what the guard looks at itself
                given = {word: make(question) for word, make in self.needs.items()}
                return self.make(question).query(X, question.y, batch_size=int(question.batch), **given)
        except self.faults:
            return []
        except NextlabelError:
            raise
        except Exception as error:
            why = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
            raise StrategyFailed(
                f"{name} could not choose {question.batch} of {len(question.y)} samples ({why}). "
                "Check the arguments it was given, or use another query strategy."
            ) from error


def guarded(found: Any, y: Labels, batch: int, rng: np.random.Generator) -> Answer:
    """Keep what is distinct and unlabelled, in order, and fill the batch up at random from the rest.

    ``found`` any list of positions in ``y`` (n,), which holds at least ``batch`` times -1.
    """
    positions = np.asarray(found).ravel()
    positions = positions[(positions >= 0) & (positions < len(y))].astype(np.int64)
    positions = positions[y[positions] == MISSING]
    first = np.sort(np.unique(positions, return_index=True)[1])
    kept = positions[first][:batch]
    if len(kept) == batch:  # nearly always: then no pass over the pool
        return Answer(kept)
    rest = np.setdiff1d(np.flatnonzero(y == MISSING), kept)
    drawn = rng.choice(rest, batch - len(kept), replace=False)
    return Answer(np.concatenate([kept, drawn]), len(drawn))


def unit(X: Floats) -> Floats:
    """Rows of length 1, in the precision of ``X``; a row of zeros stays as it is."""
    length = np.linalg.norm(X, axis=1, keepdims=True)  # (n, 1)
    scaled: Floats = X / np.where(length > 0, length, 1)
    return scaled
