"""Distances as callers have them: Euclidean ones, a function of two sets of rows, or a whole matrix."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.metrics import pairwise_distances

from nextlabel.errors import BadArray
from nextlabel.pool import Floats
from nextlabel.strategies.kit.blocks import Blocks, distances, find_centre, pieces

Near = Callable[[Floats, Floats], Floats]  # (k, d), (l, d) -> (k, l) squared distances
SIDE = 1024  # rows of a matrix that are checked at a time


def prepare_distances(distance_func: Callable[..., Any], X: Floats, unit: bool) -> tuple[Blocks, Near]:
    """The rows of ``X`` (n, d), of length 1 if ``unit``, and what gives squared distances between blocks of them.

    ``distance_func(A, B)`` is asked block by block. One that takes just ``X``, as scikit-activeml's does, is asked
    once; then rows are numbers into the matrix (n, n) that it returned. `BadArray` where that is none.

    >>> X, D = np.zeros((2, 3)), np.array([[0.0, 3.0], [3.0, 0.0]])
    >>> rows, near = prepare_distances(lambda X: D, X, unit=False)
    >>> near(rows.all(), rows.at(np.array([1])))
    array([[9.],
           [0.]])
    """
    if distance_func is pairwise_distances:
        return Blocks(X, None, unit, None if unit else find_centre(X)), distances
    rows = Blocks(X, None, unit)
    if takes_two(distance_func):
        return rows, lambda a, b: np.square(distance_func(a, b))
    matrix = check_matrix(distance_func(rows.all()), len(X))

    def near(a: Floats, b: Floats) -> Floats:
        return np.square(matrix[np.ix_(a[:, 0].astype(np.int64), b[:, 0].astype(np.int64))])

    return Blocks(np.arange(len(X), dtype=np.float64)[:, None]), near


def takes_two(function: Callable[..., Any]) -> bool:
    """May a function be called with two sets of rows? By what its parameters are, since a call may take minutes.

    >>> takes_two(lambda A, B: ...), takes_two(lambda X, Y=None: ...), takes_two(lambda X: ...)
    (True, True, False)
    """
    try:
        named = list(inspect.signature(function).parameters.values())
    except ValueError:  # it is written in C, and tells nobody
        return True
    if any(one.kind is one.VAR_POSITIONAL for one in named):
        return True
    places = [one for one in named if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    # A second place that is filled already, such as scale=2, is a setting and no set of rows.
    return len(places) > 1 and places[1].default in (inspect.Parameter.empty, None)


def check_matrix(given: Any, count: int) -> Floats:
    """Distances (n, n) among ``count`` rows, or `BadArray`: at least 0, no NaN, and the same both ways."""
    found = np.asarray(given)
    if found.shape != (count, count) or found.dtype.kind not in "biuf":
        raise BadArray(
            f"'distance_func' returns an array of shape {found.shape}, type {found.dtype}, and should return the "
            f"distances between all {count:,} rows: numbers of shape ({count}, {count})."
        )
    matrix: Floats = found if found.dtype.kind == "f" else found.astype(np.float64)
    for part in pieces(count, SIDE):
        if not (matrix[part] >= 0).all():  # nor is NaN
            raise BadArray("'distance_func' returns distances that are negative or NaN. Return numbers of at least 0.")
        if not np.allclose(matrix[part], matrix[:, part].T):
            raise BadArray(
                "'distance_func' returns distances that differ between a row and a column. Return the same both ways, "
                "such as np.minimum(D, D.T)."
            )
    return matrix
