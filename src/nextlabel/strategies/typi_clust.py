"""`typiclust`: the typical sample of each large cluster that nobody has labelled yet."""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from skactiveml.utils import MISSING_LABEL, check_scalar
from threadpoolctl import threadpool_limits

from nextlabel.pool import Floats, Ids, Labels
from nextlabel.strategies.kit.blocks import Blocks
from nextlabel.strategies.kit.clusters import check_clustering, label_clusters
from nextlabel.strategies.kit.drop_in import FeatureDropIn, Found, Situation, Task
from nextlabel.strategies.kit.k_means import SAMPLE, SampledKMeans
from nextlabel.strategies.kit.progress import report
from nextlabel.strategies.kit.typicality import Members

MOST_CLUSTERS = 500
TOO_SMALL = 5  # samples in a cluster that is left out
MOST_MEMBERS = 20_000  # of a cluster that are looked at: their distances take time that grows with their square


class TypiClust(FeatureDropIn):
    """Typical clustering (Hacohen, Dekel and Weinshall, 2022), as in the paper's code.

    Samples are clustered into as many clusters as there are labels and samples to ask, at most 500; those of 5 samples
    and fewer are left out. Clusters with the fewest labels are asked first, the largest of them before others (then the
    lower number), one sample each, in turns: the most typical of those not yet labelled or chosen, 1 / (mean squared
    distance to its nearest ``k`` among these + 1e-5). ``k`` is never more than half of them.

    Where the paper's code goes no further, or cannot: small clusters are asked when large ones are used up. Beyond
    20,000 samples clusters are found on 20,000 of them, drawn at random (`SampledKMeans`; the paper's code has mini-
    batch k-means beyond 50 clusters), and of a cluster with more unlabelled members 20,000 are looked at. Members whose
    mean squared distances are equal up to rounding are ties.

    ``cluster_algo``: None for that k-means, or a class with ``fit_predict`` that takes ``n_cluster_param_name`` and
    ``cluster_algo_dict``. scikit-activeml 1.0.1 takes plain distances to 5 neighbours, labelled ones among them.
    Utilities are typicality, -inf outside the cluster whose turn it is. Time O(S K d) per pass of k-means on S rows
    with K clusters, O(N K d) once, and half the squares of the sizes of clusters that are asked; memory O(N + S d).

    >>> X = np.array([[0.0], [0.1], [0.2], [0.3], [0.4], [0.5], [9.0], [9.1], [9.2], [9.3], [9.4], [9.5]])
    >>> found = TypiClust(missing_label=-1, random_state=0, k=2).query(X, [-1] * 12, batch_size=2)
    >>> sorted((found // 6).tolist())
    [0, 1]
    """

    _mapped = True

    def __init__(
        self,
        missing_label: Any = MISSING_LABEL,
        random_state: Any = None,
        cluster_algo: Any = None,
        cluster_algo_dict: Any = None,
        n_cluster_param_name: str = "n_clusters",
        k: int = 20,
    ) -> None:
        super().__init__(missing_label, random_state)
        self.cluster_algo = cluster_algo
        self.cluster_algo_dict = cluster_algo_dict
        self.n_cluster_param_name = n_cluster_param_name
        self.k = k

    def remarks(self, situation: Situation) -> list[str]:
        """That clusters are found on a part of the pool, where that is so."""
        return self._remarks(situation.candidates + situation.labels)

    def _remarks(self, rows: int) -> list[str]:
        return describe_sample(rows) if self.cluster_algo is None else []

    def check_arguments(self) -> None:
        check_scalar(self.k, "k", int, min_val=1)
        check_clustering(self.cluster_algo or SampledKMeans, self.cluster_algo_dict, self.n_cluster_param_name)

    def _choose(self, task: Task) -> Found:
        for note in self._remarks(len(task.X)):
            warnings.warn(note, stacklevel=3)
        utilities: list[Floats] | None = [] if task.wordy else None
        # On one thread: for tiles this small a second one waits more than it works (7,000 members on a busy machine
        # with two cores: 0.26 s and 0.7 s), and k-means adds up in the same order everywhere.
        with threadpool_limits(1):
            picks = typi_clust(task, self._clusters(task), self.k, utilities)
        return task.answer(picks, lambda: np.array(utilities))

    def _clusters(self, task: Task) -> Labels:
        count = min(len(task.known) + task.batch, MOST_CLUSTERS, len(task.X))
        given: dict[str, Any] = dict(self.cluster_algo_dict or {}) | {self.n_cluster_param_name: count}
        algorithm = SampledKMeans if self.cluster_algo is None else self.cluster_algo
        return label_clusters(task.X, algorithm, given, self.random_state, task.seed)


def describe_sample(samples: int) -> list[str]:
    """What is drawn at random beside the batch itself, and how to have it otherwise; seeded like all the rest."""
    if samples <= SAMPLE:
        return []
    return [
        f"Clusters are found on {SAMPLE:,} of {samples:,} samples, drawn at random; all others join the nearest. Give "
        "TypiClust cluster_algo=KMeans (scikit-learn's) to use all, in time that grows with them."
    ]


def typi_clust(task: Task, cluster: Labels, k: int, utilities: list[Floats] | None = None) -> Ids:
    """Places (batch,) in ``task.rows``, cluster by cluster; ``cluster`` (n,) of every sample; fills ``utilities``."""
    picks: list[int] = []
    for group in _groups(task, cluster):
        parts = [Part(task, ids, k) for ids in group]
        while parts and len(picks) < task.batch:  # a round of turns
            last = len(parts) >= task.batch - len(picks)
            for part in parts[: task.batch - len(picks)]:
                if utilities is not None:
                    utilities.append(part.utilities())
                picks.append(part.take())
                if last:
                    part.members = None  # no further turn: a million rows would all be held in the end
                report(len(picks), task.batch)
            parts = [part for part in parts if part.open]
    return np.array(picks)


def _groups(task: Task, cluster: Labels) -> Iterator[list[Ids]]:
    """Unlabelled members of large clusters, then of small ones, each in the order of turns; rows of ``task.X``."""
    names, cluster = np.unique(cluster, return_inverse=True)
    asked, unlabelled = np.zeros(len(cluster), dtype=bool), ~task.labelled
    asked[task.rows] = unlabelled[task.rows] = True  # whoever may be asked counts as unlabelled
    size, labels = (np.bincount(cluster[some], minlength=len(names)) for some in (slice(None), task.labelled))
    free = np.flatnonzero(unlabelled)
    free = free[np.argsort(cluster[free], kind="stable")]
    members = np.split(free, np.searchsorted(cluster[free], np.arange(1, len(names))))
    order = np.lexsort((-size, labels)).tolist()  # stable: then the lower number
    for small in (False, True):
        yield [members[c] for c in order if (size[c] <= TOO_SMALL) == small and asked[members[c]].any()]


class Part:
    """A cluster whose turn it is now and then: ``ids`` its unlabelled members (n,), rows of ``task.X``."""

    def __init__(self, task: Task, ids: Ids, k: int) -> None:
        self.task, self.ids, self.k = task, ids, k
        found = np.searchsorted(task.rows, ids).clip(max=len(task.rows) - 1)
        self.place = np.where(task.rows[found] == ids, found, -1)  # (n,) in task.rows, -1: may not be asked
        self.some: Ids | None = None  # positions in ids of those looked at
        self.members: Members | None = None

    @property
    def open(self) -> bool:
        """Is there anybody left to ask?"""
        return bool((self.place >= 0).any())

    def take(self) -> int:
        """The place in ``task.rows`` of the most typical, who is a member no longer."""
        members, some = self._look()
        best = members.best()
        places = self.place[some[best]]
        one = best[self.task.ties.rank[places].argmin()]
        members.take(one)
        pick = int(self.place[some[one]])
        self.place[some[one]] = -1
        return pick

    def utilities(self) -> Floats:
        """Typicality (m,) of all candidates, -inf outside this cluster; equals have the same."""
        members, some = self._look()
        typical, best = members.typicality(), members.best()
        typical[best] = typical[best].max()
        asked = members.askable
        wide = np.full(len(self.task.rows), -np.inf)
        wide[self.place[some[asked]]] = typical[asked]
        return wide

    def _look(self) -> tuple[Members, Ids]:
        if self.members is None or self.some is None or not self.members.askable.any():
            self.some = self._draw()
            rows = Blocks(self.task.X, self.ids[self.some]).all()
            self.members = Members(rows, self.place[self.some] >= 0, self.k)
        return self.members, self.some

    def _draw(self) -> Ids:
        """All members, or a sample of them in which at least one may be asked."""
        if len(self.ids) <= MOST_MEMBERS:
            return np.arange(len(self.ids))
        rng = np.random.default_rng([self.task.seed, 5, int(self.ids[0])])
        asked = np.flatnonzero(self.place >= 0)
        sure = rng.choice(asked, min(len(asked), MOST_MEMBERS // 20), replace=False)
        return np.union1d(sure, rng.choice(len(self.ids), MOST_MEMBERS - len(sure), replace=False))
