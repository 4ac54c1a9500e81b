"""What asking brought on the families of the check: the targets. ``python benchmarks/check_targets.py --out FOLDER``.

Every family of `check_families`, ten seeds of random, margin, auto and badge after a pilot of 100; of variants five
seeds, without badge. About an hour on two cores; runs are kept in ``--out`` and gone on with where they stopped.
``results/check/targets.json`` holds, for each setting and strategy, every seed's difference of AUBC to random in
points, the label ratio, random's height at both ends, and with how many labels it reaches its best; ``curves.json`` the
mean curves with their intervals.
"""

import argparse
import json
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from check_families import ROUNDS, SEEDS, Setting, budget, divide, settings

from nextlabel import Experiment, Plan, record
from nextlabel.experiment import Crew
from nextlabel.statistics.curves import band, curves, height_at, primary
from nextlabel.statistics.ratios import label_ratio, labels_to_reach
from nextlabel.statistics.standings import paired_differences

RESULT = Path(__file__).parent / "results" / "check" / "targets.json"
CURVES = RESULT.with_name("curves.json")
STRATEGIES = ("random", "margin", "badge", "auto")
SEEDS_OF_VARIANTS, STRATEGIES_OF_VARIANTS = (
    5,
    ("random", "margin", "auto"),
)  # a variant is a further row of its family, no vote


def main() -> None:
    """Play what is not played yet, setting by setting, and keep the result after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "check-targets")
    parser.add_argument("--families", action="store_true", help="the families alone, without variants")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    found: list[dict[str, Any]] = []
    shown: list[dict[str, Any]] = []
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    for setting in settings(with_variants=not asked.families):
        began = time.perf_counter()
        found.append(measure(setting, asked.out))
        shown.append({"name": setting.name, "curves": found[-1].pop("curves")})
        print(f"{setting.name}: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
        RESULT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        CURVES.write_text(json.dumps(shown) + "\n", encoding="utf-8")


def measure(setting: Setting, out: Path) -> dict[str, Any]:
    """The targets of one setting."""
    place = out / re.sub(r"\W+", "-", setting.name)
    split = place.with_suffix(".split.json")
    plain = "," not in setting.name
    seeds, strategies = (SEEDS, STRATEGIES) if plain else (SEEDS_OF_VARIANTS, STRATEGIES_OF_VARIANTS)
    draws = [divide(setting, seed) for seed in range(seeds)]
    parts = [{"test": draw.test.tolist(), "val": [], "start": draw.pilot.tolist()} for draw in draws]
    split.write_text(json.dumps(parts), encoding="utf-8")
    most, pilot = budget(setting), len(draws[0].pilot)
    experiment = Experiment(
        (setting.X, setting.truth),
        strategies,
        seeds=tuple(range(seeds)),
        standardize=False,
        split=str(split),
        name=setting.name,
        oracle="noisy:0.1" if setting.name.endswith("noise") else "truth",
        plan=Plan(batch=max(1, (most - pilot) // ROUNDS), rounds=ROUNDS),
    )
    run = record(experiment, place, Crew(jobs=2, threads=1), resume=True).run
    counts = run.manifest["dataset"]["counts"]
    metric = primary(counts)
    every = curves(run.rows, metric)
    random = every["random"]
    row = {name: getattr(setting, name) for name in ("family", "name", "kind", "classes")}
    row |= {"samples": len(setting.truth), "width": setting.X.shape[1], "imbalance": max(counts) / min(counts)}
    ends = {"pilot": float(pilot), "budget": float(most)}
    heights = {at: height_at(random, min(labels, _last(random))) for at, labels in ends.items()}
    row["curves"] = {name: _plain_curve(seeds) for name, seeds in every.items()}
    row["random_reaches"] = labels_to_reach(random, max(row["curves"]["random"]["mean"]) / 100 - 5e-5)
    row |= ends | {"metric": metric, "random": heights, "gains": {}, "ratios": {}}
    for name in strategies[1:]:
        ratio = label_ratio(every[name], random)
        assert ratio is not None
        row["gains"][name] = np.round(100 * np.array(paired_differences(every[name], random)), 3).tolist()
        row["ratios"][name] = {"value": ratio.value, "never": ratio.never, "ends": [ratio.low, ratio.high]}
    return row


def _plain_curve(seeds: Any) -> dict[str, list[float]]:
    """The mean curve and its interval, in percent."""
    found = band(seeds.values())
    assert found is not None
    heights = {name: np.round(100 * getattr(found, name), 2).tolist() for name in ("mean", "low", "high")}
    return {"labelled": found.labelled.tolist()} | heights


def _last(seeds: Any) -> float:
    return min(float(curve.labelled[-1]) for curve in seeds.values())


if __name__ == "__main__":
    main()
