"""`linear`: multinomial logistic regression on the features as they are."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from nextlabel.errors import BadData
from nextlabel.models.base import Fitted, Settings
from nextlabel.models.head import SOLVER_STEPS, Axes, LinearHead, bootstrap, solve
from nextlabel.pool import Floats, Ids, Labels, Pool
from nextlabel.seeds import number

GRID: tuple[float, ...] = tuple(10.0 ** (power / 2) for power in range(-8, 5))  # inverse strengths of the penalty

# Largest entry of the gradient at which a head in the search is done, thrice what a head is trained to. Of 88 searches
# on six datasets 86 chose the C that they choose at 1e-6, and 83 at 1e-4, which costs a quarter more.
SEARCH_TOLERANCE = 3e-4
FOLDS = 5
LEARNED = 0.9  # of the loss of who knows the classes' shares alone: below it, something was learned


class Linear:
    """A linear head whose regularisation is chosen from labels, and then stands for all strategies.

    ``settings["C"]`` is a list of (count, C): from that many labels on, that C.

    >>> from nextlabel import Pool, stream
    >>> X, y = np.array([[0.0], [1.0], [0.2]], dtype=np.float32), np.array([0, 1, -1])  # -1: nobody has answered
    >>> fitted = Linear({"C": [(2, 10.0)]}).fit(Pool(X, y, np.ones(3, dtype=bool), classes=2), stream(0, "fit"))
    >>> fitted.clf.predict(fitted.features).tolist(), len(fitted.committee(5))
    ([0, 1, 0], 5)
    """

    def __init__(self, settings: Settings) -> None:
        self.steps = _steps(settings.get("C", []))

    def fit(self, pool: Pool, rng: np.random.Generator) -> Fitted:
        """Train on the labelled samples in id order."""
        ids = pool.labelled()
        X, y = pool.features[ids], pool.y[ids]
        head = LinearHead(self.strength(len(ids)), classes=range(pool.classes), random_state=number(rng)).fit(X, y)
        return Fitted(pool.features, head, bootstrap(head, X, y, number(rng)))

    def tune(self, pool: Pool, asked: bool = False) -> Settings:
        """C by cross-validation, on the first labelled set with two classes and again at every doubling of its size."""
        ids = pool.labelled()
        if len(ids) < self._due() or pool.known_classes() < 2:
            return {"C": self.steps}
        choose = cross_validate_asked if asked else cross_validate
        return {"C": [*self.steps, (len(ids), choose(pool.features[ids], pool.y[ids]))]}

    def _due(self) -> int:
        """How many labels there must be for the next choice: the first doubling of the first that is not reached."""
        if not self.steps:
            return 0
        (first, _), (last, _) = self.steps[0], self.steps[-1]
        due = first
        while due <= last:
            due *= 2
        return due

    def strength(self, count: int) -> float:
        """The C that was chosen for this many labels; 1 while none was."""
        return next((C for start, C in reversed(self.steps) if start <= count), 1.0)


def _steps(told: Any) -> list[tuple[int, float]]:
    """Pairs (count, C), as a manifest keeps them; `BadData` where somebody changed them."""
    pairs = [tuple(pair) if isinstance(pair, list | tuple) else () for pair in told] if isinstance(told, list) else [()]
    for pair in pairs:
        good = len(pair) == 2 and type(pair[0]) is int and type(pair[1]) in (int, float)
        if not good or pair[0] < 1 or not 0 < pair[1] < 1e12:
            raise BadData("The settings of 'linear' are no list of (labels, C). Was a manifest edited? Restore it.")
    return [(count, float(C)) for count, C in pairs]


def cross_validate(X: Floats, y: Labels) -> float:
    """The C with the least cross-validated log loss; stratified folds, five or as many as the rarest class allows.

    C grows until the loss does, since large ones are slow to fit and seldom chosen. With one label in the rarest class
    there is nothing to validate on, and C is 1.
    """
    folds = min(FOLDS, int(np.unique(y, return_counts=True)[1].min()))
    if folds < 2:
        return 1.0
    return _search(X, y, StratifiedKFold(folds, shuffle=True, random_state=0).split(X, y), worth=float("inf"))


def cross_validate_asked(X: Floats, y: Labels) -> float:
    """The same for labels that a strategy asked for: they are no sample of anything.

    Some classes have one label for long. It is learned in every fold and tested in none; C is 1 only while fewer than
    two classes have more. And among hard samples a weak penalty may foretell less than none at all, until it is weak
    enough: a loss that grows ends the search only where something was learned before.
    """
    classes, counts = np.unique(y, return_counts=True)
    tested = np.flatnonzero(np.isin(y, classes[counts > 1]))
    if (counts > 1).sum() < 2:
        return 1.0
    folds = min(FOLDS, int(counts.max()))
    fold = np.full(len(y), folds)  # of nobody: never tested
    # Dealt class by class, so two of one class are never in one fold where there are as many folds.
    drawn = np.random.default_rng(0).permutation(len(tested))
    fold[tested[np.lexsort((drawn, y[tested]))]] = np.arange(len(tested)) % folds
    parts = ((np.flatnonzero(fold != one), np.flatnonzero(fold == one)) for one in range(folds))
    share = counts / len(y)
    return _search(X, y, parts, worth=LEARNED * float(-(share * np.log(share)).sum()))


def _search(X: Floats, y: Labels, parts: Iterable[tuple[Ids, Ids]], worth: float) -> float:
    """The C of least mean loss, along the grid until the loss grows, once it has been below ``worth``."""
    # Axes once for all folds: distances between rows are all that counts. In float32, since losses of neighbouring C
    # differ in the third digit, and it moves them in the fifth.
    X = Axes.of(X).rows.astype(np.float32)
    # The folds walk along the grid side by side, so that no C is fitted beyond the one where the loss turns.
    chosen, least = GRID[0], float("inf")
    for C, *losses in zip(GRID, *(_path(X, y, *part) for part in parts), strict=False):
        loss = float(np.mean(losses))
        if loss < least:
            chosen, least = C, loss
        elif least < worth:
            break
    return chosen


def _path(X: Floats, y: Labels, train: Ids, test: Ids) -> Iterator[float]:
    """Log losses (nats) on ``test`` of heads trained on ``train``, C by C; each begins where the one before ended."""
    # A warm start within one search is no warm start between rounds: its result hangs on this labelled set alone.
    head = LogisticRegression(max_iter=SOLVER_STEPS, tol=SEARCH_TOLERANCE, warm_start=True)
    column = np.searchsorted(np.unique(y), y[test])  # every class is in both parts
    for C in GRID:
        proba = solve(head.set_params(C=C), X[train], y[train]).predict_proba(X[test])  # (t, k)
        yield float(-np.log(np.clip(proba[np.arange(len(test)), column], 1e-12, None)).mean())
