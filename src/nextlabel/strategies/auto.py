"""`auto`: coverage while there are few labels, then what the model doubts."""

from typing import Any

import numpy as np
from skactiveml.utils import MISSING_LABEL

from nextlabel.strategies.badge import Badge
from nextlabel.strategies.kit.drop_in import DropIn, Found
from nextlabel.strategies.max_herding import MaxHerding
from nextlabel.strategies.uncertainty_sampling import UncertaintySampling

FEW = 5.0
LARGE = 10.0


class Auto(DropIn):
    """`MaxHerding` below ``few`` labels per class, then `Badge` for large batches and margin sampling for others.

    A batch is large from ``large`` samples per class on. A function of what it is given alone: it remembers nothing.
    """

    def __init__(
        self,
        few: float = FEW,
        large: float = LARGE,
        missing_label: Any = MISSING_LABEL,
        random_state: Any = None,
    ) -> None:
        super().__init__(missing_label, random_state)
        self.few = few
        self.large = large

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
        """Indices (batch,) to ask about, and on request utilities (batch, n) of the strategy whose turn it is."""
        task = self._task(X, y, candidates, batch_size, return_utilities)
        model = self._model(task, clf, fit_clf and bool(task.labelled.any()), sample_weight)
        given = {"candidates": candidates, "batch_size": batch_size, "return_utilities": return_utilities}
        made = {"missing_label": self.missing_label, "random_state": self.random_state}
        labels = np.count_nonzero(task.labelled)
        if not labels or labels < self.few * len(model.classes_):
            return MaxHerding(**made).query(X, y, **given)
        if task.batch >= self.large * len(model.classes_):
            return Badge(**made).query(X, y, clf=model, fit_clf=False, **given)
        return UncertaintySampling("margin_sampling", **made).query(X, y, clf=model, fit_clf=False, **given)
