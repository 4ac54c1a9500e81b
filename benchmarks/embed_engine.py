"""Do two workers embed twice as much as one? ``python benchmarks/embed_engine.py [FOLDER]``, some minutes.

The flowers (or FOLDER) by `efficientnet`: one worker process with one thread, two such, and this process with a thread
for each core, as `embed` does without --jobs; in turn, several times, each with a cache that knows nothing. And two
workers once more, for whom the same pictures lie behind a web address where each takes `LATENCY` longer. Timed is all
that comes after the workers are there: reading, decoding, embedding and keeping. Vectors have to be the same bytes.
Beside each pair stands what others took of the machine. ``results/embed-engine.json`` keeps what was found.
"""

import functools
import hashlib
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
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
MOST = 2744  # pictures
QUIET = 0.1  # of all cores, that somebody else may take
PATIENCE = 6  # seconds
SERVERS: list[int] = []  # their processes
LATENCY = 0.05  # seconds until a picture behind an address begins to arrive
ARMS = {"one": 1, "two": 2, "without": 0, "two, far": 2}  # workers


class Found(NamedTuple):
    """One measurement: seconds of embedding, how many pictures, a hash of their vectors; ``work`` seconds of all cores
    that our processes took, and ``others`` the share of all cores that somebody else's programs took meanwhile."""

    seconds: float
    pictures: int
    digest: str
    work: float
    others: float


def main() -> None:
    """Measure, print, and write the result."""
    source = Path(sys.argv[1] if sys.argv[1:] else SHARED / "flowers" / "train")
    found: dict[str, list[Found]] = {arm: [] for arm in ARMS}
    with ExitStack() as stack:
        place = stack.enter_context(tempfile.TemporaryDirectory())
        address = stack.enter_context(serving(copy_some(source, Path(place))))
        teams = {jobs: Team(stack.enter_context(Processes(jobs)), jobs, threads=1) for jobs in (1, 2)}
        begun = time.perf_counter()
        for jobs, team in teams.items():
            dict(team.run(warm, range(jobs)))  # a worker that has embedded noise has loaded all that it needs
        start = time.perf_counter() - begun
        for _ in range(ROUNDS):
            for arm, jobs in ARMS.items():
                wait_for_quiet()
                found[arm].append(measure(f"{address}/list.csv" if "far" in arm else place, teams.get(jobs)))
    assert len({row.digest for rows in found.values() for row in rows}) == 1, "vectors differ"
    summary = {
        "pictures": found["one"][0].pictures,
        "cores": cores(),
        "pictures_a_second": {arm: round(median(row.pictures / row.seconds for row in found[arm])) for arm in ARMS},
        "milliseconds_of_a_core_a_picture": {
            arm: round(1000 * median(row.work / row.pictures for row in found[arm]), 2) for arm in ARMS
        },
        "two_workers_to_one": compare(found["one"], found["two"]),
        "without_to_one": compare(found["one"], found["without"]),
        "latency_seconds": LATENCY,
        "two_far_to_two": compare(found["two"], found["two, far"]),
        "start_of_three_workers_seconds": round(start, 1),
        "same_bytes": True,
    }
    RESULT.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(summary, indent=1))


def compare(base: list[Found], other: list[Found]) -> dict[str, object]:
    """How many times as fast the other is, by pairs of one round: all, and those where hardly anybody else worked."""
    pairs = [(one.seconds / two.seconds, max(one.others, two.others)) for one, two in zip(base, other, strict=True)]
    quiet = [ratio for ratio, others in pairs if others <= QUIET]
    return {
        "median_of_all": round(median(ratio for ratio, _ in pairs), 2),
        "median_where_others_took_little": round(median(quiet), 2) if quiet else None,
        "pairs": [[round(ratio, 2), round(others, 2)] for ratio, others in pairs],
    }


def copy_some(source: Path, place: Path) -> Path:
    """Some pictures of every class, and a list of them."""
    files = sorted(path for path in source.rglob("*") if path.is_file())
    some = files[:: max(1, len(files) // MOST)][:MOST]
    rows = ["path,label"]
    for file in some:
        name = file.relative_to(source)
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, place / name)
        rows.append(f"{name.as_posix()},{name.parts[0]}")
    (place / "list.csv").write_text("\n".join(rows), encoding="utf-8")
    return place


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The folder behind a web address, in a process of its own, late by `LATENCY`."""
    code = f"import embed_engine; embed_engine.serve({str(folder)!r})"
    server = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent
    )
    assert server.stdout is not None
    SERVERS.append(server.pid)
    try:
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
    finally:
        server.kill()
        server.wait()


def serve(folder: str) -> None:
    """Serve a folder until this process ends."""

    class Late(SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # connections stay open, as those of any store do

        def do_GET(self) -> None:
            time.sleep(LATENCY)
            super().do_GET()

        def log_message(self, *_: object) -> None:
            """It keeps silent."""

    ThreadingHTTPServer.request_queue_size = 128  # of its usual 5, many callers at once wait for seconds
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Late, directory=folder))
    print(server.server_port, flush=True)
    server.serve_forever()


def measure(source: str, team: Team | None) -> Found:
    """All pictures by a team, or by this process, with a cache that knows none of them."""
    with tempfile.TemporaryDirectory() as cache:
        os.environ["NEXTLABEL_CACHE"] = cache
        before, started = (busy(), own()), time.perf_counter()
        dataset = load(Request(source, sink=sink(NAME, team=team), unlabelled=True))
        features = embed(dataset, NAME, team=team)
        seconds = time.perf_counter() - started
        work = own() - before[1]
        others = max(0.0, busy() - before[0] - work) / seconds / cores()
        digest = hashlib.blake2b(features.array.tobytes()).hexdigest()
        return Found(seconds, len(dataset), digest, work, others)


def busy() -> float:
    """Seconds that all cores together have worked since the machine began."""
    numbers = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    return (sum(numbers[:3]) + sum(numbers[5:8])) / os.sysconf("SC_CLK_TCK")  # but for idle and waiting for disks


def own() -> float:
    """Seconds that this process, its workers and its server have worked."""
    pids = [os.getpid(), *SERVERS, *(child.pid for child in multiprocessing.active_children())]
    stats = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(stat[11]) + int(stat[12]) for stat in stats) / os.sysconf("SC_CLK_TCK")


def wait_for_quiet() -> None:
    """Until hardly anybody else works, or for `PATIENCE`."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        before = busy()
        time.sleep(0.5)
        if (busy() - before) / 0.5 / cores() < QUIET:
            return


def warm(place: int) -> int:
    """Work that makes a worker ready."""
    import numpy as np

    from nextlabel.embedders.efficientnet.embedder import EfficientNet

    embedder = EfficientNet.of("lite0")
    time.sleep(0.5)  # so that the other worker takes the other task
    return len(embedder.transform(np.zeros((1, embedder.size, embedder.size, 3), np.uint8)))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(sys.argv[2])
    main()
