"""Evidence that verdicts are right: ``python benchmarks/evidence.py null|looks|coverage|power|pairing``.

``null`` plays random against replicas of itself and counts how often compare finds a difference that is not there;
``looks`` does so for those who add seeds and look again, under several laws, and says what that costs in power;
``coverage`` plants a known difference and counts how often the 95 % intervals hold it; ``power`` counts how often a
difference is found with as many seeds as the formula asks for; ``pairing`` says what pairing by seed is worth, from
``results/selection-quality.csv``. Each writes ``results/evidence/NAME.json``, with no clock in it: the same command
gives the same file.
"""

import csv
import itertools
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import looks
import numpy as np

from nextlabel import Experiment, Plan, record
from nextlabel.experiment import Crew
from nextlabel.runs.lines import Row
from nextlabel.runs.reading import Run
from nextlabel.seeds import stream
from nextlabel.statistics.curves import aubc, primary
from nextlabel.statistics.inference import seeds_for_same, seeds_needed, trial
from nextlabel.statistics.looks import EVERY_LOOK, ONE_LOOK, Law
from nextlabel.statistics.standings import MARGIN, Scale, Standing, judge, measure

RESULTS = Path(__file__).parent / "results" / "evidence"
TIMES = 1000  # simulated or resampled comparisons
TEN = 10  # seeds of each
ARMS = ("random", "random@1", "random@2", "random@3")
JUDGED = ("least_confident", "margin", "entropy", "badge", "maxherding", "auto(few=5)")  # of the page of verdicts
NULL = Experiment("digits", ARMS, seeds=tuple(range(100)), plan=Plan(batch=10, rounds=20))
LABELS = np.arange(20, 221, 10)
RATIO = 1.5  # planted: the better strategy needs two thirds of the labels

Found = dict[str, Any]


def main() -> None:
    """Gather the evidence named on the command line, or all of it."""
    for name in sys.argv[1:] or EVIDENCE:
        found = {"command": f"python benchmarks/evidence.py {name}", **EVIDENCE[name]()}
        RESULTS.mkdir(parents=True, exist_ok=True)
        (RESULTS / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        print(name, json.dumps(found, indent=1))


def null() -> Found:
    """False alarms of better or worse in ten-seed comparisons, drawn from 100 seeds of four arms that are all random.

    One arm against another, and three at once, where Holm must keep the rate of any false alarm down.
    """
    with tempfile.TemporaryDirectory() as folder:
        return of_null(record(NULL, Path(folder) / "run", Crew(jobs=2, threads=1)).run)


def of_null(run: Run) -> Found:
    """The null study of a run that was played."""
    metric, rng = primary(run.manifest["dataset"]["counts"]), stream(0, "null study")
    found = {against: measure(run.rows, Scale(metric, against, law=ONE_LOOK)) for against in ARMS}
    pairs = list(itertools.permutations(ARMS, 2))
    alone, three, safe, again = Counter[str](), 0, 0, 0
    for _ in range(TIMES):
        seeds = rng.choice(len(NULL.seeds), TEN, replace=False)
        ours, against = pairs[rng.integers(len(pairs))]
        pair = [one for one in found[against] if one.strategy == ours]
        alone.update(_verdicts(pair, seeds))
        safe += bool({"better", "worse"} & set(_verdicts(pair, seeds, EVERY_LOOK)))
        again += _ever(pair, rng.permutation(len(NULL.seeds)))
        three += bool({"better", "worse"} & set(_verdicts([one for one in found[against] if one.gaps], seeds)))
    return {
        "protocol": "digits, linear, start 2/class, batch 10, 20 rounds, 100 seeds, arms " + " ".join(ARMS),
        "comparisons": TIMES,
        "seeds_of_each": TEN,
        "paired_sd": round(float(np.mean([np.std(one.gaps, ddof=1) for one in found["random"][1:]])), 5),
        "verdicts": dict(sorted(alone.items())),
        "false_alarms": (alone["better"] + alone["worse"]) / TIMES,
        "false_alarms_any_of_three": three / TIMES,
        "false_alarms_at_the_look_at_ten": safe / TIMES,
        "false_alarms_over_looks": again / TIMES,
    }


def pairing() -> Found:
    """How many unpaired seeds one paired seed is worth: the sum of both variances over that of the differences."""
    areas: dict[tuple[str, str], dict[str, list[float]]] = {}
    with (RESULTS.parent / "selection-quality.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            cell = areas.setdefault((row["dataset"], row["start"]), {})
            cell.setdefault(row["strategy"], []).append(float(row["aubc"]))
    worth: dict[str, list[float]] = {}
    for (dataset, start), found in areas.items():
        for name in JUDGED if start in ("1/class", "5/class") else ():
            ours, theirs = np.array(found[name]), np.array(found["random"])
            gain = (ours.var(ddof=1) + theirs.var(ddof=1)) / (ours - theirs).var(ddof=1)
            worth.setdefault(dataset, []).append(float(gain))
    everything = np.concatenate(list(worth.values()))
    return {
        "cells": len(everything),
        "median": round(float(np.median(everything)), 2),
        "below_1": int((everything < 1).sum()),
        "median_by_dataset": {name: round(float(np.median(found)), 2) for name, found in worth.items()},
    }


def _verdicts(found: Sequence[Standing], seeds: Any, law: Law = ONE_LOOK) -> list[str]:
    """The verdicts of compare, had only these seeds been played."""
    some = [replace(one, gaps=tuple(np.array(one.gaps)[seeds])) for one in found]
    return [one.judgement.verdict for one in judge([some], MARGIN, law)[0] if one.judgement]


def _ever(pair: Sequence[Standing], order: Any) -> bool:
    """Is there a false alarm at any look, with seeds played in this order?"""
    return any({"better", "worse"} & set(_verdicts(pair, order[:seeds], EVERY_LOOK)) for seeds in looks.LOOKS)


def height(labels: Any) -> Any:
    """A learning curve without noise: a power law."""
    return 0.95 - 1.2 * np.asarray(labels, dtype=np.float64) ** -0.45


def planted(rng: np.random.Generator, seeds: int, ratio: float) -> list[Row]:
    """Curves of random, and of a strategy that needs ``ratio`` times fewer labels, noisy as real ones are.

    Under one seed both share what the split does (SD .02); each has its own luck (.008) and rounds wobble (.006).
    """
    rows = []
    for seed in range(seeds):
        split = rng.normal(0, 0.02)
        for name, factor in (("random", 1.0), ("ours", ratio)):
            noise = split + rng.normal(0, 0.008) + rng.normal(0, 0.006, len(LABELS))
            values = height(factor * LABELS) + noise
            rows += [
                {"strategy": name, "seed": seed, "round": k, "labelled": int(LABELS[k]), "accuracy": float(value)}
                for k, value in enumerate(values)
            ]
    return rows


def coverage() -> Found:
    """How often the 95 % intervals of ten seeds hold the planted difference of AUBC and the planted label ratio."""
    return {
        "protocol": f"power-law curves, {LABELS[0]} to {LABELS[-1]} labels, noise as in `planted`",
        "simulations": TIMES,
        "seeds_of_each": TEN,
        "planted": [_covered(ratio) for ratio in (0.8, 1.0, RATIO)],
    }


def _covered(ratio: float) -> Found:
    rng = stream(0, "coverage", ratio)
    truth = (aubc(LABELS, height(ratio * LABELS)) or 0.0) - (aubc(LABELS, height(LABELS)) or 0.0)
    gap, labels, never = 0, 0, 0
    for _ in range(TIMES):
        one = measure(planted(rng, TEN, ratio), Scale("accuracy", law=ONE_LOOK))[1]
        assert one.difference
        assert one.ratio
        gap += _holds(one.difference.low, truth, one.difference.high)
        labels += _holds(one.ratio.low, max(ratio, 1.0), one.ratio.high)  # never within the budget: counted as 1
        never += one.ratio.never
    return {
        "label_ratio": ratio,
        "difference": round(truth, 5),
        "coverage_of_difference": gap / TIMES,
        "coverage_of_label_ratio": labels / TIMES,
        "never": never / TIMES,
    }


def _holds(low: float | None, truth: float, high: float | None) -> bool:
    return low is not None and high is not None and low <= truth <= high


def power() -> Found:
    """How often a difference as large as the margin is found, and how often no difference is called the same.

    By number of seeds; ``formula`` is what compare would have asked for, had it known the SD: power should be .8 there.
    """
    return {"simulations": TIMES, "margin": MARGIN, "by_sd": [_power(sd) for sd in (0.0025, 0.005, 0.01, 0.02)]}


def _power(sd: float) -> Found:
    rng, known = stream(0, "power", sd), np.array([-1.0, 1.0]) * sd / 2**0.5  # two values whose SD is sd
    differs, same = seeds_needed(known, MARGIN), seeds_for_same(known, MARGIN)
    counts = sorted({5, 10, 20, 50, 100, 200, 500, differs, same})
    drawn = {n: rng.normal(0, sd, (TIMES, n)) for n in counts}
    return {
        "paired_sd": sd,
        "formula": {"difference": differs, "same": same},
        "found_difference": {n: _share(drawn[n] + MARGIN, lambda row: row.p < 0.05) for n in counts},
        "found_same": {n: _share(drawn[n], lambda row: row.p_tost < 0.05) for n in counts},
    }


def _share(table: Any, tells: Callable[[Any], bool]) -> float:
    return sum(tells(trial(row, MARGIN)) for row in table) / len(table)


EVIDENCE: dict[str, Callable[[], Found]] = {
    "null": null, "looks": looks.study, "coverage": coverage, "power": power, "pairing": pairing,
}  # fmt: skip

if __name__ == "__main__":
    main()
