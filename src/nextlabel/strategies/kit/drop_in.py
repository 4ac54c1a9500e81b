"""What all query strategies of ours share: scikit-activeml's way of being asked, checked once, around a pure core.

A strategy of ours subclasses `FeatureDropIn`, `ModelDropIn` or `CommitteeDropIn` (in `committees`), by what it is given
beside features and labels, and writes one method: choose, answer. The base has the signature, and checks.

    class Novel(FeatureDropIn):
        def _choose(self, task):
            scores = novelty(task.pool())                   # (m,) of the candidates, in ascending order
            return task.top(scores)
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from skactiveml.base import SingleAnnotatorPoolQueryStrategy, SkactivemlClassifier
from skactiveml.utils import MISSING_LABEL, check_equal_missing_label, check_type, is_labeled
from sklearn.base import clone

from nextlabel.errors import BadArray, EmptyPool
from nextlabel.pool import Floats, Ids, Mask
from nextlabel.strategies.kit.blocks import Blocks
from nextlabel.strategies.kit.known_probabilities import KnownProbabilities
from nextlabel.strategies.kit.ties import Ties

Found = Any  # indices (batch,), or (indices, utilities): what scikit-activeml's query returns


@dataclass(frozen=True)
class Task:
    """A checked question.

    ``X`` (n, d); ``y`` (n,) as given; ``labelled`` (n,); ``samples`` holds the candidates: ``X`` itself, or an array of
    its own; ``rows`` (m,) which of its rows are candidates, ascending; ``batch`` at most m; ``wordy``: utilities are
    wanted too; ``seed``: everything random in the choice follows from it, in streams of their own (1 ties, 2
    TypiClust's clusters, 3 BatchBALD's combinations, 4 `sample`, 5 members of TypiClust's largest clusters, 6 the rows
    that ProbCover's approximate neighbours are judged by), so that one more draw moves nothing elsewhere.
    """

    X: Floats
    y: Any
    labelled: Mask
    samples: Floats
    rows: Ids
    batch: int
    wordy: bool
    seed: int

    @cached_property
    def ties(self) -> Ties:
        """Who comes first among equals."""
        return Ties(len(self.rows), np.random.default_rng([self.seed, 1]))

    @cached_property
    def rng(self) -> np.random.Generator:
        """What a random strategy draws from."""
        return np.random.default_rng(self.seed)

    @property
    def everything(self) -> bool:
        """Is every row of ``samples`` a candidate?"""
        return len(self.rows) == len(self.samples)

    @property
    def known(self) -> Ids:
        """Row numbers in ``X`` of what is labelled, ascending."""
        return np.flatnonzero(self.labelled)

    def pool(self, unit: bool = False, shift: Floats | None = None) -> Blocks:
        """The candidates."""
        return Blocks(self.samples, self.rows, unit, shift)

    def sample(self, most: int) -> "Task":
        """The same task with just ``most`` of its candidates, drawn at random; the others are not even looked at."""
        if len(self.rows) <= most:
            return self
        rng = np.random.default_rng([self.seed, 4])
        return replace(self, rows=np.sort(rng.choice(self.rows, most, replace=False)))

    def weights(self, values: Any) -> Floats:
        """``utility_weight`` (n,), or (m,) for candidates that are not in ``X``, at the candidates: (m,)."""
        given = np.asarray(values, dtype=np.float64)
        if given.shape != (len(self.samples),):
            raise BadArray(f"'utility_weight' must have length {len(self.samples)}, and has shape {given.shape}.")
        at: Floats = given[self.rows]
        return at

    def top(self, scores: Floats) -> Found:
        """The answer of a strategy that asks for the highest of its scores (m,), which are its utilities as well."""
        return self.answer(self.ties.top(scores, self.batch), lambda: np.tile(scores, (self.batch, 1)))

    def answer(self, picks: Ids, utilities: Callable[[], Floats]) -> Found:
        """What `query` returns for ``picks`` (batch,), places in ``rows``: row numbers, and utilities on request.

        ``utilities()`` gives (batch, m); they are spread over all rows (batch, n), NaN elsewhere, and NaN for what was
        picked before. It is a function since most callers never want them, and they cost as much as the choice.
        """
        indices = self.rows[picks].astype(np.int64, copy=False)
        if not self.wordy:
            return indices
        wide = np.full((self.batch, len(self.samples)), np.nan)
        wide[:, self.rows] = utilities()
        for b in range(1, self.batch):
            wide[b, indices[:b]] = np.nan
        return indices, wide


@dataclass(frozen=True)
class Situation:
    """What a batch is chosen in: so many ``candidates``, a ``batch``, ``labels`` so far, and ``classes``.

    ``directions``: are the rows of one length, so that nothing but their directions tells them apart?
    """

    candidates: int
    batch: int
    labels: int
    classes: int
    directions: bool = False


class DropIn(SingleAnnotatorPoolQueryStrategy):
    """The base of ours: a scikit-activeml pool strategy for one annotator.

    ``missing_label`` marks unlabelled samples in ``y``: NaN by default, as upstream has it; ``random_state`` an int, a
    RandomState or None. Every `query` returns ``indices`` (batch,) int64: distinct candidates, best first; rows of
    ``X``, or of ``candidates`` where these are samples. Candidates are what is unlabelled, or just what is given as
    such, labelled or not: a sample that one annotator has answered may be open for another. With
    ``return_utilities`` also (batch, n) float64, NaN where nothing may be asked. A batch larger than what is left
    shrinks, with a warning. Raises TypeError or ValueError for arguments that are none, before any work: `BadArray` (a
    ValueError) for arrays, `EmptyPool` where there is no candidate.
    """

    _mapped = False  # must candidates be rows of X, since others of its rows are looked at beside them?

    def __init__(self, missing_label: Any = MISSING_LABEL, random_state: Any = None) -> None:
        super().__init__(missing_label=missing_label, random_state=random_state)

    @property
    def _deep(self) -> bool:
        """May ``X`` have more than two dimensions? Only where nobody but the model looks at it."""
        return False

    def remarks(self, situation: Situation) -> list[str]:
        """What somebody should know before this strategy chooses a batch: sentences."""
        return []

    def turn(self, situation: Situation) -> "DropIn":
        """Who chooses such a batch: itself, unless it hands on to others."""
        return self

    def measure(self, situation: Situation) -> str | None:
        """The uncertainty whose highest values such a batch is; None where it is chosen by anything else."""
        return None

    def reach(self, situation: Situation) -> int | None:
        """How many candidates, drawn at random, it looks at for such a batch; None where it looks at all."""
        return None

    def check_arguments(self) -> None:
        """Refuse what the strategy was made with and cannot use, by TypeError or ValueError; no data are known yet."""

    def _task(self, X: Any, y: Any, candidates: Any, batch_size: int, return_utilities: bool) -> Task:
        """Check everything that all strategies are given."""
        self.check_arguments()
        refuse_mask(candidates)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="'batch_size=.* is larger")  # ours follows, and counts -1 once
            X, y, candidates, batch, wordy = self._validate_data(
                X, y, candidates, batch_size, return_utilities, check_X_dict={"allow_nd": self._deep}
            )
        labelled = np.asarray(is_labeled(y, missing_label=self.missing_label_), dtype=bool)
        samples, rows = self._candidates(X, y, candidates, labelled)
        if not len(rows):
            what = "Nothing is unlabelled" if candidates is None else "No candidates are given"
            raise EmptyPool(f"{what}: there is no sample left to ask about.")
        if batch_size > len(rows):
            warnings.warn(
                f"'batch_size={batch_size}' is larger than the {len(rows)} candidates, which are all asked.",
                stacklevel=3,  # the line that called `query`
            )
        seed = int(self.random_state_.randint(2**31 - 1))
        return Task(X, y, labelled, samples, rows, min(batch, len(rows)), wordy, seed)

    def _candidates(self, X: Floats, y: Any, candidates: Any, labelled: Mask) -> tuple[Floats, Ids]:
        """Who may be asked: the array that holds them, and which of its rows (m,), ascending."""
        if candidates is None:
            return X, np.flatnonzero(~labelled)
        if candidates.ndim > 1:  # samples of their own, which need not be in X
            samples, _ = self._transform_candidates(candidates, X, y, enforce_mapping=self._mapped)
            return samples, np.arange(len(samples))
        # Labelled ones too: whoever names them, as scikit-activeml's wrappers do, has answers to come.
        return X, np.unique(candidates % len(X))  # -1 is the last row, as everywhere in numpy

    def _model(self, task: Task, clf: Any, fit_clf: bool, sample_weight: Any) -> SkactivemlClassifier:
        """The classifier to ask: the caller's own if it is fitted, else a trained copy."""
        check_type(clf, "clf", SkactivemlClassifier)
        check_equal_missing_label(clf.missing_label, self.missing_label_)
        check_type(fit_clf, "fit_clf", bool)
        if not fit_clf:
            return clf
        given = () if sample_weight is None else (sample_weight,)
        return clone(clf).fit(task.X, task.y, *given)


class FeatureDropIn(DropIn):
    """The base of strategies that look at features and labels alone."""

    def query(
        self, X: Any, y: Any, candidates: Any = None, batch_size: int = 1, return_utilities: bool = False
    ) -> Found:
        """Indices (batch,) to ask about, and on request utilities (batch, n); what these are, the class says."""
        return self._choose(self._task(X, y, candidates, batch_size, return_utilities))

    def _choose(self, task: Task) -> Found:
        raise NotImplementedError


class ModelDropIn(DropIn):
    """The base of strategies that ask a classifier, ``clf``: a fitted one (``fit_clf=False``), or one to be trained."""

    def query(
        self,
        X: Any,
        y: Any,
        clf: Any,
        fit_clf: bool = True,
        sample_weight: Any = None,
        candidates: Any = None,
        batch_size: int = 1,
        return_utilities: bool = False,
    ) -> Found:
        """Indices (batch,) to ask about, and on request utilities (batch, n); what these are, the class says."""
        task = self._task(X, y, candidates, batch_size, return_utilities)
        return self._choose(task, self._model(task, clf, fit_clf, sample_weight))

    def _choose(self, task: Task, model: SkactivemlClassifier) -> Found:
        raise NotImplementedError


def refuse_mask(candidates: Any) -> None:
    """A boolean mask would be read as the indices 0 and 1."""
    if candidates is not None and np.asarray(candidates).dtype == bool:
        raise BadArray("'candidates' is a boolean mask. Pass the indices: np.flatnonzero(mask).")


def probabilities(
    task: Task, clf: SkactivemlClassifier, flags: dict[str, Any] | None = None
) -> tuple[Floats, Floats | None]:
    """Probabilities (m, C) of the candidates and, if ``flags`` ask for them, the embeddings (m, D) that came along.

    All of ``X`` is predicted in one go where at least half of it is a candidate, so that nothing is copied; else the
    candidates block by block. A `KnownProbabilities` is asked by number. Raises `BadArray` where they are no
    probabilities.
    """
    flags = flags or {}
    if isinstance(clf, KnownProbabilities) and task.samples is task.X and not flags:
        return check_table(clf.at(task.rows)), None
    if 2 * len(task.rows) >= len(task.samples):
        found = [clf.predict_proba(task.samples, **flags)]
        keep: Any = slice(None) if task.everything else task.rows
    else:
        found = [clf.predict_proba(rows, **flags) for _, rows in task.pool().blocks()]
        keep = slice(None)
    # A classifier asked with a flag returns a pair, others a table alone; some return a pair unasked.
    pairs = [one if isinstance(one, tuple) else (one, None) for one in found]
    proba = _join([proba for proba, _ in pairs])[keep]
    embedded = None if pairs[0][1] is None else _join([np.asarray(emb) for _, emb in pairs])[keep]
    return check_table(proba), embedded


def _join(parts: list[Any]) -> Any:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def check_table(proba: Any) -> Floats:
    """Rows of probabilities (m, C), or `BadArray` with what is wrong with them."""
    P = np.asarray(proba)
    if P.ndim != 2 or P.dtype.kind != "f":
        raise BadArray(f"Probabilities must be a table of numbers, n x C, and have shape {P.shape}, type {P.dtype}.")
    total = P.sum(axis=1)
    bad = np.flatnonzero(~(np.abs(total - 1) <= 1e-3))  # NaN is bad too
    if len(bad):
        raise BadArray(
            f"The probabilities of {len(bad):,} samples do not sum to one (row {bad[0]}: {total[bad[0]]:.4g}). "
            "Pass what predict_proba gives, not scores or logits."
        )
    if P.min() < -1e-9:
        raise BadArray("There are negative probabilities. Pass what predict_proba gives, not scores or logits.")
    return P
