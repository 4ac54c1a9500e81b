"""`random`: everybody alike. The control arm of every comparison."""

from typing import Any

import numpy as np

from nextlabel.pool import Floats
from nextlabel.strategies.kit.drop_in import DropIn, Found


class RandomSampling(DropIn):
    """Ask at random, without replacement.

    Utilities are one uniform number per candidate, the same in every row; who is asked has the highest.
    """

    def query(
        self, X: Any, y: Any, candidates: Any = None, batch_size: int = 1, return_utilities: bool = False
    ) -> Found:
        """Indices (batch,) to ask about, and utilities (batch, n) on request."""
        task = self._task(X, y, candidates, batch_size, return_utilities, deep=True)
        picks = task.rng.choice(len(task.rows), task.batch, replace=False)

        def utilities() -> Floats:
            scores = np.sort(task.rng.random(len(task.rows)))[::-1]
            others = task.rng.permutation(np.setdiff1d(np.arange(len(scores)), picks))
            scores[np.concatenate([picks, others])] = scores.copy()
            return np.tile(scores, (task.batch, 1))

        return task.answer(picks, utilities)
