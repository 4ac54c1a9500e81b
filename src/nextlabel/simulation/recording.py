"""Experiments on their way into their folders, one or several.

several = [Recording(experiment, folder) for …]
prepare_all(several, crew, resume, progress)     # whatever can be refused of any is refused before one is played
with ExitStack() as stack:
    play_all(open_all(several, stack, …), workers, crew, progress)
"""

import os
from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from nextlabel.datasets import DATASETS
from nextlabel.datasets.split_files import plain_splits
from nextlabel.errors import Mistake, naming
from nextlabel.experiment import Crew, Experiment
from nextlabel.files.strict_json import dump
from nextlabel.models.base import Settings
from nextlabel.progress import Progress
from nextlabel.runs.lines import Arm, Line, lines
from nextlabel.runs.recorder import Recorder
from nextlabel.simulation.manifest import identity, known_before, manifest, plain_samples
from nextlabel.simulation.parts import Parts, embed_parts, look_up, read_parts
from nextlabel.simulation.reach import refuse_out_of_reach
from nextlabel.simulation.splitting import say_twins
from nextlabel.text import show_path


class Recording:
    """One experiment and its folder; what else it needs comes as it goes on.

    ``title`` is what it is called among several, and empty where it is alone.
    """

    def __init__(self, experiment: Experiment, folder: Path, title: str = "") -> None:
        self.experiment, self.folder, self.title = experiment, folder, title
        self.parts: Parts
        self.recorder: Recorder
        self.settings: dict[int, Settings] = {}
        self.left = 0  # arms that are not at their end
        self.is_new = False  # was anything played?

    def watch(self, progress: Progress) -> Progress:
        """The same progress, told which experiment it is of."""
        title = self.title
        return (lambda what, done, total: progress(f"{title}: {what}", done, total)) if title else progress

    def rehearse(self, known: dict[str, Any], resume: bool) -> None:
        """Refuse a folder that holds something else, as far as is known by now."""
        Recorder(self.folder, {"identity": known}, resume).rehearse()

    def open(self, stack: ExitStack, command: Sequence[str], crew: Crew, workers: Executor, resume: bool) -> None:
        """Open the folder until the stack is left; ``is_new`` from here on where something is left to play."""
        about = manifest(self.parts, command, crew, workers)
        self.recorder = stack.enter_context(Recorder(self.folder, about, resume))
        self.is_new = not self.recorder.is_finished
        if self.is_new:
            refuse_out_of_reach(self.parts, workers)

    @property
    def seeds_left(self) -> list[int]:
        """The seeds whose settings are not chosen yet."""
        return [seed for seed in self.experiment.seeds if seed not in self.settings]

    def find_settings(self) -> list[int]:
        """Take over the settings that an earlier session chose; the seeds that it left come back."""
        # Keys of a JSON object are text.
        self.settings = {int(seed): chosen for seed, chosen in self.recorder.manifest["settings"].items()}
        self._keep_settings()
        return self.seeds_left

    def settle(self, seed: int, chosen: Settings) -> None:
        """Take the settings of a seed; with the last one's they are written down."""
        self.settings[seed] = chosen
        self._keep_settings()

    def _keep_settings(self) -> None:
        if self.seeds_left:
            return
        # Workers answer in any order; the manifest has the seeds' own, whatever the number of jobs.
        ordered = {seed: self.settings[seed] for seed in self.experiment.seeds}
        # Before any round is played: a resumed run takes these, even where another version would choose otherwise.
        self.recorder.describe(settings={str(seed): chosen for seed, chosen in ordered.items()})
        self.parts = replace(self.parts, settings=ordered)

    def open_arms(self) -> list[tuple[Arm, list[Line]]]:
        """The arms that are not at their end; with none of them the run is finished."""
        found = self.recorder.open_arms(self.parts.arms)
        self.left = len(found)
        if not found:
            self.finish()
        return found

    def add(self, arm: Arm, more: Sequence[Line]) -> None:
        """Keep lines of an arm."""
        self.recorder.add(arm, more)
        self.left -= more[-1].last

    def finish(self) -> None:
        """Merge what was played: every arm is at its end."""
        dataset = self.parts.dataset
        # Before `finish`, whose last file says that the run is whole.
        self.recorder.write("splits.json", dump(plain_splits(self.parts.splits, dataset)) + "\n")
        if dataset.table is None:  # rows of a table are known by their place alone
            self.recorder.write("samples.jsonl", lines(plain_samples(dataset)))
        self.recorder.finish()
        self.parts.let_go()


def prepare_all(several: Sequence[Recording], crew: Crew, resume: bool, progress: Progress, here: bool = True) -> None:
    """Everything at hand; what can be refused of any of them is, the sooner the less it costs to find out.

    ``here``: they are played on this machine, so it has to have the devices that models compute on.
    """
    _refuse_inside([one.folder for one in several], [one.experiment.dataset for one in several])
    for one in several:
        one.rehearse(known_before(one.experiment), resume)  # before the data are read,
    if len(several) > 1:  # reading one looks, too, but the others would be read first
        for one in several:
            with naming(one.title):
                look_up(one.experiment, here)
    for one in several:
        with naming(one.title):
            one.parts = read_parts(one.experiment, one.watch(progress), here)
            one.rehearse(identity(one.parts, crew.threads), resume)  # and before they are embedded
    for one in several:
        with naming(one.title):
            one.parts = _tell_twins(embed_parts(one.parts, one.watch(progress)))


def _refuse_inside(folders: Sequence[Path], sources: Sequence[Any]) -> None:
    """A run among the samples of any dataset would be a class of its own the next time they are read."""
    real = {folder: Path(os.path.realpath(folder)) for folder in folders}  # Path.resolve fails on a looping link
    above = {place: folder for folder, there in real.items() for place in (there, *there.parents)}
    for source in sources:
        # What is held in Python lies nowhere; and a folder called "digits" does not stand for itself: the name of a set
        # wins, here as in `load`.
        if not isinstance(source, str) or source in DATASETS or not os.path.isdir(os.path.expanduser(source)):
            continue
        if (out := above.get(Path(os.path.realpath(os.path.expanduser(source))))) is not None:
            raise Mistake(
                f"The run would lie in '{show_path(out)}', among the files that it reads, and be taken for a class of "
                "them. Name a folder elsewhere with --out."
            )


def _tell_twins(parts: Parts) -> Parts:
    """The parts, whose dataset says how many samples have twins across the split."""
    seed, first = next(iter(parts.splits.items()))
    notes = tuple(say_twins(parts.dataset, first, seed))
    return replace(parts, dataset=replace(parts.dataset, warnings=parts.dataset.warnings + notes)) if notes else parts
