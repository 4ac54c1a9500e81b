"""What the check sees on its families: indicators and self-simulations. ``python benchmarks/check_rows.py``.

For every family of `check_families` and the first two seeds, and every variant and the first: all indicators, and the
gains that the self-simulation shows for margin and auto. Half an hour on two cores. ``results/check/rows.json`` is gone
on with where it stopped; ``--anew`` begins again.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from check_families import Setting, budget, divide, settings
from threadpoolctl import threadpool_limits

from nextlabel.checking.self_simulation import ARMS, RANDOM, Stage, self_simulate
from nextlabel.engines import engine
from nextlabel.indicators import INDICATORS
from nextlabel.indicators.evidence import Evidence
from nextlabel.statistics.standings import paired_differences

RESULT = Path(__file__).parent / "results" / "check" / "rows.json"
PILOTS, PILOTS_OF_VARIANTS = 2, 1
PLAYED, PLAYED_OF_VARIANTS = 10, 5


def main() -> None:
    """Check what is not checked yet, and keep the result after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--anew", action="store_true")
    parser.add_argument("--families", action="store_true", help="the families alone, without variants")
    asked = parser.parse_args()
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    found = [] if asked.anew or not RESULT.exists() else json.loads(RESULT.read_text())
    there = {(row["name"], row["seed"]) for row in found}
    for setting in settings(with_variants=not asked.families):
        for seed in range(PILOTS_OF_VARIANTS if "," in setting.name else PILOTS):
            if (setting.name, seed) in there:
                continue
            began = time.perf_counter()
            found.append(look(setting, seed))
            print(f"{setting.name}, {seed}: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
            RESULT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def evidence_of(setting: Setting, seed: int) -> Evidence:
    """What somebody knows who has labelled the pilot of one seed."""
    draw = divide(setting, seed)
    ids = np.sort(np.concatenate([draw.pilot, draw.rest]))
    pilot = np.searchsorted(ids, draw.pilot)
    return Evidence(setting.X[ids], pilot, setting.y[draw.pilot], setting.classes, budget(setting), len(ids), seed)


def look(setting: Setting, seed: int) -> dict[str, Any]:
    """The indicators of one pilot, and what each kind of self-simulation shows."""
    evidence = evidence_of(setting, seed)
    row: dict[str, Any] = {"family": setting.family, "name": setting.name, "seed": seed, "indicators": {}, "played": {}}
    with threadpool_limits(1):
        for name, indicator in INDICATORS.items():
            finding = indicator.measure(evidence)
            row["indicators"][name] = {"value": finding.value, **finding.facts}
        with engine(1) as here:
            curves = self_simulate(Stage.of(evidence), here, 1, PLAYED_OF_VARIANTS if "," in setting.name else PLAYED)
        for arm in ARMS[1:]:
            row["played"][arm] = np.round(100 * np.array(paired_differences(curves[arm], curves[RANDOM])), 3).tolist()
    return row


if __name__ == "__main__":
    main()
