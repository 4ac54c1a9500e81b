"""`uherding`: cover what the model doubts."""

import warnings
from typing import Any

import numpy as np
from skactiveml.base import SkactivemlClassifier
from skactiveml.utils import MISSING_LABEL, check_scalar
from sklearn.base import clone
from sklearn.model_selection import KFold

from nextlabel.pool import Floats
from nextlabel.strategies.kit.blocks import Blocks, distances
from nextlabel.strategies.kit.coverage import Coverage
from nextlabel.strategies.kit.drop_in import Found, ModelDropIn, Situation, Task, probabilities
from nextlabel.strategies.kit.herding import herd, steps
from nextlabel.strategies.kit.kernels import Kernel
from nextlabel.strategies.kit.known_probabilities import KnownProbabilities
from nextlabel.strategies.max_herding import GROUND, check_counts, coverage, describe_draws, draw_ground, sample_size
from nextlabel.strategies.uncertainty_sampling import uncertainty

TEMPERATURES = np.geomspace(0.25, 64, 17)
FEWEST_LABELS = 4  # labels of which a temperature can be told
TOUCHING = 1e-3  # rows of length 1 that are nearer than this are copies of one another


class UHerding(ModelDropIn):
    """Uncertainty herding (Bae, Oliveira and Sutherland, 2025): coverage, weighted by uncertainty.

    Like `MaxHerding`, but each candidate counts as much as its margin uncertainty, 1 - (p1 - p2), and the kernel
    exp(-|a - b|^2 / r^2) on rows of length 1 narrows as labels come in: r is the shortest distance between labelled
    samples, at most 1. Probabilities are calibrated first: ``temperature`` T makes p into p^(1/T), or "fit" chooses T
    by the cross-validated log loss of copies of ``clf`` on the labels; probabilities without a model that could be
    trained (`KnownProbabilities`) stay as they are. With few labels T is high, all count alike, and it is coverage;
    with many, r is short, and it becomes uncertainty. The cap is ours: rows of length 1 lie up to 2 apart,
    and a kernel so wide would tell little apart. ``ground`` and ``sample`` as in `MaxHerding`.
    Utilities are by how much each would raise the weighted coverage. Time O(g N d) and five fits on the
    labels, memory O(N + g d), and at most 250 MB of kernel values.

    >>> from nextlabel.models.head import LinearHead
    >>> X, y = np.array([[1.0, 0.0], [0.9, 0.3], [0.7, 0.7], [0.0, 1.0]]), [0, -1, -1, 1]
    >>> UHerding(missing_label=-1, random_state=0).query(X, y, LinearHead(classes=[0, 1]))
    array([2])
    """

    def __init__(
        self,
        temperature: float | str = "fit",
        missing_label: Any = MISSING_LABEL,
        random_state: Any = None,
        *,
        ground: int | None = GROUND,
        sample: int | None = None,
    ) -> None:
        super().__init__(missing_label, random_state)
        self.temperature = temperature
        self.ground = ground
        self.sample = sample

    def remarks(self, situation: Situation) -> list[str]:
        """That not everybody is looked at, where that is so."""
        return describe_draws(situation.candidates, situation.batch, self.sample, self.ground)

    def reach(self, situation: Situation) -> int | None:
        """The ``sample`` that it was made with, or more for a large batch."""
        return None if self.sample is None else sample_size(self.sample, situation.batch)

    def check_arguments(self) -> None:
        if self.temperature != "fit":
            check_scalar(self.temperature, "temperature", (int, float), min_val=0, min_inclusive=False)
        check_counts(ground=self.ground, sample=self.sample)

    def _choose(self, task: Task, model: SkactivemlClassifier) -> Found:
        for note in describe_draws(len(task.rows), task.batch, self.sample, self.ground):
            warnings.warn(note, stacklevel=3)
        if self.sample is not None:
            task = task.sample(sample_size(self.sample, task.batch))
        T = self._temperature(task, model)
        weight = uncertainty(soften(probabilities(task, model)[0], T), "margin_sampling")
        if not weight.any():
            weight = np.ones(len(weight))  # nothing is in doubt, as with one class: coverage
        kernel = Kernel(gamma=1 / radius(task) ** 2)
        ground = draw_ground(task, self.ground)
        weight = weight if ground is None else weight[ground]

        def fresh() -> Coverage:
            return coverage(task, kernel, True, ground, weight)

        picks = herd(fresh(), task.batch, task.ties)
        return task.answer(picks, lambda: steps(fresh, picks))

    def _temperature(self, task: Task, clf: SkactivemlClassifier) -> float:
        if self.temperature != "fit":
            return float(self.temperature)
        taken = isinstance(clf, KnownProbabilities) and clf.head is None  # nothing to train on parts of the labels
        return 1.0 if taken else fit_temperature(task, clf)


def soften(P: Floats, T: float) -> Floats:
    """Probabilities (m, C) at temperature T: proportional to p^(1/T), that is softmax(logits / T)."""
    logits = np.log(np.clip(P, 1e-7, None)) / T
    logits -= logits.max(axis=1, keepdims=True)
    found: Floats = np.exp(logits, out=logits)
    found /= found.sum(axis=1, keepdims=True)
    return found


def fit_temperature(task: Task, clf: SkactivemlClassifier) -> float:
    """The temperature of least log loss (nats) on labels held out in up to five folds; infinite for too few labels."""
    known = task.known
    if len(known) < FEWEST_LABELS:
        return np.inf
    X, y = task.X[known], np.asarray(task.y)[known]
    proba, column = [], []
    for train, test in KFold(min(5, len(known)), shuffle=True, random_state=0).split(known):
        model = clone(clf).fit(X[train], y[train])
        place = {label: code for code, label in enumerate(model.classes_.tolist())}
        inside = [i for i in test if y[i] in place]
        if inside:
            proba.append(model.predict_proba(X[inside]))
            column += [place[y[i]] for i in inside]
    if len({part.shape[1] for part in proba}) != 1:
        return np.inf  # there are none, or folds disagree on which classes there are: the classifier was not told
    P = np.concatenate(proba)
    losses = [-np.log(soften(P, T)[np.arange(len(P)), column]).mean() for T in TEMPERATURES]
    return float(TEMPERATURES[int(np.argmin(losses))])


def radius(task: Task) -> float:
    """The shortest distance between labelled rows of length 1, copies aside; 1 where there is none shorter."""
    rows, shortest = Blocks(task.X, task.known, unit=True), 1.0
    for place, some in rows.blocks(1024):
        for other, more in rows.blocks(1024):
            if other.start > place.start:
                break
            apart = distances(some.astype(np.float64), more.astype(np.float64))
            shortest = min(shortest, apart[apart > TOUCHING**2].min(initial=1.0))
    return float(np.sqrt(shortest))
