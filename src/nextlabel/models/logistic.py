"""Multinomial logistic regression with an L2 penalty: scikit-learn's optimum, in fewer and cheaper steps.

The problem does not change when features are rotated. In their principal axes its Hessian is nearly diagonal, as the
bound of Böhning ("Multinomial logistic regression algorithm", 1992) says: classes x (features' Gram matrix) + penalty.
Scaled by it, L-BFGS needs a few dozen steps where it needed hundreds, and one decomposition serves all folds and the
whole grid of C.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.linalg import eigh, qr
from scipy.optimize import minimize

from nextlabel.pool import Floats, Labels

STEPS = 300  # of L-BFGS, at most
MEMORY = 30  # of L-BFGS, in steps
TIGHT = 1e-6  # largest entry of the scaled gradient at which a head is done: its probabilities then stand to 1e-4
STAGES = 1e-2, 1e-3, TIGHT  # of a head: where it begins, classes are still uncertain, which its end is not
LOOSE = 3e-4  # the same in a search, where C is chosen by mean log losses that differ by far more
LEAST_CURVATURE = 1e-4  # of a class in the scaling; what is nearly certain has next to none
LEAST_TOTAL = 1e-300  # of a problem's weights: without any, the penalty alone is left


@dataclass(frozen=True)
class Axes:
    """Features (n, d), centred, in their principal axes: ``Z`` (n, r), r = min(n, d), is (X - mean) @ ``basis``."""

    Z: Floats
    basis: Floats  # (d, r)
    mean: Floats  # (d,)
    spread: Floats  # (r,) mean squares of Z's columns

    @classmethod
    def of(cls, X: Floats, weight: Floats | None = None) -> Self:
        """Rotate ``X`` (n, d) in float64; ``weight`` (n,) says what each row counts for the axes."""
        centred = X.astype(np.float64)
        if weight is not None and not weight.any():
            weight = None
        mean = np.average(centred, axis=0, weights=weight)
        centred -= mean
        basis = None
        if len(X) < X.shape[1]:  # QR, not the rows' Gram matrix: squares would lose what is small beside the rest
            basis, rows = qr(centred.T, mode="economic", overwrite_a=True, check_finite=False)
            centred = rows.T
        rooted = centred if weight is None else centred * np.sqrt(weight / weight.mean())[:, None]
        squares, turn = eigh(rooted.T @ rooted, overwrite_a=True, check_finite=False, driver="evd")
        return cls(centred @ turn, turn if basis is None else basis @ turn, mean, np.maximum(squares, 0) / len(X))


class Solver:
    """Solves one problem, or several that share features and labels and differ in their rows' weights, side by side.

    ``weights`` is (m, n), one row per problem: 0 leaves a sample out. As one sum of m separate terms they cost one pass
    over the features a step. Each solution begins where the one before ended.

    >>> X, y = np.array([[0.0], [1.0], [3.0]]), np.array([0, 0, 1])
    >>> solver = Solver(Axes.of(X), y, np.ones((1, 3)))
    >>> solver.solve(1.0), solver.log_proba[:, 0].argmax(axis=0).tolist()
    (True, [0, 0, 1])
    """

    def __init__(self, axes: Axes, y: Labels, weights: Floats) -> None:
        (m, n), k = weights.shape, int(y.max()) + 1
        self.axes, self.y, self.rows = axes, y, np.arange(n)
        self.totals = np.maximum(weights.sum(axis=1), LEAST_TOTAL)  # (m,)
        self.weights = weights / self.totals[:, None]
        self.coef = np.zeros((k, m, axes.Z.shape[1]))  # samples and axes come last, where numpy's loops are fast
        self.intercept = np.zeros((k, m))
        self.log_proba: Floats = np.full((k, m, n), -np.log(k))

    def solve(self, C: float, tolerance: float = TIGHT) -> bool:
        """Minimise the sum of weights x log losses + squared coefficients / 2 C; was the tolerance reached?

        With two classes scikit-learn penalises one row of coefficients, their difference. Two rows have half of that
        penalty between them, so C is halved.
        """
        k, m = self.intercept.shape
        ridge = 1 / (self.totals * (C / 2 if k == 2 else C))[:, None]  # (m, 1)
        curvature = self._curvature()
        scale = 1 / np.sqrt(curvature[:, :, None] * self.axes.spread + ridge)  # (k, m, r)
        shift = 1 / np.sqrt(curvature)  # (k, m)
        cut = scale.size
        last: Floats = np.empty(0)

        def objective(theta: Floats) -> tuple[float, Floats]:
            nonlocal last
            last = theta.copy()
            self.coef = theta[:cut].reshape(scale.shape) * scale
            self.intercept = theta[cut:].reshape(k, m) * shift
            loss, residual = self._loss()
            penalty = ridge * self.coef
            slope = (residual.reshape(k * m, -1) @ self.axes.Z).reshape(scale.shape) + penalty
            gradient = np.r_[(slope * scale).ravel(), (residual.sum(axis=2) * shift).ravel()]
            return loss + float(np.vdot(penalty, self.coef)) / 2, gradient

        start = np.r_[(self.coef / scale).ravel(), (self.intercept / shift).ravel()]
        options = {"maxiter": STEPS, "maxfun": 2 * STEPS, "gtol": tolerance, "ftol": 0.0, "maxcor": MEMORY}
        found = minimize(objective, start, jac=True, method="L-BFGS-B", options=options)
        if not np.array_equal(last, found.x):  # the point that was tried last need not be the one that was taken
            objective(found.x)
        return bool(np.abs(found.jac).max() <= 10 * tolerance)  # rounding may end the search just before

    def _curvature(self) -> Floats:
        """Mean p (1 - p) of each class (k, m), where the solver stands: what a score's square costs there."""
        proba = np.exp(self.log_proba)
        curvature = ((proba - proba**2) * self.weights).sum(axis=2)
        floored: Floats = np.maximum(curvature, LEAST_CURVATURE)
        return floored

    def _loss(self) -> tuple[float, Floats]:
        """Weighted mean log losses, summed over problems, and their derivative by the scores (k, m, n)."""
        k, m, r = self.coef.shape
        scores = (self.coef.reshape(k * m, r) @ self.axes.Z.T).reshape(k, m, -1)
        scores += self.intercept[:, :, None]
        scores -= scores.max(axis=0)
        residual = np.exp(scores)
        total = residual.sum(axis=0)
        residual /= total
        scores -= np.log(total)
        self.log_proba = scores
        loss = -float(np.vdot(self.weights.T, scores[self.y, :, self.rows]))
        residual[self.y, :, self.rows] -= 1
        residual *= self.weights
        return loss, residual
