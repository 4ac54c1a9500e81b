"""A run on disk: one folder, written by one process, readable by all."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nextlabel.errors import BadData
from nextlabel.runs.lines import Row, read_json, read_lines


@dataclass(frozen=True)
class Run:
    """A finished run, as `simulate` left it.

    ``rows`` one per (strategy, seed, round); ``picks`` and ``timings`` under the same keys; ``confusions`` the last
    round's matrices, truth by rows; ``splits`` one per seed.
    """

    folder: Path
    manifest: dict[str, Any]
    rows: list[Row]
    picks: list[Row]
    timings: list[Row]
    confusions: list[Row]
    splits: list[dict[str, Any]]

    @classmethod
    def read(cls, folder: Path) -> "Run":
        """Read a run's folder; raises `BadData` where there is none and `RunBroken` where a line cannot be read."""
        if not (folder / "manifest.json").exists():
            raise BadData(f"There is no run in '{folder}': it has no manifest.json. Name a folder that simulate wrote.")
        if not (folder / "rows.jsonl").exists():
            raise BadData(f"The run in '{folder}' is not finished. Go on with it: nextlabel simulate … --resume.")
        lines = {name: read_lines(folder / f"{name}.jsonl") for name in ("rows", "picks", "timings", "confusions")}
        return cls(folder, read_json(folder / "manifest.json"), **lines, splits=read_json(folder / "splits.json"))


def sizes(manifest: Mapping[str, Any]) -> Mapping[str, Mapping[str, int]]:
    """How many samples each seed has in test, val, start and pool; the same for all in manifests that do not say."""
    found: Mapping[str, Mapping[str, int]] = manifest.get("sizes_by_seed") or dict.fromkeys(
        manifest["seeds"], manifest["sizes"]
    )
    return found
