"""What the command line says while a run goes on, and at its end."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from nextlabel import report
from nextlabel.datasets.base import Dataset
from nextlabel.datasets.base import Progress as Watcher
from nextlabel.experiment import Experiment
from nextlabel.simulation import Crew, record


def carry_out(
    experiment: Experiment,
    out: Path | None,
    crew: Crew,
    resume: bool,
    as_json: bool,
    command: Sequence[str],
    loud: Console,
) -> None:
    """Record an experiment, write its report, and say what was found."""
    folder = out or dated(experiment)
    with watched(loud) as progress:
        recorded = record(experiment, folder, crew, resume, command, progress)
        progress("drawing the report", 0, 1)
        page = report.write(recorded.run, recorded.setup.dataset, recorded.setup.features)
        progress("drawing the report", 1, 1)
    for note in notes(recorded.setup.dataset):
        loud.print(f"Note: {note}", markup=False)
    print(json.dumps({"out": str(folder), "report": str(page)}) if as_json else f"Report: {page}")


def notes(dataset: Dataset) -> list[str]:
    """What somebody should know of the data before they trust a figure."""
    found = list(dataset.warnings)
    if dataset.skipped:
        first = dataset.skipped[0]
        found.append(f"{len(dataset.skipped)} files were left out, among them '{first.path}': {first.reason}.")
    if dataset.duplicates:
        found.append(f"{sum(map(len, dataset.duplicates))} samples share their bytes with another; all of them count.")
    return found


def dated(experiment: Experiment) -> Path:
    """A new folder under runs/: the date, the dataset, and a number where there are several."""
    stem = f"{date.today().isoformat()}-{experiment.name or Path(experiment.dataset).stem}"
    tries = [Path("runs") / stem, *(Path("runs") / f"{stem}-{k}" for k in range(2, 10_000))]
    return next(path for path in tries if not path.exists())


@contextmanager
def watched(loud: Console) -> Iterator[Watcher]:
    """A progress bar with the time left on the terminal; nothing where there is none."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=loud, disable=not loud.is_terminal, transient=True) as bar:
        task = bar.add_task("", total=None)
        stage = [""]

        def show(what: str, done: int, total: int) -> None:
            kind = what.partition(",")[0]
            if kind != stage[0] and done <= 1:
                bar.reset(task)
            stage[0] = kind
            bar.update(task, description=what, completed=done, total=total)

        yield show
