"""What is said of a comparison."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console

from nextlabel.cli.progress import show_progress
from nextlabel.comparison import Comparison, Terms, weigh
from nextlabel.comparison.reading import read_families
from nextlabel.errors import Mistake
from nextlabel.progress import Progress
from nextlabel.text import join_names, printable
from nextlabel.wording.verdicts import headline, look_words, overall, verdict, vote_words


def run_compare(
    runs: Sequence[Path], terms: Terms, families: Path | None, out: Path | None, figures: Sequence[str],
    as_json: bool, loud: Console,
) -> None:  # fmt: skip
    """Compare runs, write the report where one is wanted, and say what was found, the gates first."""
    if out is not None:
        refuse_overwriting([*runs, *([families] if families else [])], out)
    with show_progress(loud, quiet=as_json) as progress:
        progress("comparing", 0, 0)  # 0: nobody knows how many
        groups = {} if families is None else read_families(families)
        comparison = weigh(runs, terms, groups)
        page = None if out is None else write_report(comparison, out, figures, progress)
    # Beside the result, on standard error: with --json standard output must be JSON alone.
    for note in [*comparison.notes, *family_notes(groups, comparison)]:
        loud.print(f"Note: {note}", markup=False)
    print(json.dumps(comparison.records(), allow_nan=False) if as_json else describe_comparison(comparison, page))


def write_report(comparison: Comparison, out: Path, figures: Sequence[str], progress: Progress) -> Path:
    """The page of a comparison, and all that lies beside it."""
    from nextlabel import report  # in here: the figures take seconds to import, and most comparisons draw none

    progress("drawing the report", 0, 0)
    return report.write_verdicts(comparison, out, figures)


def refuse_overwriting(paths: Sequence[Path], out: Path) -> None:
    """A report must not be written over what it is made from."""
    from nextlabel import report

    for path in paths:
        # Where links lead, not names: one file has many. os.path's, for Path.resolve fails on a link that leads to
        # itself.
        if os.path.realpath(path) in {os.path.realpath(out / name) for name in report.REPORT_FILES}:
            raise Mistake(f"'{printable(str(path))}' would be written over by the report. Choose another --out.")


def family_notes(families: Mapping[str, Sequence[str]], comparison: Comparison) -> list[str]:
    """Says which names in a file of families are of no dataset here: most likely one is written wrong."""
    there = {one.bench.dataset for one in comparison.verdicts}
    # A note and no error: one file of families serves several calls, each of some of the datasets.
    odd = sorted({name for members in families.values() for name in members} - there)
    names = join_names([f"'{printable(name)}'" for name in odd])
    return [f"The families name {names}, and no such dataset is here."] if odd else []


def describe_comparison(comparison: Comparison, page: Path | None) -> str:
    """Gates, then verdicts dataset by dataset, then what they say together."""
    marks = {True: "passed", False: "FAILED", None: "not tried"}
    lines = [f"Gate {gate.name}, {marks[gate.passed]}: {gate.words}." for gate in comparison.gates]
    lines += [look_words(comparison.terms.one_look)]
    for one in comparison.verdicts:
        lines += [f"{one.bench.title}: {headline(one.standings)}"]
        lines += [f"  {verdict(standing)}" for standing in one.standings]
    # Over one dataset `overall` would only say its headline again.
    if len(comparison.verdicts) > 1:
        lines += [overall(comparison.across, [one.standings for one in comparison.verdicts])]
        lines += [f"  {vote_words(vote)}" for vote in comparison.across.votes]
    return "\n".join([*lines, f"Report: {page}"] if page else lines)
