"""`random`: everybody alike. The control arm of every comparison."""

from typing import Any

import numpy as np

from nextlabel.strategies.drop_in import DropIn, Found


class RandomSampling(DropIn):
    """Ask at random, without replacement.

    Utilities are one uniform number per candidate, the same in every row.
    """

    def query(
        self, X: Any, y: Any, candidates: Any = None, batch_size: int = 1, return_utilities: bool = False
    ) -> Found:
        """Indices (batch,) to ask about, and utilities (batch, n) on request."""
        task = self._task(X, y, candidates, batch_size, return_utilities, deep=True)
        if not task.wordy:
            return task.answer(task.rng.choice(len(task.rows), task.batch, replace=False), lambda: np.empty(0))
        scores = task.rng.random(len(task.rows))
        return task.answer(task.ties.top(scores, task.batch), lambda: np.tile(scores, (task.batch, 1)))
