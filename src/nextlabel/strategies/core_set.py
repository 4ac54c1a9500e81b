"""`coreset`: farthest first from all that is labelled."""

from collections.abc import Callable
from typing import Any

import numpy as np
from skactiveml.utils import MISSING_LABEL, check_type
from sklearn.metrics import pairwise_distances

from nextlabel.errors import BadArray
from nextlabel.pool import Floats, Ids
from nextlabel.strategies.kit.blocks import CELLS, Blocks, distances, find_centre, squares
from nextlabel.strategies.kit.drop_in import FeatureDropIn, Found, Task
from nextlabel.strategies.kit.progress import report
from nextlabel.strategies.kit.ties import Ties

LEAST = 256  # samples that a working set begins with

Distance = Callable[[Floats, Floats], Floats]  # (k, d), (l, d) -> (k, l)


class CoreSet(FeatureDropIn):
    """Greedy k-centre (Sener and Savarese, 2018; Gonzalez, 1985): each time the sample farthest from all centres.

    Centres are what is labelled, and what was chosen before. Without labels the first is drawn at random. ``metric``
    and ``metric_dict`` as in `sklearn.metrics.pairwise_distances`.

    The same picks as plain greedy, in matrix products: a distance to the nearest centre only ever shrinks, so among
    the samples that were farthest once (the working set) the farthest stays so until it falls behind the best that
    was left out; only then is everybody's distance renewed. Utilities are distances to the nearest centre. Time
    O(N (L + B) d) at worst for L labels and a batch of B, memory O(N) and blocks.

    >>> X = np.array([[0.0], [1.0], [4.0], [9.0]])
    >>> CoreSet(missing_label=-1, random_state=0).query(X, [0, -1, -1, -1], batch_size=2)
    array([3, 2])
    """

    def __init__(
        self,
        metric: str = "euclidean",
        metric_dict: Any = None,
        missing_label: Any = MISSING_LABEL,
        random_state: Any = None,
    ) -> None:
        super().__init__(missing_label, random_state)
        self.metric = metric
        self.metric_dict = metric_dict

    def check_arguments(self) -> None:
        check_type({} if self.metric_dict is None else self.metric_dict, "metric_dict", dict)
        if not callable(self.metric):
            check_type(self.metric, "metric", str)

    def _choose(self, task: Task) -> Found:
        shift = find_centre(task.X) if self.metric == "euclidean" else None
        pool, far = task.pool(shift=shift), self._distance()
        near = nearest(pool, Blocks(task.X, task.known, shift=shift), far) if len(task.known) else None
        picks = core_set(pool, near, task.batch, task.ties, far)
        return task.answer(picks, lambda: distances_by_step(pool, near, picks, far, self._root()))

    def _distance(self) -> Distance:
        if self.metric == "euclidean" and not self.metric_dict:
            return distances
        return lambda a, b: pairwise_distances(a, b, metric=self.metric, **(self.metric_dict or {}))

    def _root(self) -> Callable[[Floats], Floats]:
        return np.sqrt if self._distance() is distances else np.asarray


def nearest(pool: Blocks, centres: Blocks, far: Distance = distances, near: Floats | None = None) -> Floats:
    """Distances (m,), squared if ``far`` squares, of the pool to the nearest of the centres, or ``near`` if nearer."""
    found = np.full(len(pool), np.inf) if near is None else near.copy()
    for _, others in centres.blocks(512):
        for place, rows in pool.blocks(max(1, CELLS // max(len(others), pool.width))):
            np.minimum(found[place], far(rows, others).min(axis=1), out=found[place])
    return found


def core_set(pool: Blocks, near: Floats | None, batch: int, ties: Ties, far: Distance = distances) -> Ids:
    """Positions (batch,) by farthest-first traversal; ``near`` (m,) distances to the nearest centre, None without."""
    picks: list[int] = []
    if near is None:
        picks.append(int(ties.rank.argmin()))
        near = np.full(len(pool), np.inf)
    known, size = 0, LEAST
    near = near.copy()
    while len(picks) < batch:
        # Outside of the working set distances are those of `known` centres: bounds, until this pass renews them.
        if known < len(picks):
            near = nearest(pool, Blocks(pool.at(np.array(picks[known:]))), far, near)
        if np.isnan(near).any() or (picks and near.max() == np.inf):
            raise BadArray("Distances between the features are not finite. Scale the features down.")
        near[picks], known = -np.inf, len(picks)
        got = _from_the_farthest(pool, near, batch - len(picks), min(size, len(pool)), ties, far)
        picks += got
        report(len(picks), batch)
        # A working set that gave few picks before it fell behind was too small for the pass that it costs.
        size = size * 2 if len(got) < size // 8 else size
    return np.array(picks[:batch])


def _from_the_farthest(pool: Blocks, near: Floats, most: int, size: int, ties: Ties, far: Distance) -> list[int]:
    """Choose among the ``size`` farthest for as long as nobody outside can be as far; at least once."""
    inside = np.argpartition(-near, size - 1)[:size] if size < len(near) else np.arange(len(near))
    outside = np.delete(near, inside).max(initial=-np.inf)
    apart, rows = near[inside], pool.at(inside)
    length = squares(rows) if far is distances else None
    picks: list[int] = []
    while len(picks) < most and apart.max() > outside:
        best = ties.best(apart, inside)
        picks.append(best)
        place = int(np.flatnonzero(inside == best)[0])
        step = distances(rows, rows[[place]], length) if far is distances else far(rows, rows[[place]])
        np.minimum(apart, step[:, 0], out=apart)
        apart[place] = -np.inf
    return picks or [ties.best(near)]


def distances_by_step(
    pool: Blocks, near: Floats | None, picks: Ids, far: Distance, root: Callable[[Floats], Floats]
) -> Floats:
    """Utilities (batch, m): everybody's distance to the nearest centre before each pick; 0 before there is any."""
    now = np.full(len(pool), np.inf) if near is None else near.copy()
    wide = np.zeros((len(picks), len(pool)))
    for b, pick in enumerate(picks):
        if np.isfinite(now).all():
            wide[b] = root(now)
        now = nearest(pool, Blocks(pool.at(np.array([pick]))), far, now)
    return wide
