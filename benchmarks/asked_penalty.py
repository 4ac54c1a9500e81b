"""What does the choice of a penalty bring? ``python benchmarks/asked_penalty.py [--seeds 3]``, ten minutes.

Labellings of the sets of `receipt.py`, by `auto`, with C chosen in two ways on the labels that were asked for: as drawn
labels are cross-validated, which takes 1 while some class has one label and stops at the first C whose loss grows; and
as `cross_validate_asked` does. ``results/asked-penalty.json`` holds the mean accuracy on the test set after 100, 200
and 300 labels, and its mean from 50 labels on.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from unittest.mock import patch

import receipt
from threadpoolctl import threadpool_limits

from nextlabel import Experiment, simulate
from nextlabel.models import linear
from nextlabel.pool import Floats, Labels

RESULT = Path(__file__).parent / "results" / "asked-penalty.json"
AT, FROM = (100, 200, 300), 50
RULES: dict[str, Callable[[Floats, Labels], float]] = {
    "as drawn": linear.cross_validate,
    "as asked": linear.cross_validate_asked,
}


def play(experiment: Experiment, rule: Callable[[Floats, Labels], float]) -> dict[str, float]:
    """Mean accuracy, with C chosen by that rule."""
    with threadpool_limits(1), patch.object(linear, "cross_validate_asked", rule):
        rows = simulate(experiment)
    by_labels = {
        n: fmean(row["accuracy"] for row in rows if row["labelled"] == n)
        for n in sorted({row["labelled"] for row in rows})
    }
    found = {str(n): by_labels[n] for n in AT if n in by_labels}
    return found | {f"from {FROM} on": fmean(value for n, value in by_labels.items() if n >= FROM)}


def main() -> None:
    """Play, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "receipt-coverage")
    parser.add_argument("--sets", nargs="*", default=[], help="these only, by name")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    found = json.loads(RESULT.read_text())["sets"] if RESULT.exists() else {}
    for name, experiment in receipt.experiments(asked.seeds, asked.out).items():
        if name != receipt.LARGE and (not asked.sets or name in asked.sets):
            one = replace(experiment, strategies=("auto",), estimate=False)
            found[name] = {
                rule: {n: round(value, 4) for n, value in play(one, choose).items()} for rule, choose in RULES.items()
            }
            print(name, json.dumps(found[name]), file=sys.stderr, flush=True)
            RESULT.write_text(json.dumps({"seeds": asked.seeds, "sets": found}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
