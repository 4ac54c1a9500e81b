"""What does a cluster cost? ``python benchmarks/cluster_speed.py [--repeats 2] [--seeds 48]``, five minutes.

The same grid by two worker processes and by a local cluster of two workers, in turns, each in a process of its own and
timed from its start to its end; and the start of a cluster with twenty trivial tasks, beside the same by Dask's own
executor. ``results/cluster-speed.json`` keeps what was found.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path
from statistics import median

RESULT = Path(__file__).parent / "results" / "cluster-speed.json"
GRID = [
    "simulate", "digits", "--strategies", "random,margin,badge", "--rounds", "20", "--batch", "20", "--no-report",
]  # fmt: skip
CREWS = {"two processes": ["--jobs", "2"], "cluster of two": ["--cluster", "local:2"]}
OURS = """
from nextlabel.engines import run
from nextlabel.engines.dask import Dask
def main():
    with Dask("local:2") as engine:
        assert len(list(run(engine, abs, range(20), 2, 1))) == 20
"""
THEIRS = """
from distributed import Client, LocalCluster
def main():
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster, Client(cluster) as client:
        engine = client.get_executor(pure=False)
        assert len([one.result() for one in [engine.submit(abs, i) for i in range(20)]]) == 20
"""
GUARD = "if __name__ == '__main__': main()\n"


def seconds_of(command: list[str]) -> float:
    """Wall seconds of a process, from its start to its end."""
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


def main() -> None:
    """Measure in turns, print, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=48)
    asked = parser.parse_args()
    repeats = asked.repeats
    grids: dict[str, list[float]] = {name: [] for name in CREWS}
    starts: dict[str, list[float]] = {"ours": [], "Dask's own executor": []}
    rows = set()
    with tempfile.TemporaryDirectory() as place:
        for name, code in zip(starts, (OURS, THEIRS), strict=True):
            (Path(place) / f"{name[:4]}.py").write_text(code + GUARD)
        for repeat in range(repeats):
            for name, words in CREWS.items():
                out = Path(place) / f"{name}-{repeat}"
                command = [
                    sys.executable,
                    "-m",
                    "nextlabel",
                    *GRID,
                    "--seeds",
                    str(asked.seeds),
                    *words,
                    "--out",
                    str(out),
                ]
                grids[name].append(seconds_of(command))
                rows.add(sha256((out / "rows.jsonl").read_bytes()).hexdigest())
            for name in starts:
                starts[name].append(seconds_of([sys.executable, str(Path(place) / f"{name[:4]}.py")]))
    summary = {
        "grid_seconds": {name: round(median(found), 2) for name, found in grids.items()},
        "cluster_against_processes": round(
            median(b / a for a, b in zip(grids["two processes"], grids["cluster of two"], strict=True)), 3
        ),
        "start_and_20_tasks_seconds": {name: round(median(found), 2) for name, found in starts.items()},
        "arms": 3 * asked.seeds,
        "repeats": repeats,
        "sha256 of rows.jsonl": sorted(rows),
    }
    RESULT.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(summary, indent=1))


if __name__ == "__main__":
    main()
