"""When should `auto` switch? ``python benchmarks/auto_thresholds.py [KIND]``, from what `selection_quality.py` found.

For each number of labels per class at which coverage could give way to margin: the mean regret, in points of AUBC,
against the best of those numbers on each dataset and start; and which number the other families would have chosen for
each family (leave one family out; each dataset here is a family of its own). For large batches: margin's AUBC less
badge's.
"""

import csv
import json
import re
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

from selection_quality import LARGE, RESULTS, STARTS, SWITCHES, SWITCHES_ELSEWHERE

Cell = tuple[str, str]  # dataset, start


def main() -> None:
    """Print, and write ``results/auto-thresholds.json``, or ``auto-thresholds-KIND.json``."""
    more = "".join(f"-{kind}" for kind in sys.argv[1:2] if kind != "plain")
    areas = read(RESULTS / f"selection-quality{more}.csv")
    switches = SWITCHES_ELSEWHERE if more else SWITCHES
    regret = {few(name): regrets(areas, name, switches) for name in switches}
    found = {
        "mean_regret": {count: round(100 * average(cells), 2) for count, cells in regret.items()},
        "chosen": min(regret, key=lambda count: average(regret[count])),
        "chosen_without": {
            family: min(regret, key=lambda count: average(regret[count], family))
            for family in sorted({name for name, _ in regret[few(switches[0])]})
        },
        "margin_less_badge": {start: versus(areas, start) for start in (*STARTS, LARGE)},
    }
    text = json.dumps(found, indent=1)
    (RESULTS / f"auto-thresholds{more}.json").write_text(text + "\n", encoding="utf-8")
    print(text)


def few(name: str) -> float:
    """The labels per class in ``auto(few=5)``."""
    match = re.search(r"few=([\d.]+)", name)
    assert match, name
    return float(match[1])


def read(path: Path) -> dict[Cell, dict[str, float]]:
    """Mean AUBC over seeds, by cell and strategy."""
    seeds: dict[tuple[Cell, str], list[float]] = defaultdict(list)
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            seeds[(row["dataset"], row["start"]), row["strategy"]].append(float(row["aubc"]))
    areas: dict[Cell, dict[str, float]] = defaultdict(dict)
    for (cell, strategy), values in seeds.items():
        areas[cell][strategy] = mean(values)
    return areas


def regrets(areas: dict[Cell, dict[str, float]], name: str, switches: Sequence[str]) -> dict[Cell, float]:
    """What a switch gives away against the best switch, by cell."""
    cells = {cell: found for cell, found in areas.items() if cell[1] in STARTS}
    return {cell: max(found[other] for other in switches) - found[name] for cell, found in cells.items()}


def average(cells: dict[Cell, float], without: str | None = None) -> float:
    """The mean over families of the mean over a family's cells."""
    families: dict[str, list[float]] = defaultdict(list)
    for (name, _), value in cells.items():
        families[name].append(value)
    return mean(mean(values) for family, values in families.items() if family != without)


def versus(areas: dict[Cell, dict[str, float]], start: str) -> dict[str, float]:
    """Margin's AUBC less badge's, in points, by dataset and on average."""
    gaps = {name: found["margin"] - found["badge"] for (name, at), found in areas.items() if at == start}
    return {name: round(100 * gap, 2) for name, gap in gaps.items()} | {"mean": round(100 * mean(gaps.values()), 2)}


if __name__ == "__main__":
    main()
