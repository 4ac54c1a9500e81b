"""How fast is the labelling page? ``python benchmarks/label_speed.py [SECONDS] [PICTURES]``, some minutes.

The command itself in a process of its own, over drawn pictures (JPEG, 64 pixels, each with bytes of its own) in a
temporary folder, embedded by `pixels`; clients speak HTTP. An answer that is acknowledged is on the disk, so a plain
append of one page with fsync is timed after each, in the same run. Choosing is timed in this process, on made-up
vectors as wide as the default embedder's. 100,000 known samples are simulated: empty files, which are listed and kept
but not embedded. ``results/label-speed.json`` keeps what was found, and how busy the machine was.
"""

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image
from store_speed import append_page, label, percentiles, resident_mb, timed

from nextlabel.datasets.base import Dataset
from nextlabel.labelling.choosing import choose, make_learner
from nextlabel.labelling.past import Past, World
from nextlabel.store import FILE, Entry, File, open_store

RESULT = Path(__file__).parent / "results" / "label-speed.json"
COMMAND = [sys.executable, "-m", "nextlabel", "label", "--no-browser", "--port", "0", "--embedder", "pixels"]
WIDTH, LABELS, CLASSES, PEOPLE = 1_280, 1_000, 10, 8
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def main() -> None:
    """Measure, print, and write the result."""
    seconds, count = float([*sys.argv, "20"][1]), int([*sys.argv, "20", "10000"][2])
    found: dict[str, Any] = {"cores": os.cpu_count(), "load_at_start": round(os.getloadavg()[0], 1), "pictures": count}
    with tempfile.TemporaryDirectory() as place:
        folder = draw(Path(place) / "pictures", count)
        with served(folder, "new", found) as page:
            time.sleep(min(seconds, 30))
            found["answer_ms"], found["fsync_ms"] = time_answers(page, Path(place) / "beside", 200)
        with served(folder, "known", found) as page:
            found["server_mb"] = page.memory()
            found["eight_people"] = answer_together(page, seconds)
            if CHROMIUM:
                found["key_to_picture_ms"] = press_keys(page, 100)
        empty = Path(place) / "empty"
        empty.mkdir()
        for i in range(100_000):
            (empty / f"{i:06}.jpg").touch()
        with served(empty, "100000 new, empty", found):
            pass
        with served(empty, "100000 known, empty", found) as page:
            found["server_mb_100000"] = page.memory()
        found["choose_s"] = time_choosing(Path(place) / "choosing", count)
    found["load_at_end"] = round(os.getloadavg()[0], 1)
    RESULT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


def draw(folder: Path, count: int) -> Path:
    """So many files, each a picture of its own bytes."""
    folder.mkdir()
    draws = np.random.default_rng(0)
    for i in range(count):
        out = io.BytesIO()
        Image.fromarray(draws.integers(0, 255, (8, 8, 3), dtype=np.uint8)).resize((64, 64)).save(out, "JPEG")
        (folder / f"{i:06}.jpg").write_bytes(out.getvalue())
    return folder


class Page:
    """A server that runs, and its link."""

    def __init__(self, folder: Path) -> None:
        classes = ",".join(f"class {i}" for i in range(CLASSES))
        people = [word for i in range(PEOPLE) for word in ("--invite", f"p{i}")]
        self.process = subprocess.Popen(
            [*COMMAND, str(folder), "--classes", classes, *people],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.link = self.process.stdout.readline().strip()
        self.links: list[str] = []

    def come(self, link: str) -> httpx.Client:
        """Somebody who comes by a link."""
        url = httpx.URL(link)
        base = f"http://{url.host}:{url.port}"
        client = httpx.Client(base_url=base, timeout=60, headers={"origin": base})
        client.get(link, headers={"sec-fetch-mode": "navigate"})
        return client

    def invited(self) -> list[str]:
        """Links for the others."""
        assert self.process.stderr is not None
        while len(self.links) < PEOPLE:
            line = self.process.stderr.readline()
            if "once:" in line:
                self.links.append(line.split()[-1])
        return self.links

    def memory(self) -> int:
        """Megabytes that it holds."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii", errors="replace")
        return int(status.partition("VmRSS:")[2].split()[0]) // 1024


@contextmanager
def served(folder: Path, name: str, found: dict[str, Any]) -> Iterator[Page]:
    """Serve a folder, and keep how long it took to the page and to the first question."""
    began = time.perf_counter()
    page = Page(folder)
    printed = time.perf_counter() - began
    page.client = page.come(page.link)  # type: ignore[attr-defined]
    answered = time.perf_counter() - began
    questions = page.client.get("/api/questions?count=10").json()  # type: ignore[attr-defined]
    assert questions
    found[f"start_s, {name}"] = {
        "link": round(printed, 2),
        "page": round(answered, 2),
        "first question": round(time.perf_counter() - began, 2),
    }
    try:
        yield page
    finally:
        page.client.close()  # type: ignore[attr-defined]
        page.process.terminate()
        page.process.communicate()


def answer(client: httpx.Client, question: dict[str, Any]) -> None:
    """Answer a question by its number."""
    body = {"client": str(uuid.uuid4()), "ask": question["ask"], "sample": question["sample"], "kind": "label",
            "class_id": question["sample"] % CLASSES, "how": "key"}  # fmt: skip
    reply = client.post("/api/answers", json=body)
    assert reply.status_code == 200, reply.text


def time_answers(page: Any, beside: Path, count: int) -> tuple[dict[str, float], dict[str, float]]:
    """Milliseconds from an answer to its acknowledgement, and of the disk's own fsync after each."""
    answers: list[float] = []
    disk: list[float] = []
    with beside.open("wb") as file:
        while len(answers) < count:
            for question in page.client.get("/api/questions?count=10").json():
                answers.append(timed(lambda question=question: answer(page.client, question)))  # type: ignore[misc]
                disk.append(timed(lambda: append_page(file.fileno())))
    return percentiles(answers), percentiles(disk)


def answer_together(page: Any, seconds: float) -> dict[str, float]:
    """Eight people at once: answers a second, and how many samples were answered twice."""
    samples: list[int] = []

    def work(link: str) -> None:
        with closing(page.come(link)) as client:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                for question in client.get("/api/questions?count=10").json():
                    answer(client, question)
                    samples.append(question["sample"])

    began = time.monotonic()
    threads = [threading.Thread(target=work, args=(link,)) for link in page.invited()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - began
    return {
        "seconds": round(took, 1),
        "answers": len(samples),
        "a second": round(len(samples) / took, 1),
        "twice": len(samples) - len(set(samples)),
    }


WATCH = """() => {
  window.pressed = []; window.painted = [];
  let last = document.querySelector('.stage img').src;
  document.addEventListener('keydown', () => window.pressed.push(performance.now()), true);
  const look = () => {
    const image = document.querySelector('.stage img');
    if (image && image.src !== last && image.complete) { last = image.src; window.painted.push(performance.now()); }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""


def press_keys(page: Any, count: int) -> dict[str, float]:
    """Milliseconds from a key to the frame that has the next picture, ten keys a second while a model learns."""
    from playwright.sync_api import sync_playwright

    before = page.client.get("/api/overview").json()["labelled"]
    with sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=CHROMIUM, args=["--disable-gpu"])
        window = browser.new_page(viewport={"width": 1200, "height": 760})
        cookies = [(one.name, one.value or "") for one in page.client.cookies.jar]
        address = str(page.client.base_url)
        window.context.add_cookies([{"name": name, "value": value, "url": address} for name, value in cookies])
        window.goto(str(page.client.base_url))
        window.wait_for_selector(".stage img")
        window.evaluate(WATCH)
        for i in range(count):
            window.keyboard.press(str(1 + i % 9))
            window.wait_for_timeout(100)
        window.wait_for_timeout(3_000)
        pressed, painted = window.evaluate("[window.pressed, window.painted]")
        browser.close()
    after = page.client.get("/api/overview").json()["labelled"]
    pairs = [(p - k) / 1000 for k, p in zip(pressed, painted, strict=False)]
    return percentiles(pairs) | {"keys": len(pressed), "pictures": len(painted), "answers kept": after - before}


def time_choosing(folder: Path, count: int) -> dict[str, float]:
    """Learn and choose the next batch: ``count`` samples, a thousand labels; the second of two batches, as in a run."""
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
        found = {}
        for name in ("first", "next"):
            found[name] = round(timed(lambda: choose(past.build_pool(world), world, learner, past.rounds())), 2)
    return found | {"memory_mb": resident_mb()}


if __name__ == "__main__":
    main()
