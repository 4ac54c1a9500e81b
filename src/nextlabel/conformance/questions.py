"""Small questions, and the two ways of asking a strategy: through the door, and directly."""

from typing import Any

import numpy as np

from nextlabel.models.head import LinearHead, bootstrap
from nextlabel.pool import Floats, Ids, Labels
from nextlabel.strategies.base import Question
from nextlabel.strategies.door import StrategyEntry

N = 20


def small_problem(entry: StrategyEntry, labelled: int = 6, batch: int = 5, X: Floats | None = None) -> Question:
    """Twenty samples of three classes (or as many as ``entry`` can tell apart), the first ``labelled`` of them known.

    ``X`` (20, d) other features than these.
    """
    classes = min(3, entry.most_classes or 3)
    truth = np.arange(N) % classes
    if X is None:
        X = (np.random.default_rng(0).normal(size=(N, 4)) + 2 * np.eye(classes, 4)[truth]).astype(np.float32)
    return make_question(X, np.where(np.arange(N) < labelled, truth, -1), classes, batch)


def make_question(X: Floats, y: Labels, classes: int, batch: int) -> Question:
    known = np.flatnonzero(y >= 0)
    head = LinearHead(classes=range(classes), random_state=0).fit(X[known], y[known])
    return Question(X, y, classes, batch, 7, head, bootstrap(head, X[known], y[known], 1))


def picks(entry: StrategyEntry, question: Question) -> Ids:
    """What ``entry`` asks, after making sure that it is a batch: distinct, unlabelled, of the size wanted."""
    found = entry.ask(question, np.random.default_rng(0)).positions
    assert found.dtype.kind == "i", f"positions are {found.dtype}, not whole numbers"
    assert len(found) == question.batch, f"{len(found)} positions, and {question.batch} were asked for"
    assert len(set(found.tolist())) == len(found), f"asks twice for a sample: {found}"
    assert found.min() >= 0, f"asks for a sample before the first: {found}"
    assert found.max() < len(question.y), f"asks for a sample beyond the last: {found}"
    assert (question.y[found] == -1).all(), f"asks for what is labelled: {found}"
    return found


def direct(entry: StrategyEntry, question: Question, **more: Any) -> Any:
    """What the class itself answers: `query` with what its signature takes."""
    given = {word: make(question) for word, make in entry.needs.items()}
    return entry.make(question).query(question.X, question.y, **({"batch_size": question.batch} | given | more))
