"""A labelling over drawn pictures, and people who answer by what was drawn."""

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from nextlabel.labelling import LabellingSession, Opened, Wish, open_project

CLASSES = ("circle", "cross", "square")  # in the order in which a simulation codes them


def draw_pictures(folder: Path, count: int, seed: int = 0) -> Path:
    """Shapes of three kinds, named so that their path tells which."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        name = CLASSES[int(rng.integers(len(CLASSES)))]
        picture = Image.fromarray(rng.integers(0, 60, (32, 32, 3), dtype=np.uint8))
        pen = ImageDraw.Draw(picture)
        x, y, r = (int(v) for v in rng.integers((8, 8, 4), (24, 24, 8)))
        ink = tuple(int(v) for v in rng.integers(120, 255, 3))
        if name == "circle":
            pen.ellipse((x - r, y - r, x + r, y + r), fill=ink)
        elif name == "square":
            pen.rectangle((x - r, y - r, x + r, y + r), fill=ink)
        else:
            pen.line((x - r, y - r, x + r, y + r), fill=ink, width=3)
            pen.line((x - r, y + r, x + r, y - r), fill=ink, width=3)
        picture.save(folder / f"{seed}-{i:03}-{name}.png")
    return folder


def open_at(place: Path, **settings: Any) -> Opened:
    """A project over a folder, with its three classes."""
    return open_project(Wish(place, classes=CLASSES, settings={"embedder": "pixels", "seed": 3, **settings}))


def wait_for(wanted: Callable[[], object], seconds: float = 120) -> None:
    """Until it is so; fails where that takes too long."""
    end = time.monotonic() + seconds
    while not wanted():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.01)


class Person:
    """Somebody who answers what they are asked."""

    def __init__(self, session: LabellingSession, name: str = "ada") -> None:
        digest = f"{name}-{uuid.uuid4().hex}"
        self.session, self.id = session, session.invite(name, digest)

    def settle(self) -> None:
        """Wait until the next batches are chosen, so that none of them is late."""
        wait_for(lambda: self.session.worker.is_settled())

    def ask(self, count: int = 1) -> list[dict[str, Any]]:
        """The next questions."""
        return self.session.questions(self.id, count)

    def say(self, question: Mapping[str, Any], kind: str = "label", name: str | None = None, **more: Any) -> dict:
        """Answer a question: by what is drawn, or by a name."""
        shown = name or question["path"].rsplit("-", 1)[1].removesuffix(".png")
        class_id = next((row["id"] for row in self.session.overview(self.id)["classes"] if row["name"] == shown), None)
        answer = {
            "client": str(uuid.uuid4()),
            "ask": question.get("ask"),
            "sample": question["sample"],
            "kind": kind,
            "class_id": class_id if kind == "label" else None,
            "note": None,
            "how": "key",
            "shown_at": None,
            "answered_at": None,
        }
        return self.session.answer(self.id, answer | more)

    def go_on(self, count: int) -> list[str]:
        """Answer the next ones, waiting for each batch; the paths of what was asked."""
        asked = []
        while len(asked) < count:
            self.settle()
            (question,) = self.ask()
            asked.append(question["path"])
            self.say(question)
        return asked


def in_parallel(*works: Callable[[], object]) -> None:
    """Do several things at once; fails where one of them does."""
    failures: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
