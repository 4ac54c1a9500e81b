"""What came of the guide's toy over 50 seeds: ``python benchmarks/toy.py``. ``guide/README.md`` quotes it.

``results/toy.json`` holds, per strategy: the mean accuracy after each round, with a 95 % interval after the first; AUBC
against random, in points, with a 95 % interval; the share of runs that spent at least `CROWD` questions of one batch on
the dense lump; and the accuracies of the run that the pictures show, by which a test sees whether they are still true.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from run import keep

from nextlabel.runs.lines import Row
from nextlabel.statistics.inference import Estimate, estimate
from nextlabel.statistics.standings import standings

GUIDE = Path(__file__).parents[1] / "guide"
SEEDS = range(50)
CROWD = 4  # of a batch of six


def main() -> None:
    """Play the five strategies under every seed, and write what was found."""
    sys.path.insert(0, str(GUIDE))
    toy: Any = __import__("toy")
    rows = toy.rows(SEEDS)
    counts = np.bincount(toy.drawn(0).y).tolist()
    gaps = {one.strategy: one.difference for one in standings(rows, counts)}
    keep("toy.json", {name: {**curve(rows, name), **_told(toy, name, gaps[name])} for name in toy.NAMES})


def curve(rows: list[Row], name: str) -> Row:
    """The mean learning curve, the seed of the pictures by itself, and how sure the height after one batch is."""
    heights = np.array([[r["accuracy"] for r in rows if (r["strategy"], r["seed"]) == (name, s)] for s in SEEDS])
    labels = [row["labelled"] for row in rows if (row["strategy"], row["seed"]) == (name, 0)]
    return {
        "labels": labels,
        "mean": heights.mean(axis=0).round(4).tolist(),
        "ci95_after_one_batch": bounds(estimate(heights[:, 1])),
        "seed_0": heights[0].round(4).tolist(),
    }


def _told(toy: Any, name: str, gap: Estimate | None) -> Row:
    lump = len(toy.drawn(0).y) - toy.DENSE[2]  # ids from here on lie in it
    crowded = [any((step.asked.ids >= lump).sum() >= CROWD for step in toy.played(name, seed)) for seed in SEEDS]
    found: Row = {"crowded": float(np.mean(crowded))}
    if gap is not None:
        found |= {"over_random": round(gap.mean, 4), "ci95": bounds(gap)}
    return found


def bounds(found: Estimate | None) -> list[float]:
    """Both ends of an interval over the seeds."""
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    return [round(found.low, 4), round(found.high, 4)]


if __name__ == "__main__":
    main()
