"""`auto`: coverage while there are few labels, then what the model doubts; or both at once."""

from typing import Any

from skactiveml.base import SkactivemlClassifier
from skactiveml.utils import MISSING_LABEL, check_scalar, check_type

from nextlabel.strategies.badge import Badge
from nextlabel.strategies.kit.blocks import are_directions
from nextlabel.strategies.kit.drop_in import Found, ModelDropIn, Situation, Task, probabilities
from nextlabel.strategies.max_herding import MaxHerding, check_counts
from nextlabel.strategies.u_herding import UHerding
from nextlabel.strategies.uncertainty_sampling import UncertaintySampling, uncertainty

# Where it switches, and what it gives away by that: benchmarks/auto_thresholds.py measures both.
FEW = 5.0
LARGE = 10.0
# As many as can be covered in seconds: a greedy cover of N samples takes N^2 kernel values (docs/strategies.md).
SAMPLE = 20_000


class Auto(ModelDropIn):
    """The strategy that did best in our benchmarks, for the features, the labels and the batch that it is given.

    Where rows are of one length, as `efficientnet`'s are: `UHerding`, which covers and doubts at once. Elsewhere
    `MaxHerding` below ``few`` labels per class, then margin sampling. On either, from there on, `Badge` for batches of
    ``large`` samples per class and more. ``directions`` says whether rows are of one length; None looks. A function of
    what it is given alone: it remembers nothing. While it covers, it chooses among ``sample`` candidates drawn at
    random, with a warning; None takes all. Utilities and cost are those of the strategy whose turn it is.

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
        directions: bool | None = None,
    ) -> None:
        super().__init__(missing_label, random_state)
        self.few = few
        self.large = large
        self.sample = sample
        self.directions = directions

    def remarks(self, situation: Situation) -> list[str]:
        """Those of whose turn it is."""
        return self.turn(situation).remarks(situation)

    def measure(self, situation: Situation) -> str | None:
        """Margin sampling's, where it is that one's turn."""
        return self.turn(situation).measure(situation)

    def reach(self, situation: Situation) -> int | None:
        """Like that of whose turn it is."""
        return self.turn(situation).reach(situation)

    def check_arguments(self) -> None:
        for name in ("few", "large"):
            check_scalar(getattr(self, name), name, (int, float), min_val=0)
        check_counts(sample=self.sample)
        if self.directions is not None:
            check_type(self.directions, "directions", bool)

    def turn(self, situation: Situation) -> Badge | UHerding | MaxHerding | UncertaintySampling:
        """Whose turn it is."""
        labels, classes = situation.labels, situation.classes
        few = not labels or labels < self.few * classes
        if not few and situation.batch >= self.large * classes:
            return Badge()
        directions = situation.directions if self.directions is None else self.directions
        if directions and labels:  # without any there is no model that could doubt
            return UHerding(sample=self.sample)
        return MaxHerding(sample=self.sample) if few else UncertaintySampling("margin_sampling")

    def _model(self, task: Task, clf: Any, fit_clf: bool, sample_weight: Any) -> SkactivemlClassifier:
        check_type(fit_clf, "fit_clf", bool)
        return super()._model(task, clf, fit_clf and bool(task.labelled.any()), sample_weight)  # else: nothing to learn

    def _choose(self, task: Task, model: SkactivemlClassifier) -> Found:
        labels = len(task.known)
        # Without labels nobody may have told it classes.
        classes = len(model.classes_) if labels else 1
        turn = self.turn(Situation(len(task.rows), task.batch, labels, classes, are_directions(task.X)))
        if isinstance(turn, MaxHerding):
            return turn._choose(task)
        if isinstance(turn, UncertaintySampling):
            return task.top(uncertainty(probabilities(task, model)[0], turn.method))
        return turn._choose(task, model)
