"""What was known of each pilot of the check's families, and what came of it: the cases that a forecast is fitted to."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nextlabel.checking.forecast import numbers_of
from nextlabel.indicators import Finding
from nextlabel.pool import Floats

PLACE = Path(__file__).parent / "results" / "check"
ARMS = ("margin", "auto")


@dataclass(frozen=True)
class Case:
    """One strategy on one pilot: what was known, and what came of it (gain in points, log2 of the ratio)."""

    family: str
    setting: str
    kind: str
    seed: int
    arm: str
    numbers: Mapping[str, float]
    gain: float
    error: float
    ratio: float


def read_cases() -> list[Case]:
    """All pilots of which the targets are known."""
    targets = {row["name"]: row for row in json.loads((PLACE / "targets.json").read_text())}
    found = []
    for row in json.loads((PLACE / "rows.json").read_text()):
        if (target := targets.get(row["name"])) is None:
            continue
        findings = {
            name: Finding(one["value"], facts={key: value for key, value in one.items() if key != "value"})
            for name, one in row["indicators"].items()
        }
        numbers = numbers_of(
            findings,
            row["played"],
            int(target["pilot"]),
            int(target["budget"]),
            target["classes"],
        )
        for arm in ARMS:
            gains = np.array(target["gains"][arm])
            # Never: the whole budget was not enough, so that much at least.
            ratio = target["ratios"][arm]["value"] or target["random_reaches"] / target["budget"]
            about = (row["family"], row["name"], target["kind"], row["seed"], arm)
            error = float(gains.std(ddof=1) / np.sqrt(len(gains)))
            found.append(Case(*about, numbers[arm], float(gains.mean()), error, float(np.log2(ratio))))
    return found


def weights_of(cases: Sequence[Case]) -> Floats:
    """One vote a family, shared evenly by its settings; in a setting by its pilots and strategies."""
    settings: dict[str, set[str]] = {}
    for case in cases:
        settings.setdefault(case.family, set()).add(case.setting)
    each = {name: sum(case.setting == name for case in cases) for name in {case.setting for case in cases}}
    found = np.array([1 / len(settings[case.family]) / each[case.setting] for case in cases])
    weights: Floats = found / found.sum()
    return weights


def by_family(cases: Sequence[Case], values: Floats, families: Sequence[str]) -> Floats:
    """The mean of values in each family, its settings weighing the same."""
    w = weights_of(cases)
    mine = [np.array([case.family == family for case in cases]) for family in families]
    return np.array([float(w[mask] @ values[mask] / w[mask].sum()) for mask in mine])
