"""The door through which every query strategy is asked.

It hands a strategy the arguments that its signature takes, says beforehand where that will take long, and guards the
answer: distinct, unlabelled, exactly as many as asked. A table entry names the class, and what it needs beyond the
usual:

    "margin": StrategyEntry(UncertaintySampling, {"method": "margin_sampling"})

    entry = strategy("margin")
    answer = entry.ask(Question(X, y, classes=3, batch=10, seed=7, clf=clf), stream(0, "mend", 0))
    answer.positions                                        # (10,) rows of X
"""

import copy
import inspect
import math
import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
from skactiveml.base import SingleAnnotatorPoolQueryStrategy, SkactivemlClassifier
from skactiveml.pool import SubSamplingWrapper

from nextlabel.errors import Mistake, NextlabelError, StrategyFailed
from nextlabel.pool import Floats, Ids, Labels
from nextlabel.strategies.base import MISSING, Answer, Question
from nextlabel.strategies.costs import Cost, PoolSize
from nextlabel.strategies.kit.blocks import are_directions
from nextlabel.strategies.kit.drop_in import DropIn, Situation
from nextlabel.strategies.uncertainty_sampling import uncertainty
from nextlabel.text import several

T = TypeVar("T")

MEMBERS = 10  # of a committee
TOLD: set[str] = set()  # strategies whose cost this process has told
PATIENCE = 60.0  # seconds that somebody waits without having been told

Maker = Callable[[Question], Any]  # makes one argument from a question


def always(value: Any) -> Maker:
    """An argument that does not hang on the question."""
    return lambda question: value


def classifier(question: Question) -> SkactivemlClassifier:
    """This round's classifier, as a shallow copy: ``predict`` draws ties from a generator that it moves on."""
    clf = copy.copy(_need(question.clf))
    clf.random_state_ = np.random.RandomState(question.seed)
    return clf


def class_count(question: Question) -> int:
    """How many classes there are."""
    return question.classes


def committee(question: Question) -> list[SkactivemlClassifier]:
    """This round's committee."""
    return list(_need(question.committee)(MEMBERS))


def _need(part: T | None) -> T:
    if part is None:
        raise Mistake("This query strategy needs a trained model, and there is none yet. Let random ask first.")
    return part


NO = always(False)
USUAL: Mapping[str, Maker] = {
    "clf": classifier,
    "fit_clf": NO,
    "estimator": classifier,
    "fit_estimator": NO,
    "ensemble": committee,
    "fit_ensemble": NO,
}


@dataclass(frozen=True)
class StrategyEntry:
    """How a strategy is made and what it is given.

    ``kind`` its class; ``args`` plain arguments that it is made with; ``init`` others that are made from the question
    (``args`` beats them; two dicts are merged); ``given`` what its ``query`` needs instead of or beside `USUAL`.
    ``unit_rows``: it wants features of length 1. ``most_classes``: it cannot tell more apart.
    ``faults``: exceptions by which a known defect shows; the door then draws the whole batch. ``cost``: about how many
    seconds it takes, where that may be minutes; who is asked for more than `PATIENCE` is warned before the work.
    """

    kind: type[SingleAnnotatorPoolQueryStrategy]
    args: Mapping[str, Any] = field(default_factory=dict)
    init: Mapping[str, Maker] = field(default_factory=dict)
    given: Mapping[str, Maker] = field(default_factory=dict)
    unit_rows: bool = False
    most_classes: int | None = None
    faults: tuple[type[Exception], ...] = ()
    cost: Cost | None = None

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
        return not {classifier, committee} & set(self.needs.values())

    def make(self, question: Question) -> SingleAnnotatorPoolQueryStrategy:
        """A fresh strategy: it remembers nothing of earlier rounds."""
        made = {name: make(question) for name, make in self.init.items()}
        for name, value in self.args.items():
            both = isinstance(value, dict) and isinstance(made.get(name), dict)
            made[name] = made[name] | value if both else value
        return self.kind(**made, missing_label=MISSING, random_state=question.seed)

    def ask(self, question: Question, rng: np.random.Generator, scored: bool = False) -> Answer:
        """Positions to ask about; what the strategy gets wrong is drawn from ``rng`` instead, and counted.

        With ``scored`` also their utilities, at the cost of a table (batch, n), and for some a second choice.

        Raises `StrategyFailed` where it breaks down, or cannot choose from so many classes; `Mistake` where it needs a
        model and there is none. Warns where it will take more than a minute.
        """
        self._warn(question)
        found = self._query(question, scored)
        picks, utilities = found if scored and isinstance(found, tuple) else (found, None)
        answer = guard(picks, question.y, question.batch, rng)
        return replace(answer, scores=_scores(answer.positions, picks, utilities)) if scored else answer

    def remarks(self, question: Question) -> list[str]:
        """What somebody should know before the batch is chosen, in sentences: what our strategies do by lot."""
        made = self.make(question)
        if not isinstance(made, DropIn):
            return []
        return made.remarks(_situation(question))

    def reach(self, question: Question) -> int | None:
        """How many candidates, drawn at random, it would look at; None where it looks at all, or does not say."""
        made = self.make(question)
        return made.reach(_situation(question)) if isinstance(made, DropIn) else None

    def doubts(self, question: Question, positions: Ids) -> Floats | None:
        """How much the model doubts ``positions`` (b,): the scores (b,) by which the batch's highest are chosen.

        None for a batch that is chosen by anything but such a score.
        """
        made = self.make(question)
        method = made.measure(_situation(question)) if isinstance(made, DropIn) else None
        if method is None:
            return None
        # Of these few alone: `ask(scored=True)` would make a table of them all.
        return uncertainty(_need(question.clf).predict_proba(question.X[positions]), method)

    def _warn(self, question: Question) -> None:
        if self.cost is None:
            return
        (n, *shape), candidates = question.X.shape, int((question.y == MISSING).sum())
        size = PoolSize(n, candidates, question.classes, math.prod(shape), question.batch)
        seconds = self.cost(size, self.args)
        if seconds > PATIENCE and self.kind.__name__ not in TOLD:
            TOLD.add(self.kind.__name__)  # not in every round: Python's own memory of warnings is lost with each filter
            warnings.warn(
                f"{self.kind.__name__} will take about {describe_seconds(seconds)} for a batch out of "
                f"{len(question.y):,} samples, on one core. {self._remedy()}",
                stacklevel=3,
            )

    def _remedy(self) -> str:
        """How to have it sooner."""
        if "sample" in inspect.signature(self.kind).parameters:
            return "Give it sample=20000, and it chooses among so many, drawn at random."
        if issubclass(self.kind, DropIn):
            return "Another strategy is faster (docs/strategies.md has a table of costs)."
        if issubclass(self.kind, SubSamplingWrapper):
            return "Give it a smaller max_candidates."
        return (
            f"skactiveml:SubSamplingWrapper(query_strategy='{self.kind.__name__}', max_candidates=50) chooses among 50 "
            "drawn at random; with exclude_non_subsample=True it does not look at the others either."
        )

    def _query(self, question: Question, scored: bool) -> Any:
        name, most = self.kind.__name__, self.most_classes
        if most is not None and question.classes > most:
            raise StrategyFailed(
                f"{name} tells at most {most} classes apart, and here are {question.classes}. "
                "Use another query strategy."
            )
        X = scale_to_unit(question.X) if self.unit_rows else question.X
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # upstream warns of what the guard looks at itself
                given = {word: make(question) for word, make in self.needs.items()}
                if scored and "return_utilities" in inspect.signature(self.kind.query).parameters:
                    given["return_utilities"] = True
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


def guard(found: Any, y: Labels, batch: int, rng: np.random.Generator) -> Answer:
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


def _situation(question: Question) -> Situation:
    """The question without its arrays."""
    labels = int((question.y != MISSING).sum())
    directions = are_directions(question.X)
    return Situation(len(question.y) - labels, question.batch, labels, question.classes, directions)


def _scores(positions: Ids, picks: Any, utilities: Any) -> Floats:
    """The utility (b,) of each position at the moment when it was picked, out of a table (batch, n); else NaN."""
    table = np.asarray(() if utilities is None else utilities, dtype=np.float64)
    places = {int(pick): place for place, pick in reversed([*enumerate(np.asarray(picks).ravel())])}
    if table.ndim != 2:
        return np.full(len(positions), np.nan)
    values = [
        table[place, i] if (place := places.get(i, -1)) in range(len(table)) else np.nan for i in positions.tolist()
    ]
    return np.array(values)


def scale_to_unit(X: Floats) -> Floats:
    """Rows of length 1, in the precision of ``X``; a row of zeros stays as it is."""
    length = np.linalg.norm(X, axis=1, keepdims=True)  # (n, 1)
    scaled: Floats = X / np.where(length > 0, length, 1)
    return scaled


def describe_seconds(seconds: float) -> str:
    """A rough time in prose.

    >>> describe_seconds(95), describe_seconds(7_000), describe_seconds(400_000)
    ('2 minutes', '2 hours', '5 days')
    """
    for unit, size, most in (("minute", 60, 90), ("hour", 3600, 48)):
        if seconds < most * size:
            return several(round(seconds / size), unit)
    return f"{round(seconds / 86_400):,} days"
