"""What came of the guide's toy over 50 seeds: ``python benchmarks/toy.py`` (five minutes on one core).

``guide/README.md`` quotes it, and ``benchmarks/table.py`` writes it into ``docs/gallery.md``.

``results/toy.json`` holds, per strategy: the mean accuracy after each round, with a 95 % interval after the first; AUBC
against random, in points, with a 95 % interval; the share of runs that spent at least `CROWD` questions of one batch on
the dense lump, and of those that had asked about it after one batch; the mean number of questions spent where nobody
can be sure of the class; and of the run that the pictures show, the accuracies and both kinds of questions by batch, by
which tests see whether pictures and pages are still true.
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
    """Play the strategies of the gallery under every seed, and write what was found."""
    sys.path.insert(0, str(GUIDE))
    toy: Any = __import__("toy")
    rows = toy.rows(SEEDS, toy.GALLERY)
    counts = np.bincount(toy.drawn(0).y).tolist()
    gaps = {one.strategy: one.difference for one in standings(rows, counts)}
    keep("toy.json", {name: {**curve(rows, name), **_asking(toy, name, gaps[name])} for name in toy.GALLERY})


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


def _asking(toy: Any, name: str, gap: Estimate | None) -> Row:
    lump = len(toy.drawn(0).y) - toy.DENSE[2]  # ids from here on lie in it
    asked = [[step.asked.ids for step in toy.played(name, seed) if len(step.asked.ids)] for seed in SEEDS]
    inside = np.array([[(ids >= lump).sum() for ids in run] for run in asked])  # (seeds, batches)
    places = [toy.drawn(seed).places for seed in SEEDS]
    unsure = np.array([[toy.hopeless(at[ids]).sum() for ids in run] for at, run in zip(places, asked, strict=True)])
    found: Row = {
        "crowded": float((inside >= CROWD).any(axis=1).mean()),
        "lump_after_one_batch": float((inside[:, 0] > 0).mean()),
        "hopeless": float(unsure.sum(axis=1).mean()),
        "seed_0_lump": inside[0].tolist(),
        "seed_0_hopeless": unsure[0].tolist(),
    }
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
