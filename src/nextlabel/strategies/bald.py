"""`bald` and `powerbald`: what the members of a committee disagree about."""

from typing import Any

import numpy as np
from skactiveml.utils import MISSING_LABEL, check_scalar

from nextlabel.pool import Floats
from nextlabel.strategies.kit.committees import CommitteeDropIn, MonteCarloDropIn, Votes, everyone
from nextlabel.strategies.kit.drop_in import Found, Task


class GreedyBALD(MonteCarloDropIn):
    """Bayesian active learning by disagreement (Houlsby et al., 2011): the highest mutual information, one by one.

    The mutual information of a sample's label and the member is H(mean p) - mean H(p), in nats: what its label would
    tell about which member is right. Utilities are it. One pass, in blocks: time O(N T C) for N samples, T members and
    C classes, memory O(N). ``n_MC_samples`` is accepted for scikit-activeml's sake: of one sample the information is
    computed, not drawn.

    >>> from nextlabel.models.head import LinearHead
    >>> X, y = np.array([[0.0], [1.0], [4.0], [9.0]]), [0, -1, -1, 1]
    >>> heads = [LinearHead(classes=[0, 1]).fit([[0.0], [edge]], [0, 1]) for edge in (2.0, 9.0)]
    >>> GreedyBALD(missing_label=-1, random_state=0).query(X, y, heads, fit_ensemble=False)
    array([2])
    """

    def _choose(self, task: Task, votes: Votes) -> Found:
        return task.top(informations(task, votes, self.eps))


class PowerBALD(CommitteeDropIn):
    """Stochastic BALD (Kirsch et al., 2021): samples drawn without replacement, proportional to information^beta.

    ``beta`` 0 is random, large is `GreedyBALD`. Drawn by Gumbel-top-k (Kool et al., 2019); what nobody disagrees about
    comes last. Utilities are beta log information plus Gumbel noise. Time O(N T C), memory O(N).

    >>> from nextlabel.models.head import LinearHead
    >>> X, y = np.array([[0.0], [1.0], [4.0], [9.0]]), [0, -1, -1, 1]
    >>> heads = [LinearHead(classes=[0, 1]).fit([[0.0], [edge]], [0, 1]) for edge in (2.0, 9.0)]
    >>> PowerBALD(beta=8, missing_label=-1, random_state=0).query(X, y, heads, fit_ensemble=False, batch_size=2)
    array([2, 1])
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

    def check_arguments(self) -> None:
        super().check_arguments()
        check_scalar(self.beta, "beta", (int, float), min_val=0)

    def _choose(self, task: Task, votes: Votes) -> Found:
        scores = informations(task, votes, self.eps)  # (m,)
        # The top of log weights with Gumbel noise is a draw without replacement in proportion to the weights.
        return task.top(self.beta * np.log(np.maximum(scores, 1e-300)) + task.rng.gumbel(size=len(scores)))


def informations(task: Task, votes: Votes, eps: float) -> Floats:
    """Mutual information (m,) of all candidates, block by block."""
    return np.concatenate([information(P, eps) for P in everyone(task, votes)])


def information(P: Floats, eps: float = 1e-7) -> Floats:
    """Mutual information (k,), in nats, of probabilities (T, k, C)."""
    P = np.clip(P, eps, 1)
    shared: Floats = entropy(P.mean(axis=0)) - entropy(P).mean(axis=0)
    return np.maximum(shared, 0)


def entropy(P: Floats) -> Floats:
    """Entropies, in nats, over the last axis."""
    found: Floats = -(P * np.log(P)).sum(axis=-1)
    return found
