"""Write what the check measured on its families into the docs: ``python benchmarks/check_tables.py``.

``docs/when-asking-does-not-help.md``: each family and its variants, what the check saw there, what was foretold and
what came of it; and how far the forecast can be trusted. From ``results/check``.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from table import between

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "when-asking-does-not-help.md"
RESULTS = HERE / "results" / "check"
KEPT = HERE.parent / "src" / "nextlabel" / "checking" / "forecast.json"
ARMS = ("margin", "auto")
SEEN = {  # what the check saw, by the head of its column
    "error": ("headroom", "value"),
    "doubt": ("reliability", "value"),
    "outliers": ("noise", "value"),
    "epistemic": ("epistemic", "value"),
    "cover": ("redundancy", "value"),
    "imbalance": ("imbalance", "value"),
    "labels by dimension": ("dimension", "value"),
}
Row = Mapping[str, Any]


def main() -> None:
    """Replace what stands between the markers."""
    targets = {row["name"]: row for row in _read("targets")}
    seen: dict[str, list[Row]] = defaultdict(list)
    for row in _read("rows"):
        seen[row["name"]].append(row)
    validation = json.loads(KEPT.read_text(encoding="utf-8"))["validation"]
    names = [name for name in targets if name in seen]
    page = PAGE.read_text(encoding="utf-8")
    for what, lines in {
        "families": families(
            [name for name in names if "," not in name and not is_held_out(targets[name])], targets, seen
        ),
        "held out": families([name for name in names if is_held_out(targets[name])], targets, seen),
        "variants": variants(targets),
        "trust": trust(validation),
        "calibration": calibration(validation),
    }.items():
        page = between(
            page, f"<!-- {what}: written by benchmarks/check_tables.py -->", f"<!-- end of {what} -->", lines
        )
    PAGE.write_text(page, encoding="utf-8")


def is_held_out(target: Row) -> bool:
    """Is the forecast never fitted to it?"""
    return bool(target["kind"] == "held out")


def families(names: Iterable[str], targets: Mapping[str, Row], seen: Mapping[str, Sequence[Row]]) -> str:
    """What was seen, played, and came, family by family."""
    rows = [["", *SEEN, "played", "came: `margin`", "came: `auto`", "label ratio"]]
    for name in names:
        found = [_number(mean(row["indicators"][part][key] or 0 for row in seen[name])) for part, key in SEEN.values()]
        played = max(mean(mean(row["played"][arm]) for row in seen[name]) for arm in ARMS)
        came = [gain(targets[name]["gains"][arm]) for arm in ARMS]
        rows.append([name, *found, f"{played:+.1f}", *came, ratio(targets[name]["ratios"]["auto"])])
    return _table(rows)


def variants(targets: Mapping[str, Row]) -> str:
    """Gains on each family as it is and on what was made of it."""
    kinds = ["as it is", "imbalance 10", "imbalance 100", "near copies", "noise", "fewer", "patches"]
    rows = [["", *kinds]]
    for name in (name for name in targets if "," not in name and not is_held_out(targets[name])):
        made = [targets.get(name if kind == "as it is" else f"{name}, {kind}") for kind in kinds]
        rows.append(
            [name, *("" if one is None else " / ".join(_mean(one["gains"][arm]) for arm in ARMS) for one in made)]
        )
    return _table(rows)


def trust(validation: Row) -> str:
    """The rules beside each other."""
    rows = [["rule", "off by, points", "Brier", "right side of the margin", "points lost by following it"]]
    for one in validation["table"]:
        rows.append(
            [one["rule"], *(_interval(one[key]) if key in one else "" for key in ("mae", "brier", "sign", "regret"))]
        )
    return _table(rows)


def calibration(validation: Row) -> str:
    """Foretold chances and what came of them."""
    rows = [["foretold", "cases", "families", "mean chance", "won"]]
    for one in validation["calibration"]:
        name = f"{100 * one['from']:.0f} to {100 * one['from'] + 20:.0f} in 100"
        rows.append([name, str(one["cases"]), str(one["families"]), f"{one['foretold']:.2f}", f"{one['won']:.2f}"])
    return _table(rows)


def gain(values: Sequence[float]) -> str:
    """Mean over seeds with twice its standard error about it."""
    half = 2 * stdev(values) / len(values) ** 0.5
    return _minus(f"{mean(values):+.1f} [{mean(values) - half:.1f}, {mean(values) + half:.1f}]")


def ratio(found: Row) -> str:
    """Random's labels for one of the strategy's."""
    return "never" if found["value"] is None else f"{found['value']:.2f}x"


def _mean(values: Sequence[float]) -> str:
    return _minus(f"{mean(values):+.1f}")


def _number(value: float) -> str:
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.0f}"


def _interval(found: Sequence[float]) -> str:
    return f"{found[0]:.2f} [{found[1]:.2f}, {found[2]:.2f}]"


def _minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")


def _table(rows: Sequence[Sequence[str]]) -> str:
    head, *rest = rows
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rest])


def _read(name: str) -> list[Any]:
    found: list[Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return found


if __name__ == "__main__":
    main()
