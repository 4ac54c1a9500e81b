"""The command itself, in a process of its own, and a client that answers over HTTP; made to be killed."""

import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from people import CLASSES

from nextlabel.store import FILE, visit_store

COMMAND = [sys.executable, "-m", "nextlabel", "label"]
SETTINGS = ["--embedder", "pixels", "--seed", "3", "--classes", ",".join(CLASSES), "--no-browser", "--port", "0"]


class Served:
    """One server over a folder: ``link`` lets in once. In a process group of its own, with its worker."""

    def __init__(self, folder: Path, *more: str) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [*COMMAND, str(folder), *SETTINGS, *more], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.link = self.process.stdout.readline().strip()
        assert self.link.startswith("http"), "it did not start"

    def client(self) -> httpx.Client:
        """Somebody who came by the link."""
        url = httpx.URL(self.link)
        client = httpx.Client(base_url=f"http://{url.host}:{url.port}", timeout=20)
        client.headers["origin"] = f"http://{url.host}:{url.port}"
        client.get(self.link, headers={"sec-fetch-mode": "navigate"})
        return client

    def kill(self) -> None:
        """kill -9, and nothing else: its worker has to notice by itself."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def stop(self) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(30)
        self.process.stdout.close()
        return code


class Answering(threading.Thread):
    """Answers at full speed until its server is gone. ``acknowledged``: client ids by the events that keep them."""

    def __init__(self, client: httpx.Client, said: Callable[[dict[str, Any]], bool] = lambda _: True) -> None:
        super().__init__(daemon=True)
        self.client, self.said = client, said
        self.acknowledged: dict[str, int] = {}
        self.unsure: dict[str, Any] | None = None  # what was sent, and perhaps not kept
        self.failure: str | None = None

    def run(self) -> None:
        try:
            while questions := self.ask():
                for question in questions:
                    self._answer(question)
                    if not self.said(question):
                        return
        except httpx.TransportError:
            return  # killed
        finally:
            self.client.close()

    def ask(self) -> list[dict[str, Any]]:
        reply = self.client.get("/api/questions?count=10")
        if reply.status_code != 200:
            self.failure = reply.text
            return []
        return reply.json()

    def _answer(self, question: dict[str, Any]) -> None:
        name = question["path"].rsplit("-", 1)[1].removesuffix(".png")
        body = {"client": str(uuid.uuid4()), "ask": question["ask"], "sample": question["sample"], "kind": "label",
                "class_id": CLASSES.index(name), "how": "key"}  # fmt: skip
        self.unsure = body
        self.send(body)

    def send(self, body: dict[str, Any]) -> None:
        """One answer, once or again."""
        reply = self.client.post("/api/answers", json=body)
        if reply.status_code != 200:
            self.failure = reply.text
            raise httpx.ReadError("refused")
        self.acknowledged[body["client"]] = reply.json()["event"]
        self.unsure = None


def worker_of(server: int) -> int | None:
    """The process id of a server's worker."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == server and b"nextlabel.labelling.worker" in (entry / "cmdline").read_bytes():
                    return int(entry.name)
            except OSError:
                continue
    return None


def kept(folder: Path) -> dict[str, int]:
    """Answers in a project's store: their events by client id."""
    with visit_store(folder / ".nextlabel" / FILE) as visit:
        events = visit.events()
    assert [event.id for event in events] == list(range(1, len(events) + 1))
    return {event.client_id: event.id for event in events if event.kind == "label"}


def kill_worker(server: Served) -> bool:
    """kill -9 of the worker, if there is one at the moment."""
    pid = worker_of(server.process.pid)
    if pid is None:
        return False
    os.kill(pid, signal.SIGKILL)
    return True
