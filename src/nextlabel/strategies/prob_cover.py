"""`probcover`: cover the pool with balls."""

import itertools
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.sparse import csr_array
from skactiveml.utils import MISSING_LABEL, check_scalar, check_type
from sklearn.cluster import KMeans
from sklearn.metrics import pairwise_distances

from nextlabel.errors import BadArgument, BadArray
from nextlabel.pool import Floats, Ids, Labels, Mask
from nextlabel.strategies.kit.blocks import Blocks, pieces
from nextlabel.strategies.kit.cells import Cells
from nextlabel.strategies.kit.clusters import check_clustering, label_clusters, tile_clusters
from nextlabel.strategies.kit.distance_functions import Near, prepare_distances
from nextlabel.strategies.kit.drop_in import FeatureDropIn, Found, Situation, Task
from nextlabel.strategies.kit.k_means import SampledKMeans
from nextlabel.strategies.kit.progress import report
from nextlabel.strategies.kit.threads import spread_over_threads
from nextlabel.strategies.kit.ties import Ties
from nextlabel.text import shorten

SIDE = 1024  # rows of a tile
EDGES = 40_000_000  # pairs that are remembered; beyond, they are found again when they are needed
LARGE = 50_000  # rows, beyond which neighbours are approximate if nothing else is said
SAMPLE = 1000  # rows that approximate neighbours and the radius are judged by
NEIGHBORS = ("auto", "exact", "approximate")
JUST_BELOW = 1 - 1e-6  # a radius that rounding in float32 does not carry across the distance itself


class ProbCover(FeatureDropIn):
    """Greedy maximum coverage by balls of one radius (Yehuda et al., 2022).

    Each time the candidate whose ball holds most samples that no labelled or chosen sample's ball holds. The radius is
    the largest at which a share of at least ``alpha`` of all balls is pure: holds one cluster only, of ``n_classes``
    found by ``cluster_algo``. ``deltas``: the radii to choose among, ascending, up to the first that fails (by default
    0.2, 0.4 … 2.0, for rows of length 1); one radius is taken as it is; "exact" takes the largest radius there is.
    ``normalize_samples`` scales rows to length 1. ``distance_func(A, B)`` gives distances (k, l) between two sets of
    rows, and is asked block by block; ``distance_func(X)``, as scikit-activeml has it, gives all of them (N, N), and is
    asked once. The default is Euclidean. ``update`` is accepted for scikit-activeml's sake: nothing is remembered
    between queries.

    Only labelled samples cover (in scikit-activeml 1.0.1 unlabelled samples that are no candidates do, too). Balls are
    counted once and counted down as samples come to be covered: O(N^2 d) in blocks for the distances, twice, then O(E)
    for E pairs within reach. No N x N array. Utilities are how many samples each would cover.

    ``neighbors``: "exact" compares all samples, "approximate" only those of k-means cells near one another (`Cells`),
    "auto" is exact up to 50,000 samples, and beyond that where ``distance_func`` is given; else approximate, with a
    warning. Of the neighbours of 1,000 samples drawn at random, at least 95 % are found: ``recall_``. Balls lose the
    others, and gain none: the choice is greedy on what is found. By the same 1,000 the radius is chosen, so that a
    share of ``alpha`` give or take 0.014 of all balls is pure (two standard errors at .95), and `KMeans` without
    arguments is fitted on 20,000 samples. O(P d) for P pairs in near cells: 2 % of N^2 or fewer where samples lie in
    clusters, nearly all of them where distances are all alike. Memory O(N), never the pairs.

    >>> X = np.array([[0.0], [0.1], [0.2], [5.0], [5.1], [9.0]])
    >>> ProbCover(deltas=0.15, missing_label=-1, random_state=0).query(X, [-1] * 6, batch_size=2).tolist()[0]
    1
    """

    _mapped = True

    def __init__(
        self,
        n_classes: int | None = None,
        deltas: Any = None,
        alpha: float = 0.95,
        cluster_algo: Any = KMeans,
        cluster_algo_dict: Any = None,
        n_cluster_param_name: str = "n_clusters",
        distance_func: Any = pairwise_distances,
        missing_label: Any = MISSING_LABEL,
        random_state: Any = None,
        *,
        normalize_samples: bool = False,
        neighbors: str = "auto",
    ) -> None:
        super().__init__(missing_label, random_state)
        self.n_classes = n_classes
        self.deltas = deltas
        self.alpha = alpha
        self.cluster_algo = cluster_algo
        self.cluster_algo_dict = cluster_algo_dict
        self.n_cluster_param_name = n_cluster_param_name
        self.distance_func = distance_func
        self.normalize_samples = normalize_samples
        self.neighbors = neighbors

    def query(
        self,
        X: Any,
        y: Any,
        candidates: Any = None,
        batch_size: int = 1,
        return_utilities: bool = False,
        update: bool = False,
    ) -> Found:
        """Indices (batch,) to ask about, and on request utilities (batch, n): how many samples each would cover."""
        check_type(update, "update", bool)
        return self._choose(self._task(X, y, candidates, batch_size, return_utilities))

    def check_arguments(self) -> None:
        check_scalar(self.alpha, "alpha", float, min_val=0, max_val=1, min_inclusive=False, max_inclusive=False)
        if self.n_classes is not None:
            check_scalar(self.n_classes, "n_classes", int, min_val=2)
        self._radii()
        check_clustering(self.cluster_algo, self.cluster_algo_dict, self.n_cluster_param_name)
        check_type(self.normalize_samples, "normalize_samples", bool)
        if not callable(self.distance_func):
            raise TypeError(f"'distance_func' must be a function, and is a {type(self.distance_func).__name__}.")
        if not isinstance(self.neighbors, str) or self.neighbors not in NEIGHBORS:
            said = shorten(repr(self.neighbors))
            raise BadArgument(f"'neighbors' must be 'auto', 'exact' or 'approximate', and is {said}.")
        if self.neighbors == "approximate" and self.distance_func is not pairwise_distances:
            raise BadArgument(
                "Approximate neighbours are found by Euclidean distances alone, and a 'distance_func' is given. "
                "Leave it out, or pass neighbors='exact'."
            )

    def remarks(self, situation: Situation) -> list[str]:
        """That some neighbours are missed, where that is so."""
        return self._remarks(situation.candidates + situation.labels)

    def _remarks(self, rows: int) -> list[str]:
        if self.neighbors != "auto" or not self._approximate(rows):
            return []
        return [
            f"Neighbours of {rows:,} samples are sought in cells near their own, which finds about 95 % of them. Give "
            "ProbCover neighbors='exact' to compare all, in time that grows with the square of the samples."
        ]

    def _approximate(self, rows: int) -> bool:
        return is_approximate(rows, self.neighbors, self.distance_func)

    def _choose(self, task: Task) -> Found:
        for note in self._remarks(len(task.X)):
            warnings.warn(note, stacklevel=3)
        rows, near = prepare_distances(self.distance_func, task.X, self.normalize_samples)
        some = self._sample(task)
        radius = self._radius(task, rows, near, some)
        balls = Balls(rows, radius, near) if some is None else Cells(rows, radius, some, task.seed)
        self.delta_max_, self.mean_ball_, self.recall_ = radius, float(balls.count.mean()), balls.recall
        utilities: list[Floats] | None = [] if task.wordy else None
        picks = cover(balls, task.labelled, task.rows, task.batch, task.ties, utilities)
        return task.answer(picks, lambda: np.array(utilities))

    def _sample(self, task: Task) -> Ids | None:
        """The rows that stand for all, ascending; None where all are looked at."""
        if not self._approximate(len(task.X)):
            return None
        rng = np.random.default_rng([task.seed, 6])
        return np.sort(rng.choice(len(task.X), min(SAMPLE, len(task.X)), replace=False))

    def _radii(self) -> Floats | None:
        """The radii to choose among, ascending; None for the largest there is."""
        if isinstance(self.deltas, str):
            if self.deltas != "exact":
                raise BadArray(f"'deltas' must be radii, None or 'exact', and is {shorten(repr(self.deltas))}.")
            return None
        deltas = np.arange(0.2, 2.2, 0.2) if self.deltas is None else np.sort(np.ravel(self.deltas).astype(float))
        if np.ndim(self.deltas) > 1 or not len(deltas) or not (deltas >= 0).all():
            raise BadArray("'deltas' must be radii of at least 0: one, or a list of them.")
        return deltas

    def _radius(self, task: Task, rows: Blocks, near: Near, some: Ids | None) -> float:
        deltas = self._radii()
        if deltas is not None and len(deltas) == 1:
            return float(deltas[0])
        cluster = self._clusters(task, rows)
        pure = pure_radii(rows, cluster, near) if some is None else sample_pure_radii(rows, cluster, near, some)
        if deltas is None:
            return largest(pure, self.alpha)
        shares = [(delta, np.mean(pure > delta)) for delta in deltas]
        passed = [delta for delta, _ in itertools.takewhile(lambda pair: pair[1] >= self.alpha, shares)]
        if not passed:
            warnings.warn(
                f"At the smallest radius, {deltas[0]:.3g}, a share of {shares[0][1]:.2f} of the balls is pure, less "
                f"than alpha={self.alpha}. Pass smaller deltas, or deltas='exact'.",
                stacklevel=3,
            )
        return float(passed[-1] if passed else deltas[0])

    def _clusters(self, task: Task, prepared: Blocks) -> Labels:
        count = self.n_classes
        if count is None:
            count = max(2, len(np.unique(np.asarray(task.y)[task.labelled])))
        if self._approximate(len(task.X)) and self.cluster_algo is KMeans and not self.cluster_algo_dict:
            return SampledKMeans(min(count, len(task.X)), task.seed).label(prepared)
        given = dict(self.cluster_algo_dict or {}) | {self.n_cluster_param_name: min(count, len(task.X))}
        rows = Blocks(task.X, None, self.normalize_samples).all()
        return label_clusters(rows, self.cluster_algo, given, self.random_state, task.seed)


def is_approximate(rows: int, neighbors: str = "auto", distance_func: Any = pairwise_distances) -> bool:
    """Are some neighbours missed among so many rows?

    >>> is_approximate(50_000), is_approximate(50_001), is_approximate(50_001, neighbors="exact")
    (False, True, False)
    """
    return neighbors == "approximate" or (neighbors == "auto" and rows > LARGE and distance_func is pairwise_distances)


def largest(pure: Floats, alpha: float) -> float:
    """The largest radius (just below it) at which a share of at least ``alpha`` of the balls is pure."""
    impure = int(np.floor((1 - alpha) * len(pure) + 1e-9))  # 0.1 * 10 must be one ball
    limit = np.sort(pure)[min(len(pure) - 1, impure)]
    return float(limit * JUST_BELOW) if np.isfinite(limit) else 0.0  # one cluster: all rows are alike


def pure_radii(rows: Blocks, cluster: Labels, near: Near) -> Floats:
    """For each row (n,) the distance to the nearest row of another cluster: up to there its ball is pure."""
    order, tiles = tile_clusters(cluster, SIDE)
    least = np.full(len(order), np.inf)
    for t, one in enumerate(tiles):
        some = rows.at(order[one])
        for other in tiles[:t]:
            if cluster[order[one.start]] == cluster[order[other.start]]:
                continue
            apart = near(some, rows.at(order[other]))
            np.minimum(least[one], apart.min(axis=1), out=least[one])
            np.minimum(least[other], apart.min(axis=0), out=least[other])
    found = np.empty(len(order))
    found[order] = np.sqrt(least)
    return found


def sample_pure_radii(rows: Blocks, cluster: Labels, near: Near, some: Ids) -> Floats:
    """`pure_radii` of the rows ``some`` (s,) alone, which are compared with all: (s,)."""
    order, tiles = tile_clusters(cluster, SIDE)
    mine, least = rows.at(some), np.full(len(some), np.inf)
    with spread_over_threads() as spread:
        found = spread(lambda tile: near(mine, rows.at(order[tile])).min(axis=1), tiles)
        for tile, apart in zip(tiles, found, strict=True):
            strange = cluster[some] != cluster[order[tile.start]]
            least[strange] = np.minimum(least[strange], apart[strange])
    radii: Floats = np.sqrt(least)
    return radii


class Balls:
    """Which samples are in whose ball. ``count`` (n,) how many are: of those not yet covered, once `cover` counts down.

    Pairs within reach are remembered as long as there are at most `EDGES`; otherwise the neighbours of newly covered
    samples are found again, which happens once for each sample.
    """

    recall = 1.0  # all are looked at

    def __init__(self, rows: Blocks, radius: float, near: Near) -> None:
        self.rows, self.radius, self.near = rows, radius, near
        self.count = np.zeros(len(rows), dtype=np.int64)
        self.graph = self._graph(list(self._below()))

    def _below(self) -> Iterator[tuple[Ids, Ids]]:
        """Count, and per block of rows give the pairs (i, j <= i) within reach, by i; nothing more after too many."""
        total = 0
        for one, some in self.rows.blocks(SIDE):
            report(one.start, len(self.rows), "measuring balls")
            found: list[tuple[Ids, Ids]] = []
            for other, more in self.rows.blocks(SIDE):
                if other.start > one.start:
                    break
                inside = self.near(some, more) <= self.radius**2
                self._count(one, other, inside)
                if total <= EDGES:
                    i, j = np.nonzero(inside)
                    found.append((i, (j + other.start).astype(np.int32)))
                    total += len(i)
            if total <= EDGES:
                i, j = (np.concatenate(parts) for parts in zip(*found, strict=True))
                yield np.bincount(i, minlength=len(some)), j[np.argsort(i, kind="stable")]

    def _count(self, one: slice, other: slice, inside: Mask) -> None:
        if one == other:
            np.fill_diagonal(inside, True)  # whatever rounding says
            inside |= inside.T
        else:
            self.count[other] += inside.sum(axis=0)
        self.count[one] += inside.sum(axis=1)

    def _graph(self, below: list[tuple[Ids, Ids]]) -> csr_array | None:
        counts = [count for count, _ in below]
        if sum(map(len, counts)) < len(self.count):
            return None  # too many
        starts = np.concatenate([[0], np.cumsum(np.concatenate(counts))])
        j = np.concatenate([places for _, places in below])
        half = csr_array((np.ones(len(j), dtype=bool), j, starts.astype(j.dtype)), shape=(len(self.count),) * 2)
        return (half + half.T).tocsr()

    def neighbours(self, ids: Ids) -> Labels:
        """How many of the samples ``ids`` each sample's ball holds: (n,)."""
        if self.graph is not None:
            places = np.concatenate([self.graph.indices[slice(*self.graph.indptr[i : i + 2])] for i in ids])
            return np.bincount(places, minlength=len(self.count))
        held = np.zeros(len(self.count), dtype=np.int64)
        for part in pieces(len(ids), SIDE):
            some = self.rows.at(ids[part])
            for place, more in self.rows.blocks(SIDE):
                inside = self.near(more, some) <= self.radius**2
                own = np.arange(place.start, place.stop)[:, None] == ids[part]  # whatever rounding says
                held[place] += (inside | own).sum(axis=1)
        return held

    def count_down(self, left: Labels, new: Ids, covered: Mask) -> None:
        """Take the ``new`` among the ``covered`` (n,) off ``left`` (n,): what each ball holds that is not covered."""
        left -= self.neighbours(new)


def cover(
    balls: Balls | Cells, labelled: Mask, rows: Ids, batch: int, ties: Ties, utilities: list[Floats] | None = None
) -> Ids:
    """Places (batch,) in ``rows`` (m,), the candidates, by greedy maximum coverage; ``utilities`` is filled."""
    left, covered = balls.count.copy(), np.zeros(len(labelled), dtype=bool)
    _count_down(balls, np.flatnonzero(labelled), left, covered)
    free = np.ones(len(rows), dtype=bool)
    picks: list[int] = []
    while len(picks) < batch:
        scores = np.where(free, left[rows], -1)
        if utilities is not None:
            utilities.append(scores.astype(np.float64))
        picks.append(ties.best(scores))
        free[picks[-1]] = False
        report(len(picks), batch)
        _count_down(balls, rows[picks[-1:]], left, covered)
    return np.array(picks)


def _count_down(balls: Balls | Cells, centres: Ids, left: Labels, covered: Mask) -> None:
    """Cover what the balls of ``centres`` hold: nobody gains by it any more."""
    if not len(centres):
        return
    new = np.flatnonzero((balls.neighbours(centres) > 0) & ~covered)  # a ball holds me if mine holds its centre
    if len(new):
        covered[new] = True
        balls.count_down(left, new, covered)
