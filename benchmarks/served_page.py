"""The labelling command in a process of its own, and what comes to it: programs over HTTP, and a real browser."""

import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from nextlabel.labelling.past import is_round
from nextlabel.store import FILE, visit_store

COMMAND = [sys.executable, "-m", "nextlabel", "label", "--no-browser", "--port", "0", "--embedder", "pixels"]
CLASSES, PEOPLE = 10, 8
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE = 540.0  # seconds


class Page:
    """A server over a folder, and ``client``, who came by its link; ``start_s`` what that took."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.began = folder, time.perf_counter()
        classes = ",".join(f"class {i}" for i in range(CLASSES))
        people = [word for i in range(PEOPLE) for word in ("--invite", f"p{i}")]
        self.process = subprocess.Popen(
            [*COMMAND, str(folder), "--classes", classes, *people],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "NEXTLABEL_CACHE": str(folder.with_name(folder.name + "-cache"))},
        )  # fmt: skip
        assert self.process.stdout is not None
        self.link = self.process.stdout.readline().strip()
        self.start_s = {"link": self._since()}
        self.links: list[str] = []

    def __enter__(self) -> "Page":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.communicate()

    def _since(self) -> float:
        return round(time.perf_counter() - self.began, 2)

    def enter(self) -> httpx.Client:
        """Come by the link, and be asked something."""
        client = self.come(self.link)
        self.start_s["page"] = self._since()
        assert client.get("/api/questions?count=10").json()
        self.start_s["first question"] = self._since()
        return client

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

    def memory_mb(self) -> int:
        """Megabytes that the server holds."""
        return memory_mb(self.process.pid)

    def worker(self) -> int | None:
        """The worker's process id."""
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal() and _parent(entry) == self.process.pid:
                return int(entry.name)
        return None

    def rounds(self) -> int:
        """How many batches the loop has chosen."""
        with visit_store(self.folder / ".nextlabel" / FILE) as visit:
            return sum(map(is_round, visit.batches()))

    def wait_until_embedded(self, client: httpx.Client) -> float:
        """Until every sample has its vector; seconds since the command."""
        wait_for(lambda: _is_embedded(client.get("/api/overview").json()))
        return self._since()

    def wait_for_batch(self, client: httpx.Client) -> float:
        """Until the loop has chosen one more, for somebody who answers meanwhile; seconds since the command."""
        before = self.rounds()
        while self.rounds() == before:
            assert self._since() < PATIENCE, "no batch comes"
            answer(client, client.get("/api/questions?count=1").json()[0])
            time.sleep(0.1)
        return self._since()


def _is_embedded(overview: dict[str, Any]) -> bool:
    seen: dict[str, int] = overview["embedding"]
    return seen["done"] >= seen["total"] and overview["learning"] != "embedding"


def _parent(entry: Path) -> int:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:  # it ended meanwhile
        return 0


def cpu_seconds(pid: int) -> float:
    """Seconds of a core that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> int:
    """Megabytes of memory that a process has in use; Linux says it."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    return int(status.partition("VmRSS:")[2].split()[0]) // 1024


def wait_for(wanted: Callable[[], object]) -> None:
    """Until it is so."""
    end = time.monotonic() + PATIENCE
    while not wanted():
        assert time.monotonic() < end, f"not within {PATIENCE:.0f} s"
        time.sleep(0.2)


def answer(client: httpx.Client, question: dict[str, Any]) -> str:
    """Answer a question by its sample's number; the answer's own id."""
    own = str(uuid.uuid4())
    body = {"client": own, "ask": question["ask"], "sample": question["sample"], "kind": "label",
            "class_id": question["sample"] % CLASSES, "how": "key"}  # fmt: skip
    reply = client.post("/api/answers", json=body)
    assert reply.status_code == 200, reply.text
    return own


# A key takes the page to the next picture: that is painted in the first frame after it stands there, decoded. Where
# questions run out the stage goes, and comes again with the next one, so the whole page is watched.
WATCH = """() => {
  const again = window.pressed !== undefined;
  window.pressed = []; window.pictures = [];
  if (again) return;
  document.addEventListener('keydown', () => window.pressed.push(performance.now()), true);
  new MutationObserver(records => records.forEach(record => record.addedNodes.forEach(node => {
    const image = node.matches?.('.stage img') ? node : node.querySelector?.('.stage img');
    if (!image) return;
    const picture = {came: performance.now(), painted: null};
    window.pictures.push(picture);
    const paint = () => requestAnimationFrame(() => (picture.painted = performance.now()));
    image.decode().then(paint, paint);
  }))).observe(document.body, {childList: true, subtree: true});
}"""


class Browser:
    """The system's Chromium, with nothing open yet: it starts before whatever is timed."""

    def __init__(self) -> None:
        from playwright.sync_api import sync_playwright

        if CHROMIUM is None:
            sys.exit("There is no Chromium on this machine, which presses the keys: apt-get install chromium")
        self._engine = sync_playwright().start()
        self._chromium = self._engine.chromium.launch(executable_path=CHROMIUM, args=["--disable-gpu"])
        self.window = self._chromium.new_page(viewport={"width": 1200, "height": 760})

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_: object) -> None:
        self._chromium.close()
        self._engine.stop()

    def open(self, link: str) -> None:
        """Come by a link, and wait for the first picture."""
        self.window.goto(link)
        self.window.wait_for_function("() => document.querySelector('.stage img')?.naturalWidth > 0")

    def press(self, count: int) -> tuple[list[float], int]:
        """Ten keys a second; for each the seconds to the next picture's frame, and how many pictures came."""
        self.window.evaluate(WATCH)
        for i in range(count):
            self.window.keyboard.press(str(1 + i % 9))
            self.window.wait_for_timeout(100)
        self.window.wait_for_timeout(3_000)
        pressed, pictures, now = self.window.evaluate("[window.pressed, window.pictures, performance.now()]")
        # A key that found no question waits for the next one that comes; where none came, it has waited until now.
        painted = [next((one["painted"] for one in pictures if one["came"] >= key), None) or now for key in pressed]
        return [(after - key) / 1000 for key, after in zip(pressed, painted, strict=True)], len(pictures)
