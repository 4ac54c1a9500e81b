"""A run on disk: one folder, written by one process, readable by all."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nextlabel.errors import BadData, RunBroken
from nextlabel.runs import shapes
from nextlabel.runs.environment import Environment, environments
from nextlabel.runs.lines import RUN_AGAIN, Row, read_json, read_lines
from nextlabel.text import shorten, show_path


@dataclass(frozen=True)
class Run:
    """A finished run, as `simulate` left it.

    ``rows`` one per (strategy, seed, round); ``picks`` and ``timings`` under the same keys; ``confusions`` the last
    round's matrices, truth by rows; ``splits`` one per seed; ``estimates`` what could be said without the
    test set, beside the truth, where that was asked for.

    >>> row = {"strategy": "random", "seed": 0, "round": 0, "labelled": 20, "accuracy": 0.71}
    >>> run = Run(Path("runs/digits"), {"seeds": [0]}, [row], picks=[], timings=[], confusions=[], splits=[])
    >>> run.rows[0]["accuracy"]
    0.71
    """

    folder: Path
    manifest: dict[str, Any]
    rows: list[Row]
    picks: list[Row]
    timings: list[Row]
    confusions: list[Row]
    splits: list[dict[str, Any]]
    estimates: list[Row] = field(default_factory=list)

    @classmethod
    def read(cls, folder: str | Path) -> "Run":
        """Read a run's folder; raises `BadData` where there is none and `RunBroken` where a file was damaged."""
        folder = Path(folder)
        manifest = read_manifest(folder, shapes.manifest_shape)
        lines = {name: read_lines(folder / f"{name}.jsonl", shape) for name, shape in shapes.LINES.items()}
        check_arms(folder, manifest, lines["rows"])
        said = folder / "estimates.jsonl"
        estimates = read_lines(said, shapes.ESTIMATE) if os.path.exists(said) else []
        splits = read_json(folder / "splits.json", shapes.SPLITS)
        run = cls(folder, manifest, **lines, splits=splits, estimates=estimates)
        run._check()
        return run

    @property
    def environments(self) -> list[Environment]:
        """What the run was made with; several where it was stopped, and went on with other versions."""
        return environments(self.manifest)

    def _check(self) -> None:
        """Files speak of the same rounds, seeds, samples and classes."""
        about, rounds = self.manifest["dataset"], [shapes.line_key(row) for row in self.rows]
        last = {key[:2]: key for key in rounds}  # of each arm, whose rounds come in order
        matrices = [len(side) for row in self.confusions for side in (row["matrix"], *row["matrix"])]
        ids = [row["ids"] for row in self.picks] + [
            split[part] for split in self.splits for part in ("test", "val", "start")
        ]
        whole = {  # in the order in which a reader would stumble over them
            "picks.jsonl": [shapes.line_key(row) for row in self.picks] == rounds,
            "timings.jsonl": [shapes.line_key(row) for row in self.timings] == rounds,
            "confusions.jsonl": [shapes.line_key(row) for row in self.confusions] == list(last.values())
            and set(matrices) == {len(about["classes"])},
            "estimates.jsonl": {shapes.line_key(row) for row in self.estimates} <= set(rounds),
            "splits.json": [split["seed"] for split in self.splits] == self.manifest["experiment"]["seeds"],
            "manifest.json": max(max(part, default=-1) for part in ids) < about["n"],
        }
        for name, good in whole.items():
            if not good:
                raise RunBroken(
                    f"'{show_path(self.folder / name)}' does not belong to the run's other files. {RUN_AGAIN}"
                )


def read_manifest(folder: Path, shape: shapes.Shape = shapes.CORE) -> Row:
    """The manifest of a finished run; `BadData` where there is none, or none that is finished."""
    if not os.path.exists(folder / "manifest.json"):  # unlike Path's, it minds neither any name nor a locked folder
        raise BadData(
            f"There is no run in '{show_path(folder)}': it has no manifest.json. Name a folder that simulate wrote."
        )
    if not os.path.exists(folder / "rows.jsonl"):
        raise BadData(
            f"The run in '{show_path(folder)}' is not finished: it is still going on, or was interrupted. "
            "Wait for it, or go on with it: nextlabel simulate … --resume."
        )
    manifest: Row = read_json(folder / "manifest.json", shape)
    return manifest


def check_arms(folder: Path, manifest: Row, rows: Sequence[Row]) -> None:
    """`RunBroken` where rows are not of one dataset, or an arm of the manifest lacks a round, or all of them."""
    path = show_path(folder / "rows.jsonl")
    arms: dict[tuple[str, int], list[Row]] = {}
    for number, row in enumerate(rows, 1):
        if any(row[name] != rows[0][name] for name in ("dataset", "model", "embedder")):
            raise RunBroken(
                f"Line {number} of '{path}' is of another dataset, model or embedder than the first. {RUN_AGAIN}"
            )
        arms.setdefault((row["strategy"], row["seed"]), []).append(row)
    for (name, seed), played in arms.items():
        rounds = [row["round"] for row in played]
        if len(set(rounds)) < len(rounds):
            raise RunBroken(f"'{path}' has a round of {shorten(name)}, seed {seed}, twice. {RUN_AGAIN}")
        if sorted(rounds) != list(range(len(rounds))):
            raise RunBroken(f"'{path}' misses a round of {shorten(name)}, seed {seed}, in the middle. {RUN_AGAIN}")
        # Fewer labels than a round before would bend a curve back on itself.
        labelled = [row["labelled"] for row in sorted(played, key=lambda row: int(row["round"]))]
        if labelled != sorted(labelled):
            raise RunBroken(f"'{path}' loses labels of {shorten(name)}, seed {seed}, from round to round. {RUN_AGAIN}")
    for name in manifest["experiment"]["strategies"]:
        missing = [seed for seed in manifest["experiment"]["seeds"] if (name, seed) not in arms]
        if missing:
            raise RunBroken(
                f"'{path}' misses {shorten(name)} under seed {missing[0]}, which its manifest names. {RUN_AGAIN}"
            )


def sizes(manifest: Mapping[str, Any]) -> Mapping[str, Mapping[str, int]]:
    """How many samples each seed has in test, val, start and pool; the same for all in manifests that do not say."""
    by_seed: Mapping[str, Mapping[str, int]] = manifest.get("sizes_by_seed") or dict.fromkeys(
        manifest["seeds"], manifest["sizes"]
    )
    return by_seed
