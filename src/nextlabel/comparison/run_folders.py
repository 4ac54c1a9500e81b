"""Runs of `simulate`: their manifest and rows, checked."""

from pathlib import Path

from nextlabel.comparison.bench import Bench
from nextlabel.runs import shapes
from nextlabel.runs.environment import environments
from nextlabel.runs.lines import read_lines
from nextlabel.runs.reading import check_arms, read_manifest, sizes
from nextlabel.statistics.curves import primary
from nextlabel.text import show_path

MAY_DIFFER = (
    "strategies",
    "seeds",
    "splits",
    "threads",
    "made_by",
)  # of an identity: may differ between runs that are joined


def read_run(folder: Path) -> Bench:
    """A finished run: its manifest and its rows are enough."""
    # Not `Run.read`: what else lies in a run's folder can be large, and no verdict needs it.
    told, rows = read_manifest(folder), read_lines(folder / "rows.jsonl", shapes.ROW)
    check_arms(folder, told, rows)
    return Bench(
        dataset=rows[0]["dataset"],
        model=rows[0]["model"],
        embedder=rows[0]["embedder"],
        metric=primary(told["dataset"]["counts"]),  # balanced accuracy where classes are uneven
        rows=rows,
        # Validation and test samples are never asked about, so a pool is used up without them.
        whole={int(seed): size["start"] + size["pool"] for seed, size in sizes(told).items()},
        hashes=told["seeds"],
        protocol={name: value for name, value in told["identity"].items() if name not in MAY_DIFFER},
        fingerprint=told["dataset"]["fingerprint"],
        source=show_path(folder),
        made_by={name: kind["class"] for name, kind in told["strategies"].items()},
        origins={show_path(folder): environments(told)},
    )
