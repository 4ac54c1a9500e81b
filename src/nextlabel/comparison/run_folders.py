"""Runs of `simulate`: their manifest and rows, checked."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nextlabel.comparison.bench import METRICS, Bench
from nextlabel.errors import BadData, RunBroken
from nextlabel.runs.lines import Row, read_json, read_lines
from nextlabel.runs.reading import sizes
from nextlabel.statistics.curves import primary
from nextlabel.text import shorten, show_path

OURS = (
    "strategies",
    "seeds",
    "splits",
    "threads",
    "made_by",
)  # of a run's identity: may differ between runs that are joined


def read_run(folder: Path) -> Bench:
    """A finished run: its manifest and its rows are enough."""
    if not os.path.exists(folder / "manifest.json"):  # Path's would raise where the folder may not be read
        raise BadData(f"There is no run in '{show_path(folder)}': it has no manifest.json. Name a folder of simulate.")
    if not os.path.exists(folder / "rows.jsonl"):
        raise BadData(
            f"The run in '{show_path(folder)}' is still going on, or was interrupted. "
            "Wait for it, or finish it: nextlabel simulate … --resume."
        )
    told, rows = read_json(folder / "manifest.json"), read_lines(folder / "rows.jsonl")
    _check_rows(folder, rows)
    try:
        bench = Bench(
            dataset=str(rows[0]["dataset"]),
            model=rows[0]["model"],
            embedder=rows[0]["embedder"],
            metric=primary(told["dataset"]["counts"]),
            rows=rows,
            whole={int(seed): size["start"] + size["pool"] for seed, size in sizes(told).items()},
            hashes=told["seeds"],
            protocol={name: value for name, value in told["identity"].items() if name not in OURS},
            fingerprint=told["dataset"]["fingerprint"],
            source=show_path(folder),
            made_by={name: kind["class"] for name, kind in told["strategies"].items()},
        )
        names, seeds = list(told["experiment"]["strategies"]), list(told["experiment"]["seeds"])
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise RunBroken(
            f"'{show_path(folder / 'manifest.json')}' is not what simulate writes (at {error}). "
            "Run the experiment again."
        ) from None
    for name in names:
        missing = set(seeds) - bench.seeds(name)
        if missing:
            raise RunBroken(
                f"'{show_path(folder / 'rows.jsonl')}' misses {shorten(name)} under seed {min(missing)}, which its "
                "manifest names. Restore the file, or run the experiment again."
            )
    return bench


def _check_rows(folder: Path, rows: Sequence[Row]) -> None:
    """Every line is a row of ours, and every arm has all its rounds."""
    wanted = {"dataset": str, "strategy": str, "seed": int, "round": int, "labelled": int}
    arms: dict[tuple[str, int], list[int]] = {}
    for number, row in enumerate(rows, 1):
        whole = isinstance(row, dict) and all(isinstance(row.get(name), kind) for name, kind in wanted.items())
        if not (whole and {"model", "embedder"} <= set(row) and all(_score(row.get(name)) for name in METRICS)):
            raise RunBroken(
                f"Line {number} of '{show_path(folder / 'rows.jsonl')}' is damaged: it is no row of simulate. "
                "Restore the file, or run the experiment again."
            )
        arms.setdefault((row["strategy"], row["seed"]), []).append(row["round"])
    for (name, seed), found in arms.items():
        if len(set(found)) < len(found):
            raise RunBroken(
                f"'{show_path(folder / 'rows.jsonl')}' has a round of {shorten(name)}, seed {seed}, twice. "
                "Restore the file, or run the experiment again."
            )
        if sorted(found) != list(range(len(found))):
            raise RunBroken(
                f"'{show_path(folder / 'rows.jsonl')}' misses a round of {shorten(name)}, seed {seed}, in the middle. "
                "Restore the file, or run the experiment again."
            )


def _score(value: Any) -> bool:
    if value is None:
        return True
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
