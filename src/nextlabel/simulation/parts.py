"""All that an experiment needs, looked up once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from nextlabel.datasets import load
from nextlabel.datasets.base import Dataset, Request
from nextlabel.datasets.splits import Split, read_split, split
from nextlabel.embedders import TABLE, embed, embedder
from nextlabel.embedders.base import Features
from nextlabel.errors import BadData, BadNumber, BadSplit, Mistake
from nextlabel.loop.oracles import oracle
from nextlabel.models import model
from nextlabel.models.base import ModelEntry, Settings
from nextlabel.plan import Amount, Plan
from nextlabel.pool import Floats
from nextlabel.progress import Progress, quiet
from nextlabel.runs.lines import Arm
from nextlabel.simulation.experiment import Experiment
from nextlabel.strategies import strategy as plain
from nextlabel.strategies.replicas import strategy

OWN = "own"  # stands for an embedder where the model learns features of its own


@dataclass(frozen=True)
class Setup:
    """An experiment with its data at hand: dataset, features, a split per seed, and the plan in counts."""

    experiment: Experiment
    plan: Plan
    dataset: Dataset
    embedder: str
    source: Path | Floats  # features (N, d), or the .npy file that holds them
    splits: Mapping[int, Split]
    settings: Mapping[int, Settings]

    @cached_property
    def features(self) -> Floats:
        """(N, d) float32; a read-only memory map where they come from a file."""
        if isinstance(self.source, Path):
            mapped: Floats = np.load(self.source, mmap_mode="r")
            return mapped
        return self.source

    def arms(self) -> list[Arm]:
        """Strategies in the order given, each with its seeds."""
        return [Arm(name, seed) for name in self.experiment.strategies for seed in self.experiment.seeds]


def prepare(experiment: Experiment, progress: Progress = quiet) -> tuple[Setup, Features]:
    """Look the parts up, load the data, split it and embed it; everything that can be refused is refused here."""
    trained = model(experiment.model)
    if experiment.embedder not in (None, TABLE):
        embedder(experiment.embedder)
    for name in experiment.strategies:
        strategy(name)
    if not plain(experiment.plan.cold).model_free:
        raise Mistake(f"'{experiment.plan.cold}' needs a trained model, so it cannot start cold. Use random.")
    dataset = load(Request(experiment.dataset, experiment.name, experiment.label_column, progress))
    _suitable(dataset, experiment, trained)
    plan = experiment.plan.fixed(len(dataset), len(dataset.classes))
    if experiment.val is None:
        experiment = replace(experiment, val=trained.val)
    splits = _split_all(experiment, dataset)
    for seed in experiment.seeds:
        oracle(experiment.oracle, dataset, seed)
        _playable(plan, splits[seed], seed)
    features = embed(dataset, experiment.embedder, progress)
    source = features.array if features.path is None else features.path
    seen_by = OWN if trained.pictures else features.name
    return Setup(experiment, plan, dataset, seen_by, source, splits, {}), features


def _suitable(dataset: Dataset, experiment: Experiment, trained: ModelEntry) -> None:
    if len(set(dataset.y[dataset.y >= 0].tolist())) < 2:
        raise BadData(f"'{dataset.name}' has labels of fewer than two classes, so there is nothing to learn.")
    if trained.pictures and dataset.pictures is None:
        raise Mistake(
            f"'{dataset.name}' is a table, and '{experiment.model}' learns from pictures. Use another --model."
        )
    for name in experiment.strategies:
        most = strategy(name).most_classes
        if most is not None and len(dataset.classes) > most:
            raise Mistake(
                f"'{name}' tells at most {most} classes apart, and '{dataset.name}' has {len(dataset.classes)}. "
                "Leave it out."
            )


def _playable(plan: Plan, parts: Split, seed: int) -> None:
    if not len(parts.test):
        raise BadSplit(f"Seed {seed} has no test set, so nothing could be measured. Use --test 0.2, or name its ids.")
    if plan.limit < len(parts.start):
        raise BadNumber(
            f"A budget of {plan.limit} labels is less than the {len(parts.start)} to start with. "
            "Use a larger --budget, or a smaller --start."
        )
    if plan.size > len(parts.pool) and plan.rounds != 0:
        raise BadNumber(
            f"The first batch asks for {plan.size} samples, but the pool holds {len(parts.pool)}. "
            "Use a smaller --batch, or leave more samples in the pool."
        )


def _split_all(experiment: Experiment, dataset: Dataset) -> dict[int, Split]:
    if experiment.split is not None:
        found = read_split(Path(experiment.split), dataset.y, experiment.seeds)
        return dict(zip(experiment.seeds, found, strict=True))
    test, val, start = (Amount.read(size or 0) for size in (experiment.test, experiment.val, experiment.start))
    return {seed: split(dataset.y, dataset.classes, test, val, start, seed) for seed in experiment.seeds}
