"""The contract that every part must pass, one function for each promise. Use it on strategies of your own:

    from nextlabel import conformance
    from nextlabel.strategies.base import Entry

    for check in conformance.for_strategies:
        check(Entry(MyStrategy))

A check raises `AssertionError`, with a sentence, where the promise is broken. It asks through the door, as the loop
does: what a strategy gets wrong is mended there, but a strategy that breaks down, forgets its seed or writes where it
should not is found out.
"""

import pickle
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from nextlabel.models.head import LinearHead, bootstrap
from nextlabel.pool import Floats, Ids, Labels
from nextlabel.strategies.base import Entry, Question

N = 20


def small_problem(entry: Entry, labelled: int = 6, batch: int = 5, X: Floats | None = None) -> Question:
    """Twenty samples of three classes (or as many as ``entry`` can tell apart), the first ``labelled`` of them known.

    ``X`` (20, d) other features than these.
    """
    classes = min(3, entry.most_classes or 3)
    truth = np.arange(N) % classes
    if X is None:
        X = (np.random.default_rng(0).normal(size=(N, 4)) + 2 * np.eye(classes, 4)[truth]).astype(np.float32)
    return _asked(X, np.where(np.arange(N) < labelled, truth, -1), classes, batch)


def _asked(X: Floats, y: Labels, classes: int, batch: int) -> Question:
    known = np.flatnonzero(y >= 0)
    head = LinearHead(classes=range(classes), random_state=0).fit(X[known], y[known])
    return Question(X, y, classes, batch, 7, head, bootstrap(head, X[known], y[known], 1))


def picks(entry: Entry, question: Question) -> Ids:
    """What ``entry`` asks, after making sure that it is a batch: distinct, unlabelled, of the size wanted."""
    found = entry.ask(question, np.random.default_rng(0)).positions
    assert found.dtype.kind == "i", f"positions are {found.dtype}, not whole numbers"
    assert len(found) == question.batch, f"{len(found)} positions, and {question.batch} were asked for"
    assert len(set(found.tolist())) == len(found), f"asks twice for a sample: {found}"
    assert found.min() >= 0, f"asks for a sample before the first: {found}"
    assert found.max() < len(question.y), f"asks for a sample beyond the last: {found}"
    assert (question.y[found] == -1).all(), f"asks for what is labelled: {found}"
    return found


def check_gives_a_whole_batch(entry: Entry) -> None:
    """Distinct, unlabelled, exactly as many as wanted: one, some, all that are left."""
    for batch in (1, 5, N - 6):
        picks(entry, small_problem(entry, batch=batch))


def check_works_from_two_labels_to_the_last(entry: Entry) -> None:
    """Two labels (and a class that nobody has seen) up to one sample left."""
    for labelled in (2, N - 2, N - 1):
        picks(entry, small_problem(entry, labelled, batch=min(5, N - labelled)))


def check_chooses_the_same_for_the_same_seed(entry: Entry) -> None:
    """Asked twice, and whatever state numpy's global generator is in."""
    question, before = small_problem(entry), np.random.get_state()
    try:
        found = []
        for seed in (1, 1, 2):
            np.random.seed(seed)
            found.append(picks(entry, question).tolist())
    finally:
        np.random.set_state(before)
    assert found[0] == found[1], f"the same seed gave {found[0]}, then {found[1]}"
    assert found[0] == found[2], f"numpy's global seed changes {found[0]} to {found[2]}"


def check_leaves_what_it_is_given_alone(entry: Entry) -> None:
    """X, y and the classifier are as they were."""
    question = small_problem(entry)
    before = pickle.dumps((question.X, question.y, question.clf))
    picks(entry, question)
    assert pickle.dumps((question.X, question.y, question.clf)) == before, "X, y or clf was changed"


def check_takes_features_as_they_come(entry: Entry) -> None:
    """float32 or float64, read-only as a memory map is, in columns as in rows."""
    question = small_problem(entry)
    locked_X, locked_y = question.X.copy(), question.y.copy()
    locked_X.flags.writeable = locked_y.flags.writeable = False
    picks(entry, replace(question, X=locked_X, y=locked_y))
    picks(entry, replace(question, X=question.X.astype(np.float64)))
    picks(entry, replace(question, X=np.asfortranarray(question.X)))


def check_survives_ties(entry: Entry) -> None:
    """Many rows alike: two kinds of rows among the twenty, then one kind."""
    for kinds in (2, 1):
        X = np.random.default_rng(0).normal(size=(kinds, 4)).astype(np.float32)[np.arange(N) % kinds]
        picks(entry, small_problem(entry, X=X))


def check_survives_constant_features(entry: Entry) -> None:
    """Columns that never change, beside one that does; and nothing but zeros."""
    for X in (np.ones((N, 4)), np.zeros((N, 4))):
        X[:, 0] = X[0, 0] * np.arange(N) / N
        picks(entry, small_problem(entry, X=X.astype(np.float32)))


def check_starts_cold_if_it_says_so(entry: Entry) -> None:
    """A strategy that needs no model answers while there is none: with no label at all, with labels of one class."""
    if not entry.model_free:
        return
    for labelled in (0, 3):
        question = small_problem(entry)
        y = np.where(np.arange(N) < labelled, 0, -1)
        picks(entry, replace(question, y=y, clf=None, committee=None))


for_strategies: list[Callable[[Entry], None]] = [
    check_gives_a_whole_batch,
    check_works_from_two_labels_to_the_last,
    check_chooses_the_same_for_the_same_seed,
    check_leaves_what_it_is_given_alone,
    check_takes_features_as_they_come,
    check_survives_ties,
    check_survives_constant_features,
    check_starts_cold_if_it_says_so,
]
