"""Runs that nobody played, whole to the last field."""

import json
from pathlib import Path
from typing import Any

from nextlabel.runs.lines import Arm, Line
from nextlabel.runs.recorder import Recorder

ARM = Arm("margin", 3)
ARMS = [Arm(name, seed) for name in ("random", "margin") for seed in (0, 3)]
PARTS = ("test", "val", "start", "pool")
HERE = {"nextlabel": "0.1.0", "numpy": "2.4.6", "kernels": "openblas 0.3.31 Haswell", "processor": "a fast one"}


def manifest(**identity: Any) -> dict[str, Any]:
    """As simulate makes it: 20 samples of two classes under seeds 0 and 3."""
    return {
        "command": ["nextlabel", "simulate", "toy.csv"],
        "identity": {"model": "linear", "plan": {"batch": "2"}, "fingerprint": "f"} | identity,
        "experiment": {"strategies": ["random", "margin"], "seeds": [0, 3], "oracle": "truth"},
        "plan": {"batch": "2", "rounds": 2, "cold": "random", "audit": 0.0, "ahead": 0},
        "dataset": {
            "name": "toy", "source": "toy.csv", "kind": "table", "n": 20, "classes": ["ash", "oak"], "counts": [9, 11],
            "fingerprint": "f", "skipped": [], "duplicates": [], "warnings": [],
        },
        "embedder": {"name": "table", "settings": {}, "version": 1, "transductive": False, "d": 4},
        "model": "linear",
        "strategies": {name: {"class": f"a.{name}"} for name in ("random", "margin")},
        "seeds": {seed: {part: f"{part}{seed}" for part in PARTS} for seed in ("0", "3")},
        "sizes": {"test": 4, "val": 0, "start": 2, "pool": 14},
        "sizes_by_seed": {seed: {"test": 4, "val": 0, "start": 2, "pool": 14} for seed in ("0", "3")},
        "settings": {"0": {"C": [[2, 1.0]]}, "3": {"C": [[2, 1.0]]}},
        "threads": 1,
        "jobs": 2,
        "made_with": [HERE],
    }  # fmt: skip


def line(k: int, last: bool = False, arm: Arm = ARM) -> Line:
    """Round ``k`` of an arm."""
    key = {"strategy": arm.strategy, "seed": arm.seed, "round": k}
    score = 0.5 + k / 7 + (arm.strategy == "margin") / 50 + arm.seed / 1000
    about = {"dataset": "toy", "embedder": "table", "model": "linear", **key, "labelled": 2 + 2 * k}
    scores = dict.fromkeys(("accuracy", "balanced_accuracy", "f1_macro"), score) | {"log_loss": 0.7, "ece": 0.1}
    ids = [] if last else [6 + 2 * k, 7 + 2 * k]
    confusion = key | {"matrix": [[2, 0], [1, 1]]} if last else None
    return Line(about | scores | {"mended": 0}, key | {"fit_s": 0.1, "ask_s": 0.02}, key | {"ids": ids}, confusion)


def write(folder: Path, count: int = 2, resume: bool = False, arms: list[Arm] = ARMS, **more: Any) -> Path:
    """A run with ``count`` rounds of every arm; the third is the last."""
    with Recorder(folder, manifest() | more, resume) as run:
        for arm, past in run.open_arms(arms):
            run.add(arm, [line(k, k == 2, arm) for k in range(len(past), count)])
        if count == 3:
            splits = [{"seed": s, "test": [0, 1, 2, 3], "val": [], "start": [4, 5]} for s in (0, 3)]
            run.write("splits.json", json.dumps(splits))
            run.finish()
    return folder
