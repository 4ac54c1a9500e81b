"""Run scenarios and keep what they found: ``python benchmarks/run.py [NAME …]``.

``results/NAME.json`` holds figures that two runs must share (no clock in it); ``results/NAME.timing.json`` those that
depend on the machine, the embedding of the pictures included: the cache is empty at the start. A long scenario is not
timed. It is played in ``runs/NAME``, which is kept in the repository: it goes on there if it was interrupted, and every
row can be looked at. (On another machine it goes on too; a network may learn otherwise there from the same seed.)
"""

import json
import os
import platform
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

from scenarios import LONG, SCENARIOS

from nextlabel import record
from nextlabel.errors import NextlabelError
from nextlabel.experiment import Crew
from nextlabel.runs.lines import Row
from nextlabel.runs.reading import Run
from nextlabel.statistics.standings import standings
from nextlabel.wording.verdicts import label_words

RESULTS = Path(__file__).parent / "results"
RUNS = Path(__file__).parent / "runs"
CREW = Crew(jobs=2, threads=1)
STRIDE = 2  # rounds of an arm before the next has its turn, in long scenarios


def main() -> None:
    """Run the scenarios named on the command line, or all short ones that have their data."""
    for name in sys.argv[1:] or [name for name in SCENARIOS if name not in LONG]:
        experiment = SCENARIOS[name]
        if "/" in experiment.dataset and not Path(experiment.dataset).exists():
            print(f"{name}: left out, its data is not at {experiment.dataset}")
            continue
        try:
            run = lasting(name) if name in LONG else timed(name)
        except NextlabelError as error:
            sys.exit(f"{name}: {error}")
        keep(f"{name}.json", figures(run))


def lasting(name: str) -> Run:
    """Play a scenario in a folder that stays, or what is missing of it."""
    print(f"{name}: in {RUNS / name}, where it goes on if it is interrupted")
    return record(SCENARIOS[name], RUNS / name, replace(CREW, stride=STRIDE), resume=True, progress=told).run


def told(what: str, done: int, total: int) -> None:
    """Say which round is done: a long run would otherwise be silent for hours."""
    if ", round " in what:
        print(f"{done} of {total}: {what}", flush=True)


def timed(name: str) -> Run:
    """Play a scenario from nothing, and keep what it took."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NEXTLABEL_CACHE"] = f"{folder}/cache"
        began = time.perf_counter()
        run = record(SCENARIOS[name], Path(folder) / "run", CREW).run
        keep(f"{name}.timing.json", timing(run, time.perf_counter() - began))
    return run


def figures(run: Run) -> list[Row]:
    """Per strategy: macro F1 and accuracy at the first and the last row, AUBC, the paired difference to random, and the
    learning curve."""
    found = {standing.strategy: standing for standing in standings(run.rows, run.manifest["dataset"]["counts"])}
    return [
        {"strategy": name, **ends(run.rows, name), **area(found[name]), **curve(run.rows, name)}
        for name in run.manifest["strategies"]
    ]


def curve(rows: list[Row], strategy: str) -> dict[str, dict[int, float]]:
    """The mean macro F1 over seeds and its standard deviation, by number of labels."""
    heights: dict[int, list[float]] = {}
    for row in rows:
        if row["strategy"] == strategy:
            heights.setdefault(row["labelled"], []).append(row["f1_macro"])
    return {
        "f1_macro": {count: round(mean(values), 4) for count, values in sorted(heights.items())},
        "f1_macro_sd": {count: round(stdev(values), 4) for count, values in sorted(heights.items())},
    }


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
    """AUBC, what it is above random's, and what that is in labels."""
    gap = standing.difference
    found = {"metric": standing.metric, "aubc": round(standing.aubc, 4)}
    if gap is not None:
        found["over_random"] = round(gap.mean, 4)
        if standing.judgement is None:
            return found | {"verdict": "indicative, no verdict"}
        found["ci95"] = [round(gap.low, 4), round(gap.high, 4)]
        found |= {"labels": label_words(standing), "verdict": standing.judgement.verdict}
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
    machine = {"cores": os.cpu_count(), "processor": platform.machine(), "versions": dict(run.environments[-1])}
    return {"seconds": round(took, 1), "jobs": 2, "threads": 1, "median": middle, "machine": machine}


def keep(name: str, found: Any) -> None:
    """Print a result and write it."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / name).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(name, json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
