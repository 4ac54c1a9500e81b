"""Select out of 15 GB: ``python benchmarks/select_store.py [--rows 20000000] [--jobs 2] [--place FOLDER]``.

A store of so many rows of 384 numbers in float16, of ten classes that overlap, a thousand of which have a label, is
made in ``--place`` and removed at the end. Each step is a process of its own: reading every block once and widening it
to float32, the limit; then margin, then BADGE of 1,000, all by the same workers of one thread each. Twice in turns, and
the better time counts, for the first reading warms the page cache. Peak memory is that of the largest of its processes.
``results/select-store.json`` keeps what was found, and how much memory the machine has.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nextlabel.engines import Team, engine
from nextlabel.files.shards import Shards
from nextlabel.pool import Floats
from nextlabel.selection.stored import Span, StoredOrder, Walk, choose_stored
from nextlabel.selection.stored_rows import Candidates
from nextlabel.strategies import strategy

RESULT = Path(__file__).parent / "results" / "select-store.json"
WIDTH, CLASSES, LABELS, BATCH, SHARD = 384, 10, 1_000, 1_000, 1_000_000
STEPS = ("read and widen", "margin", "badge")
MAKE = "make"  # in a process of its own as well: a child counts the memory that its parent had


def draw_rows(start: int, stop: int) -> tuple[Floats, np.ndarray[Any, Any]]:
    """Rows (k, 384) float16 and their classes (k,)."""
    centres = 0.35 * np.random.default_rng(0).standard_normal((CLASSES, WIDTH), dtype=np.float32)
    rng = np.random.default_rng([1, start])
    y = rng.integers(CLASSES, size=stop - start)
    rows = rng.standard_normal((stop - start, WIDTH), dtype=np.float32)
    rows += centres[y]
    return rows.astype(np.float16), y


def write_store(place: Path, rows: int) -> None:
    """All shards, and labels.npy beside them for the first thousand rows."""
    (place / "vectors").mkdir()
    for i, start in enumerate(range(0, rows, SHARD)):
        X, y = draw_rows(start, min(start + SHARD, rows))
        np.save(place / "vectors" / f"features-{i:03}.npy", X)
        if i == 0:
            np.save(place / "labels.npy", y[:LABELS])


@dataclass(frozen=True)
class Widening:
    """Work: read, and widen."""

    rows: Candidates

    def __call__(self, span: Span) -> float:
        return sum(float(self.rows.block(one.start, one.stop)[0, 0]) for one in self.rows.pieces(*span))


def take_step(step: str, place: Path, jobs: int) -> dict[str, Any]:
    """Do it in this process, and say how long it took and how much memory."""
    shards, y = Shards.open(place / "vectors"), np.load(place / "labels.npy")
    known, about = np.arange(len(y)), {}
    began = time.perf_counter()
    with engine(jobs) as workers:
        walk = Walk(Team(workers, jobs, 1))
        if step == STEPS[0]:
            rows = Candidates(shards, known)
            assert sum(1 for _ in walk.over(rows, Widening(rows), "reading"))
        else:
            order = StoredOrder(shards, known, y, CLASSES, strategy(step), step, BATCH, 0, standardize=False)
            selection, _ = choose_stored(order, walk)
            about = {"first": selection.ids[:3].tolist()}
    seconds = time.perf_counter() - began
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {"seconds": round(seconds, 2), "peak_gb": round(peak / 2**20, 2), **about}


def main() -> None:
    """Make the store, take the steps, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--place", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--step", choices=(MAKE, *STEPS), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.step == MAKE:
        write_store(asked.place, asked.rows)
        return
    if asked.step:
        print(json.dumps(take_step(asked.step, asked.place, asked.jobs)))
        return
    place = Path(tempfile.mkdtemp(dir=asked.place))
    try:
        me = [sys.executable, __file__, "--place", str(place)]
        subprocess.run([*me, "--step", MAKE, "--rows", str(asked.rows)], check=True)
        found: dict[str, list[dict[str, Any]]] = {step: [] for step in STEPS}
        for _ in range(2):
            for step in STEPS:
                command = [*me, "--step", step, "--jobs", str(asked.jobs)]
                found[step].append(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))
                print(step, found[step][-1], file=sys.stderr, flush=True)
        best = {step: min(some, key=lambda one: one["seconds"]) for step, some in found.items()}
        limit = best[STEPS[0]]["seconds"]
        summary = {
            "rows": asked.rows,
            "gb": round(asked.rows * WIDTH * 2 / 1e9, 1),
            "memory_gb": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9, 1),
            "jobs": asked.jobs,
            **best,
            "margin against one reading": round(best["margin"]["seconds"] / limit, 2),
            "badge against three readings": round(best["badge"]["seconds"] / (3 * limit), 2),
        }
        RESULT.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
        print(json.dumps(summary, indent=1))
    finally:
        shutil.rmtree(place)


if __name__ == "__main__":
    main()
