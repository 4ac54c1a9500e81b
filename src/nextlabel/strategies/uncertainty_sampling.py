"""`least_confident`, `margin`, `entropy`: what the model doubts most."""

from typing import Any

import numpy as np
from skactiveml.pool import expected_average_precision, uncertainty_scores
from skactiveml.utils import MISSING_LABEL, check_type

from nextlabel.errors import BadArray
from nextlabel.pool import Floats
from nextlabel.strategies.kit.blocks import pieces
from nextlabel.strategies.kit.drop_in import DropIn, Found, Situation, probabilities

BLOCK = 1 << 16
PRECISION = "expected_average_precision"  # scikit-activeml's own


class UncertaintySampling(DropIn):
    """Ask for the samples whose predicted class is least certain.

    ``method``: ``least_confident`` (1 - p1), ``margin_sampling`` (1 - (p1 - p2); Scheffer et al., 2001), ``entropy``
    (nats; Settles, 2009), with p1 and p2 the two highest probabilities, or ``expected_average_precision`` (scikit-
    activeml's own, O(C N^3)). ``cost_matrix`` (C, C) as upstream takes it. Utilities are the uncertainty, times
    ``utility_weight``. Time O(N C), memory O(N).

    >>> from nextlabel.models.head import LinearHead
    >>> X, y = np.array([[0.0], [1.0], [4.0], [9.0]]), [0, -1, -1, 1]
    >>> UncertaintySampling("margin_sampling", missing_label=-1, random_state=0).query(X, y, LinearHead())
    array([2])
    """

    _deep = True

    def __init__(
        self,
        method: str = "least_confident",
        cost_matrix: Any = None,
        missing_label: Any = MISSING_LABEL,
        random_state: Any = None,
    ) -> None:
        super().__init__(missing_label, random_state)
        self.method = method
        self.cost_matrix = cost_matrix

    def measure(self, situation: Situation) -> str | None:
        """The method, always."""
        return self.method if self.method in MEASURES and self.cost_matrix is None else None

    def check_arguments(self) -> None:
        check_method(self.method)
        if self.cost_matrix is not None and self.method == "entropy":
            raise BadArray(
                "'entropy' takes no cost_matrix. Use 'least_confident' or 'margin_sampling', or leave it away."
            )

    def query(
        self,
        X: Any,
        y: Any,
        clf: Any,
        fit_clf: bool = True,
        sample_weight: Any = None,
        utility_weight: Any = None,
        candidates: Any = None,
        batch_size: int = 1,
        return_utilities: bool = False,
    ) -> Found:
        """Indices (batch,) to ask about, and utilities (batch, n) on request: uncertainty times ``utility_weight``."""
        task = self._task(X, y, candidates, batch_size, return_utilities)
        weight = None if utility_weight is None else task.weights(utility_weight)
        model = self._model(task, clf, fit_clf, sample_weight)
        proba, _ = probabilities(task, model)
        if self.method == PRECISION:
            scores = expected_average_precision(model.classes_, proba)
        else:
            scores = uncertainty(proba, self.method, self.cost_matrix)
        if weight is not None:
            scores = scores * weight
        return task.top(scores)


def check_method(method: Any) -> None:
    """Refuse a way to measure uncertainty that nobody knows."""
    check_type(method, "method", str)
    names = [*MEASURES, PRECISION]
    if method not in names:
        raise BadArray(f"No uncertainty is called '{method}'. Known: {', '.join(names)}.")


def uncertainty(P: Floats, method: str, cost_matrix: Any = None) -> Floats:
    """Scores (m,) float64 of probabilities (m, C), higher is more doubtful; `BadArray` for an unknown method."""
    if method not in MEASURES:
        check_method(method)
    if cost_matrix is not None:
        given: Floats = uncertainty_scores(P, cost_matrix, method)
        return given
    scores = np.empty(len(P))
    for place in pieces(len(P), max(1, BLOCK * 10 // P.shape[1])):
        scores[place] = MEASURES[method](P[place])
    return scores


def _least_confident(P: Floats) -> Floats:
    doubt: Floats = 1 - P.max(axis=1)
    return doubt


def _margin_score(P: Floats) -> Floats:
    if P.shape[1] < 2:
        return np.zeros(len(P))
    if P.shape[1] > 64:
        two = np.partition(P, -2, axis=1)[:, -2:]  # (k, 2)
        return 1 - np.abs(two[:, 1] - two[:, 0])
    first, second = np.maximum(P[:, 0], P[:, 1]), np.minimum(P[:, 0], P[:, 1])
    for column in P.T[2:]:  # few columns, many rows: much faster than sorting each row
        np.maximum(second, np.minimum(first, column), out=second)
        np.maximum(first, column, out=first)
    return 1 - (first - second)


def _entropy(P: Floats) -> Floats:
    spread: Floats = -(P * np.log(np.where(P > 0, P, 1))).sum(axis=1)
    return spread


MEASURES = {"least_confident": _least_confident, "margin_sampling": _margin_score, "entropy": _entropy}
