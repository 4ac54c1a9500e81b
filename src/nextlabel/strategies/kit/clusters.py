"""Clusters of the pool, for the strategies that begin with them."""

import inspect
import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np
from skactiveml.utils import check_type

from nextlabel.pool import Floats, Labels
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
