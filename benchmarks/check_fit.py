"""Fit the check's forecast, and say how far it can be trusted. ``python benchmarks/check_fit.py``.

Reads ``results/check/targets.json`` (`check_targets.py`) and ``results/check/rows.json`` (`check_rows.py`), leaves one
family out at a time, and weighs every family the same. Rules that are compared: nothing but the mean; 1/error alone
(after Mussmann and Liang, 2018); classes and budget alone; the self-simulation as it comes, and fitted; and up to three
numbers chosen inside the folds. Each is judged by how far it is off, and by its regret: points of AUBC lost against the
best of random, margin and auto, beside always taking one of them. What ships is the self-simulation with the error,
where that is nearer than 1/error alone beyond doubt; else 1/error. Writes
``src/nextlabel/checking/forecast.json``, which the package reads, and ``results/check/validation.json`` with every
family's foretold and true gain. A minute.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from check_cases import ARMS, PLACE, Case, by_family, read_cases, weights_of
from check_families import HELD_OUT
from scipy.stats import spearmanr, t

from nextlabel.checking.forecast import Rule
from nextlabel.pool import Floats
from nextlabel.seeds import stream

KEPT = Path(__file__).parents[1] / "src" / "nextlabel" / "checking" / "forecast.json"
MARGIN = 0.25  # points of AUBC
MOST = 3  # numbers in a rule that are chosen inside the folds
PAIR = ("played", "log_error")  # what ships: see docs/when-asking-does-not-help.md for why not the three
RIDGE = 0.05  # of the variance of a number: enough to keep two that say the same from pulling apart
RESAMPLES = 10_000
CANDIDATES = (
    "played",
    "log_error",
    "inverse_error",
    "falls",
    "reliability",
    "outliers",
    "disagreement",
    "epistemic",
    "coverage",
    "log_imbalance",
    "log_labels_by_dimension",
    "neighbours",
    "log_classes",
    "log_budget",
)


Truth = Callable[[Case], float]
Predictor = Callable[[Case], float]


def fit(cases: Sequence[Case], names: Sequence[str], truth: Truth) -> Rule:
    """Ridge regression on these numbers, weighed by family; the spread is that of its own misses."""
    w = weights_of(cases)
    y = np.array([truth(case) for case in cases])
    X = np.array([[case.numbers[name] for name in names] for case in cases]).reshape(len(cases), len(names))
    middle, centre = w @ y, w @ X
    scatter = (X - centre).T @ ((X - centre) * w[:, None])
    slope = np.linalg.solve(scatter + RIDGE * np.diag(np.diag(scatter) + 1e-12), (X - centre).T @ (w * (y - middle)))
    intercept = float(middle - centre @ slope)
    misses = y - intercept - X @ slope
    families = len({case.family for case in cases})
    return Rule(intercept, dict(zip(names, slope.tolist(), strict=True)), float(np.sqrt(w @ misses**2)), families)


def leave_out(cases: Sequence[Case], make: Callable[[Sequence[Case]], Predictor]) -> Floats:
    """What each case is foretold (n,) by a rule made without its family."""
    found = np.empty(len(cases))
    for family in sorted({case.family for case in cases}):
        rule = make([case for case in cases if case.family != family])
        for place, case in enumerate(cases):
            if case.family == family:
                found[place] = rule(case)
    return found


def choose_names(cases: Sequence[Case], truth: Truth) -> list[str]:
    """Up to three numbers, added while families left out are foretold better by two in a hundred."""
    chosen: list[str] = []
    w, y = weights_of(cases), np.array([truth(case) for case in cases])
    least = float(w @ (y - leave_out(cases, lambda some: _rule(some, [], truth))) ** 2)
    while len(chosen) < MOST:
        losses = {
            name: float(w @ (y - leave_out(cases, lambda some, name=name: _rule(some, [*chosen, name], truth))) ** 2)  # type: ignore[misc]
            for name in CANDIDATES
            if name not in chosen
        }
        best = min(losses, key=lambda name: losses[name])
        if losses[best] > 0.98 * least:
            break
        chosen.append(best)
        least = losses[best]
    return chosen


def _rule(cases: Sequence[Case], names: Sequence[str], truth: Truth) -> Predictor:
    rule = fit(cases, names, truth)
    return lambda case: rule(case.numbers)


def _gain(case: Case) -> float:
    return case.gain


def _ratio(case: Case) -> float:
    return case.ratio


def rules(truth: Truth) -> Mapping[str, Callable[[Sequence[Case]], Predictor]]:
    """Everything that is compared, by name."""
    return {
        "the mean": lambda some: _rule(some, [], truth),
        "1/error": lambda some: _rule(some, ["inverse_error"], truth),
        "classes and budget": lambda some: _rule(some, ["log_classes", "log_budget"], truth),
        "self-simulation as it comes": lambda some: lambda case: case.numbers["played"],
        "self-simulation": lambda some: _rule(some, ["played"], truth),
        "self-simulation and error": lambda some: _rule(some, PAIR, truth),
        "up to three": lambda some: _rule(some, choose_names(some, truth), truth),
    }


def judge(cases: Sequence[Case], foretold: Floats, families: Sequence[str]) -> dict[str, Any]:
    """How far off, family by family, with the mean over families and its bootstrap interval."""
    y = np.array([case.gain for case in cases])
    off = by_family(cases, np.abs(y - foretold), families)
    squares = by_family(cases, (y - foretold) ** 2, families)
    chance = chances(cases, foretold, families)
    wins = (y > MARGIN).astype(float)
    brier = by_family(cases, (chance - wins) ** 2, families)
    sign = by_family(cases, ((foretold > MARGIN) == (y > MARGIN)).astype(float), families)
    lost = regrets(cases, lambda some: pick(some, foretold, cases), families)
    middle = [by_family(cases, values, families) for values in (y, foretold)]
    return {
        "mae": interval(off),
        "rmse": round(float(np.sqrt(squares.mean())), 3),
        "spearman": float(spearmanr(*middle).statistic) if np.ptp(middle[1]) > 1e-9 else None,
        "brier": interval(brier),
        "sign": interval(sign),
        "regret": interval(lost),
    }


def spread_of(cases: Sequence[Case], foretold: Floats, families: Sequence[str]) -> float:
    """How wide a rule's misses are by the square root of the error, without the noise of the targets."""
    y, noise, error = (np.array([value(case) for case in cases]) for value in (_gain, _noise, _error))
    return float(np.sqrt(max(1e-6, by_family(cases, ((y - foretold) ** 2 - noise**2) / error, families).mean())))


def inside(cases: Sequence[Case], foretold: Floats, families: Sequence[str]) -> Floats:
    """By family, how often the gain lay in the interval of eight in ten, which is widened by the noise of the gain."""
    wide = spread_of(cases, foretold, families) * np.sqrt([_error(case) for case in cases])
    off = np.abs([case.gain for case in cases] - foretold) / np.hypot(wide, [case.error for case in cases])
    return by_family(cases, (off <= t.isf(0.1, max(1, len(families) - 3))).astype(float), families)


def chances(cases: Sequence[Case], foretold: Floats, families: Sequence[str]) -> Floats:
    """How likely each gain is above the margin, by such misses."""
    wide = spread_of(cases, foretold, families) * np.sqrt([_error(case) for case in cases])
    found: Floats = t.sf((MARGIN - foretold) / wide, max(1, len(families) - 3))
    return found


def _noise(case: Case) -> float:
    return case.error


def _error(case: Case) -> float:
    return float(np.exp(case.numbers["log_error"]))


def pick(pair: Sequence[int], foretold: Floats, cases: Sequence[Case]) -> float:
    """The true gain of following a rule on one pilot: the arm of which it expects most, or random."""
    best = max(pair, key=lambda place: foretold[place])
    return cases[best].gain if foretold[best] > 0 else 0.0


def regrets(cases: Sequence[Case], choose: Callable[[Sequence[int]], float], families: Sequence[str]) -> Floats:
    """Points lost against the best of random, margin and auto, by family."""
    pilots: dict[tuple[str, int], list[int]] = {}
    for place, case in enumerate(cases):
        pilots.setdefault((case.setting, case.seed), []).append(place)
    lost = np.zeros(len(cases))
    for pair in pilots.values():
        best = max(0.0, *(cases[place].gain for place in pair))
        lost[pair] = best - choose(pair)
    return by_family(cases, lost, families)


def interval(values: Floats) -> list[float]:
    """Mean over families, and its 95 % bootstrap interval."""
    draws = stream(0, "families").integers(len(values), size=(RESAMPLES, len(values)))
    low, high = np.quantile(values[draws].mean(axis=1), [0.025, 0.975])
    return [round(float(number), 3) for number in (values.mean(), low, high)]


def permute(cases: Sequence[Case], families: Sequence[str]) -> float:
    """How often targets dealt to other families are foretold as well, without variants (200 deals)."""
    own = np.mean(by_family(cases, _misses(cases), families))
    worse = 0
    for k in range(200):
        names = dict(zip(families, stream(k, "deal").permutation(families), strict=True))
        first = {(case.family, case.arm): case for case in reversed(cases)}
        dealt = [Case(**vars(case) | {"gain": first[names[case.family], case.arm].gain}) for case in cases]
        worse += bool(np.mean(by_family(dealt, _misses(dealt), families)) <= own)
    return (worse + 1) / 201


def _misses(cases: Sequence[Case]) -> Floats:
    y = np.array([case.gain for case in cases])
    found: Floats = np.abs(y - leave_out(cases, lambda some: _rule(some, PAIR, _gain)))
    return found


def constant(arm: str) -> Callable[[Sequence[Case]], Callable[[Sequence[int]], float]]:
    """Always the same strategy."""
    return lambda cases: lambda pair: next((cases[i].gain for i in pair if cases[i].arm == arm), 0.0)


def main() -> None:
    """Compare, choose, keep."""
    every = read_cases()
    cases = [case for case in every if case.kind != HELD_OUT]
    families = sorted({case.family for case in cases})
    compared = {name: leave_out(cases, make) for name, make in rules(_gain).items()}
    table = [{"rule": name} | judge(cases, foretold, families) for name, foretold in compared.items()]
    for name, choose in {
        "always random": lambda pair: 0.0,
        **{f"always {arm}": constant(arm)(cases) for arm in ARMS},
    }.items():
        table.append({"rule": name, "regret": interval(regrets(cases, choose, families))})
    better = compare_misses(cases, compared["1/error"], compared["self-simulation and error"], families)
    shipped, names = ("self-simulation and error", PAIR) if better[1] > 0 else ("1/error", ("inverse_error",))
    kept = keep(cases, families, names, compared[shipped])
    held = [case for case in every if case.kind == HELD_OUT]
    kept["validation"] = {"held_out": judge_held(cases, held, names), "less_off": better} | validate(
        cases, families, table, shipped, compared[shipped]
    )
    KEPT.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    (PLACE / "validation.json").write_text(json.dumps(outcomes(cases, compared), indent=1) + "\n", encoding="utf-8")
    for row in table:
        print(row)
    print({name: value for name, value in kept["validation"].items() if name != "table"})


def compare_misses(cases: Sequence[Case], one: Floats, other: Floats, families: Sequence[str]) -> list[float]:
    """How many points less the other is off, with its interval over families."""
    y = np.array([case.gain for case in cases])
    return interval(by_family(cases, np.abs(y - one) - np.abs(y - other), families))


def keep(cases: Sequence[Case], families: Sequence[str], names: Sequence[str], foretold: Floats) -> dict[str, Any]:
    """The rules as the package reads them: fitted on all families, as wide as their misses on families left out."""
    gain = fit(cases, names, _gain)
    ratio_names = min(
        (["played"], ["inverse_error"], ["log_error"], ["played", "log_error"]),
        key=lambda some: _ratio_miss(cases, some),
    )
    ratio = fit(cases, ratio_names, _ratio)
    wide = {"gain": spread_of(cases, foretold, families), "ratio": float(np.sqrt(_ratio_miss(cases, ratio_names)))}
    return {
        name: vars(replace(rule, spread=wide[name], families=len(families), by_error=name == "gain"))
        for name, rule in {"gain": gain, "ratio": ratio}.items()
    }


def _ratio_miss(cases: Sequence[Case], names: Sequence[str]) -> float:
    families = sorted({case.family for case in cases})
    foretold = leave_out(cases, lambda some: _rule(some, names, _ratio))
    return float(by_family(cases, (np.array([case.ratio for case in cases]) - foretold) ** 2, families).mean())


def validate(
    cases: Sequence[Case], families: Sequence[str], table: Sequence[Any], shipped: str, foretold: Floats
) -> dict[str, Any]:
    """What ``nextlabel check --about`` prints."""
    errors = np.array([case.error for case in cases])
    chance = chances(cases, foretold, families)
    noise = by_family(cases, errors**2, families).mean()
    parts = {kind: [case.kind == kind for case in cases] for kind in ("pictures", "tables")}
    parts["without variants"] = ["," not in case.setting for case in cases]
    kinds = {}
    for name, chosen in parts.items():
        mine = [case for case, there in zip(cases, chosen, strict=True) if there]
        kinds[name] = judge(mine, foretold[np.array(chosen)], sorted({case.family for case in mine}))
    return {
        "families": len(families),
        "settings": len({case.setting for case in cases}),
        "shipped": shipped,
        "table": list(table),
        "kinds": kinds,
        "calibration": calibration(cases, chance),
        "inside": interval(inside(cases, foretold, families)),
        "noise": {"standard_error": round(float(np.sqrt(noise)), 3), "ceiling": ceiling(cases, families, noise)},
        "permutation_p": round(permute([case for case in cases if "," not in case.setting], families), 4),
        "command": " && ".join(f"python benchmarks/check_{name}.py" for name in ("targets", "rows", "fit")),
    }


def judge_held(cases: Sequence[Case], held: Sequence[Case], names: Sequence[str]) -> dict[str, Any]:
    """How far off on families that nothing was fitted to."""
    rule = _rule(cases, names, _gain)
    foretold = np.array([rule(case) for case in held])
    return judge(held, foretold, sorted({case.family for case in held})) if held else {}


def ceiling(cases: Sequence[Case], families: Sequence[str], noise: float) -> float:
    """The correlation that even the true mean would show with targets as noisy as these (attenuation)."""
    spread = float(np.var(by_family(cases, np.array([case.gain for case in cases]), families)))
    return round(float(np.sqrt(max(0.0, 1 - noise / spread))), 3)


def calibration(cases: Sequence[Case], chance: Floats) -> list[dict[str, float]]:
    """In fifths of the foretold chance: how many pilots (each strategy by itself), foretold and true share of wins."""
    wins = np.array([case.gain > MARGIN for case in cases])
    found = []
    for low in (0.0, 0.2, 0.4, 0.6, 0.8):
        inside = (chance >= low) & (chance < low + 0.2 + 1e-9 * (low == 0.8))
        if inside.any():
            named = {
                "cases": int(inside.sum()),
                "families": len({c.family for c, there in zip(cases, inside, strict=True) if there}),
            }
            found.append(
                {"from": low, **named, "foretold": float(chance[inside].mean()), "won": float(wins[inside].mean())}
            )
    return found


def outcomes(cases: Sequence[Case], compared: Mapping[str, Floats]) -> list[dict[str, Any]]:
    """Every case with what each rule foretold, for whoever wants to see where it is wrong."""
    return [
        {"family": case.family, "setting": case.setting, "kind": case.kind, "seed": case.seed, "strategy": case.arm}
        | {"gain": round(case.gain, 3), "error": round(case.error, 3), "log2_ratio": round(case.ratio, 3)}
        | {"foretold": {name: round(float(values[place]), 3) for name, values in compared.items()}}
        for place, case in enumerate(cases)
    ]


if __name__ == "__main__":
    main()
