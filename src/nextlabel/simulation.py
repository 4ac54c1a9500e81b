"""Simulate: play every strategy under every seed on labels that are known, and keep honest rows.

`simulate` returns the rows; `iter_simulate` yields them as they come; `record` writes a whole run to a folder, with
several processes, and goes on where an interrupted one stopped. All three give the same rows.
"""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

from threadpoolctl import threadpool_limits

from nextlabel.arms import OWN, Arm, Line, Setup, opened, play, tune
from nextlabel.datasets import DATASETS, load
from nextlabel.datasets.base import Dataset, Request
from nextlabel.datasets.splits import Split, read_split, split
from nextlabel.embedders import TABLE, embed, embedder
from nextlabel.embedders.base import Features
from nextlabel.errors import BadData, BadNumber, BadSplit, Mistake
from nextlabel.experiment import Amount, Experiment, Plan
from nextlabel.manifest import manifest, plain_splits
from nextlabel.models import model
from nextlabel.models.base import Entry, Settings
from nextlabel.oracles import oracle
from nextlabel.progress import Progress, quiet
from nextlabel.recording import Recorder
from nextlabel.replicas import strategy
from nextlabel.runs import Row, Run
from nextlabel.strategies import strategy as plain
from nextlabel.workers import spread


@dataclass(frozen=True)
class Crew:
    """How to compute: ``jobs`` processes with ``threads`` BLAS threads each; no row hangs on it.

    With ``stride`` every arm plays so many rounds in its turn, and then the next: a long run that is interrupted has
    all of them about equally far. Without, each is played to its end.
    """

    jobs: int = 2
    threads: int = 1
    stride: int | None = None

    def __post_init__(self) -> None:
        for name in ("jobs", "threads", "stride"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise BadNumber(f"{name} is {value}; it takes at least 1.")


def simulate(experiment: Experiment, threads: int = 1) -> list[Row]:
    """Run to the end and return one row per (strategy, seed, round), in that order.

    >>> from nextlabel import Experiment, Plan, simulate
    >>> rows = simulate(Experiment("digits", ("random",), seeds=(0,), plan=Plan(batch=5, rounds=1)))
    >>> [row["labelled"] for row in rows]
    [20, 25]
    """
    return list(iter_simulate(experiment, threads))


def iter_simulate(experiment: Experiment, threads: int = 1) -> Iterator[Row]:
    """Yield the rows of `simulate` one by one, computed in this process."""
    with threadpool_limits(threads):
        setup, _ = prepare(experiment)
        settings = {seed: tune(setup, seed) for seed in experiment.seeds}
    setup = replace(setup, settings=settings)
    for arm in setup.arms():
        lines = play(setup, arm)
        while (line := _next(lines, threads)) is not None:
            yield line.row


def _next(lines: Iterator[Line], threads: int) -> Line | None:
    with threadpool_limits(threads):  # only while we compute: the caller's own work keeps its threads
        return next(lines, None)


@dataclass(frozen=True)
class Recorded:
    """A finished run, with the data that its report shows."""

    run: Run
    setup: Setup


def record(
    experiment: Experiment,
    out: Path,
    crew: Crew = Crew(),
    resume: bool = False,
    command: Sequence[str] = (),
    progress: Progress = quiet,
) -> Recorded:
    """Write the run of an experiment to the folder ``out``, and return it.

    With ``resume`` an interrupted run goes on after its last whole round; a finished one is left as it is. Raises
    `NextlabelError` in one of its kinds; whatever was written stays.
    """
    _outside(out, experiment.dataset)
    setup, features = prepare(experiment, progress)
    with Recorder(out, manifest(setup, features, command, crew.jobs, crew.threads), resume) as recorder:
        if not recorder.finished:
            setup = replace(setup, settings=_settings(setup, recorder, crew, progress))
            _play_all(setup, recorder, crew, progress)
    return Recorded(Run.read(out), setup)


def _outside(out: Path, source: str) -> None:
    """A run among the pictures would be a class of its own the next time they are read."""
    root = os.path.expanduser(source)
    if source in DATASETS or not os.path.isdir(root):
        return
    if Path(os.path.realpath(out)).is_relative_to(os.path.realpath(root)):  # Path.resolve fails on a looping link
        raise Mistake(
            f"The run would lie in '{out}', among the pictures that it reads, and be taken for a class of them. "
            "Name a folder elsewhere with --out."
        )


def _settings(setup: Setup, recorder: Recorder, crew: Crew, progress: Progress) -> dict[int, Settings]:
    """Every seed's settings: from the manifest where an earlier session chose them, else chosen now and put there."""
    found = {int(seed): chosen for seed, chosen in recorder.manifest["settings"].items()}
    missing = [seed for seed in setup.experiment.seeds if seed not in found]
    for seed, chosen in spread(partial(_tuned, setup), missing, crew.jobs, crew.threads):
        found[seed] = chosen
        progress("choosing the model's settings", len(found), len(setup.experiment.seeds))
    ordered = {seed: found[seed] for seed in setup.experiment.seeds}
    recorder.describe(settings={str(seed): chosen for seed, chosen in ordered.items()})
    return ordered


def _tuned(setup: Setup, seed: int) -> Iterator[Settings]:
    yield tune(setup, seed)


def _play_all(setup: Setup, recorder: Recorder, crew: Crew, progress: Progress) -> None:
    while todo := _unfinished(setup, recorder):
        _play_on(setup, todo, recorder, crew, progress)
    recorder.put("splits.json", json.dumps(plain_splits(setup.splits)) + "\n")
    recorder.finish(setup.arms())


Task = tuple[Arm, Sequence[Line]]  # an arm, and what was played of it


def _unfinished(setup: Setup, recorder: Recorder) -> list[Task]:
    played = [(arm, recorder.played(arm)) for arm in setup.arms()]
    return [(arm, lines) for arm, lines in played if not (lines and lines[-1].confusion)]


def _play_on(setup: Setup, todo: Sequence[Task], recorder: Recorder, crew: Crew, progress: Progress) -> None:
    """Play arms to their end, or those that are least far as far as one stride more."""
    until = crew.stride and min(len(lines) for _, lines in todo) + crew.stride
    behind = [(arm, lines) for arm, lines in todo if until is None or len(lines) < until]
    done, total = sum(len(recorder.played(arm)) for arm in setup.arms()), expected(setup)
    with recorder.appending() as parts:
        for (arm, _), line in spread(partial(_played, setup, until), behind, crew.jobs, crew.threads):
            parts.append(arm, line)
            done += 1
            progress(f"{arm.strategy}, seed {arm.seed}, round {line.row['round']}", done, max(total, done))


def _played(setup: Setup, until: int | None, task: Task) -> Iterator[Line]:
    arm, lines = task
    return islice(play(setup, arm, lines), None if until is None else until - len(lines))


def expected(setup: Setup) -> int:
    """How many rows the whole experiment gives."""
    total = 0
    for seed in setup.experiment.seeds:
        pool = opened(setup, seed)
        room = min(pool.left(), setup.plan.limit - len(pool.labelled()))
        batches = max(0, -(-room // setup.plan.size))
        total += 1 + int(batches if setup.plan.rounds is None else min(batches, setup.plan.rounds))
    return total * len(setup.experiment.strategies)


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


def _suitable(dataset: Dataset, experiment: Experiment, trained: Entry) -> None:
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
