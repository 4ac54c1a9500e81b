"""How fast is the labelling page? ``python benchmarks/label_speed.py [SCENARIO ...] [--small]``.

The command itself runs in a process of its own, over drawn pictures in a temporary folder; programs speak HTTP to it,
and the system's Chromium presses keys. Without a name all scenarios run, each some minutes:

- ``pictures``: 10,000 of 500 kB (1600 x 1200; two hundred are drawn, each file has bytes of its own). From the command
  to the first picture, in a folder that was never seen and in one that is known; from a key to the next picture, ten
  keys a second, while the folder is being embedded, and while the model learns from a thousand labels (answers kept are
  fewer than keys where somebody was faster than questions came); from an answer to its acknowledgement, and, since that
  means it is on the disk, an append of one page with fsync after each;
- ``people``: eight answer at once for a minute, as fast as they can;
- ``many``: 100,000 pictures of 64 pixels, read and embedded: what a start takes, and how much memory;
- ``choosing``: learning and choosing alone, in this process, on made-up vectors as wide as the default embedder's.

Pictures are embedded by `pixels`, at once: the default embedder would take ten minutes for 10,000, and a benchmark of
the page would measure it instead. ``results/label-speed.json`` keeps what was found, scenario by scenario, and how busy
the machine was: these figures are worth something where nothing else ran. ``--small`` tries everything with a twentieth
of it all, and keeps nothing.
"""

import io
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image
from served_page import CLASSES, Browser, Page, answer, cpu_seconds, memory_mb
from store_speed import append_page, label, percentiles, resident_mb, timed
from threadpoolctl import threadpool_limits

from nextlabel.datasets.base import Dataset
from nextlabel.labelling.choosing import choose, make_learner
from nextlabel.labelling.past import Past, World
from nextlabel.store import FILE, Entry, File, open_store, visit_store

RESULT = Path(__file__).parent / "results" / "label-speed.json"
WIDTH, LABELS, ANSWERS, KEYS = 1_280, 1_000, 200, 300
BASES = 200  # pictures that are drawn, where each file is large
Found = dict[str, Any]


def main() -> None:
    """Measure, print, and keep the result."""
    names = [name for name in sys.argv[1:] if name != "--small"] or list(SCENARIOS)
    scale = 0.05 if "--small" in sys.argv else 1.0
    for name in names:
        found: Found = {"cores": os.cpu_count(), "load_at_start": round(os.getloadavg()[0], 1)}
        began = time.perf_counter()
        with tempfile.TemporaryDirectory() as place:
            found |= SCENARIOS[name](Path(place), scale)
            found |= {"seconds": round(time.perf_counter() - began), "load_at_end": round(os.getloadavg()[0], 1)}
            print(json.dumps({name: found}, indent=1), flush=True)
            if scale == 1:
                keep(name, found)


def keep(name: str, found: Found) -> None:
    """Put what a scenario found beside what the others did."""
    before = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    kept = {one: found if one == name else before[one] for one in SCENARIOS if one == name or one in before}
    RESULT.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def measure_pictures(place: Path, scale: float) -> Found:
    """A person in a browser, and large pictures."""
    folder, found = place / "pictures", Found()
    found["pictures"], found["mean_kb"] = draw_large(folder, round(10_000 * scale))
    with Browser() as browser:
        with Page(folder) as page:
            found["start_s, new"] = start(browser, page)
            with closing(page.come(page.invited()[0])) as client:
                found["key_to_picture_ms, while it embeds"] = press(browser, page, client, round(KEYS * scale))
                found["embedded_after_s"] = page.wait_until_embedded(client)
                found["answer_ms"], found["fsync_ms"] = time_answers(client, place / "beside", round(LABELS * scale))
                found["key_to_picture_ms, while it learns"] = press(browser, page, client, round(KEYS * scale))
        with Page(folder) as page:
            found["start_s, known"] = start(browser, page)
            found["server_mb"] = page.memory_mb()
    return found


def draw_large(folder: Path, count: int) -> tuple[int, int]:
    """So many files of 1600 x 1200 pixels; how many, and their mean size in kB."""
    folder.mkdir()
    draws, bases = np.random.default_rng(0), list[bytes]()
    for _ in range(min(BASES, count)):
        coarse = draws.integers(0, 255, (9, 12, 3), dtype=np.uint8)
        smooth = np.asarray(Image.fromarray(coarse).resize((1600, 1200), Image.Resampling.BICUBIC), dtype=np.int16)
        noise = draws.integers(-24, 25, (1200, 1600, 1), dtype=np.int16)
        out = io.BytesIO()
        Image.fromarray((smooth + noise).clip(0, 255).astype(np.uint8)).save(out, "JPEG", quality=75)
        bases.append(out.getvalue())
    total = 0
    for i in range(count):
        base, number = bases[i % len(bases)], f"{i:08}".encode()
        # A comment, right after the first marker: bytes of its own, and the same picture.
        data = base[:2] + b"\xff\xfe" + (len(number) + 2).to_bytes(2, "big") + number + base[2:]
        (folder / f"{i:06}.jpg").write_bytes(data)
        total += len(data)
    os.sync()  # else the disk would still be busy with them when an answer is timed
    return count, round(total / count / 1000)


def draw_small(folder: Path, count: int) -> None:
    """So many files of 64 x 64 pixels, each drawn for itself."""
    folder.mkdir()
    draws = np.random.default_rng(0)
    for i in range(count):
        out = io.BytesIO()
        Image.fromarray(draws.integers(0, 255, (8, 8, 3), dtype=np.uint8)).resize((64, 64)).save(out, "JPEG")
        (folder / f"{i:06}.jpg").write_bytes(out.getvalue())
    os.sync()


def start(browser: Browser, page: Page) -> dict[str, float]:
    """Seconds from the command to its link, and to the first picture in a browser that was open."""
    browser.open(page.link)
    return {**page.start_s, "first picture": round(time.perf_counter() - page.began, 2)}


def press(browser: Browser, page: Page, client: httpx.Client, count: int) -> Found:
    """Milliseconds from a key to the next picture, and what the worker did meanwhile: else the figure means little."""
    worker = page.worker()
    assert worker is not None, "nothing learns"
    before, rounds, cpu, began = kept_labels(client), page.rounds(), cpu_seconds(worker), time.perf_counter()
    seconds, pictures = browser.press(count)
    took = time.perf_counter() - began
    return percentiles(seconds) | {
        "keys": len(seconds),
        "pictures": pictures,
        "keys a second": round(count / (took - 3), 1),
        "answers kept": kept_labels(client) - before,
        "batches chosen meanwhile": page.rounds() - rounds,
        "of a core, the worker had": round((cpu_seconds(worker) - cpu) / took, 2),
    }


def kept_labels(client: httpx.Client) -> int:
    """How many samples are labelled."""
    labelled: int = client.get("/api/overview").json()["labelled"]
    return labelled


def time_answers(client: httpx.Client, beside: Path, count: int) -> tuple[dict[str, float], dict[str, float]]:
    """Milliseconds from an answer to its acknowledgement, and of the disk's own fsync after each; the last of them."""
    answers: list[float] = []
    disk: list[float] = []
    with beside.open("wb") as file:
        while len(answers) < count:
            for question in client.get("/api/questions?count=10").json():
                answers.append(timed(lambda question=question: answer(client, question)))  # type: ignore[misc]
                disk.append(timed(lambda: append_page(file.fileno())))
    return percentiles(answers[-ANSWERS:]), percentiles(disk[-ANSWERS:])


def measure_people(place: Path, scale: float) -> Found:
    """Eight who answer at once: a minute's answers, and whether any was lost, given twice, or shown to two."""
    folder, seconds = place / "people", 60 * max(scale, 0.1)
    draw_small(folder, round(40_000 * scale))
    acknowledged: list[str] = []
    shown: list[set[int]] = []
    with Page(folder) as page:
        with closing(page.enter()) as client:
            page.wait_until_embedded(client)
        works = [threading.Thread(target=_answer_for, args=(page, link, seconds, acknowledged, shown))
                 for link in page.invited()]  # fmt: skip
        rounds, began = page.rounds(), time.perf_counter()
        for thread in works:
            thread.start()
        for thread in works:
            thread.join()
        took, rounds = time.perf_counter() - began, page.rounds() - rounds
    with visit_store(folder / ".nextlabel" / FILE) as visit:
        events = [event for event in visit.events() if event.kind == "label"]
    samples = [event.sample_id for event in events]
    return {
        "pictures": round(40_000 * scale),
        "people": len(works),
        "seconds": round(took, 1),
        "answers": len(acknowledged),
        "answers a second": round(len(acknowledged) / took, 1),
        "lost": len(set(acknowledged) - {event.client_id for event in events}),
        "given twice": len(samples) - len(set(samples)),
        "shown to two": sum(map(len, shown)) - len(set().union(*shown)),
        "batches chosen meanwhile": rounds,
    }


def _answer_for(page: Page, link: str, seconds: float, acknowledged: list[str], shown: list[set[int]]) -> None:
    mine = set[int]()
    with closing(page.come(link)) as client:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            questions = client.get("/api/questions?count=10").json()
            mine |= {question["sample"] for question in questions}
            acknowledged += [answer(client, question) for question in questions]
    shown.append(mine)


def measure_many(place: Path, scale: float) -> Found:
    """A hundred thousand: read and embedded, and then opened again."""
    folder, count = place / "many", round(100_000 * scale)
    draw_small(folder, count)
    found: Found = {"pictures": count, "embedder": "pixels, 768 numbers each"}
    for name in ("new", "known"):
        with Page(folder) as page, closing(page.enter()) as client:
            found[f"start_s, {name}"] = page.start_s
            found[f"first_batch_after_s, {name}"] = page.wait_for_batch(client)
            found[f"embedded_after_s, {name}"] = page.wait_until_embedded(client)
            worker = page.worker()
            assert worker is not None, "it has just chosen"
            found[f"server_mb, {name}"], found[f"worker_mb, {name}"] = page.memory_mb(), memory_mb(worker)
    return found


def measure_choosing(folder: Path, scale: float) -> Found:
    """Learn and choose the next batch: 10,000 samples, a thousand labels; the second of two batches, as in a run."""
    count = round(10_000 * scale)
    with open_store(folder / FILE) as store:
        store.append(Entry("settings", "settings", data={"seed": 1, "embedder": "pixels"}))
        for i in range(CLASSES):
            store.append(Entry(f"class {i}", "class", data={"name": f"class {i}"}))
        files = [File(f"{i:06}.jpg", f"{i:064x}") for i in range(count)]
        store.register(files, lambda path: (int(path[:6]) * 0.6180339887) % 1, whole=True)
        store.invite("ada", "hash")
        store.append_all([label(i, count) for i in range(LABELS)])
        draws = np.random.default_rng(0)
        centres = draws.normal(size=(CLASSES, WIDTH)).astype(np.float32)
        X = draws.normal(size=(count, WIDTH)).astype(np.float32) * 3 + centres[np.arange(count) % CLASSES]
        samples = store.samples()
        world = World(np.arange(count), X, np.array([one.draw for one in samples]))
        past = Past()
        past.follow(store)
        dataset = Dataset("made up", np.full(count, -1, dtype=np.int64), (), "", table=X)
        learner = make_learner(past.settings, dataset)
        found: Found = {"samples": count, "numbers each": WIDTH, "labels": min(LABELS, count)}
        for name in ("first", "next"):  # on one core, as the worker does it
            with threadpool_limits(1):
                took = timed(lambda: choose(past.build_pool(world), world, learner, past.rounds()))
            found[f"{name}_s"] = round(took, 2)
    return found | {"memory_mb": resident_mb()}


SCENARIOS: dict[str, Callable[[Path, float], Found]] = {
    "pictures": measure_pictures,
    "people": measure_people,
    "many": measure_many,
    "choosing": measure_choosing,
}

if __name__ == "__main__":
    main()
