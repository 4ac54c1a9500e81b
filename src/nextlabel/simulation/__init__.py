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

from nextlabel.datasets import DATASETS
from nextlabel.engines.processes import run
from nextlabel.errors import Mistake
from nextlabel.models.base import Settings
from nextlabel.progress import Progress, quiet
from nextlabel.runs.lines import Arm, Line, Row
from nextlabel.runs.reading import Run
from nextlabel.runs.recorder import Recorder
from nextlabel.simulation.arm import opened, play, tune
from nextlabel.simulation.experiment import Crew, Experiment
from nextlabel.simulation.manifest import manifest, plain_splits
from nextlabel.simulation.parts import Setup, prepare


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
    for seed, chosen in run(partial(_tuned, setup), missing, crew.jobs, crew.threads):
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
        for (arm, _), line in run(partial(_played, setup, until), behind, crew.jobs, crew.threads):
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
