"""`batchbald`: what a committee disagrees about, of the whole batch at once."""

from typing import Any

import numpy as np

from nextlabel.pool import Floats, Ids
from nextlabel.strategies.bald import entropy
from nextlabel.strategies.kit.blocks import pieces
from nextlabel.strategies.kit.committees import MonteCarloDropIn, Votes, everyone
from nextlabel.strategies.kit.drop_in import Found, Task
from nextlabel.strategies.kit.progress import report
from nextlabel.strategies.kit.ties import Ties

CONFIGURATIONS = 10_000
JOINT_CELLS = 1 << 20  # probabilities in a block
FEW, MANY = 8, 128  # samples evaluated at a time
PROBES = 32  # samples on which the error of drawing is measured
UNKNOWN = 1e6  # more than any information, in nats
NEIGHBOURS = 64  # combinations among which labels are spread evenly
SAFE = 5.0  # standard deviations that are allowed for


class BatchBALD(MonteCarloDropIn):
    """BatchBALD (Kirsch, van Amersfoort and Gal, 2019): greedy on the mutual information of batch and members.

    The gain of a sample is the entropy of its label, given the labels of those chosen before, less its mean entropy
    within members; in nats. Labels of the chosen are enumerated while there are at most ``n_MC_samples`` combinations
    (10,000 by default, down to 1,000 for many classes), each with its weight and its posterior over members. Beyond, as
    many are drawn, evenly spread, once for the whole batch: each extends one of the last step's.

    Plain greedy's picks, lazily. Gains only shrink while all combinations are there, so an old one is a bound. When
    they are drawn a gain may rise by the error of the draw: it is measured on the 32 candidates that members disagree
    about most, and older bounds are moved by its mean and five times its standard deviation. After a query
    ``evaluations_`` tells how many gains were computed, the first of everybody (which is `GreedyBALD`'s) included.
    Utilities are the joint information of the batch so far and each. Time O(N T C) and O(M T C) per evaluation, for T
    members, C classes and M combinations; memory O(N T C).

    >>> from nextlabel.models.head import LinearHead
    >>> X, y = np.array([[0.0], [1.0], [4.0], [9.0]]), [0, -1, -1, 1]
    >>> heads = [LinearHead(classes=[0, 1]).fit([[0.0], [edge]], [0, 1]) for edge in (2.0, 9.0)]
    >>> BatchBALD(missing_label=-1, random_state=0).query(X, y, heads, fit_ensemble=False, batch_size=2)
    array([2, 1])
    """

    def _choose(self, task: Task, votes: Votes) -> Found:
        P = np.concatenate([np.clip(part, self.eps, 1).swapaxes(0, 1) for part in everyone(task, votes)])  # (m, T, C)
        most = configurations(P.shape[2]) if self.n_MC_samples is None else self.n_MC_samples
        joint = Joint(P, most, task.seed)
        picks = batch_bald(joint, task.batch, task.ties)
        self.evaluations_ = joint.evaluations
        return task.answer(picks, lambda: gains_by_step(Joint(P, most, task.seed), picks))


def configurations(classes: int) -> int:
    """How many combinations of labels are kept by default: 10,000, and fewer (1,000) for many classes."""
    return min(CONFIGURATIONS, max(1000, 1_000_000 // classes))


class Joint:
    """The labels of what is chosen so far: combinations with weights, and what each says about the members.

    ``P`` (m, T, C) probabilities; ``weight`` (M,); ``posterior`` (M, T), rows sum to one. ``drift`` and ``variance``:
    by how much gains grew since the beginning, because combinations were drawn, and how differently.
    """

    def __init__(self, P: Floats, most: int, seed: int) -> None:
        self.P, self.most, self.rng = P, most, np.random.default_rng([seed, 3])
        self.within = np.concatenate([entropy(P[part]).mean(axis=1) for part in pieces(len(P), 4096)])  # (m,)
        self.probes = np.argsort(self.within - entropy(P.mean(axis=1)))[:PROBES]  # those that are in question
        self.weight, self.posterior = np.ones(1), np.full((1, P.shape[1]), 1 / P.shape[1])
        self.drift, self.variance, self.evaluations = 0.0, 0.0, 0

    def gains(self, asked: Ids) -> Floats:
        """Conditional mutual information (k,) of the samples ``asked``, given the labels of the chosen."""
        self.evaluations += len(asked)
        gains: Floats = self._conditional(asked, self.weight, self.posterior) - self.within[asked]
        return gains

    def everybody(self) -> Floats:
        """Gains (m,) of all samples."""
        found = np.empty(len(self.P))
        for part in pieces(len(self.P), MANY):
            report(part.start, len(self.P), "measuring information")
            found[part] = self.gains(np.arange(part.start, part.stop))
        return found

    def add(self, pick: int) -> None:
        """Choose a sample: every combination goes on with each of its labels."""
        label = self.posterior @ self.P[pick]  # (M, C)
        weight = (self.weight[:, None] * label).ravel()
        weight /= weight.sum()
        if len(weight) <= self.most:
            self.weight, self.posterior = weight, self._children(np.arange(len(weight)), pick)
            return
        drawn = np.searchsorted(np.cumsum(weight), (np.arange(self.most) + self._spread()) / self.most)
        fewer, even = self._children(np.minimum(drawn, len(weight) - 1), pick), np.full(self.most, 1 / self.most)
        if len(weight) > JOINT_CELLS // 8:
            self.drift += UNKNOWN  # too many to tell the error: everybody is evaluated again
        else:
            exact = self._conditional(self.probes, weight, self._children(np.arange(len(weight)), pick))
            error = self._conditional(self.probes, even, fewer) - exact
            self.drift += error.mean()
            self.variance += error.var(ddof=1) if len(error) > 1 else error[0] ** 2  # draws are independent
        self.weight, self.posterior = even, fewer

    def reach(self, bound: Floats, drift: Floats, variance: Floats) -> Floats:
        """How high gains (m,) may be by now that were ``bound`` when the joint had that ``drift`` and ``variance``."""
        reach: Floats = bound + (self.drift - drift) + SAFE * np.sqrt(np.maximum(self.variance - variance, 0))
        return reach

    def _spread(self) -> Floats:
        """Numbers (most,) in [0, 1), drawn anew each time, evenly spread among neighbours, who have much in common."""
        blocks = -(-self.most // NEIGHBOURS)
        strata = self.rng.permuted(np.tile(np.arange(NEIGHBOURS), (blocks, 1)), axis=1).ravel()[: self.most]
        spread: Floats = (strata + self.rng.random(self.most)) / NEIGHBOURS
        return spread

    def _children(self, places: Ids, pick: int) -> Floats:
        """What combinations say about the members (k, T), each with one more label: M combinations by C labels."""
        parents, labels = np.divmod(places, self.P.shape[2])
        found: Floats = self.posterior[parents] * self.P[pick].T[labels]
        found /= found.sum(axis=1, keepdims=True)
        return found

    def _conditional(self, asked: Ids, weight: Floats, posterior: Floats) -> Floats:
        """Mean entropy (k,) of labels over combinations."""
        (_, T, C), found = self.P.shape, np.zeros(len(asked))
        P = self.P[asked].swapaxes(0, 1).reshape(T, -1)  # (T, k C)
        step = max(1, JOINT_CELLS // P.shape[1])
        for start in range(0, len(weight), step):
            spread = posterior[start : start + step] @ P  # (M, k C)
            spread *= np.log(spread)
            found -= weight[start : start + step] @ spread.reshape(len(spread), len(asked), C).sum(axis=2)
        return found


def batch_bald(joint: Joint, batch: int, ties: Ties) -> Ids:
    """Positions (batch,) by greedy maximisation of the joint information."""
    count = len(joint.P)
    picks: list[int] = []
    bound = joint.everybody()
    drift, variance = np.zeros(count), np.zeros(count)  # of `joint` when a sample was last evaluated
    fresh = np.ones(count, dtype=bool)
    while True:
        picks.append(_best_alone(joint, bound, drift, variance, fresh, ties))
        if len(picks) == batch:
            return np.array(picks)
        report(len(picks), batch)
        joint.add(picks[-1])
        bound[picks], fresh[:] = -np.inf, False


def _best_alone(joint: Joint, bound: Floats, drift: Floats, variance: Floats, fresh: Any, ties: Ties) -> int:
    size = FEW
    while True:
        known = np.flatnonzero(fresh)
        best = bound[known].max(initial=-np.inf)
        reach = joint.reach(bound, drift, variance)
        asked = np.flatnonzero(~fresh & (reach >= best) & (reach > -np.inf))
        if not len(asked):
            return ties.best(bound[known], known)
        if len(asked) > size:
            asked = asked[np.argpartition(-reach[asked], size)[:size]]
        bound[asked], fresh[asked] = joint.gains(asked), True
        drift[asked], variance[asked] = joint.drift, joint.variance
        size = min(2 * size, MANY)


def gains_by_step(joint: Joint, picks: Ids) -> Floats:
    """Utilities (batch, m): the information of the samples chosen so far and each candidate, jointly."""
    wide, before = np.empty((len(picks), len(joint.P))), 0.0
    for b, pick in enumerate(picks.tolist()):
        wide[b] = before + joint.everybody()
        before = wide[b, pick]
        joint.add(pick)
    return wide
