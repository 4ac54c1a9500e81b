"""`typiclust`: the typical sample of each large cluster that nobody has labelled yet."""

from typing import Any

import numpy as np
from skactiveml.utils import MISSING_LABEL, check_scalar
from sklearn.cluster import KMeans, MiniBatchKMeans

from nextlabel.pool import Floats, Ids, Labels
from nextlabel.strategies.kit.blocks import CELLS, Blocks, distances
from nextlabel.strategies.kit.clusters import check_clustering, label_clusters
from nextlabel.strategies.kit.drop_in import FeatureDropIn, Found, Task
from nextlabel.strategies.kit.progress import report

MOST_CLUSTERS = 500
LEAST_POINTS = 5
SMALL = 50  # clusters up to which all of k-means is done
EPS = 1e-7


class TypiClust(FeatureDropIn):
    """Typical clustering (Hacohen, Dekel and Weinshall, 2022).

    Samples are clustered into as many clusters as there are labels and samples to ask, at most 500; clusters with the
    fewest labels are asked first, the largest of them before others, one sample each, in turns: the one with the
    highest typicality, 1 / mean distance to its ``k`` nearest neighbours within the cluster. Clusters of fewer than 5
    samples wait until there are no others.

    ``cluster_algo``: None is k-means, and mini-batch k-means beyond 50 clusters, as in the paper's code; or a class
    with ``fit_predict`` that takes ``n_cluster_param_name`` and ``cluster_algo_dict``. ``k`` is 5 as in scikit-
    activeml; the paper takes 20. Given the same clustering, and clusters enough, it agrees with scikit-activeml 1.0.1.
    Utilities are typicality, -inf outside the cluster whose turn it is. Time O(N K d) per pass of k-means with K
    clusters, and the squares of the cluster sizes; memory O(N + K d).

    >>> X = np.array([[0.0], [0.1], [0.2], [0.3], [0.4], [9.0], [9.1], [9.2], [9.3], [9.4]])
    >>> sorted(TypiClust(missing_label=-1, random_state=0, k=4).query(X, [-1] * 10, batch_size=2).tolist())
    [2, 7]
    """

    _mapped = True

    def __init__(
        self,
        missing_label: Any = MISSING_LABEL,
        random_state: Any = None,
        cluster_algo: Any = None,
        cluster_algo_dict: Any = None,
        n_cluster_param_name: str = "n_clusters",
        k: int = 5,
    ) -> None:
        super().__init__(missing_label, random_state)
        self.cluster_algo = cluster_algo
        self.cluster_algo_dict = cluster_algo_dict
        self.n_cluster_param_name = n_cluster_param_name
        self.k = k

    def _check_arguments(self) -> None:
        check_scalar(self.k, "k", int, min_val=1)
        check_clustering(self.cluster_algo or KMeans, self.cluster_algo_dict, self.n_cluster_param_name)

    def _choose(self, task: Task) -> Found:
        utilities: list[Floats] | None = [] if task.wordy else None
        picks = typi_clust(task, self._clusters(task), self.k, utilities)
        return task.answer(picks, lambda: np.array(utilities))

    def _clusters(self, task: Task) -> Labels:
        count = min(len(task.known) + task.batch, MOST_CLUSTERS, len(task.X))
        algorithm = self.cluster_algo
        given: dict[str, Any] = dict(self.cluster_algo_dict or {}) | {self.n_cluster_param_name: count}
        if algorithm is None:
            algorithm = KMeans if count <= SMALL else MiniBatchKMeans
            given = {"n_init": 1} | given
        return label_clusters(task.X, algorithm, given, self.random_state, task.seed)


def typi_clust(task: Task, cluster: Labels, k: int, utilities: list[Floats] | None = None) -> Ids:
    """Places (batch,) in ``task.rows``, cluster by cluster; ``cluster`` (n,) of every sample; fills ``utilities``."""
    names, cluster = np.unique(cluster, return_inverse=True)
    size = np.bincount(cluster)
    labels = np.bincount(cluster[task.labelled], minlength=len(names))
    place = np.full(len(cluster), -1)  # (n,) of each sample in task.rows, -1 for those that may not be asked
    place[task.rows] = np.arange(len(task.rows))
    lot = np.random.default_rng([task.seed, 2]).permutation(len(names))
    small = size < LEAST_POINTS
    turns = np.lexsort((lot, -size, labels, small))  # large ones first, of those the least labelled, the largest
    left: dict[int, tuple[Ids, Floats]] = {}
    picks: list[int] = []
    while len(picks) < task.batch:
        for turn in turns.tolist():
            if len(picks) == task.batch:
                break
            if turn not in left:
                left[turn] = _candidates(task, np.flatnonzero(cluster == turn), place, k)
            where, typical = left[turn]
            if not len(where):
                continue
            if utilities is not None:
                wide = np.full(len(task.rows), -np.inf)
                wide[where] = typical
                utilities.append(wide)
            best = task.ties.best(typical, where)
            picks.append(best)
            report(len(picks), task.batch)
            left[turn] = where[where != best], typical[where != best]
    return np.array(picks)


def _candidates(task: Task, members: Ids, place: Ids, k: int) -> tuple[Ids, Floats]:
    """The candidates in a cluster, by their places in ``task.rows``, and how typical each is of the cluster."""
    typical = typicality(task.X[members], k)
    asked = place[members] >= 0
    return place[members][asked], typical[asked]


def typicality(X: Floats, k: int) -> Floats:
    """1 / mean distance (n,) of each row of ``X`` (n, d) to its ``k`` nearest neighbours; 1 for a row alone."""
    if len(X) == 1:
        return np.ones(1)
    k = min(k, len(X) - 1)
    rows, total = Blocks(X), np.empty(len(X))
    everybody = rows.all()
    for place, some in rows.blocks(max(1, CELLS // len(X))):
        apart = distances(some, everybody)
        apart[np.arange(len(some)), np.arange(place.start, place.stop)] = 0  # whatever rounding says
        total[place] = np.sqrt(np.partition(apart, k, axis=1)[:, : k + 1]).sum(axis=1, dtype=np.float64)
    found: Floats = k / (total + EPS)
    return found
