"""Simulate: play every strategy under every seed on labels that are known, and keep honest rows.

`simulate` returns the rows; `iter_simulate` yields them as they come; `record` writes a whole run to a folder, with
several processes, and goes on where an interrupted one stopped; `record_study` does so for several datasets at once.
All of them give the same rows.
"""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from threadpoolctl import threadpool_limits

from nextlabel.engines import engine
from nextlabel.errors import OtherRun
from nextlabel.experiment import Crew, Experiment
from nextlabel.knobs import read_page
from nextlabel.knobs.kinds import FLAG, read_path, whole
from nextlabel.knobs.names import CPU
from nextlabel.progress import Progress, quiet
from nextlabel.runs.lines import Line, Row
from nextlabel.runs.reading import Run
from nextlabel.simulation.arm import play, tune
from nextlabel.simulation.parts import Parts, prepare
from nextlabel.simulation.playing import play_all
from nextlabel.simulation.recording import Recording, prepare_all
from nextlabel.study import Study
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
    """A finished run, with the data that its report shows; ``is_new`` where something was played for it just now."""

    run: Run
    parts: Parts
    is_new: bool = True


def record(
    experiment: Experiment,
    out: str | Path,
    crew: Crew = Crew(),
    resume: bool = False,
    command: Sequence[str] = (),
    progress: Progress | None = None,
    workers: Executor | None = None,
) -> Recorded:
    """Write the run of an experiment to the folder ``out``, and return it.

    With ``resume`` an interrupted run goes on after its last whole round; a finished one is left as it is, or played
    under the seeds that the experiment has beyond it. ``workers`` is an engine of your own, which stays open:
    ``crew.jobs`` tasks are under way on it. Raises `NextlabelError` in one of its kinds; whatever was written stays.

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
    crew = read_page("crew", Crew, crew)
    (recorded,) = _record_all([Recording(experiment, out)], crew, resume, command, progress, workers)
    return recorded


def record_study(
    study: Study,
    out: str | Path,
    resume: bool = False,
    command: Sequence[str] = (),
    progress: Progress | None = None,
    workers: Executor | None = None,
) -> list[Recorded]:
    """Play the experiments of a study side by side; each one's run, as `record` writes it, is a folder in ``out``.

    What can be refused of any of them is refused before the first is played. With ``resume`` finished ones are left
    as they are, and others go on or begin.

    >>> import tempfile
    >>> from nextlabel import Crew, Experiment, Plan, Study, record_study
    >>> few = Experiment("digits", ("random",), seeds=(0,), plan=Plan(batch=5, rounds=0))
    >>> more = Experiment("digits", ("random",), seeds=(0,), start=50, name="fifty", plan=Plan(batch=5, rounds=0))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     runs = [recorded.run for recorded in record_study(Study([few, more], Crew(jobs=1)), folder)]
    >>> [(run.folder.name, run.rows[0]["labelled"]) for run in runs]
    [('digits', 20), ('fifty', 50)]
    """
    study, out = read_page("study", Study, study), read_path("out", out)
    if os.path.exists(out / "manifest.json"):
        raise OtherRun(
            f"'{show_path(out)}' is the folder of one run, and a study has a folder in its own for each dataset. "
            "Choose another --out."
        )
    several = [
        Recording(experiment, out / name, name) for name, experiment in zip(study.names, study.experiments, strict=True)
    ]
    return _record_all(several, study.crew, resume, command, progress, workers)


def _record_all(
    several: Sequence[Recording],
    crew: Crew,
    resume: bool,
    command: Sequence[str],
    progress: Progress | None,
    own: Executor | None,
) -> list[Recorded]:
    resume, progress = FLAG.take("resume", resume), progress or quiet
    # First: a worker of a script without a guard comes no further.
    device = next((one.experiment.device for one in several if one.experiment.device != CPU), CPU)
    with engine(crew.jobs, crew.cluster, device) if own is None else nullcontext(own) as workers:
        prepare_all(several, crew, resume, progress, here=own is None and crew.cluster is None)
        with ExitStack() as stack:
            for one in several:
                one.open(stack, command, crew, workers, resume)
            play_all([one for one in several if one.is_new], workers, crew, progress)
    return [Recorded(Run.read(one.folder), one.parts, one.is_new) for one in several]
