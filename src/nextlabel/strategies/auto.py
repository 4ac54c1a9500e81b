"""`auto`: coverage while there are few labels, then what the model doubts."""

from typing import Any

from skactiveml.base import SkactivemlClassifier
from skactiveml.utils import MISSING_LABEL, check_scalar, check_type

from nextlabel.strategies.badge import Badge
from nextlabel.strategies.kit.drop_in import Found, ModelDropIn, Task, probabilities
from nextlabel.strategies.max_herding import MaxHerding, check_counts
from nextlabel.strategies.uncertainty_sampling import uncertainty

# Where it switches, and what it gives away by that: benchmarks/auto_thresholds.py measures both.
FEW = 5.0
LARGE = 10.0
# As many as can be covered in seconds: a greedy cover of N samples takes N^2 kernel values (docs/strategies.md).
SAMPLE = 20_000


class Auto(ModelDropIn):
    """`MaxHerding` below ``few`` labels per class, then `Badge` for large batches and margin sampling for others.

    A batch is large from ``large`` samples per class on. A function of what it is given alone: it remembers nothing.
    While it covers, it chooses among ``sample`` candidates drawn at random, with a warning; None takes all. Utilities
    and cost are those of the strategy whose turn it is.

    >>> from nextlabel.models.head import LinearHead
    >>> X, y = [[0.0, 1.0], [0.1, 1.0], [1.0, 0.2], [1.0, 0.1]], [0, -1, -1, -1]
    >>> Auto(missing_label=-1, random_state=0).query(X, y, LinearHead(classes=[0, 1]))  # few labels: it covers
    array([2])
    """

    def __init__(
        self,
        few: float = FEW,
        large: float = LARGE,
        missing_label: Any = MISSING_LABEL,
        random_state: Any = None,
        *,
        sample: int | None = SAMPLE,
    ) -> None:
        super().__init__(missing_label, random_state)
        self.few = few
        self.large = large
        self.sample = sample

    def remarks(self, candidates: int, batch: int, labels: int, classes: int) -> list[str]:
        """Like `MaxHerding`'s while it covers."""
        if not self._covers(labels, classes):
            return []
        return MaxHerding(sample=self.sample).remarks(candidates, batch, labels, classes)

    def measure(self, batch: int, labels: int, classes: int) -> str | None:
        """Margin sampling's, where it is that one's turn."""
        return None if self._covers(labels, classes) or batch >= self.large * classes else "margin_sampling"

    def reach(self, batch: int, labels: int, classes: int) -> int | None:
        """Like `MaxHerding`'s while it covers."""
        return MaxHerding(sample=self.sample).reach(batch, labels, classes) if self._covers(labels, classes) else None

    def _check_arguments(self) -> None:
        for name in ("few", "large"):
            check_scalar(getattr(self, name), name, (int, float), min_val=0)
        check_counts(sample=self.sample)

    def _covers(self, labels: int, classes: int) -> bool:
        return not labels or labels < self.few * classes

    def _model(self, task: Task, clf: Any, fit_clf: bool, sample_weight: Any) -> SkactivemlClassifier:
        check_type(fit_clf, "fit_clf", bool)
        return super()._model(task, clf, fit_clf and bool(task.labelled.any()), sample_weight)  # else: nothing to learn

    def _choose(self, task: Task, model: SkactivemlClassifier) -> Found:
        labels = len(task.known)
        if not labels or self._covers(labels, len(model.classes_)):  # without labels, nobody may have told it classes
            return MaxHerding(sample=self.sample)._choose(task)
        if task.batch >= self.large * len(model.classes_):
            return Badge()._choose(task, model)
        return task.top(uncertainty(probabilities(task, model)[0], "margin_sampling"))
