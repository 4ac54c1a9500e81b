"""How long does a check take? ``python benchmarks/check_speed.py [SAMPLES ...]``.

Made-up vectors as wide as the default embedder's, ten classes, a pilot of 100, a budget of 400, two processes: every
indicator, and the self-simulation (20 seeds of random, margin and auto). Each
number of samples (10,000 and 100,000 without any) in a process of its own, so that its memory is its own;
``results/check/speed.json`` keeps seconds, peak memory above the vectors, that of each worker, and the load. The
goal is 60 s and 1 GB for 10,000.
"""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from store_speed import resident_mb

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
    before, began = resident_mb(), time.perf_counter()
    outlook = check(X, ids, y[ids], [str(code) for code in range(CLASSES)], Pilot())
    found: dict[str, Any] = {"samples": samples, "looked_at": outlook.looked_at, "cores": os.cpu_count()}
    found |= {"seconds": round(time.perf_counter() - began, 1), "load": round(os.getloadavg()[0], 1)}
    own, child = (resource.getrusage(who).ru_maxrss // 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    found |= {"mb_above_vectors": own - before, "mb_of_each_worker": child, "vectors_mb": X.nbytes // 2**20}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
