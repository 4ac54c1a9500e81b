"""How long does a check take? ``python benchmarks/check_speed.py [SAMPLES ...]``.

Made-up vectors as wide as the default embedder's, ten classes, a pilot of 100, a budget of 400, two processes: every
indicator, and the self-simulation (20 seeds of random, margin and auto). Each number of samples (10,000 and 100,000
without any) in a process of its own, so that its memory is its own; ``results/check/speed.json`` keeps seconds, the
peak memory of all processes together above the vectors, and the load. The goal is 60 s and 1 GB for 10,000.
"""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from nextlabel.checking import check
from nextlabel.knobs.pilot import Pilot

RESULT = Path(__file__).parent / "results" / "check" / "speed.json"
WIDTH, CLASSES, PILOT = 1_280, 10, 100


def main() -> None:
    """Measure each in a process of its own."""
    if sys.argv[1:2] == ["--here"]:
        measure(int(sys.argv[2]))
        return
    found = []
    for samples in sys.argv[1:] or ("10000", "100000"):
        done = subprocess.run([sys.executable, __file__, "--here", samples], check=True, capture_output=True, text=True)
        found.append(json.loads(done.stdout))
        print(found[-1])
    RESULT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def measure(samples: int) -> None:
    """One check, with its seconds and its memory."""
    rng = np.random.default_rng(0)
    y = rng.integers(CLASSES, size=samples)
    centres = np.abs(rng.normal(size=(CLASSES, WIDTH))).astype(np.float32)
    X = centres[y] + 2 * np.abs(rng.normal(size=(samples, WIDTH)).astype(np.float32))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    ids = np.sort(rng.permutation(samples)[:PILOT])
    before, began = share_mb(str(os.getpid())), time.perf_counter()
    with Peak() as peak:
        outlook = check(X, ids, y[ids], [str(code) for code in range(CLASSES)], Pilot())
    found: dict[str, Any] = {"samples": samples, "looked_at": outlook.looked_at, "cores": os.cpu_count()}
    found |= {"seconds": round(time.perf_counter() - began, 1), "load": round(os.getloadavg()[0], 1)}
    found |= {"mb_above_vectors": round(peak.most - before), "vectors_mb": X.nbytes // 2**20}
    print(json.dumps(found))


class Peak:
    """The most memory that this process and its workers have had together, looked at ten times a second."""

    def __init__(self) -> None:
        self.most, self._over = 0.0, threading.Event()

    def __enter__(self) -> "Peak":
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        own = os.getpid()
        while not self._over.wait(0.1):
            children = Path(f"/proc/{own}/task/{own}/children").read_text().split()
            self.most = max(self.most, share_mb(str(own)) + sum(map(share_mb, children)))


def share_mb(pid: str) -> float:
    """Megabytes of a process, pages that several share divided among them; Linux says it."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:  # it has just ended
        return 0.0
    return int(text.partition("\nPss:")[2].split()[0]) / 1024


if __name__ == "__main__":
    main()
