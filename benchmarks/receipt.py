"""Does the receipt tell the truth? ``python benchmarks/receipt.py [--seeds N] [--sets A B] [--out FOLDER]``.

Whole labellings as the page has them (audit .2, batches of 10 chosen one ahead, from no label at all), with the figures
of every look beside the truth: ``simulate --estimate``. A test holds that the page's log gives the same figures, to the
bit. A labelling counts as right where every interval that it showed held; where the truth was measured on N' samples
that were kept out, an interval of m audit answers is widened by sqrt(1 + m / N').

``results/receipt/coverage.json`` holds, for each set and strategy: of how many labellings all intervals held, median
widths at about 30, 59 and 92 audit answers, how often the rule about the next hundred labels held, and how many of its
misses are noise of the test set's, and what the first "you may stop" was worth. Runs are kept in ``--out`` and gone on
with; more seeds extend them.
"""

import argparse
import json
import math
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
import text_embedders
from scenarios import SHARED
from scipy.stats import binomtest, norm
from threadpoolctl import threadpool_limits

from nextlabel import Experiment, Plan, Run, record
from nextlabel.estimators.base import Check
from nextlabel.estimators.churn import PER_CLASS
from nextlabel.estimators.stopping import count_mendable
from nextlabel.experiment import Crew
from nextlabel.knobs.columns import Columns
from nextlabel.loop.guesses import guess_of
from nextlabel.loop.learner import learn
from nextlabel.pool import Floats, Ids, Mask
from nextlabel.runs.lines import Arm
from nextlabel.simulation.parts import prepare
from nextlabel.statistics.held import is_right

Hits = dict[int, dict[int, Mask]]  # which test samples (N',) a model had right, by seed and number of labels
RESULT = Path(__file__).parent / "results" / "receipt" / "coverage.json"
PLAN = Plan(batch=10, rounds=50, audit=0.2, ahead=1, cold="maxherding")
STRATEGIES = ("auto", "margin")
PICTURES = {
    "flowers": "flowers/train",
    "clothing": "clothing/train",
    "sign-digits": "sign-digits",
    "recycling": "recycling/train",
    "coffee-leaves": "coffee-leaves/train",
    "blood-cells": "blood-cells/train",
    "drawn-shapes": "drawn-shapes/train",
    "math-symbols": "math-symbols/train",
    "hand-frames": "hand-frames/train",
}
TABLES = (
    "phoneme", "splice", "vehicle", "banana", "d31", "ex8a", "gcloudub", "mammographic", "tictactoe", "clean1"
)  # fmt: skip
TEXTS, LARGE = "texts by topic", "20,000"
SHOWN = ("new", "rest", "against_random", "worth")
BOTH = ("new", "rest")
WIDTHS = {30: (30, 37), 59: (59, 72), 92: (92, 114)}  # looks at about so many audit answers
NEXT = 100
ONE_SIDED = 1.645  # standard errors that chance exceeds once in twenty
RATIOS = (0.3, 1.0, 3.0, 10.0)  # labels that an error costs


def experiments(seeds: int, out: Path) -> dict[str, Experiment]:
    """By set; a table of texts is written into ``out``."""
    common: dict[str, Any] = {"start": "0", "test": "0.3", "plan": PLAN, "seeds": tuple(range(seeds)), "estimate": True}
    found = {"digits": Experiment("digits", STRATEGIES, **common)}
    for name, path in PICTURES.items():
        # Split at random, not by groups: a new sample is one like those in the folder, as the figure says.
        found[name] = Experiment(
            str(SHARED / path), STRATEGIES, embedder="efficientnet", name=name, split="random", **common
        )
    for name in TABLES:
        path = str(SHARED / "tables" / f"{name}.svm")
        found[name] = Experiment(path, STRATEGIES, name=name, standardize=True, **common)
    texts = out / "topic-long.csv"
    if not texts.exists():
        text_embedders.write_table(texts, "topic", short=False)
    found[TEXTS] = Experiment(
        str(texts), STRATEGIES, embedder="use", table=Columns(text_column="text"), name=TEXTS, **common
    )
    found[LARGE] = Experiment(draw_large(), STRATEGIES, name=LARGE, **common)
    return found


def draw_large() -> tuple[Floats, Ids]:
    """A folder of 20,000 and a test set beside it, as vectors (28572, 384) of ten classes that overlap."""
    rng = np.random.default_rng(0)
    y = rng.integers(10, size=28_572)
    X = rng.normal(size=(len(y), 384)) + 0.18 * rng.normal(size=(10, 384))[y]
    return (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32), y


def holds(name: str, figure: Mapping[str, Any], test: int) -> bool:
    """Did the truth lie within the interval? Where it is not known, nothing speaks against it."""
    return figure["truth"] is None or is_right(name, figure, test)


def replay_hits(experiment: Experiment, run: Run, strategy: str) -> Hits:
    """Which test samples the models had right; they are learned again, from what was asked."""
    parts, found = prepare(experiment), Hits()
    accuracy = {(row["seed"], row["round"]): row["accuracy"] for row in run.rows if row["strategy"] == strategy}
    for seed in experiment.seeds:
        pool, learner, test = parts.pool(seed), parts.learner(Arm(strategy, seed)), parts.splits[seed].test
        answers, hits = parts.oracles[seed](test), found.setdefault(seed, {})
        for pick in (one for one in run.picks if (one["strategy"], one["seed"]) == (strategy, seed)):
            now = guess_of(learn(pool, learner, pick["round"]), test) == answers
            assert abs(now.mean() - accuracy[seed, pick["round"]]) < 1e-9, "the models of the run are others"
            hits[len(pool.labelled())] = now
            codes = [parts.dataset.classes.index(label) for label in pick["labels"]]
            pool = pool.answered(np.array(pick["ids"], dtype=np.int64), np.array(codes, dtype=np.int64))
    return found


def judge(run: Run, strategy: str, hits: Hits) -> dict[str, Any]:
    """One strategy on one set: a labelling is a seed."""
    by_seed: dict[int, list[dict[str, Any]]] = defaultdict(list)
    accuracy: dict[int, dict[int, float]] = defaultdict(dict)
    for row in run.estimates:
        if row["strategy"] == strategy:
            by_seed[row["seed"]].append(row)
    for row in run.rows:
        if row["strategy"] == strategy:
            accuracy[row["seed"]][row["labelled"]] = 100 * row["accuracy"]
    found: dict[str, Any] = {name: judge_interval(by_seed, name) for name in SHOWN}
    both = [
        all(holds(name, figure, row["test"]) for row in rows for name, figure in row["figures"].items() if name in BOTH)
        for rows in by_seed.values()
    ]
    found["new and rest"] = {"labellings": len(both), "held": sum(both)}
    found |= {"next": judge_next(by_seed, hits), "stop": judge_stop(by_seed, accuracy)}
    return found | {"cost": {str(ratio): judge_cost(list(by_seed.values()), ratio) for ratio in RATIOS}}


def judge_interval(by_seed: Mapping[int, Sequence[Mapping[str, Any]]], name: str) -> dict[str, Any]:
    """Of how many labellings all intervals of a figure held, and how wide they were."""
    said = {
        seed: [(row["test"], row["figures"][name]) for row in rows if name in row["figures"]]
        for seed, rows in by_seed.items()
    }
    said = {seed: rows for seed, rows in said.items() if rows}
    held = sum(all(holds(name, figure, test) for test, figure in rows) for rows in said.values())
    widths = {}
    for at, (least, most) in WIDTHS.items():
        some = [f["high"] - f["low"] for rows in said.values() for _, f in rows if least <= f["audit"] <= most]
        widths[str(at)] = round(median(some) / 2, 4) if some else None
    p = binomtest(held, len(said), 0.95, alternative="less").pvalue if said else None
    two_sided = sum(any(f["value"] is not None for _, f in rows) for rows in said.values())
    return {"labellings": len(said), "held": held, "p": p, "two_sided": two_sided, "half_widths": widths}


def judge_next(by_seed: Mapping[int, Any], hits: Hits) -> dict[str, Any]:
    """How often a hundred more labels brought no more than the rule said they would.

    A gain is the mean of paired differences on the test set, -1, 0 or 1 a sample, so its standard error follows from
    how many samples changed sides. ``beyond noise``: misses by more than 1.645 of these. ``losses``: how often as much
    was lost as may be gained at most; so much is rarely lost in truth, so this is what noise does to either side.
    ``by noise alone``: the misses that noise would make if each gain were the one that is expected.
    """
    found: Counter[str] = Counter()
    by_noise, errors, gains, bounds = 0.0, list[float](), list[float](), list[float]()
    for seed, rows in by_seed.items():
        for row in rows:
            now, figure = row["labelled"], row["figures"].get("next")
            if figure is None or now + NEXT not in hits[seed]:
                continue
            steps = 100 * (hits[seed][now + NEXT].astype(float) - hits[seed][now])  # (N',) points
            gain, error = float(steps.mean()), float(steps.std()) / math.sqrt(len(steps))
            most = figure["high"]
            found += Counter(cases=1, held=gain <= most, misses=gain > most, losses=gain < -most)
            found["beyond noise"] += gain - ONE_SIDED * error > most
            by_noise += float(norm.sf(most, figure["value"], error)) if error else 0.0
            errors.append(error)
            gains.append(gain)
            bounds.append(most)
    counts = {name: found[name] for name in ("cases", "held", "misses", "beyond noise", "losses")}
    if not errors:
        return counts
    return {
        **counts,
        "by noise alone": round(by_noise, 1),
        "standard error": round(median(errors), 2),
        "mean gain": round(mean(gains), 2),
        "mean bound": round(mean(bounds), 2),
        "most over the bound": round(max(np.subtract(gains, bounds)), 2),
    }


def judge_stop(by_seed: Mapping[int, Any], accuracy: Mapping[int, Mapping[int, float]]) -> dict[str, Any]:
    """When "you may stop" was said first, and what a hundred labels brought from there on."""
    gains, at = [], []
    for seed, rows in by_seed.items():
        first = next((row["labelled"] for row in rows if row["figures"].get("advice", {}).get("value") == 1), None)
        if first is not None:
            at.append(first)
            if first + NEXT in accuracy[seed]:
                gains.append(accuracy[seed][first + NEXT] - accuracy[seed][first])
    return {
        "labellings": len(by_seed),
        "said": len(at),
        "median_labels": median(at) if at else None,
        "judged": len(gains),
        "at_most_1_point": sum(gain <= 1 for gain in gains),
        "most": round(max(gains), 2) if gains else None,
    }


def judge_cost(labellings: Sequence[Sequence[Mapping[str, Any]]], ratio: float) -> dict[str, Any]:
    """What stopping by cost comes to, where an error costs ``ratio`` labels: labels and errors in the rest, together.

    Beside the best moment in hindsight; where the rule never said stop, the end of the labelling.
    """
    ours, best, last, stopped = [], [], [], 0
    for rows in labellings:
        costs = [row["labelled"] + ratio * count_errors(row["truth"]) for row in rows]
        at = next((i for i, row in enumerate(rows) if stops(row["figures"].get("advice"), ratio)), None)
        stopped += at is not None
        ours.append(costs[-1 if at is None else at])
        best.append(min(costs))
        last.append(costs[-1])
    sums = {"rule": sum(ours), "best": sum(best), "never": sum(last)}
    return {name: round(total / max(len(labellings), 1), 1) for name, total in sums.items()} | {"stopped": stopped}


def count_errors(truth: Mapping[str, Any]) -> float:
    """How many of those without a label the model has wrong; none, where all have one."""
    return (1 - truth["rest"]) * truth["left"] if truth["left"] else 0.0


def stops(figure: Mapping[str, Any] | None, ratio: float) -> bool:
    """Would it be said to stop, where an error costs so many labels?"""
    if figure is None:
        return False
    churn, left, known, asked = (figure["more"][name] for name in ("churn", "left", "known", "asked"))
    # Of one sample in 10^9, so that the churn is what it was.
    check = Check(figure["labelled"], round(1e7 * churn), 10**9, NEXT, PER_CLASS, figure["audit"], left, known, asked)
    return bool(asked) and count_mendable(check) * ratio < NEXT


def main() -> None:
    """Play what is not played yet, then write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "receipt-coverage")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--sets", nargs="*", default=[], help="these only, by name")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    before = json.loads(RESULT.read_text())["sets"] if RESULT.exists() else {}
    for name, experiment in experiments(asked.seeds, asked.out).items():
        if asked.sets and name not in asked.sets:
            continue
        began = time.perf_counter()
        run = record(experiment, asked.out / name, Crew(jobs=2, threads=1), resume=True).run
        with threadpool_limits(1):  # as the run was: other threads round otherwise
            before[name] = {one: judge(run, one, replay_hits(experiment, run, one)) for one in STRATEGIES}
        print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
        RESULT.parent.mkdir(exist_ok=True)
        RESULT.write_text(json.dumps({"sets": before}, indent=1) + "\n")


if __name__ == "__main__":
    main()
