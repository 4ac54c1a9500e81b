"""What the command line says while a run goes on, and at its end."""

import json
import os
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from rich.console import Console

from nextlabel import report
from nextlabel.cli.notes import data_notes
from nextlabel.cli.pages import Output
from nextlabel.cli.progress import show_progress
from nextlabel.datasets.remote_file import name_of_address
from nextlabel.experiment import Crew, Experiment
from nextlabel.files.remote import is_remote, without_secrets
from nextlabel.runs.lines import Row
from nextlabel.runs.reading import Run
from nextlabel.simulation import Recorded, record
from nextlabel.simulation.parts import Parts
from nextlabel.statistics.standings import Standing, standings
from nextlabel.text import several
from nextlabel.wording.verdicts import headline, verdict


def run_simulate(experiment: Experiment, crew: Crew, output: Output, command: Sequence[str], loud: Console) -> None:
    """Record an experiment, write its report, and say what was found."""
    page = None
    with show_progress(loud, quiet=output.json) as progress:
        folder = output.out or dated_folder(experiment)
        recorded = record(experiment, folder, crew, output.resume, command, progress)
        if output.report and has_scores(recorded.run):
            progress("drawing the report", 0, 0)
            # The map is drawn of what the first seed's model saw.
            seen = recorded.parts.pool(experiment.seeds[0]).features
            page = report.write(recorded.run, recorded.parts.dataset, seen, output.figures)
    # After the bar is gone: a line that is written while it is drawn would tear it.
    parts = recorded.parts
    for note in [*data_notes(parts.dataset), *validation_notes(parts), *learning_notes(recorded)]:
        loud.print(f"Note: {note}", markup=False)
    print(
        json.dumps(run_to_json(recorded.run, page), allow_nan=False)
        if output.json
        else describe_run(recorded.run, page)
    )


def run_to_json(run: Run, page: Path | None) -> Row:
    """What ``--json`` prints: where things are, and each strategy's figures, in fractions."""
    # The names and the fractions are a promise to scripts: figures in percent are for people.
    found = standings(run.rows, run.manifest["dataset"]["counts"]) if has_scores(run) else []
    summary = [_summary(one) for one in found]
    return {"out": str(run.folder), "report": page and str(page), "summary": summary}


def _summary(one: Standing) -> Row:
    gap, judgement = one.difference, one.judgement
    return {
        "strategy": one.strategy,
        "metric": one.metric,
        "seeds": one.seeds,
        "aubc": one.aubc,
        "mean_difference": None if gap is None else gap.mean,
        "ci95": None if gap is None else [gap.low, gap.high],
        "looks": gap and gap.looks,
        "verdict": judgement and judgement.verdict,
        "negligible": judgement and judgement.negligible,
        "seeds_needed": judgement and judgement.seeds_needed,
        "seeds_for_same": judgement and judgement.seeds_for_same,
        "detectable_difference": judgement and judgement.detectable,
        **{f"final_{name}": heights[-1] for name, heights in one.at.items()},
    }


def has_scores(run: Run) -> bool:
    """Did any seed have a test set? With an audit side a run may do without: then it is only about who is asked."""
    return any(row["accuracy"] is not None for row in run.rows)


def describe_run(run: Run, page: Path | None) -> str:
    """What was found, in plain words, and where the report is."""
    if not has_scores(run):
        return f"No test set, so no scores. Who was asked, and why: {run.folder / 'picks.jsonl'}"
    ranks = standings(run.rows, run.manifest["dataset"]["counts"])
    place = f"Report: {page}" if page else f"Rows: {run.folder / 'rows.jsonl'}"
    return "\n".join([headline(ranks), *(f"  {verdict(one)}" for one in ranks), place])


def validation_notes(parts: Parts) -> list[str]:
    """Says that a model which wants validation samples had none, and under which seeds where some had."""
    # With a split file some seeds may have validation samples and others none.
    blind = [str(seed) for seed, split in parts.splits.items() if not len(split.val)]
    if not parts.entries.model.val or not blind:
        return []
    where = f" under {several(len(blind), 'seed')} ({', '.join(blind)})" if len(blind) < len(parts.splits) else ""
    name = parts.experiment.model
    return [f"There are no validation samples{where}, so '{name}' kept its last epoch, not its best one."]


def learning_notes(recorded: Recorded) -> list[str]:
    """Says how a table's features were scaled, and how often a solver stopped before its end."""
    experiment, timings = recorded.parts.experiment, recorded.run.timings
    notes = []
    # By default, so that somebody who did not ask for it is told. Of pictures one has to ask.
    if experiment.standardize and recorded.parts.dataset.table is not None:
        notes.append(
            "Features are scaled to mean 0 and variance 1, by everything but the test set, as those of tables are. "
            "--no-standardize takes them as they are."
        )
    # A run of version 0.1 does not say whether its solver converged: it is believed.
    if short := sum(not timing.get("converged", True) for timing in timings):
        scale = "" if experiment.standardize else " Features on one scale (--standardize) mostly get there."
        notes.append(
            f"In {short:,} of {several(len(timings), 'round')} the solver of '{experiment.model}' stopped before it "
            f"had converged.{scale}"
        )
    if workers := recorded.run.manifest["made_with"][-1].get("workers"):
        notes.append(
            f"Not all workers compute with the kernels of this machine ({workers}): rows agree but for their last "
            "digits, and another run may have others there."
        )
    return notes


def dated_folder(experiment: Experiment) -> Path:
    """A new folder under runs/: the date, the dataset, and a number where there are several."""
    # abspath, or the folder `.` would have no name.
    source = without_secrets(experiment.dataset)
    name = experiment.name or (name_of_address(source) if is_remote(source) else Path(os.path.abspath(source)).stem)
    plain = re.sub(r"[^\w.-]+", "_", name)[:60]  # what every file system takes, and short enough for it
    stem = f"{date.today().isoformat()}-{plain}"
    # Two runs that begin in the same moment can still choose one name: the recorder's lock keeps the second out.
    tries = [Path("runs") / stem, *(Path("runs") / f"{stem}-{k}" for k in range(2, 10_000))]
    return next(path for path in tries if not path.exists())
