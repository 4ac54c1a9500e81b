"""What the command line says while a study goes on, and at its end."""

import json
import shlex
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from nextlabel.cli.compare import describe_comparison
from nextlabel.cli.pages import Output
from nextlabel.cli.progress import show_progress
from nextlabel.cli.simulate import describe_run, draw_report, has_scores, new_folder, notes_of, run_to_json
from nextlabel.comparison import weigh
from nextlabel.errors import NextlabelError
from nextlabel.progress import Progress
from nextlabel.simulation import Recorded, record_study
from nextlabel.study import Study

REPORT = "report.html"


def run_study(study: Study, output: Output, command: Sequence[str], loud: Console) -> None:
    """Record the runs of a study, write their reports, and say what was found over all of them."""
    folder = output.out or new_folder("study")
    for note in study.notes:  # now: somebody may want other names before hours are spent
        loud.print(f"Note: {note}", markup=False)
    with show_progress(loud, quiet=output.json) as progress:
        recorded = record_study(study, folder, output.resume, command, progress)
        pages = draw_reports(recorded, output, progress)
    for name, one in zip(study.names, recorded, strict=True):
        for note in notes_of(one):
            loud.print(f"Note: {name}: {note}", markup=False)
    if output.json:
        print(json.dumps([run_to_json(one.run, pages.get(one.run.folder)) for one in recorded], allow_nan=False))
    else:
        print("\n".join([*describe_study(recorded, loud), *where(folder, pages)]))


def draw_reports(recorded: Sequence[Recorded], output: Output, progress: Progress) -> dict[Path, Path]:
    """The page of every run with scores, by its folder; one that was finished before keeps what it has."""
    pages: dict[Path, Path] = {}
    wanted = [one for one in recorded if output.report and has_scores(one.run)]
    for done, one in enumerate(wanted):
        progress("drawing reports", done, len(wanted))
        page = one.run.folder / REPORT
        pages[one.run.folder] = draw_report(one, output.figures) if one.is_new or not page.exists() else page
        one.parts.let_go()
    return pages


def describe_study(recorded: Sequence[Recorded], loud: Console) -> list[str]:
    """What `compare` says of all runs with scores; where it would not compare them, what each says by itself."""
    scored = [one.run for one in recorded if has_scores(one.run)]
    try:
        return [describe_comparison(weigh([run.folder for run in scored]), None)] if scored else []
    except NextlabelError as error:  # no random among the strategies, perhaps
        loud.print(f"Note: The datasets are not compared with one another: {error}", markup=False)
        return [f"{run.folder.name}: {describe_run(run, None)}" for run in scored]


def where(folder: Path, pages: dict[Path, Path]) -> list[str]:
    """Where everything is, and how to look at it in other ways."""
    runs = f"{shlex.quote(str(folder))}/*"
    found = [f"Reports: {runs}/{REPORT}"] if pages else [f"Runs: {runs}"]
    return [*found, f"With other terms: nextlabel compare {runs} --out {shlex.quote(str(folder))}-verdicts"]
