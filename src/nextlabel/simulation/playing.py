"""Experiments played together: the tasks of all of them in one row, for one engine.

No worker waits for the last arm of one dataset while another has not begun. A task says which experiment it is of, and
travels with that one's data alone, of which a worker keeps what it had last (`engines.parcels`).
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, NamedTuple

from nextlabel.engines import run_each
from nextlabel.engines.parcels import Parcel
from nextlabel.errors import naming
from nextlabel.experiment import Crew
from nextlabel.models.base import Settings
from nextlabel.progress import FINISHED, Progress
from nextlabel.simulation.arm import tune
from nextlabel.simulation.parts import Parts
from nextlabel.simulation.reach import bring_within_reach
from nextlabel.simulation.recording import Recording
from nextlabel.simulation.strides import Player, Stride


class Choice(NamedTuple):
    """A seed whose settings are to be chosen; ``which`` counts the experiments."""

    which: int
    seed: int


@dataclass(frozen=True)
class Tuner:
    """Chooses the settings of a seed: work for an engine."""

    parts: Parts
    title: str

    def __call__(self, task: Choice) -> Settings:
        with naming(self.title):
            return tune(self.parts, task.seed)


class Parcels:
    """The work of each experiment, packed when its first task is sent, and let go after its last."""

    def __init__(
        self, several: Sequence[Recording], workers: Executor, make: Callable[[Parts, str], Callable[[Any], Any]]
    ) -> None:
        self.several, self.workers, self.make = several, workers, make
        self.packed: dict[int, Parcel] = {}

    def of(self, task: Choice | Stride) -> Parcel:
        """What a task is work for."""
        if task.which not in self.packed:
            one = self.several[task.which]
            work = self.make(bring_within_reach(one.parts, self.workers), one.title)
            self.packed[task.which] = Parcel(work, keep=True)
        return self.packed[task.which]

    def let_go(self, which: int) -> None:
        """No task of this experiment is left."""
        self.packed.pop(which, None)


def play_all(several: Sequence[Recording], workers: Executor, crew: Crew, progress: Progress) -> None:
    """Play experiments to their end: their settings first, then their arms, in the order of the experiments."""
    _tune_all(several, workers, crew, progress)
    total = sum(one.parts.rows() for one in several)
    parcels = Parcels(several, workers, Player)
    # Without a stride once around: each arm is played to its end. With one, a turn for those that are behind, and
    # again.
    while todo := _open_strides(several):
        # None without a stride. By the arm that is least far, so that a resumed run first catches up where it was cut
        # off.
        until = crew.stride and min(len(stride.played) for stride in todo) + crew.stride
        behind = [stride._replace(until=until) for stride in todo if until is None or len(stride.played) < until]
        for stride, more in run_each(workers, parcels.of, behind, crew.jobs, crew.threads, Stride.successor):
            one, (strategy, seed) = several[stride.which], stride.arm
            # On the disk first, then told: who reads "finished" may pull the plug.
            one.add(stride.arm, more)
            step = FINISHED if more[-1].last else f"round {more[-1].row['round']}"
            count = sum(each.recorder.count for each in several)
            one.watch(progress)(f"{strategy}, seed {seed}, {step}", count, total)
            if not one.left:  # now, not with the others: what is whole may be looked at
                parcels.let_go(stride.which)
                one.finish()


def _tune_all(several: Sequence[Recording], workers: Executor, crew: Crew, progress: Progress) -> None:
    """Choose the settings of every seed that an earlier session has not chosen them for."""
    missing = [Choice(which, seed) for which, one in enumerate(several) for seed in one.find_settings()]
    total = sum(len(one.experiment.seeds) for one in several)
    parcels = Parcels(several, workers, Tuner)
    for (which, seed), chosen in run_each(workers, parcels.of, missing, crew.jobs, crew.threads):
        several[which].settle(seed, chosen)
        if not several[which].seeds_left:
            parcels.let_go(which)
        progress("choosing the model's settings", total - sum(len(one.seeds_left) for one in several), total)


def _open_strides(several: Sequence[Recording]) -> list[Stride]:
    """The next stride of every arm that is not at its end."""
    left = ((which, one) for which, one in enumerate(several) if not one.recorder.is_finished)
    return [Stride(arm, played, which=which) for which, one in left for arm, played in one.open_arms()]
