"""VERB   select: which samples to label next, out of features, in one call.

    ids = select(features, labels, "badge", 1000, probabilities=P, seed=0)

Ids are row numbers, best first. What `select` asks is what the first round of a simulation with the same features,
labels and seed would: it hands the strategy the same question, through the same door.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from skactiveml.base import SkactivemlClassifier
from threadpoolctl import threadpool_limits

from nextlabel.errors import BadNumber, EmptyPool, Mistake
from nextlabel.models.base import Fitted
from nextlabel.models.linear import Linear
from nextlabel.pool import Floats, Ids, Labels, Pool
from nextlabel.progress import Progress, quiet
from nextlabel.seeds import number, stream
from nextlabel.selection import arrays
from nextlabel.strategies import STRATEGIES, Auto, strategy
from nextlabel.strategies.door import Question, StrategyEntry, count, fitted, heads
from nextlabel.strategies.kit.blocks import Blocks
from nextlabel.strategies.kit.drop_in import DropIn
from nextlabel.strategies.kit.known_probabilities import KnownProbabilities

Predict = Callable[[Ids], Floats]


@dataclass(frozen=True)
class Order:
    """What somebody wants to be chosen, unchecked: the arguments of `select`."""

    features: Any
    labels: Any
    strategy: str
    batch: int
    probabilities: Any = None
    seed: int = 0
    missing: Any = None


@dataclass(frozen=True)
class Chosen:
    """``ids`` (batch,) best first; ``implementation`` the class that chose them; ``mended`` ids the door had to draw.

    ``samples`` n, ``labelled`` how many of them have a label, ``classes`` C (0 while nobody knows).
    """

    ids: Ids
    implementation: str
    mended: int
    samples: int
    labelled: int
    classes: int


@dataclass(frozen=True)
class Data:
    """What is known: ``X`` (n, d); ``y`` (n,) codes or -1; C ``classes``; ``P`` (n, C), or None."""

    X: Floats
    y: Labels
    classes: int
    P: Floats | None

    @property
    def pool(self) -> Pool:
        """Everything may be asked."""
        return Pool(self.X, self.y, np.ones(len(self.y), dtype=bool), self.classes)


def select(
    features: Any,
    labels: Any,
    strategy: str,
    batch: int,
    probabilities: Any = None,
    seed: int = 0,
    *,
    missing: Any = None,
) -> Ids:
    """Ids (batch,) of the samples to label next, best first: row numbers of ``features``.

    ``features`` (n, d) any numbers, also a memory map; ``labels`` (n,) with -1 (whole numbers), NaN (decimals) or ""
    (text) where one is missing, ``missing`` if another value says so, or None for no labels at all; ``strategy`` a
    name, ``skactiveml:ClassName(…)`` too; ``probabilities`` (n, C) of a model of your own, or None: then a linear head
    is trained on the labels, if the strategy wants one. The same seed gives the same ids.

    Raises `Mistake` (`BadArray` is a ValueError, too) and `CannotGo` before any heavy work, each with its remedy.

    >>> X = np.array([[0.0, 0.1], [0.0, 0.2], [5.0, 5.0], [9.0, 0.0]])
    >>> select(X, [0, -1, -1, -1], "coreset", 2)
    array([3, 2])
    """
    return chosen(Order(features, labels, strategy, batch, probabilities, seed, missing)).ids


def chosen(order: Order, progress: Progress = quiet) -> Chosen:
    """What `select` gives, with how it came about. ``progress`` is told of each step; a total of 0: nobody knows."""
    strategy(order.strategy)  # a wrong name is told first
    _whole("batch", order.batch, 1)
    _whole("seed", order.seed, 0)
    data = _shaped(order)
    batch = _size(data, order.batch)
    name = _able(order.strategy, data)
    entry = strategy(name)
    if data.P is not None:
        arrays.likely(data.P, progress)
    arrays.finite(data.X, progress)
    question = _question(entry, data, batch, order.seed, progress)
    _remark(entry, name, data, question)
    progress("choosing", 0, 0)
    answer = entry.ask(question, stream(order.seed, "mend", 0))
    known = int((data.y >= 0).sum())
    return Chosen(answer.positions, entry.implementation, answer.mended, len(data.y), known, data.classes)


def _whole(what: str, value: Any, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise BadNumber(f"The {what} is {value!r}, and must be a whole number of at least {least}.")


def _shaped(order: Order) -> Data:
    """The arrays of an order, their shapes and types checked, and what the labels say: cheap for any size."""
    X = arrays.features(order.features)
    P = None if order.probabilities is None else arrays.probabilities(order.probabilities, len(X))
    y, classes = arrays.labels(order.labels, len(X), None if P is None else P.shape[1], order.missing)
    return Data(X, y, classes, P)


def _size(data: Data, batch: int) -> int:
    left = int((data.y < 0).sum())
    if not left:
        raise EmptyPool(
            f"All {len(data.y):,} samples are labelled, so there is nothing to ask about. A missing label is -1 in "
            "whole numbers, NaN in decimals, empty in text; name any other value with missing=… (--missing=…)."
        )
    if batch > left:
        warnings.warn(f"Only {left:,} samples are unlabelled, fewer than {batch:,}: all are asked.", stacklevel=4)
    return min(batch, left)


def _able(name: str, data: Data) -> str:
    """The strategy that can choose from this data: the one named, or `Mistake` with what it lacks.

    `Auto` covers until it has labels to learn from; without two classes of them that is a strategy without a model.
    """
    entry = strategy(name)
    wants = set(entry.needs.values())
    if data.pool.known_classes() > 1 or not wants & {fitted, heads} or (data.P is not None and heads not in wants):
        return name
    if entry.kind is Auto:
        warnings.warn(f"Fewer than two classes have a label, so '{name}' asks as maxherding does.", stacklevel=4)
        return "maxherding"
    labelled = int((data.y >= 0).sum())
    state = f"all {labelled:,} labels are of one class" if labelled else "nothing is labelled"
    other = "" if heads in wants else ", pass the probabilities of a model of your own (--probabilities)"
    free = ", ".join(word for word, known in STRATEGIES.items() if known.model_free or known.kind is Auto)
    raise Mistake(
        f"'{name}' needs {'a committee' if heads in wants else 'a model'} trained on labels of at least two classes, "
        f"and {state}. Label samples of two classes{other}, or begin with a strategy that needs no labels: {free}."
    )


def _question(entry: StrategyEntry, data: Data, batch: int, seed: int, progress: Progress) -> Question:
    """What the strategy is asked, with just the models that it wants, trained on the labels or given."""
    wants = set(entry.needs.values())
    question = Question(data.X, data.y, max(2, data.classes), batch, number(stream(seed, "ask", 0)))
    if fitted in wants and data.P is not None:
        question = replace(question, clf=KnownProbabilities(data.X, handed(data.P), data.classes))
    if heads in wants or (fitted in wants and data.P is None):
        progress("training a head", 0, 0)
        learned = learn(data.pool, seed)
        question = replace(question, clf=question.clf or learned.clf, committee=learned.committee)
        if data.P is None and issubclass(entry.kind, DropIn):  # ours take what a head foretells block by block
            at = foretold(learned.clf, data, progress)
            question = replace(question, clf=KnownProbabilities(data.X, at, data.classes, learned.clf))
    return question


def learn(pool: Pool, seed: int) -> Fitted:
    """The linear head that a simulation's first round would train, its penalty chosen on the same labels.

    On one thread, as there: for matrices as small as a labelled set a second one waits more than it works (1,000
    labels, a busy machine with two cores: 0.5 s and 6 s).
    """
    with threadpool_limits(1):
        return Linear(Linear({}).tune(pool)).fit(pool, stream(seed, "fit", 0))


def handed(P: Floats) -> Predict:
    """Rows of probabilities (n, C), which may be a memory map: all of them uncopied."""

    def at(rows: Ids) -> Floats:
        found: Floats = P if len(rows) == len(P) else P[rows]
        return found.astype(np.float32) if found.dtype == np.float16 else found

    return at


def foretold(head: SkactivemlClassifier, data: Data, progress: Progress) -> Predict:
    """Rows of probabilities (k, C) in float32, predicted in blocks: nothing else grows with the pool."""

    def at(rows: Ids) -> Floats:
        P = np.empty((len(rows), data.classes), dtype=np.float32)
        for place, some in Blocks(data.X, rows).blocks():
            P[place] = head.predict_proba(some)
            progress("predicting", place.stop, len(rows))
        progress("choosing", 0, 0)
        return P

    return at


def _remark(entry: StrategyEntry, name: str, data: Data, question: Question) -> None:
    """Warn of what somebody should know about how this batch comes about."""
    notes = []
    if data.P is not None and fitted not in entry.needs.values():
        notes.append(f"'{name}' does not look at probabilities, so those given are not used.")
    if not data.classes and count in entry.init.values() and "n_classes" not in entry.args:
        notes.append(f"Nothing says how many classes there are, so '{name}' takes two. Give it n_classes=10 for ten.")
    ground = getattr(entry.make(question), "ground", None)
    if isinstance(ground, int) and int((question.y < 0).sum()) > ground:
        notes.append(
            f"'{name}' measures coverage on {ground:,} samples drawn at random, a close approximation. "
            "Give it ground=None to take all of them, in time that grows with their square."
        )
    for note in notes:
        warnings.warn(note, stacklevel=4)
