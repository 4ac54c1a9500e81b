"""Run scenarios and keep what they found: ``python benchmarks/run.py [NAME …]``.

``results/NAME.json`` holds figures that two runs must share (no clock in it); ``results/NAME.timing.json`` those that
depend on the machine, the embedding of the pictures included: the cache is empty at the start.
"""

import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

from scenarios import LONG, SCENARIOS

from nextlabel import record
from nextlabel.runs import Row, Run
from nextlabel.simulation import Crew
from nextlabel.statistics.standings import standings

RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Run the scenarios named on the command line, or all short ones that have their data."""
    for name in sys.argv[1:] or [name for name in SCENARIOS if name not in LONG]:
        experiment = SCENARIOS[name]
        if "/" in experiment.dataset and not Path(experiment.dataset).exists():
            print(f"{name}: left out, its data is not at {experiment.dataset}")
            continue
        with tempfile.TemporaryDirectory() as folder:
            os.environ["NEXTLABEL_CACHE"] = f"{folder}/cache"
            began = time.perf_counter()
            run = record(experiment, Path(folder) / "run", Crew(jobs=2, threads=1)).run
            took = time.perf_counter() - began
            keep(f"{name}.json", figures(run))
            keep(f"{name}.timing.json", timing(run, took))


def figures(run: Run) -> list[Row]:
    """Per strategy: macro F1 and accuracy at the first and the last row, AUBC, and the paired difference to random."""
    found = {standing.strategy: standing for standing in standings(run.rows, run.manifest["dataset"]["counts"])}
    return [{"strategy": name, **ends(run.rows, name), **area(found[name])} for name in run.manifest["strategies"]]


def ends(rows: list[Row], strategy: str) -> Row:
    """Means and standard deviations over seeds, where the budget begins and where it ends."""
    ours = [row for row in rows if row["strategy"] == strategy]
    counts = sorted({row["labelled"] for row in ours})
    found: Row = {}
    for count in (counts[0], counts[-1]):
        for metric in ("f1_macro", "accuracy"):
            values = [row[metric] for row in ours if row["labelled"] == count]
            found[f"{metric}_at_{count}"] = round(mean(values), 4)
            found[f"{metric}_at_{count}_sd"] = round(stdev(values), 4)
    return found


def area(standing: Any) -> Row:
    """AUBC, and what it is above random's."""
    gap = standing.difference
    found = {"metric": standing.metric, "aubc": round(standing.aubc, 4)}
    if gap is not None:
        found |= {"over_random": round(gap.mean, 4), "ci95": [round(gap.low, 4), round(gap.high, 4)]}
    return found


def timing(run: Run, took: float) -> Row:
    """Seconds in all, and the median round's."""
    middle = {
        key: {
            name: round(median(row[key] for row in run.timings if row["strategy"] == name), 4)
            for name in run.manifest["strategies"]
        }
        for key in ("fit_s", "ask_s")
    }
    machine = {"cores": os.cpu_count(), "processor": platform.machine(), "versions": run.manifest["versions"]}
    return {"seconds": round(took, 1), "jobs": 2, "threads": 1, "median": middle, "machine": machine}


def keep(name: str, found: Any) -> None:
    """Print a result and write it."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / name).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(name, json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
