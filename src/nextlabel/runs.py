"""A run on disk: one folder, written by one process, readable by all."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nextlabel.errors import BadData, RunBroken

Row = dict[str, Any]


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


def read_json(path: Path) -> Any:
    """One JSON file, or `RunBroken`."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunBroken(
            f"'{path}' cannot be read ({error}). Was it edited or cut short? Run the experiment again."
        ) from None


def read_lines(path: Path) -> list[Row]:
    """All rows of a JSON-lines file, or `RunBroken` with the number of the bad line."""
    rows: list[Row] = []
    try:
        for line in path.read_text(encoding="utf-8").removesuffix("\n").split("\n"):  # U+2028 is no end of a line here
            rows.append(json.loads(line))
    except OSError as error:
        raise RunBroken(f"'{path}' cannot be read ({error.strerror}). Run the experiment again.") from None
    except ValueError:
        number = len(rows) + 1
        raise RunBroken(
            f"Line {number} of '{path}' is damaged. Restore the file, or run the experiment again."
        ) from None
    return rows


def lines(rows: Iterable[Row]) -> str:
    """Rows as JSON lines: the same rows always give the same bytes."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
