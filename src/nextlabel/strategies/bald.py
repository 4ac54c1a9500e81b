"""`bald` and `powerbald`: what the members of a committee disagree about."""

from typing import Any

import numpy as np
from skactiveml.utils import MISSING_LABEL, check_scalar

from nextlabel.pool import Floats
from nextlabel.strategies.kit.committees import CommitteeDropIn, everyone
from nextlabel.strategies.kit.drop_in import Found, Task


class GreedyBALD(CommitteeDropIn):
    """Bayesian active learning by disagreement (Houlsby et al., 2011): the highest mutual information, one by one.

    The mutual information of a sample's label and the member is H(mean p) - mean H(p), in nats. One pass, in blocks:
    O(N T C).
    """

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
        """Indices (batch,) to ask about, and on request utilities (batch, n): mutual information in nats."""
        task = self._task(X, y, candidates, batch_size, return_utilities, deep=True)
        scores = self._information(task, ensemble, fit_ensemble, sample_weight)
        return task.answer(task.ties.top(scores, task.batch), lambda: np.tile(scores, (task.batch, 1)))

    def _information(self, task: Task, ensemble: Any, fit_ensemble: bool, sample_weight: Any) -> Floats:
        votes = self._votes(task, ensemble, fit_ensemble, sample_weight)
        return np.concatenate([information(P, self.eps) for P in everyone(task, votes)])


class PowerBALD(GreedyBALD):
    """Stochastic BALD (Kirsch et al., 2021): samples drawn without replacement, proportional to information^beta.

    ``beta`` 0 is random, large is `GreedyBALD`. Drawn by Gumbel-top-k (Kool et al., 2019); what nobody disagrees about
    comes last. Utilities are the scores that chance was added to.
    """

    def __init__(
        self,
        beta: float = 1.0,
        eps: float = 1e-7,
        sample_predictions_method_name: str | None = None,
        sample_predictions_dict: Any = None,
        missing_label: Any = MISSING_LABEL,
        random_state: Any = None,
    ) -> None:
        super().__init__(eps, sample_predictions_method_name, sample_predictions_dict, missing_label, random_state)
        self.beta = beta

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
        """Indices (batch,), and on request utilities (batch, n): beta log information plus Gumbel noise."""
        task = self._task(X, y, candidates, batch_size, return_utilities, deep=True)
        check_scalar(self.beta, "beta", (int, float), min_val=0)
        scores = self._information(task, ensemble, fit_ensemble, sample_weight)
        drawn = self.beta * np.log(np.maximum(scores, 1e-300)) + task.rng.gumbel(size=len(scores))
        return task.answer(task.ties.top(drawn, task.batch), lambda: np.tile(drawn, (task.batch, 1)))


def information(P: Floats, eps: float = 1e-7) -> Floats:
    """Mutual information (k,), in nats, of probabilities (T, k, C)."""
    P = np.clip(P, eps, 1)
    shared: Floats = entropy(P.mean(axis=0)) - entropy(P).mean(axis=0)
    return np.maximum(shared, 0)


def entropy(P: Floats) -> Floats:
    """Entropies, in nats, over the last axis."""
    found: Floats = -(P * np.log(P)).sum(axis=-1)
    return found
