"""`maxherding`: cover the pool with a kernel, most of it first."""

import warnings
from typing import Any

import numpy as np
from skactiveml.utils import MISSING_LABEL, check_type
from sklearn.metrics.pairwise import PAIRWISE_KERNEL_FUNCTIONS

from nextlabel.errors import BadArgument
from nextlabel.pool import Floats, Ids
from nextlabel.strategies.kit.blocks import Blocks, find_centre
from nextlabel.strategies.kit.coverage import Coverage
from nextlabel.strategies.kit.drop_in import FeatureDropIn, Found, Situation, Task
from nextlabel.strategies.kit.herding import herd, steps
from nextlabel.strategies.kit.kernels import Kernel
from nextlabel.text import shorten

GROUND = 20_000
PER_PICK = 10  # candidates in a sample for each sample asked, at least: fewer would leave nothing to choose
SHARP = 1000.0  # a gamma by which float32's rounding of squared distances would show in kernel values


class MaxHerding(FeatureDropIn):
    """Greedy maximisation of generalised coverage (Bae et al., 2024).

    Each time the candidate is chosen that raises most the mean, over all candidates, of the kernel value to the
    nearest centre: labelled samples and earlier picks. Utilities are by how much each would raise it.
    ``normalize_samples`` scales rows to length 1; ``metric`` and ``metric_dict`` name the kernel (rbf with gamma 1 / d
    by default). ``ground``: over at most that many candidates, drawn at random, the mean is taken, with a warning;
    None takes all. A gain is then off by at most sqrt(ln(N) / (2 ground)) with high probability (Hoeffding).
    ``sample``: only that many candidates, drawn at random, are looked at (ten for each sample asked, at least), with a
    warning; None, the default, looks at all.

    Plain greedy's picks by lazy greedy (Minoux, 1978) in blocks and on all threads that BLAS may take: O(g N d) for the
    first gains, memory O(N + g d), no N x N array. Kernel values that still count are written down once there are at
    most 42 million of them (250 MB); from then on no pick needs a product.

    >>> X = np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0], [0.2, 1.0]])
    >>> MaxHerding(missing_label=-1, random_state=0).query(X, [-1] * 5, batch_size=2)
    array([4, 1])
    """

    def __init__(
        self,
        normalize_samples: bool = True,
        metric: str = "rbf",
        metric_dict: Any = None,
        missing_label: Any = MISSING_LABEL,
        random_state: Any = None,
        *,
        ground: int | None = GROUND,
        sample: int | None = None,
    ) -> None:
        super().__init__(missing_label, random_state)
        self.normalize_samples = normalize_samples
        self.metric = metric
        self.metric_dict = metric_dict
        self.ground = ground
        self.sample = sample

    def remarks(self, situation: Situation) -> list[str]:
        """That not everybody is looked at, where that is so."""
        return describe_draws(situation.candidates, situation.batch, self.sample, self.ground)

    def reach(self, situation: Situation) -> int | None:
        """The ``sample`` that it was made with, or more for a large batch."""
        return None if self.sample is None else sample_size(self.sample, situation.batch)

    def check_arguments(self) -> None:
        check_type(self.normalize_samples, "normalize_samples", bool)
        check_kernel(self.metric, self.metric_dict)
        check_counts(ground=self.ground, sample=self.sample)

    def _choose(self, task: Task) -> Found:
        for note in describe_draws(len(task.rows), task.batch, self.sample, self.ground):
            warnings.warn(note, stacklevel=3)
        if self.sample is not None:
            task = task.sample(sample_size(self.sample, task.batch))
        more = dict(self.metric_dict or {})
        kernel = Kernel(self.metric, more.pop("gamma", None), more)
        ground = draw_ground(task, self.ground)

        def fresh() -> Coverage:
            return coverage(task, kernel, self.normalize_samples, ground)

        picks = herd(fresh(), task.batch, task.ties)
        return task.answer(picks, lambda: steps(fresh, picks))


def sample_size(sample: int, batch: int) -> int:
    """How many candidates are looked at: ``sample``, or more for a batch that would leave nothing to choose.

    >>> sample_size(20_000, 100), sample_size(20_000, 5_000)
    (20000, 50000)
    """
    check_counts(sample=sample)
    return max(int(sample), PER_PICK * batch)


def check_counts(**counts: Any) -> None:
    """How many candidates are drawn, by the argument's name: `BadArgument` for what is no count, and not None."""
    for name, value in counts.items():
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if value is not None and not (whole and value >= 1):
            raise BadArgument(
                f"{name} is {shorten(repr(value))}, and must be a whole number of at least 1, or None for all "
                "candidates."
            )


def check_kernel(metric: Any, metric_dict: Any) -> None:
    """Refuse what is no kernel of `sklearn.metrics.pairwise.pairwise_kernels`, or no dict of its arguments."""
    check_type({} if metric_dict is None else metric_dict, "metric_dict", dict)
    names = ", ".join(PAIRWISE_KERNEL_FUNCTIONS)
    if not callable(metric) and not (isinstance(metric, str) and metric in PAIRWISE_KERNEL_FUNCTIONS):
        raise BadArgument(f"metric is {shorten(repr(metric))}, and must be a function or one of: {names}.")


def describe_draws(candidates: int, batch: int, sample: int | None, ground: int | None) -> list[str]:
    """What is drawn at random beside the batch itself, each with how to have it otherwise; seeded like all the rest."""
    notes = []
    if sample is not None and candidates > sample_size(sample, batch):
        candidates, before = sample_size(sample, batch), candidates
        notes.append(
            f"The batch is chosen among {candidates:,} of the {before:,} candidates, drawn at random: covering all of "
            "them takes time that grows with their square. Give it sample=None to take all, or a larger number."
        )
    if ground is not None and candidates > ground:
        notes.append(
            f"Coverage is measured on {ground:,} of {candidates:,} candidates, drawn at random: the choice is a close "
            "approximation of greedy's. Give it ground=None to take all of them, in time that grows with their square."
        )
    return notes


def draw_ground(task: Task, most: int | None) -> Ids | None:
    """Positions of the candidates that the mean is taken over: ``most`` of them at random, or None for all."""
    count = len(task.rows)
    if most is None or count <= most:
        return None
    return np.sort(task.rng.choice(count, most, replace=False))


def coverage(
    task: Task, kernel: Kernel, unit: bool, ground: Ids | None = None, weight: Floats | None = None
) -> Coverage:
    """What the labelled samples cover already; ``weight`` (g,) of the ground."""
    shift = None if unit else find_centre(task.X)
    kind = np.float64 if (kernel.gamma or 0) > SHARP else None
    found = Coverage(Blocks(task.samples, task.rows, unit, shift, kind), kernel, ground, weight)
    if len(task.known):
        found.add(Blocks(task.X, task.known, unit, shift, kind))
    return found
