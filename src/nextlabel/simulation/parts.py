"""All that an experiment needs, looked up once: nobody further down knows a name, parses a file or scales anything.

    parts = prepare(Experiment("digits", ("random", "margin")))
    parts.pool(seed=0), parts.learner(Arm("margin", 0)), parts.oracles[0]

`prepare` is `read_parts`, which refuses whatever can be refused without heavy work, and then `embed_parts`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from nextlabel.datasets import refuse_source
from nextlabel.datasets.base import Dataset
from nextlabel.datasets.split_files import read_objects
from nextlabel.datasets.splits import Split
from nextlabel.embedders import TABLE, embed, embedder
from nextlabel.embedders.base import Features
from nextlabel.errors import BadData, BadNumber, BadSplit, Mistake
from nextlabel.experiment import Experiment
from nextlabel.files.remote import without_secrets
from nextlabel.knobs.kinds import name_data
from nextlabel.knobs.names import CPU
from nextlabel.loop.learner import ActiveLearner
from nextlabel.loop.oracles import Oracle, read_oracle
from nextlabel.models import model
from nextlabel.models.base import Model, ModelEntry, Settings
from nextlabel.models.tuned import Tuned
from nextlabel.plan import Plan
from nextlabel.pool import Floats, Pool
from nextlabel.progress import Progress, quiet
from nextlabel.runs.lines import Arm
from nextlabel.simulation.pools import fill_without, open_pool, scale_without
from nextlabel.simulation.splitting import default_split, is_file, load_wanted, request_for, split_all
from nextlabel.strategies import strategy
from nextlabel.strategies.door import StrategyEntry

OWN = "own"  # stands for an embedder where the model learns features of its own
TUNER = "random"  # its picks favour nobody: no strategy is measured with settings that suit itself
MOST_SCALED = 2**28  # bytes of scaled features that are kept, of as many seeds as fit; arms of one seed share them


@dataclass(frozen=True)
class Entries:
    """What the names in an experiment stand for."""

    model: ModelEntry
    strategies: Mapping[str, StrategyEntry]
    cold: StrategyEntry
    tuner: StrategyEntry  # gathers the labels that settings are chosen on

    @classmethod
    def of(cls, experiment: Experiment, here: bool = True) -> "Entries":
        """Look every name up; raises `UnknownName` or `BadSpecification` before any data is read.

        ``here``: models are trained in this process, so it has to have their device.
        """
        if experiment.embedder not in (None, TABLE):
            # Made and thrown away: a wrong name or option is told before anything is read.
            embedder(experiment.embedder)
        entries = {name: strategy(name) for name in experiment.strategies}
        made = model(experiment.model, experiment.device, here)
        return cls(made, entries, strategy(experiment.plan.cold), strategy(TUNER))


@dataclass(frozen=True)
class Parts:
    """An experiment with all that it needs at hand.

    ``plan`` is in counts; ``oracles``, ``splits`` and ``settings`` are by seed (settings are empty until they are
    chosen); ``features`` is None until the dataset is embedded.
    """

    experiment: Experiment
    plan: Plan
    dataset: Dataset
    splits: Mapping[int, Split]
    oracles: Mapping[int, Oracle]
    entries: Entries
    features: Features | None = None
    settings: Mapping[int, Settings] = field(default_factory=dict)
    _opened: dict[int, Pool] = field(default_factory=dict, repr=False, compare=False)
    _scaled: dict[int, Floats] = field(default_factory=dict, repr=False, compare=False)

    def __reduce__(self) -> tuple[Callable[..., "Parts"], tuple[Any, ...]]:
        # Entries hold functions, which do not travel, and pools are quickly opened again: a worker looks its names up
        # once, when it starts. Answers travel, for the file that they came from may have changed since.
        data = (self.experiment, self.plan, self.dataset, self.splits, self.oracles)
        return _rebuild, (*data, self.features, self.settings)

    @property
    def embedding(self) -> Features:
        """The features of the dataset."""
        assert self.features is not None, "parts are embedded before anybody plays"
        return self.features

    @property
    def embedder(self) -> str:
        """What rows call the embedder; `OWN` where the model sees the pictures themselves."""
        return OWN if self.entries.model.pictures else self.embedding.name

    @property
    def arms(self) -> list[Arm]:
        """Strategies in the order given, each with its seeds."""
        return [Arm(name, seed) for name in self.experiment.strategies for seed in self.experiment.seeds]

    def make_model(self, settings: Settings) -> Model:
        """The model with these settings, untrained."""
        return self.entries.model.make(self.dataset, settings)

    def learner(self, arm: Arm) -> ActiveLearner:
        """What learns and asks in one arm."""
        # By seed, not by arm: strategies under one seed are compared with the same model.
        made = Tuned(self.make_model) if self.plan.audit else self.make_model(self.settings.get(arm.seed, {}))
        return ActiveLearner(made, self.entries.strategies[arm.strategy], self.entries.cold, self.plan, arm.seed)

    def pool(self, seed: int) -> Pool:
        """The pool at the start of every arm of a seed, opened once."""
        # Everything else of a pool is shared by all arms of a seed: a pool never changes, an answer makes another one.
        return replace(self._open(seed), features=self._features(seed))

    def rows(self) -> int:
        """How many rows the whole experiment gives."""
        batches = [self._batches(self._open(seed)) for seed in self.experiment.seeds]
        return (sum(batches) + len(batches)) * len(self.experiment.strategies)  # the last row of an arm asks nothing

    def let_go(self) -> None:
        """Forget the pools and features that were opened: they are opened again where somebody asks for them."""
        self._opened.clear()
        self._scaled.clear()

    def _batches(self, pool: Pool) -> int:
        room = max(0, min(pool.left(), self.plan.limit - len(pool.labelled())))
        batches = int(-(-room // self.plan.size))  # up: the last one may be short
        return batches if self.plan.rounds is None else min(batches, self.plan.rounds)

    def _open(self, seed: int) -> Pool:
        if seed not in self._opened:
            X, answer = self.embedding.array, self.oracles[seed]
            self._opened[seed] = open_pool(X, self.dataset, self.splits[seed], answer, self.plan.audit, seed)
        return self._opened[seed]

    def _features(self, seed: int) -> Floats:
        """What the model sees (N, d): filled in and scaled, blind to test set and audit side, or as they are."""
        X = self.embedding.array
        if not (self.experiment.standardize or self.dataset.gaps):
            return X
        unseen = np.append(self.splits[seed].test, self._open(seed).audit)
        if seed not in self._scaled:
            if (len(self._scaled) + 1) * X.nbytes > MOST_SCALED:
                self._scaled.clear()
            filled = fill_without(X, unseen) if self.dataset.gaps else X
            scale = self.experiment.standardize
            self._scaled[seed] = scale_without(filled, unseen) if scale else filled
        return self._scaled[seed]


def _rebuild(
    experiment: Experiment,
    plan: Plan,
    dataset: Dataset,
    splits: Mapping[int, Split],
    oracles: Mapping[int, Oracle],
    features: Features | None,
    settings: Mapping[int, Settings],
) -> Parts:
    return Parts(experiment, plan, dataset, splits, oracles, Entries.of(experiment), features, settings)


def prepare(experiment: Experiment, progress: Progress = quiet) -> Parts:
    """Everything at hand: the parts of an experiment, looked up, loaded, split and embedded."""
    return embed_parts(read_parts(experiment, progress), progress)


def read_parts(experiment: Experiment, progress: Progress = quiet, here: bool = True) -> Parts:
    """All but the features, which take long: what can be refused of an experiment is refused here.

    ``here``: it is played in this process, or in others of this machine.
    """
    # Models and strategies are known by now: reading the data can take minutes. What is wrong with samples that nobody
    # has read yet is told after that, as far as it can be seen: some may prove unreadable.
    entries = look_up(experiment, here)
    dataset = load_wanted(experiment, progress, lambda shown: _divide(shown, experiment, entries))
    return _divide(dataset, experiment, entries)


def look_up(experiment: Experiment, here: bool = True) -> Entries:
    """What its names stand for; what can be refused of an experiment before its data are read is refused here."""
    entries = Entries.of(experiment, here)
    if not entries.cold.model_free:
        raise Mistake(f"'{experiment.plan.cold}' needs a trained model, so it cannot start cold. Use random.")
    if experiment.estimate and not experiment.plan.audit:
        raise Mistake(
            "--estimate goes by the answers to audit questions, and nothing is set aside for them. Add --audit 0.2."
        )
    if is_file(experiment.split):
        read_objects(experiment.split, experiment.seeds)
    refuse_source(request_for(experiment))
    return entries


def _divide(dataset: Dataset, experiment: Experiment, entries: Entries) -> Parts:
    """The parts of an experiment on a dataset: split, and its plan in counts."""
    _check_suits(dataset, experiment, entries)
    # Shares are of all samples, test and validation too, so that a batch is as large under every split.
    plan = experiment.plan.resolve(len(dataset), len(dataset.classes))
    if experiment.val is None:
        # What was left open is written down from here on: the identity names the value, not the habit of a version.
        experiment = replace(experiment, val=entries.model.val)
    if experiment.standardize is None:  # columns of a table have units of their own; an embedder's have one
        experiment = replace(experiment, standardize=dataset.table is not None and dataset.embedding is None)
    # By name from here on, for data that are held in Python: they travel to workers once, in the dataset. An address
    # has no secrets from here on: it is written down.
    known = without_secrets(name_data(experiment.dataset))
    experiment = replace(experiment, dataset=known, split=experiment.split or default_split(dataset))
    splits, notes = split_all(experiment, dataset)
    dataset = replace(dataset, warnings=(*dataset.warnings, *notes))
    for seed in experiment.seeds:
        # Every seed: with a split file each may have other sizes, and seed 9 would fail after hours.
        _check_playable(plan, splits[seed], seed)
    made_for = read_oracle(experiment.oracle, dataset)
    oracles = {seed: made_for(seed) for seed in experiment.seeds}
    return Parts(experiment, plan, dataset, splits, oracles, entries)


def embed_parts(parts: Parts, progress: Progress = quiet) -> Parts:
    """The parts with their features, and what should be known of these among the dataset's warnings."""
    # Gaps stay: what fills them in is learned from all but the test set, once a split is known.
    asked = parts.experiment
    features = embed(parts.dataset, asked.embedder, progress, keep_gaps=True, device=asked.device)
    notes = (*features.notes, *_say_idle(parts, features))
    dataset = replace(parts.dataset, warnings=(*parts.dataset.warnings, *notes))
    return replace(parts, dataset=dataset, features=features)


def _say_idle(parts: Parts, features: Features) -> Iterator[str]:
    """Says where nothing computes on the device that was asked for."""
    asked = parts.experiment
    if asked.device != CPU and parts.entries.model.device == CPU and "device" not in features.settings:
        yield f"Neither '{asked.model}' nor '{features.name}' is a network: --device {asked.device} changes nothing."


def _check_suits(dataset: Dataset, experiment: Experiment, entries: Entries) -> None:
    if len(set(dataset.y[dataset.y >= 0].tolist())) < 2:
        raise BadData(f"'{dataset.name}' has labels of fewer than two classes, so there is nothing to learn.")
    if entries.model.pictures and dataset.pictures is None:
        what = "a table" if dataset.texts is None else "texts"
        raise Mistake(
            f"'{dataset.name}' holds {what}, and '{experiment.model}' learns from pictures. Use another --model."
        )
    for name, entry in entries.strategies.items():
        most = entry.most_classes
        if most is not None and len(dataset.classes) > most:
            raise Mistake(
                f"'{name}' tells at most {most} classes apart, and '{dataset.name}' has {len(dataset.classes)}. "
                "Leave it out."
            )


def _check_playable(plan: Plan, parts: Split, seed: int) -> None:
    if not len(parts.test) and not plan.audit:  # with an audit side the questions alone are worth knowing
        raise BadSplit(f"Seed {seed} has no test set, so nothing could be measured. Use --test 0.2, or name its ids.")
    if plan.limit < len(parts.start):
        raise BadNumber(
            f"A budget of {plan.limit} labels is less than the {len(parts.start)} to start with. "
            "Use a larger --budget, or a smaller --start."
        )
    # With 0 rounds nothing is asked: the score of the starting set alone, whatever the batch.
    if plan.size > len(parts.pool) and plan.rounds != 0:
        raise BadNumber(
            f"The first batch asks for {plan.size} samples, but the pool holds {len(parts.pool)}. "
            "Use a smaller --batch, or leave more samples in the pool."
        )
