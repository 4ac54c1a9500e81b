"""What does a large table cost? ``python benchmarks/table_speed.py``, two minutes, 200 MB of disk.

A CSV file of 100,000 rows and 50 columns of numbers in 17 digits, about 98 MB, and the same with every label in quotes,
which may hold the end of a line. Each is loaded by processes of their own, each with a cache of its own: ``megabytes``
is what the peak of memory (VmHWM: on Linux) rose above that of ``from nextlabel import load_dataset``, ``seconds`` the
wall clock, with the import of polars, ``cpu_seconds`` what all threads worked, which others on the machine hardly move.

``libraries`` is what can read such a file: the plain one as a frame, and its numbers as an array of 32 bits, by polars
and by pandas, in turns, with ours beside them; ``import_seconds`` of that is the import, of which numpy is no part.
``python benchmarks/table_speed.py libraries`` measures these alone. ``results/table-speed.json`` keeps the medians and
the worst.
"""

import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np

RESULT = Path(__file__).parent / "results" / "table-speed.json"
ROWS, COLUMNS, TIMES = 100_000, 50, 5
PEAK = """
import sys, time
import numpy
def peak():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
rows, columns = int(sys.argv[2]), int(sys.argv[3])
"""  # not ru_maxrss: a new process begins with the peak of the one that started it
LOAD = """
from nextlabel import load_dataset
before, start, worked = peak(), time.perf_counter(), time.process_time()
dataset = load_dataset(sys.argv[1])
seconds, work, after = time.perf_counter() - start, time.process_time() - worked, peak()
assert dataset.table.shape == (rows, columns)
print((after - before) / 1024, seconds, work)
"""
LIBRARY = """
before, start, worked = peak(), time.perf_counter(), time.process_time()
import {name}
imported = time.perf_counter() - start
frame = {name}.read_csv(sys.argv[1])
X = frame.{drop}.to_numpy().astype(numpy.float32)
labels = frame["label"].{listed}()
seconds, work, after = time.perf_counter() - start, time.process_time() - worked, peak()
assert X.shape == (rows, columns) and len(labels) == rows
print((after - before) / 1024, seconds, work, imported)
"""
LIBRARIES = {
    "polars": LIBRARY.format(name="polars", drop='drop("label")', listed="to_list"),
    "pandas": LIBRARY.format(name="pandas", drop='drop(columns="label")', listed="tolist"),
}
NAMES = ("megabytes", "seconds", "cpu_seconds", "import_seconds")


def main(only: str = "") -> None:
    """Write, measure, print, and keep the result."""
    found: dict[str, object] = json.loads(RESULT.read_text(encoding="utf-8")) if only else {}
    found |= {"rows": ROWS, "columns": COLUMNS}
    with tempfile.TemporaryDirectory() as place:
        plain = write(Path(place) / "plain.csv", quoted=False)
        if not only:
            files = {"plain": plain, "quoted": write(Path(place) / "quoted.csv", quoted=True)}
            found |= {name: sum_up([run(LOAD, path) for _ in range(TIMES)], path) for name, path in files.items()}
        found["libraries"] = compare(plain)
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


def compare(path: Path) -> dict[str, object]:
    """What the libraries take, in turns, so that what else the machine does befalls all of them."""
    codes = {**LIBRARIES, "nextlabel": LOAD}
    turns = [{name: run(code, path) for name, code in codes.items()} for _ in range(TIMES)]
    found = {name: sum_up([turn[name] for turn in turns], path) for name in codes}
    return {name: numbers | {"version": version(name)} for name, numbers in found.items()}


def sum_up(runs: list[list[float]], path: Path) -> dict[str, object]:
    """The medians and the worst of several processes, each of which read the file for the first time."""
    found: dict[str, object] = {"megabytes_of_text": round(path.stat().st_size / 1e6)}
    for name, values in zip(NAMES, zip(*runs, strict=True), strict=False):
        found |= {name: round(statistics.median(values), 2), f"{name}_worst": round(max(values), 2)}
    return found


def run(code: str, path: Path) -> list[float]:
    """What one process took."""
    with tempfile.TemporaryDirectory() as cache:
        command = [sys.executable, "-c", PEAK + code, str(path), str(ROWS), str(COLUMNS)]
        env = {**os.environ, "NEXTLABEL_CACHE": cache}
        done = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
    return [float(number) for number in done.stdout.split()]


if __name__ == "__main__":
    main(*sys.argv[1:])
