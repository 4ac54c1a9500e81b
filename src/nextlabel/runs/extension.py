"""A finished run taken apart into the lines of its arms, so that more seeds can be played."""

from pathlib import Path

from nextlabel.runs.lines import Arm, Line
from nextlabel.runs.reading import Run
from nextlabel.runs.shapes import line_key


def take_apart(folder: Path) -> dict[Arm, list[Line]]:
    """Every arm's lines, as they were before they were merged; raises `RunBroken` where a file was damaged."""
    run = Run.read(folder)
    last = {Arm(row["strategy"], row["seed"]): row for row in run.confusions}
    arms: dict[Arm, list[Line]] = {}
    said = {line_key(row): row for row in run.estimates}
    for row, timing, pick in zip(run.rows, run.timings, run.picks, strict=True):  # `Run.read` saw that they agree
        line = Line(row, timing, pick, None, said.get(line_key(row)))
        arms.setdefault(Arm(row["strategy"], row["seed"]), []).append(line)
    for arm, played in arms.items():
        played[-1] = played[-1]._replace(confusion=last[arm])
    return arms
