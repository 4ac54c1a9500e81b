"""Heads: the classifiers over features that models end in, as scikit-activeml knows them."""

import copy
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

import numpy as np
from scipy.linalg import qr
from scipy.linalg.lapack import dormqr
from scipy.special import expit, softmax
from skactiveml.base import SkactivemlClassifier
from skactiveml.utils import check_n_features
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.utils import assert_all_finite, check_array, column_or_1d
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import ThreadpoolController

from nextlabel.errors import CannotGo, TrainingFailed
from nextlabel.pool import Floats, Labels, are_distributions

SOLVER_STEPS = 300  # of L-BFGS; 3,000 rank samples no better
BLOCK = 64  # columns that LAPACK turns at once
Committee = Callable[[int], list[SkactivemlClassifier]]


@contextmanager
def allow_many_classes() -> Iterator[None]:
    """Many classes with a label or two each are how one begins, and no sign of a regression, of which sklearn warns."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The number of unique classes is greater", UserWarning)
        yield


class Head(SkactivemlClassifier):
    """A classifier that leaves unlabelled samples out. Subclasses learn and score two or more known classes.

    A class without a label has probability 0. With one class known, that class is certain; with none, all are equally
    likely.
    """

    _shows_gaps = False  # does `_score` find NaN and infinity itself? Then nobody has to read X twice

    def __init__(
        self, classes: Any = None, missing_label: Any = -1, cost_matrix: Any = None, random_state: Any = None
    ) -> None:
        super().__init__(
            classes=classes, missing_label=missing_label, cost_matrix=cost_matrix, random_state=random_state
        )

    @allow_many_classes()
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from the labelled rows of ``X`` (n, d), ``y`` (n,), weighted by ``sample_weight`` (n,) if given."""
        y = self._check_labels(y)
        X, y, sample_weight = self._validate_data(X, y, sample_weight, check_X_dict={"ensure_min_samples": 0})
        known = y >= 0  # the base class has encoded labels to 0 … C-1, missing to -1
        codes = y[known].astype(np.int64)
        self.known_ = np.unique(codes)  # (k,) codes of the classes that have a label
        self.converged_ = True  # did the solver reach its end? Somebody who is shown scores should know
        if len(self.known_) > 1:
            self._learn(X[known], codes, None if sample_weight is None else sample_weight[known])
        return self

    def fit_others(self, X: Floats, y: Labels) -> Self:
        """A head with the settings of this one, which is fitted, that learned other rows (n, d) and codes (n,) alone.

        Bit for bit ``clone(self).fit(X, y)``, without checks: for rows of features that this one was fitted on.

        >>> X, y = np.array([[0.0], [1.0], [2.0]]), np.array([0, 1, 1])
        >>> LinearHead(classes=[0, 1]).fit(X, y).fit_others(X[:1], y[:1]).predict(X).tolist()
        [0, 0, 0]
        """
        other = copy.copy(self)
        other.known_, other.converged_ = np.unique(y), True
        if len(other.known_) > 1:
            other._learn(X, y, None)
        return other

    def predict_proba(self, X: Any, return_embeddings: bool = False) -> Any:
        """Probabilities (n, C) and, on request, the embeddings that the head sees: ``X`` itself.

        Raises ValueError for rows of another width, NaN and infinity.
        """
        check_is_fitted(self, "known_")
        X = self._check_rows(X)
        n, count = len(X), len(self.classes_)
        proba = np.zeros((n, count)) if len(self.known_) else np.full((n, count), 1 / count)
        if len(self.known_):
            proba[:, self.known_] = self._check(self._score(X)) if len(self.known_) > 1 else 1.0
        return (proba, X) if return_embeddings else proba

    def _check_labels(self, y: Any) -> Any:
        """What scikit-learn refuses of labels, and scikit-activeml does not look at."""
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None.")
        if getattr(y, "ndim", 1) == 2:
            return column_or_1d(y, warn=True)
        if isinstance(y, np.ndarray) and y.dtype.kind == "f" and np.isinf(y).any():
            raise ValueError("Input y contains infinity, which is no class.")
        return y

    def _check_rows(self, X: Any) -> Floats:
        """Rows (n, d) to predict, as scikit-learn checks them; uncopied where they are an array."""
        whole = len(self.known_) < 2 or not self._shows_gaps
        X = check_array(X, ensure_all_finite=whole, ensure_min_samples=0, input_name="X")
        check_n_features(self, X, reset=False)
        return np.asarray(X)

    def _learn(self, X: Floats, y: Labels, weight: Floats | None) -> None:
        raise NotImplementedError

    def _score(self, X: Floats) -> Floats:
        """Probabilities (n, k) of the known classes."""
        raise NotImplementedError

    def _check(self, proba: Floats) -> Floats:
        """Refuse what is no probability where it is first seen: strategies and scores would take NaN for a number."""
        if not are_distributions(proba):
            raise TrainingFailed(
                f"{type(getattr(self, 'estimator', self)).__name__} gives probabilities that are negative, no numbers, "
                "or do not sum to one, so nothing can be chosen or scored by them. Change its settings, or choose "
                "another classifier."
            )
        return proba


class LinearHead(Head):
    """Multinomial logistic regression with an L2 penalty, solved by L-BFGS; predicting is one matrix product.

    ``C`` is the inverse strength of the penalty. The parameters are scikit-activeml's, and so is the use: anything that
    asks a ``clf`` takes it.

    >>> head = LinearHead(classes=[0, 1, 2]).fit([[0.0], [1.0], [2.0]], [0, 1, -1])
    >>> head.predict_proba([[0.0]]).shape
    (1, 3)
    """

    _shows_gaps = True

    def __init__(
        self,
        C: float = 1.0,
        classes: Any = None,
        missing_label: Any = -1,
        cost_matrix: Any = None,
        random_state: Any = None,
    ) -> None:
        super().__init__(classes, missing_label, cost_matrix, random_state)
        self.C = C

    def _learn(self, X: Floats, y: Labels, weight: Floats | None) -> None:
        axes = Axes.of(X, weight)
        solved = solve(LogisticRegression(C=self.C, max_iter=SOLVER_STEPS), axes.rows, y, weight)
        self.converged_ = bool((solved.n_iter_ < SOLVER_STEPS).all())
        self.coef_ = axes.turn_back(solved.coef_)  # (k, d)
        self.intercept_ = solved.intercept_ - self.coef_ @ axes.mean  # (k,)
        if len(self.known_) == 2:  # scikit-learn keeps one row then: log odds of the second class
            self.coef_ = np.vstack([np.zeros_like(self.coef_), self.coef_])
            self.intercept_ = np.r_[0.0, self.intercept_]

    def _score(self, X: Floats) -> Floats:
        kind = np.promote_types(X.dtype, np.float32)  # in float16 a product is slow, and wrong in the third digit
        with np.errstate(invalid="ignore", over="ignore"):
            scores = X.astype(kind, copy=False) @ self.coef_.T.astype(kind) + self.intercept_  # (n, k)
        if not np.isfinite(scores).all():  # a gap in a row shows in its scores: n x k numbers to look at, not n x d
            assert_all_finite(X, input_name="X")
        proba: Floats = softmax(scores.astype(np.float64), axis=1)
        return proba


class SklearnHead(Head):
    """Any scikit-learn classifier. Decision values become probabilities where it gives none.

    Two classes: a sigmoid, which keeps the order over samples; more: softmax. Never Platt scaling: it refits on folds.
    Decision values are one per class, so ``decision_function_shape`` is 'ovr' whatever was asked for.

    >>> from sklearn.svm import LinearSVC
    >>> head = SklearnHead(LinearSVC(), classes=[0, 1, 2]).fit([[0.0], [1.0], [2.0]], [0, 1, -1])
    >>> proba = head.predict_proba([[0.0], [1.0]])  # (2, 3)
    >>> proba.argmax(axis=1).tolist(), proba[:, 2].tolist()  # nobody has seen class 2
    ([0, 1], [0.0, 0.0])
    """

    def __init__(
        self,
        estimator: Any = None,
        classes: Any = None,
        missing_label: Any = -1,
        cost_matrix: Any = None,
        random_state: Any = None,
    ) -> None:
        super().__init__(classes, missing_label, cost_matrix, random_state)
        self.estimator = estimator

    def _learn(self, X: Floats, y: Labels, weight: Floats | None) -> None:
        self.estimator_, self.count_ = clone(self.estimator), len(y)
        params = self.estimator_.get_params()
        if "random_state" in params and self.random_state is not None:
            self.estimator_.set_params(random_state=self.random_state)
        # 'ovo' gives one value per pair of classes: of three classes three, too, which would pass for their scores.
        shapes = [name for name in params if name.rpartition("__")[2] == "decision_function_shape"]
        self.estimator_.set_params(**dict.fromkeys(shapes, "ovr"))
        given = {} if weight is None else {"sample_weight": weight}
        with self._explain("could not learn from"), warnings.catch_warnings():
            warnings.filterwarnings("always", category=ConvergenceWarning)
            warnings.showwarning = self._note_warning(warnings.showwarning)
            self.estimator_.fit(X, y, **given)

    def _note_warning(self, show: Callable[..., None]) -> Callable[..., None]:
        """A solver that did not reach its end is noted; any other warning is shown as ever."""

        def note(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
            if issubclass(category, ConvergenceWarning):
                self.converged_ = False
            else:
                show(message, category, *where, **more)

        return note

    def _score(self, X: Floats) -> Floats:
        with self._explain("cannot predict after"):
            scores = self._probabilities(X)
        if scores.shape != (len(X), len(self.known_)):
            raise CannotGo(
                f"{type(self.estimator).__name__} gives scores of shape {scores.shape} for {len(X)} samples and "
                f"{len(self.known_)} known classes, and one per sample and class is needed. Choose another classifier."
            )
        return scores

    def _probabilities(self, X: Floats) -> Floats:
        if hasattr(self.estimator_, "predict_proba"):
            return np.asarray(self.estimator_.predict_proba(X))
        values = np.asarray(self.estimator_.decision_function(X))  # (n,) or (n, k)
        if values.ndim == 1:
            second = expit(values)
            return np.column_stack([1 - second, second])
        spread: Floats = softmax(values, axis=1)
        return spread

    @contextmanager
    def _explain(self, what: str) -> Iterator[None]:
        """Turn what the classifier says into a sentence; numpy's warnings add nothing, since what comes is checked."""
        try:
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                yield
        except (ValueError, TypeError, AttributeError) as error:
            why = (str(error).splitlines() or [type(error).__name__])[0]
            name = type(self.estimator).__name__
            raise CannotGo(f"{name} {what} {self.count_} labels: {why}") from error


@dataclass(frozen=True)
class Axes:
    """Rows (n, d) about their ``mean`` (d,), and along axes of what they span where they are fewer than their columns.

    Neither moves the best head: its intercept bears no penalty, and the penalty is the same whichever way axes lie. But
    what is left of the mean stretches the problem, so that L-BFGS takes three times as many steps, and fewer columns
    are quicker to fit. ``rows`` (n, min(n, d)) are float64, so that the solver's path does not hang on rounding;
    ``reflectors`` and ``factors`` are LAPACK's, of the basis in which they are written down.

    >>> axes = Axes.of(np.array([[3.0, 4.0, 0.0], [0.0, 0.0, 0.0]]))
    >>> axes.rows.shape, axes.mean.tolist()
    ((2, 2), [1.5, 2.0, 0.0])
    >>> axes.turn_back(axes.rows[:1]).round(9).tolist()
    [[1.5, 2.0, 0.0]]
    """

    rows: Floats
    mean: Floats
    reflectors: Floats | None = None  # (d, n)
    factors: Floats | None = None  # (n,)

    @classmethod
    def of(cls, X: Floats, weight: Floats | None = None) -> Self:
        """Of rows (n, d), each of which counts for the mean as much as its ``weight`` (n,)."""
        rows = X.astype(np.float64)
        mean = np.average(rows, axis=0, weights=weight if weight is not None and weight.any() else None)
        rows -= mean
        if len(rows) >= rows.shape[1]:
            return cls(rows, mean)
        # The basis itself would cost as much again, and is used for k vectors only: it stays packed.
        packed, triangle = qr(rows.T, mode="raw", overwrite_a=True, check_finite=False)
        return cls(np.ascontiguousarray(triangle[: len(rows)].T), mean, *packed)

    def turn_back(self, vectors: Floats) -> Floats:
        """Vectors (k, min(n, d)) along these axes as vectors (k, d) of the columns that came."""
        if self.reflectors is None:
            return vectors
        columns = np.zeros((len(self.mean), len(vectors)), order="F")
        columns[: vectors.shape[1]] = vectors.T
        turned, _, _ = dormqr("L", "N", self.reflectors, self.factors, columns, lwork=BLOCK * len(vectors))
        return np.ascontiguousarray(turned.T)


def solve(head: LogisticRegression, X: Floats, y: Labels, weight: Floats | None = None) -> LogisticRegression:
    """Fit a logistic regression as far as its steps reach: the head counts them, and says whether they sufficed."""
    # On one thread: products of matrices with k columns are so short that others wait for longer than they work (1,000
    # labels, 1,280 columns, C tuned, two cores: 5.1 s on two threads, 0.8 s on one).
    with allow_many_classes(), _pools().limit(limits=1, user_api="blas"):
        warnings.simplefilter("ignore", ConvergenceWarning)
        return head.fit(X, y, weight)


@cache
def _pools() -> ThreadpoolController:
    """Who sets how many threads BLAS has; made once, since finding the libraries takes longer than a small fit."""
    return ThreadpoolController()


def bootstrap(head: Head, X: Floats, y: Labels, seed: int) -> Committee:
    """A committee: ``head`` trained again on resamples of its labelled set (Breiman, 1996)."""

    def committee(size: int) -> list[SkactivemlClassifier]:
        rng = np.random.default_rng(seed)  # anew at each call, so that asking twice gives the same heads
        draws = [np.sort(rng.integers(len(y), size=len(y))) for _ in range(size)]
        return [clone(head).fit(X[rows], y[rows]) for rows in draws]

    return committee
