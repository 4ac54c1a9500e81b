"""Clusters of the pool, for the strategies that begin with them."""

import inspect
import itertools
import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np
from skactiveml.utils import check_type

from nextlabel.pool import Floats, Ids, Labels
from nextlabel.strategies.kit.blocks import pieces
from nextlabel.text import shorten


def check_clustering(algorithm: Any, given: Any, count_name: Any) -> None:
    """Refuse what makes no clustering, as scikit-activeml does: by a TypeError."""
    check_type({} if given is None else given, "cluster_algo_dict", dict)
    check_type(count_name, "n_cluster_param_name", str)
    if not callable(algorithm):
        raise TypeError(f"'cluster_algo' must be a class such as KMeans, and is {shorten(repr(algorithm))}.")


def label_clusters(X: Floats, algorithm: Any, given: Mapping[str, Any], random_state: Any, seed: int) -> Labels:
    """The cluster (n,) of every row: ``algorithm(**given).fit_predict(X)``, seeded where it can be.

    By ``random_state`` where that is a number, else by ``seed``: never by the caller's own generator, which would be
    moved on.
    """
    seeds = {"random_state": random_state if isinstance(random_state, numbers.Integral) else seed}
    # DBSCAN and others take no seed, since nothing in them is random.
    takes = "random_state" in inspect.signature(algorithm.__init__).parameters
    found: Labels = np.asarray(algorithm(**((seeds if takes else {}) | dict(given))).fit_predict(X))
    return found


def tile_clusters(cluster: Labels, side: int) -> tuple[Ids, list[slice]]:
    """Rows (n,) in the order of their clusters, ascending in each, and slices of at most ``side`` within one cluster.

    >>> order, tiles = tile_clusters(np.array([1, 0, 1, 1]), side=2)
    >>> [order[tile].tolist() for tile in tiles]
    [[1], [0, 2], [3]]
    """
    order = np.argsort(cluster, kind="stable")
    bounds = [0, *(np.flatnonzero(np.diff(cluster[order])) + 1).tolist(), len(order)]
    tiles = [
        slice(start + part.start, start + part.stop)
        for start, stop in itertools.pairwise(bounds)
        for part in pieces(stop - start, side)
    ]
    return order, tiles
