"""How fast does a store keep an answer, and open? ``python benchmarks/store_speed.py [FOLDER]``, a minute.

An answer that is acknowledged is on the disk, so the disk sets the limit: in FOLDER (or where temporary files are) a
plain append of one page with fsync is timed before each answer, in the same run. Then a project of 100,000 samples and
20,000 events is made, and opened in a process of its own, step by step. ``results/store-speed.json`` keeps what was
found.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from nextlabel.store import FILE, Choice, Entry, File, Question, Store, open_store

RESULT = Path(__file__).parent / "results" / "store-speed.json"
ANSWERS, SAMPLES, EVENTS, CLASSES, BATCH = 1000, 100_000, 20_000, 10, 10
PAGE = bytes(4096)  # SQLite writes whole pages


def main() -> None:
    """Measure, print, and write the result."""
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if sys.argv[1:] else None) as folder:
        summary: dict[str, object] = {"load_at_start": round(os.getloadavg()[0], 1), "cores": os.cpu_count()}
        summary |= time_answers(Path(folder) / "small")
        summary |= make_large(Path(folder) / "large")
        told = subprocess.run(
            [sys.executable, __file__, "--open", str(Path(folder) / "large" / FILE)],
            capture_output=True,
            text=True,
            check=True,
        )
        summary |= json.loads(told.stdout)
    RESULT.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(summary, indent=1))


def time_answers(folder: Path) -> dict[str, object]:
    """An answer and the lease of the next question in one transaction, as a page sends them; fsync beside it."""
    answers, single, disk = [], [], []
    with begin(folder, 1000) as store, (folder / "beside").open("wb") as beside:
        for number in range(ANSWERS):
            disk.append(timed(lambda: append_page(beside.fileno())))
            one = label(number, 1000)
            single.append(timed(lambda one=one: store.append(one)))  # type: ignore[misc]
            lease = Entry(f"lease {number}", "lease", 1, sample_id=(number + 1) % 1000)
            both = [label(number + ANSWERS, 1000), lease]
            answers.append(timed(lambda both=both: store.append_all(both)))  # type: ignore[misc]
    return {
        "fsync_ms": percentiles(disk),
        "answer_ms": percentiles(single),
        "answer_and_lease_ms": percentiles(answers),
    }


def make_large(folder: Path) -> dict[str, object]:
    """100,000 samples with digests, 20,000 events, a batch for every ten of them."""
    began = time.perf_counter()
    with begin(folder, SAMPLES) as store:
        registered = time.perf_counter() - began
        left = EVENTS - len(store.events())
        for start in range(0, left, 1000):  # many to a transaction: what is timed here is not the writing
            events = store.append_all([label(number, SAMPLES) for number in range(start, min(start + 1000, left))])
            for number in range(0, 1000, BATCH):
                asked = [Question((start + number + place) % SAMPLES, "strategy", 0.5) for place in range(BATCH)]
                store.add_batch(Choice(events[0].id, "margin@1"), asked)
    size = (folder / FILE).stat().st_size
    return {"register_100000_s": round(registered, 2), "file_mb": round(size / 1e6, 1)}


def open_large(path: str) -> None:
    """Open the large project as a server does, and tell what each step takes."""
    before, found = resident_mb(), {}
    began = time.perf_counter()
    store = open_store(path)
    found["open_s"] = time.perf_counter() - began
    files = [File(sample.path, sample.digest) for sample in store.samples()]
    steps: dict[str, Callable[[], object]] = {
        "samples_s": store.samples,
        "events_s": store.events,
        "state_s": store.state,
        "scan_that_finds_nothing_new_s": lambda: store.register(files, draw, whole=True),
    }
    found |= {name: timed(step) for name, step in steps.items()}
    state = store.state()
    found["verdicts_s"] = timed(state.verdicts)
    memory = resident_mb() - before
    store.close()
    print(json.dumps({name: round(value, 3) for name, value in found.items()} | {"memory_mb": memory}))


def resident_mb() -> int:
    """Memory of this process that is in use now; Linux says it."""
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return int(status.partition("VmRSS:")[2].split()[0]) // 1024


def begin(folder: Path, samples: int) -> Store:
    """A new project with classes and one annotator."""
    store = open_store(folder / FILE)
    store.register([File(f"folder/{number:06}.jpg", f"{number:064x}") for number in range(samples)], draw, whole=True)
    store.append_all([Entry(f"class {number}", "class", data={"name": f"class {number}"}) for number in range(CLASSES)])
    store.invite("Ada", "hash")
    return store


def label(number: int, samples: int) -> Entry:
    """The answer of that number."""
    return Entry(f"answer {number}", "label", 1, sample_id=number % samples, class_id=number % CLASSES, how="key")


def draw(path: str) -> float:
    """Any number will do here."""
    return (hash(path) % 2**20) / 2**20


def append_page(descriptor: int) -> None:
    """What a disk must do at least to keep something."""
    os.write(descriptor, PAGE)
    os.fsync(descriptor)


def timed(step: Callable[[], object]) -> float:
    """Seconds that a step takes."""
    began = time.perf_counter()
    step()
    return time.perf_counter() - began


def percentiles(seconds: list[float]) -> dict[str, float]:
    """Milliseconds: the median, and what all but 5 and 1 % stay below."""
    ordered = sorted(seconds)
    return {f"p{p}": round(1000 * ordered[min(len(ordered) - 1, len(ordered) * p // 100)], 2) for p in (50, 95, 99)}


if __name__ == "__main__":
    open_large(sys.argv[2]) if sys.argv[1:2] == ["--open"] else main()
