"""What a committee thinks: probabilities of its members, whichever way scikit-activeml takes one."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from skactiveml.base import SkactivemlClassifier
from skactiveml.utils import MISSING_LABEL, check_equal_missing_label, check_scalar, check_type
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from nextlabel.errors import BadArray
from nextlabel.pool import Floats
from nextlabel.strategies.kit.drop_in import DropIn, Found, Task, check_table

Votes = Callable[[Floats], Floats]  # rows (k, d) -> probabilities (T, k, C)


class CommitteeDropIn(DropIn):
    """The base of strategies that ask a committee.

    ``ensemble`` a list of classifiers, or one with ``estimators_``, ``estimators`` or ``n_estimators``; with
    ``fit_ensemble`` copies of them are trained. ``eps``: no probability counts as smaller.
    ``sample_predictions_method_name`` and ``sample_predictions_dict``: a method of the one classifier given that
    samples members' probabilities (T, n, C), and what it is called with.
    """

    _deep = True

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

    def check_arguments(self) -> None:
        check_scalar(self.eps, "eps", (int, float), min_val=0, max_val=0.1, min_inclusive=False)

    def query(
        self,
        X: Any,
        y: Any,
        ensemble: Any,
        fit_ensemble: bool = True,
        sample_weight: Any = None,
        candidates: Any = None,
        batch_size: int = 1,
        return_utilities: bool = False,
    ) -> Found:
        """Indices (batch,) to ask about, and on request utilities (batch, n); what these are, the class says."""
        task = self._task(X, y, candidates, batch_size, return_utilities)
        return self._choose(task, self._votes(task, ensemble, fit_ensemble, sample_weight))

    def _choose(self, task: Task, votes: Votes) -> Found:
        raise NotImplementedError

    def _votes(self, task: Task, ensemble: Any, fit_ensemble: bool, sample_weight: Any) -> Votes:
        """How the members of ``ensemble`` vote, trained first if wanted (copies of them, never the caller's)."""
        check_type(fit_ensemble, "fit_ensemble", bool)
        if isinstance(ensemble, list | tuple) and len(ensemble):
            self._refuse_sampling("'ensemble' is a list")
            members = [self._train(task, one, fit_ensemble, sample_weight) for one in ensemble]
            if any(not np.array_equal(one.classes_, members[0].classes_) for one in members):
                raise BadArray("The members of 'ensemble' know different classes. Make each with the same classes=….")
            return _vote(members, members[0].classes_)
        one = self._train(task, ensemble, fit_ensemble, sample_weight)
        if self.sample_predictions_method_name is not None:
            return self._sampling(one)
        self._refuse_sampling("there is no sample_predictions_method_name")
        return _vote(_members(one), one.classes_)

    def _train(self, task: Task, one: Any, fit_ensemble: bool, sample_weight: Any) -> SkactivemlClassifier:
        """A classifier that may be asked: the caller's own if it is fitted, else a trained copy."""
        check_type(one, "ensemble", SkactivemlClassifier)
        check_equal_missing_label(one.missing_label, self.missing_label_)
        if not fit_ensemble:
            check_is_fitted(one)
            return one
        given = () if sample_weight is None else (sample_weight,)
        return clone(one).fit(task.X, task.y, *given)

    def _sampling(self, one: SkactivemlClassifier) -> Votes:
        name, given = self.sample_predictions_method_name, self.sample_predictions_dict or {}
        check_type(name, "sample_predictions_method_name", str)
        check_type(given, "sample_predictions_dict", dict)
        sample = getattr(one, str(name), None)
        if sample is None:
            raise BadArray(
                f"'ensemble' is a {type(one).__name__}, which has no method '{name}' to sample members with."
            )
        return lambda rows: np.asarray(sample(rows, **given))

    def _refuse_sampling(self, why: str) -> None:
        """Settings that would do nothing are refused rather than passed over."""
        if self.sample_predictions_dict is not None or self.sample_predictions_method_name is not None:
            raise BadArray(
                f"Members are sampled by a method of one classifier, and {why}. Leave sample_predictions_method_name "
                "and sample_predictions_dict away, or pass one classifier and both."
            )


class MonteCarloDropIn(CommitteeDropIn):
    """Committees whose joint labels may be too many to enumerate: ``n_MC_samples`` of them, None for the default."""

    def __init__(
        self,
        n_MC_samples: int | None = None,
        eps: float = 1e-7,
        sample_predictions_method_name: str | None = None,
        sample_predictions_dict: Any = None,
        missing_label: Any = MISSING_LABEL,
        random_state: Any = None,
    ) -> None:
        super().__init__(eps, sample_predictions_method_name, sample_predictions_dict, missing_label, random_state)
        self.n_MC_samples = n_MC_samples

    def check_arguments(self) -> None:
        super().check_arguments()
        if self.n_MC_samples is not None:
            check_scalar(self.n_MC_samples, "n_MC_samples", int, min_val=1)


def _members(one: Any) -> list[Any]:
    """The members (T,) of a classifier that is a committee by itself, whichever way it tells how many they are."""
    if hasattr(one, "estimators_"):
        return list(one.estimators_)
    count = len(one.estimators) if hasattr(one, "estimators") else getattr(one, "n_estimators", None)
    if count is None:
        raise TypeError(
            f"'ensemble' is one {type(one).__name__} without 'estimators_', 'estimators' or 'n_estimators'. Pass a "
            "list of classifiers, or the name of a method that samples predictions (sample_predictions_method_name)."
        )
    return [one] * count  # scikit-activeml takes it so, too: members that answer at random each time they are asked


def _vote(members: list[Any], classes: Any) -> Votes:
    """Each member by itself; ``classes`` (C,) those of all together, of which a member may have met fewer."""
    return lambda rows: np.stack([_widen(member, rows, classes) for member in members])


def _widen(member: Any, rows: Floats, classes: Any) -> Floats:
    """A member's probabilities (k, C), for classes that it has never heard of too."""
    proba = check_table(member.predict_proba(rows))
    if proba.shape[1] == len(classes):
        return proba
    wide = np.zeros((len(rows), len(classes)))
    # A bootstrap may have missed a class: its column stays 0. Classes are sorted, as scikit-learn keeps them.
    known = np.isin(member.classes_, classes)
    wide[:, np.searchsorted(classes, np.asarray(member.classes_)[known])] = proba[:, known]
    return wide


def everyone(task: Task, votes: Votes) -> Iterator[Floats]:
    """Probabilities (T, k, C) of all candidates, block by block."""
    # T x k x C numbers at a time; of all candidates at once they would be T times as large as the features may be.
    return (votes(rows) for _, rows in task.pool().blocks())
