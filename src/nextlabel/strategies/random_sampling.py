"""`random`: everybody alike. The control arm of every comparison."""

import numpy as np

from nextlabel.pool import Floats
from nextlabel.strategies.kit.drop_in import FeatureDropIn, Found, Task


class RandomSampling(FeatureDropIn):
    """Ask at random, without replacement.

    Utilities are one uniform number per candidate, the same in every row; who is asked has the highest. Time and memory
    O(N).

    >>> RandomSampling(missing_label=-1, random_state=0).query(np.zeros((5, 1)), [0, -1, -1, -1, -1], batch_size=2)
    array([2, 4])
    """

    _deep = True

    def _choose(self, task: Task) -> Found:
        picks = task.rng.choice(len(task.rows), task.batch, replace=False)

        def utilities() -> Floats:
            scores = np.sort(task.rng.random(len(task.rows)))[::-1]
            others = task.rng.permutation(np.setdiff1d(np.arange(len(scores)), picks))
            scores[np.concatenate([picks, others])] = scores.copy()
            return np.tile(scores, (task.batch, 1))

        return task.answer(picks, utilities)
