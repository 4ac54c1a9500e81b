"""Clusters of the pool, for the strategies that begin with them."""

import inspect
import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np

from nextlabel.pool import Floats, Labels


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
