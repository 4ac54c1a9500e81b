"""What is said of a comparison."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console

from nextlabel.cli.progress import watched
from nextlabel.comparison import Comparison, Terms, weigh
from nextlabel.comparison.reading import read_families
from nextlabel.errors import Mistake
from nextlabel.text import join_names, printable
from nextlabel.wording.verdicts import headline, overall, verdict, vote_said


def tell_verdicts(
    runs: Sequence[Path], terms: Terms, families: Path | None, out: Path | None, as_json: bool, loud: Console
) -> None:
    """Compare runs, write the report where one is wanted, and say what was found, the gates first."""
    page = None
    if out is not None:
        from nextlabel import report  # with its figures and maps scikit-learn comes, which words do not need

        refuse_input([*runs, *([families] if families else [])], out)
    with watched(loud) as progress:
        progress("comparing", 0, 1)
        named = {} if families is None else read_families(families)
        found = weigh(runs, terms, named)
        if out is not None:
            progress("drawing the report", 0, 1)
            page = report.write_verdicts(found, out)
    for note in [*found.notes, *strangers(named, found)]:
        loud.print(f"Note: {note}", markup=False)
    print(json.dumps(found.records(), allow_nan=False) if as_json else judged_said(found, page))


def refuse_input(paths: Sequence[Path], out: Path) -> None:
    """A report must not be written over what it is made from."""
    from nextlabel import report

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
