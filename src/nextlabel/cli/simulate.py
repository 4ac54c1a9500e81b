"""What the command line says while a run or a download goes on, and at its end."""

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from rich.console import Console

from nextlabel import report
from nextlabel.cli.progress import watched
from nextlabel.datasets.base import Dataset
from nextlabel.runs.lines import Row
from nextlabel.runs.reading import Run
from nextlabel.simulation import record
from nextlabel.simulation.experiment import Crew, Experiment
from nextlabel.simulation.parts import Parts
from nextlabel.statistics.standings import Standing, standings
from nextlabel.text import several
from nextlabel.wording.verdicts import headline, verdict


@dataclass(frozen=True)
class Telling:
    """What is told of a run, and how: with a report or without, in words or as JSON."""

    report: bool = True
    json: bool = False


def carry_out(
    experiment: Experiment,
    out: Path | None,
    crew: Crew,
    resume: bool,
    telling: Telling,
    command: Sequence[str],
    loud: Console,
) -> None:
    """Record an experiment, write its report, and say what was found."""
    page = None
    with watched(loud) as progress:
        recorded = record(experiment, out or dated(experiment), crew, resume, command, progress)
        if telling.report:
            progress("drawing the report", 0, 1)
            page = report.write(recorded.run, recorded.parts.dataset, recorded.parts.embedded.array)
    for note in [*notes(recorded.parts.dataset), *unwatched(recorded.parts)]:
        loud.print(f"Note: {note}", markup=False)
    print(json.dumps(result(recorded.run, page), allow_nan=False) if telling.json else said(recorded.run, page))


def result(run: Run, page: Path | None) -> Row:
    """What ``--json`` prints: where things are, and each strategy's figures, in fractions."""
    found = standings(run.rows, run.manifest["dataset"]["counts"])
    return {"out": str(run.folder), "report": page and str(page), "summary": [_summary(one) for one in found]}


def _summary(one: Standing) -> Row:
    gap, found = one.difference, one.judged
    return {
        "strategy": one.strategy,
        "metric": one.metric,
        "seeds": one.seeds,
        "aubc": one.aubc,
        "mean_difference": None if gap is None else gap.mean,
        "ci95": None if gap is None else [gap.low, gap.high],
        "verdict": found and found.verdict,
        "negligible": found and found.negligible,
        "seeds_needed": found and found.seeds_needed,
        "seeds_for_same": found and found.seeds_for_same,
        **{f"final_{name}": heights[-1] for name, heights in one.at.items()},
    }


def said(run: Run, page: Path | None) -> str:
    """What was found, in plain words, and where the report is."""
    found = standings(run.rows, run.manifest["dataset"]["counts"])
    verdicts = [f"  {verdict(one)}" for one in found]
    return "\n".join([headline(found), *verdicts, f"Report: {page}" if page else f"Rows: {run.folder / 'rows.jsonl'}"])


def notes(dataset: Dataset) -> list[str]:
    """What somebody should know of the data before they trust a figure."""
    found = list(dataset.warnings)
    if dataset.skipped:
        first = dataset.skipped[0]
        found.append(f"{len(dataset.skipped)} files were left out, among them '{first.path}': {first.reason}.")
    if dataset.duplicates:
        found.append(f"{sum(map(len, dataset.duplicates))} samples share their bytes with another; all of them count.")
    return found


def unwatched(parts: Parts) -> list[str]:
    """Says that a model which wants validation samples had none, and under which seeds where some had."""
    blind = [str(seed) for seed, found in parts.splits.items() if not len(found.val)]
    if not parts.entries.model.val or not blind:
        return []
    where = f" under {several(len(blind), 'seed')} ({', '.join(blind)})" if len(blind) < len(parts.splits) else ""
    name = parts.experiment.model
    return [f"There are no validation samples{where}, so '{name}' kept its last epoch, not its best one."]


def dated(experiment: Experiment) -> Path:
    """A new folder under runs/: the date, the dataset, and a number where there are several."""
    name = experiment.name or Path(os.path.abspath(experiment.dataset)).stem
    plain = re.sub(r"[^\w.-]+", "_", name)[:60]
    stem = f"{date.today().isoformat()}-{plain}"
    tries = [Path("runs") / stem, *(Path("runs") / f"{stem}-{k}" for k in range(2, 10_000))]
    return next(path for path in tries if not path.exists())
