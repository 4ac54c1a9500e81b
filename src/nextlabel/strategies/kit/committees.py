"""What a committee thinks: probabilities of its members, whichever way scikit-activeml takes one."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from skactiveml.base import SkactivemlClassifier
from skactiveml.pool._query_by_committee import _check_ensemble  # private, and the same in all of 1.0
from skactiveml.utils import MISSING_LABEL, check_scalar, check_type

from nextlabel.pool import Floats
from nextlabel.strategies.kit.drop_in import DropIn, Task, checked

Votes = Callable[[Floats], Floats]  # rows (k, d) -> probabilities (T, k, C)


class CommitteeDropIn(DropIn):
    """The base of strategies that ask a committee.

    ``eps``: no probability counts as smaller. ``sample_predictions_method_name`` and ``sample_predictions_dict``: a
    method of the one classifier given that samples members' probabilities (T, n, C), and what it is called with.
    """

    def __init__(
        self,
        eps: float = 1e-7,
        sample_predictions_method_name: str | None = None,
        sample_predictions_dict: Any = None,
        missing_label: Any = MISSING_LABEL,
        random_state: Any = None,
    ) -> None:
        super().__init__(missing_label, random_state)
        self.eps = eps
        self.sample_predictions_method_name = sample_predictions_method_name
        self.sample_predictions_dict = sample_predictions_dict

    def _votes(self, task: Task, ensemble: Any, fit_ensemble: bool, sample_weight: Any) -> Votes:
        """How the members of ``ensemble`` vote, trained first if wanted (copies of them, never the caller's)."""
        check_type(fit_ensemble, "fit_ensemble", bool)
        check_scalar(self.eps, "eps", float, min_val=0, max_val=0.1, min_inclusive=False)
        ensemble, members, classes, sample, given = _check_ensemble(
            ensemble=ensemble,
            X=task.X,
            y=task.y,
            sample_weight=sample_weight,
            fit_ensemble=fit_ensemble,
            missing_label=self.missing_label_,
            estimator_types=[SkactivemlClassifier],
            sample_predictions_method_name=self.sample_predictions_method_name,
            sample_predictions_dict=self.sample_predictions_dict,
        )
        if sample is not None:
            return lambda rows: np.asarray(sample(rows, **given))
        if classes is None:
            classes = np.unique(np.concatenate([member.classes_ for member in members]))
        return lambda rows: np.stack([_spread(member, rows, classes) for member in members])


def _spread(member: Any, rows: Floats, classes: Any) -> Floats:
    """A member's probabilities (k, C), for classes that it has never heard of too."""
    proba = checked(member.predict_proba(rows))
    if proba.shape[1] == len(classes):
        return proba
    wide = np.zeros((len(rows), len(classes)))
    known = np.isin(member.classes_, classes)
    wide[:, np.searchsorted(classes, np.asarray(member.classes_)[known])] = proba[:, known]
    return wide


def everyone(task: Task, votes: Votes) -> Iterator[Floats]:
    """Probabilities (T, k, C) of all candidates, block by block."""
    return (votes(rows) for _, rows in task.pool().blocks())
