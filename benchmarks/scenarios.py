"""Experiments under names that never change their meaning.

Every strategy of the table is run in one of them, or excluded with a reason; `tests/test_benchmarks.py` sees to that.
"""

import os
from pathlib import Path

from nextlabel import Experiment, Plan

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"
PLACES = (SHARED / "flowers" / "train", ROOT / "guide" / "data" / "flowers")  # the second is the guide's
# From the repository's root, as the commands are given: what is kept of a run names no place on a machine.
FLOWERS = os.path.relpath(next((place for place in PLACES if place.is_dir()), PLACES[1]))
SEED_STRATEGIES = ("random", "least_confident", "margin", "entropy", "badge")

SCENARIOS = {
    # The protocol of the guide that this project grew from: 137 starting labels, 20 batches of 82.
    "flowers-linear": Experiment(
        FLOWERS,
        SEED_STRATEGIES,
        embedder="patches",
        test=0.1,
        val=0.1,
        start=0.05,
        plan=Plan(batch=0.03, rounds=20),
    ),
    # The same on features of a network that knows the world.
    "flowers-efficientnet": Experiment(
        FLOWERS,
        SEED_STRATEGIES,
        embedder="efficientnet",
        test=0.1,
        val=0.1,
        start=0.05,
        plan=Plan(batch=0.03, rounds=20),
    ),
    # Few labels: from one per class to sixteen.
    "flowers-few": Experiment(
        FLOWERS,
        ("random", "margin", "badge", "maxherding", "uherding"),
        embedder="efficientnet",
        start="1/class",
        plan=Plan(batch="1/class", rounds=15),
    ),
    "digits-linear": Experiment("digits", SEED_STRATEGIES),
    # The same with the guide's network, up to the 1,695 labels where the original's own curve ends.
    "flowers-cnn": Experiment(
        FLOWERS,
        SEED_STRATEGIES,
        seeds=(0, 1, 2),
        model="cnn",
        test=0.1,
        val=0.1,
        start=0.05,
        plan=Plan(batch=0.03, rounds=19),
    ),
}

LONG = ("flowers-cnn",)  # run only when named: four and a half hours on two cores

ELSEWHERE = "selection_quality.py runs it on twelve datasets, or speed.py measures what it costs"
EXCLUDED = dict.fromkeys(  # strategy: why no scenario runs it
    ("coreset", "typiclust", "probcover", "bald", "powerbald", "batchbald", "auto"), ELSEWHERE
)
