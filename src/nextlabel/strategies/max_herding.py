"""`maxherding`: cover the pool with a kernel, most of it first."""

import warnings
from typing import Any

import numpy as np
from skactiveml.utils import MISSING_LABEL

from nextlabel.pool import Floats, Ids
from nextlabel.strategies.kit.blocks import Blocks, centred
from nextlabel.strategies.kit.coverage import Coverage, Kernel, herd, steps
from nextlabel.strategies.kit.drop_in import DropIn, Found, Task

GROUND = 20_000
SHARP = 1000.0  # a gamma by which float32's rounding of squared distances would show in kernel values


class MaxHerding(DropIn):
    """Greedy maximisation of generalised coverage (Bae et al., 2024).

    Each time the candidate is chosen that raises most the mean, over all candidates, of the kernel value to the
    nearest centre: labelled samples and earlier picks. ``normalize_samples`` scales rows to length 1; ``metric`` and
    ``metric_dict`` name the kernel (rbf with gamma 1 / d by default). ``ground``: over at most that many candidates,
    drawn at random, the mean is taken, with a warning; None takes all. A gain is then off by at most
    sqrt(ln(N) / (2 ground)) with high probability (Hoeffding).

    Plain greedy's picks by lazy greedy in blocks: O(g N d) for the first gains, memory O(N + g d), no N x N array.
    """

    def __init__(
        self,
        normalize_samples: bool = True,
        metric: str = "rbf",
        metric_dict: Any = None,
        ground: int | None = GROUND,
        missing_label: Any = MISSING_LABEL,
        random_state: Any = None,
    ) -> None:
        super().__init__(missing_label, random_state)
        self.normalize_samples = normalize_samples
        self.metric = metric
        self.metric_dict = metric_dict
        self.ground = ground

    def query(
        self, X: Any, y: Any, candidates: Any = None, batch_size: int = 1, return_utilities: bool = False
    ) -> Found:
        """Indices (batch,) to ask about, and on request utilities (batch, n): the coverage that each would add."""
        task = self._task(X, y, candidates, batch_size, return_utilities)
        more = dict(self.metric_dict or {})
        kernel = Kernel(self.metric, more.pop("gamma", None), more)
        ground = standing_for(task, self.ground)

        def fresh() -> Coverage:
            return coverage(task, kernel, self.normalize_samples, ground)

        picks = herd(fresh(), task.batch, task.ties)
        return task.answer(picks, lambda: steps(fresh, picks))


def standing_for(task: Task, most: int | None) -> Ids | None:
    """Positions of the candidates that the mean is taken over: ``most`` of them at random, or None for all."""
    count = len(task.rows)
    if most is None or count <= most:
        return None
    warnings.warn(
        f"Coverage is measured on {most:,} of the {count:,} candidates, drawn at random: the choice is a close "
        "approximation of greedy's. Pass ground=None to take all of them, in N^2 time.",
        stacklevel=3,
    )
    return np.sort(task.rng.choice(count, most, replace=False))


def coverage(
    task: Task, kernel: Kernel, unit: bool, ground: Ids | None = None, weight: Floats | None = None
) -> Coverage:
    """What the labelled samples cover already; ``weight`` (g,) of the ground."""
    shift = None if unit else centred(task.X)
    kind = np.float64 if (kernel.gamma or 0) > SHARP else None
    found = Coverage(Blocks(task.samples, task.rows, unit, shift, kind), kernel, ground, weight)
    if len(task.known):
        found.add(Blocks(task.X, task.known, unit, shift, kind))
    return found
