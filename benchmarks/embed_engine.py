"""Do two workers embed twice as much as one? ``python benchmarks/embed_engine.py [FOLDER]``, some minutes.

The flowers (or FOLDER) by `efficientnet`: one worker process with one thread, two such, and this process with a thread
for each core, as `embed` does without --jobs; in turn, several times, each with a cache of its own. Timed is all that
comes after the workers are there: reading, decoding, embedding and keeping. What starting them takes stands beside it.
Vectors have to be the same bytes. ``results/embed-engine.json`` keeps what was found.
"""

import hashlib
import json
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import NamedTuple

from scenarios import SHARED

from nextlabel.datasets import load
from nextlabel.datasets.base import Request
from nextlabel.datasets.pictures import cores
from nextlabel.embedders import embed, sink
from nextlabel.engines import Processes, Team

RESULT = Path(__file__).parent / "results" / "embed-engine.json"
NAME = "efficientnet"
ROUNDS = 3
ARMS = {"one": 1, "two": 2, "without": 0}  # workers


class Found(NamedTuple):
    """One measurement: seconds of embedding, and of starting before it; how many pictures; a hash of their vectors."""

    seconds: float
    start: float
    pictures: int
    digest: str


def main() -> None:
    """Measure, print, and write the result."""
    folder = Path(sys.argv[1] if sys.argv[1:] else SHARED / "flowers" / "train")
    found: dict[str, list[Found]] = {arm: [] for arm in ARMS}
    for _ in range(ROUNDS):
        for arm, jobs in ARMS.items():
            found[arm].append(measure(folder, jobs))
    assert len({row.digest for rows in found.values() for row in rows}) == 1, "vectors differ"
    pairs = [one.seconds / two.seconds for one, two in zip(found["one"], found["two"], strict=True)]
    rates = {arm: [round(row.pictures / row.seconds, 1) for row in rows] for arm, rows in found.items()}
    summary = {
        "pictures": found["one"][0].pictures,
        "cores": cores(),
        "pictures_a_second": rates,
        "two_workers_to_one": [round(pair, 2) for pair in pairs],
        "median": round(median(pairs), 2),
        "start_of_two_workers_seconds": round(median(row.start for row in found["two"]), 2),
        "same_bytes": True,
    }
    RESULT.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(summary, indent=1))


def measure(folder: Path, jobs: int) -> Found:
    """Seconds for all pictures by so many workers, 0: by this process; with a cache that knows none of them."""
    with tempfile.TemporaryDirectory() as cache, ExitStack() as stack:
        os.environ["NEXTLABEL_CACHE"] = cache
        begun, team = time.perf_counter(), None
        if jobs:
            team = Team(stack.enter_context(Processes(jobs)), jobs, threads=1)
            # A worker that embeds noise has loaded all that it needs.
            dict(team.run(warm, range(jobs)))
        started = time.perf_counter()
        dataset = load(Request(str(folder), sink=sink(NAME, team=team), unlabelled=True))
        features = embed(dataset, NAME, team=team)
        seconds = time.perf_counter() - started
        digest = hashlib.blake2b(features.array.tobytes()).hexdigest()
        return Found(seconds, started - begun, len(dataset), digest)


def warm(place: int) -> int:
    """Work that makes a worker ready."""
    import numpy as np

    from nextlabel.embedders.efficientnet.embedder import EfficientNet

    embedder = EfficientNet.of("lite0")
    time.sleep(0.5)  # so that the other worker takes the other task
    return len(embedder.transform(np.zeros((1, embedder.size, embedder.size, 3), np.uint8)))


if __name__ == "__main__":
    main()
