"""What the command line says while a run or a download goes on, and at its end."""

import json
import os
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from nextlabel import report
from nextlabel.comparison import Comparison, Terms, weigh
from nextlabel.comparison.reading import read_families
from nextlabel.datasets.base import Dataset
from nextlabel.datasets.fetching.flowers import Flowers, fetch
from nextlabel.errors import Mistake
from nextlabel.models import model
from nextlabel.progress import Progress as Watcher
from nextlabel.runs.lines import Row
from nextlabel.runs.reading import Run
from nextlabel.simulation import record
from nextlabel.simulation.experiment import Crew, Experiment
from nextlabel.simulation.parts import Setup
from nextlabel.statistics.standings import Standing, standings
from nextlabel.text import join_names, printable, several
from nextlabel.wording.verdicts import headline, overall, verdict, vote_said

SOURCE = """\
They are TensorFlow's flower_photos, all of it, under CC BY 2.0; LICENSE.txt credits the photographers.
The guide's set, imsparsh/flowers-dataset on Kaggle, was made from it: its training part holds 2,746 of them (daisy 501,
dandelion 646, rose 497, sunflower 495, tulip 607). Scores on these and on those are not the same scores."""

AS_IN_THE_GUIDE = "--test 0.1 --val 0.1 --start 0.05 --batch 0.03"


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
            page = report.write(recorded.run, recorded.setup.dataset, recorded.setup.features)
    for note in [*notes(recorded.setup.dataset), *unwatched(recorded.setup)]:
        loud.print(f"Note: {note}", markup=False)
    print(json.dumps(result(recorded.run, page)) if telling.json else said(recorded.run, page))


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


def unwatched(setup: Setup) -> list[str]:
    """Says that a model which wants validation samples had none, and under which seeds where some had."""
    blind = [str(seed) for seed, found in setup.splits.items() if not len(found.val)]
    if not model(setup.experiment.model).val or not blind:
        return []
    where = f" under {several(len(blind), 'seed')} ({', '.join(blind)})" if len(blind) < len(setup.splits) else ""
    name = setup.experiment.model
    return [f"There are no validation samples{where}, so '{name}' kept its last epoch, not its best one."]


def tell_verdicts(
    runs: Sequence[Path], terms: Terms, families: Path | None, out: Path | None, as_json: bool, loud: Console
) -> None:
    """Compare runs, write the report where one is wanted, and say what was found, the gates first."""
    page = None
    if out is not None:
        refuse_input([*runs, *([families] if families else [])], out)
    with watched(loud) as progress:
        progress("comparing", 0, 1)
        named = {} if families is None else read_families(families)
        found = weigh(runs, terms, named)
        if out is not None:
            progress("drawing the report", 0, 1)
            page = report.write_verdicts(found, out)
    for note in strangers(named, found):
        loud.print(f"Note: {note}", markup=False)
    print(json.dumps(found.records()) if as_json else judged_said(found, page))


def refuse_input(paths: Sequence[Path], out: Path) -> None:
    """A report must not be written over what it is made from."""
    for path in paths:
        if os.path.realpath(path) in {os.path.realpath(out / name) for name in report.NAMES}:
            raise Mistake(f"'{printable(str(path))}' would be written over by the report. Choose another --out.")


def strangers(families: Mapping[str, Sequence[str]], found: Comparison) -> list[str]:
    """Says which names in a file of families are of no dataset here: most likely one is written wrong."""
    there = {one.bench.dataset for one in found.verdicts}
    odd = sorted({name for members in families.values() for name in members} - there)
    names = join_names([f"'{printable(name)}'" for name in odd])
    return [f"The families name {names}, and no such dataset is here."] if odd else []


def judged_said(found: Comparison, page: Path | None) -> str:
    """Gates, then verdicts dataset by dataset, then what they say together."""
    marks = {True: "passed", False: "FAILED", None: "not tried"}
    lines = [f"Gate {gate.name}, {marks[gate.passed]}: {gate.words}." for gate in found.gates]
    for one in found.verdicts:
        lines += [f"{one.bench.title}: {headline(one.standings)}"]
        lines += [f"  {verdict(standing)}" for standing in one.standings]
    if len(found.verdicts) > 1:
        lines += [overall(found.across, [one.standings for one in found.verdicts])]
        lines += [f"  {vote_said(vote)}" for vote in found.across.votes]
    return "\n".join([*lines, f"Report: {page}"] if page else lines)


def bring_flowers(folder: Path, as_json: bool, loud: Console) -> None:
    """Fetch the flowers into a folder, and say what is in it."""
    with watched(loud) as progress:
        found = fetch(folder, progress=progress)
    print(json.dumps(found._asdict(), default=str) if as_json else brought(found))


def brought(found: Flowers) -> str:
    """What the flowers are, how many there are of each, and what to do with them next."""
    folder = printable(str(found.folder))
    there = "now holds" if found.fetched else "already holds"
    return "\n".join(
        [
            f"'{folder}' {there} {sum(found.counts.values()):,} pictures of flowers:",
            *(f"  {name} {count:,}" for name, count in found.counts.items()),
            SOURCE,
            f"Next: nextlabel simulate {shlex.quote(folder)} {AS_IN_THE_GUIDE} --out runs/flowers",
        ]
    )


def dated(experiment: Experiment) -> Path:
    """A new folder under runs/: the date, the dataset, and a number where there are several."""
    name = experiment.name or Path(os.path.abspath(experiment.dataset)).stem
    plain = re.sub(r"[^\w.-]+", "_", name)[:60]
    stem = f"{date.today().isoformat()}-{plain}"
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
