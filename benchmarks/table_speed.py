"""What does a large table cost? ``python benchmarks/table_speed.py``, half a minute, 200 MB of disk.

A CSV file of 100,000 rows and 50 columns of numbers in 17 digits, about 98 MB, and the same with every label in quotes,
which may hold the end of a line. Each is loaded by processes of their own, each with a cache of its own: ``megabytes``
is what the peak of memory (VmHWM: on Linux) rose above that of ``from nextlabel import load_dataset``, ``seconds`` the
wall clock, with the import of polars. ``results/table-speed.json`` keeps the medians and the worst.
"""

import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

RESULT = Path(__file__).parent / "results" / "table-speed.json"
ROWS, COLUMNS, TIMES = 100_000, 50, 5
LOAD = """
import sys, time
from nextlabel import load_dataset
def peak():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
before, start = peak(), time.perf_counter()
dataset = load_dataset(sys.argv[1])
seconds, after = time.perf_counter() - start, peak()
assert dataset.table.shape == (int(sys.argv[2]), int(sys.argv[3]))
print((after - before) / 1024, seconds)
"""  # not ru_maxrss: a new process begins with the peak of the one that started it


def main() -> None:
    """Write, measure, print, and keep the result."""
    with tempfile.TemporaryDirectory() as place:
        files = {name: write(Path(place) / f"{name}.csv", name == "quoted") for name in ("plain", "quoted")}
        found: dict[str, object] = {"rows": ROWS, "columns": COLUMNS}
        found |= {name: measure(path) for name, path in files.items()}
    RESULT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


def write(path: Path, quoted: bool) -> Path:
    """The table as a file; with its labels in quotes, where these are wanted."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(ROWS, COLUMNS)), rng.integers(0, 2, ROWS)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC if quoted else csv.QUOTE_MINIMAL, lineterminator="\n")
        writer.writerow([*(f"x{i}" for i in range(COLUMNS)), "label"])
        writer.writerows([*row, "ab"[code]] for row, code in zip(X.tolist(), y.tolist(), strict=True))
    return path


def measure(path: Path) -> dict[str, float]:
    """Megabytes and seconds of several processes, each of which loads the file for the first time."""
    runs = [load(path) for _ in range(TIMES)]
    columns = dict(zip(("megabytes", "seconds"), zip(*runs, strict=True), strict=True))
    found: dict[str, float] = {"megabytes_of_text": round(path.stat().st_size / 1e6)}
    for name, values in columns.items():
        found |= {name: round(statistics.median(values), 2), f"{name}_worst": round(max(values), 2)}
    return found


def load(path: Path) -> tuple[float, float]:
    """What one process took."""
    with tempfile.TemporaryDirectory() as cache:
        command = [sys.executable, "-c", LOAD, str(path), str(ROWS), str(COLUMNS)]
        env = {**os.environ, "NEXTLABEL_CACHE": cache}
        done = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
    megabytes, seconds = map(float, done.stdout.split())
    return megabytes, seconds


if __name__ == "__main__":
    main()
