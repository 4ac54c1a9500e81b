"""Simulate: play every strategy under every seed on labels that are known, and keep honest rows.

`simulate` returns the rows; `iter_simulate` yields them as they come; `record` writes a whole run to a folder, with
several processes, and goes on where an interrupted one stopped. All three give the same rows.
"""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from nextlabel.datasets import DATASETS
from nextlabel.datasets.split_files import plain_splits
from nextlabel.engines import engine, run
from nextlabel.errors import Mistake
from nextlabel.experiment import Crew, Experiment
from nextlabel.files.strict_json import dump
from nextlabel.knobs import read_page
from nextlabel.knobs.kinds import FLAG, read_path, whole
from nextlabel.models.base import Settings
from nextlabel.progress import FINISHED, Progress, quiet
from nextlabel.runs.lines import Line, Row, lines
from nextlabel.runs.reading import Run
from nextlabel.runs.recorder import Recorder
from nextlabel.simulation.arm import play, tune
from nextlabel.simulation.manifest import identity, known_before, manifest, plain_samples
from nextlabel.simulation.parts import Parts, embed_parts, prepare, read_parts
from nextlabel.simulation.reach import bring_within_reach
from nextlabel.simulation.splitting import say_twins
from nextlabel.simulation.strides import Player, Stride
from nextlabel.text import show_path


def simulate(experiment: Experiment, threads: int = 1) -> list[Row]:
    """Run to the end and return one row per (strategy, seed, round), in that order.

    >>> from nextlabel import Experiment, Plan, simulate
    >>> rows = simulate(Experiment("digits", ("random",), seeds=(0,), plan=Plan(batch=5, rounds=1)))
    >>> [row["labelled"] for row in rows]
    [20, 25]
    """
    return list(iter_simulate(experiment, threads))


def iter_simulate(experiment: Experiment, threads: int = 1) -> Iterator[Row]:
    """Yield the rows of `simulate` one by one, computed in this process.

    >>> from nextlabel import Experiment, Plan, iter_simulate
    >>> rows = iter_simulate(Experiment("digits", ("margin",), seeds=(0,), plan=Plan(batch=5, rounds=20)))
    >>> next(rows)["labelled"], next(rows)["labelled"]  # and no more is computed than was looked at
    (20, 25)
    """
    # Refused now, not at the first row: hence the generator is another one.
    return _iter_rows(read_page("experiment", Experiment, experiment), whole(1).take("threads", threads))


def _iter_rows(experiment: Experiment, threads: int) -> Iterator[Row]:
    with threadpool_limits(threads):
        parts = prepare(experiment)
        settings = {seed: tune(parts, seed) for seed in experiment.seeds}
    parts = replace(parts, settings=settings)
    # In this order, whatever `record` does: rows come by strategy, then by seed, then by round.
    for arm in parts.arms:
        lines = play(parts, arm)
        while (line := _next(lines, threads)) is not None:
            yield line.row


def _next(lines: Iterator[Line], threads: int) -> Line | None:
    with threadpool_limits(threads):  # only while we compute: the caller's own work keeps its threads
        return next(lines, None)


@dataclass(frozen=True)
class Recorded:
    """A finished run, with the data that its report shows."""

    run: Run
    parts: Parts


def record(
    experiment: Experiment,
    out: str | Path,
    crew: Crew = Crew(),
    resume: bool = False,
    command: Sequence[str] = (),
    progress: Progress | None = None,
) -> Recorded:
    """Write the run of an experiment to the folder ``out``, and return it.

    With ``resume`` an interrupted run goes on after its last whole round; a finished one is left as it is, or played
    under the seeds that the experiment has beyond it. Raises
    `NextlabelError` in one of its kinds; whatever was written stays.

    >>> import tempfile
    >>> from nextlabel import Crew, Experiment, Plan, record
    >>> experiment = Experiment("digits", ("random",), seeds=(0,), plan=Plan(batch=5, rounds=0))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     recorded = record(experiment, Path(folder) / "run", Crew(jobs=1))
    >>> recorded.run.rows[0]["labelled"], recorded.run.picks[0]["ids"]
    (20, [])
    """
    experiment, out = read_page("experiment", Experiment, experiment), read_path("out", out)
    # A dict or a text is a page or a path from here on: refused, where it is none, before any worker is started.
    crew, resume, progress = read_page("crew", Crew, crew), FLAG.take("resume", resume), progress or quiet
    with engine(
        crew.jobs, crew.cluster
    ) as workers:  # first: a worker of a script without a guard comes here, and no further
        _outside(out, experiment.dataset)
        Recorder(out, {"identity": known_before(experiment)}, resume).rehearse()  # before the data are read,
        parts = read_parts(experiment, progress)
        Recorder(out, {"identity": identity(parts, crew.threads)}, resume).rehearse()  # and before they are embedded
        parts = _tell_twins(embed_parts(parts, progress))
        with Recorder(out, manifest(parts, command, crew, workers), resume) as recorder:
            if not recorder.is_finished:
                sent = bring_within_reach(parts, workers)
                settings = _tune_all(sent, recorder, workers, crew, progress)
                _play_all(replace(sent, settings=settings), recorder, workers, crew, progress)
                parts = replace(parts, settings=settings)
    return Recorded(Run.read(out), parts)


def _tell_twins(parts: Parts) -> Parts:
    """The parts, whose dataset says how many samples have twins across the split."""
    seed, first = next(iter(parts.splits.items()))
    notes = tuple(say_twins(parts.dataset, first, seed))
    return replace(parts, dataset=replace(parts.dataset, warnings=parts.dataset.warnings + notes)) if notes else parts


def _outside(out: Path, source: Any) -> None:
    """A run among the samples would be a class of its own the next time they are read."""
    if not isinstance(source, str):  # held in Python
        return
    root = os.path.expanduser(source)
    # A folder called "digits" does not stand for itself: the name of a set wins, here as in `load`.
    if source in DATASETS or not os.path.isdir(root):
        return
    if Path(os.path.realpath(out)).is_relative_to(os.path.realpath(root)):  # Path.resolve fails on a looping link
        raise Mistake(
            f"The run would lie in '{show_path(out)}', among the files that it reads, and be taken for a class of "
            "them. Name a folder elsewhere with --out."
        )


def _tune_all(
    parts: Parts, recorder: Recorder, workers: Executor, crew: Crew, progress: Progress
) -> dict[int, Settings]:
    """Every seed's settings: from the manifest where an earlier session chose them, else chosen now and put there."""
    # Keys of a JSON object are text.
    found = {int(seed): chosen for seed, chosen in recorder.manifest["settings"].items()}
    missing = [seed for seed in parts.experiment.seeds if seed not in found]
    for seed, chosen in run(workers, partial(tune, parts), missing, crew.jobs, crew.threads):
        found[seed] = chosen
        progress("choosing the model's settings", len(found), len(parts.experiment.seeds))
    # Workers answer in any order; the manifest has the seeds' own, whatever the number of jobs.
    ordered = {seed: found[seed] for seed in parts.experiment.seeds}
    # Before any round is played: a resumed run takes these, even where another version would choose otherwise.
    recorder.describe(settings={str(seed): chosen for seed, chosen in ordered.items()})
    return ordered


def _play_all(parts: Parts, recorder: Recorder, workers: Executor, crew: Crew, progress: Progress) -> None:
    player = Player(parts)
    # Without a stride once around: each arm is played to its end. With one, a turn for those that are behind, and
    # again.
    while todo := recorder.open_arms(parts.arms):
        _play_on(player, [Stride(arm, played) for arm, played in todo], recorder, workers, crew, progress)
    # Before `finish`, whose last file says that the run is whole.
    recorder.write("splits.json", dump(plain_splits(parts.splits, parts.dataset)) + "\n")
    if parts.dataset.table is None:  # rows of a table are known by their place alone
        recorder.write("samples.jsonl", lines(plain_samples(parts.dataset)))
    recorder.finish()


def _play_on(
    player: Player, todo: Sequence[Stride], recorder: Recorder, workers: Executor, crew: Crew, progress: Progress
) -> None:
    """Play arms to their end, or those that are least far as far as one stride of the crew's more."""
    # None without a stride. By the arm that is least far, so that a resumed run first catches up where it was cut off.
    until = crew.stride and min(len(stride.played) for stride in todo) + crew.stride
    behind = [stride._replace(until=until) for stride in todo if until is None or len(stride.played) < until]
    total = player.parts.rows()
    for (arm, _, _), more in run(workers, player, behind, crew.jobs, crew.threads, Stride.successor):
        # On the disk first, then told: who reads "finished" may pull the plug.
        recorder.add(arm, more)
        step = FINISHED if more[-1].last else f"round {more[-1].row['round']}"
        progress(f"{arm.strategy}, seed {arm.seed}, {step}", recorder.count, total)
