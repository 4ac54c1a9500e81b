"""The command itself, in a process of its own, and a client that answers over HTTP; made to be killed."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
from people import CLASSES, wait_for

from nextlabel.labelling.past import is_round
from nextlabel.store import FILE, Visit, visit_store

COMMAND = [sys.executable, "-m", "nextlabel", "label"]
SETTINGS = ["--embedder", "pixels", "--seed", "3", "--classes", ",".join(CLASSES), "--no-browser", "--port", "0"]
Sent = tuple[str, dict[str, Any]]


class Served:
    """One server over a folder, with a worker of its own: ``link`` lets in once."""

    def __init__(self, folder: Path, *more: str) -> None:
        self.folder, self.log = folder, folder.with_name(folder.name + ".log")
        with self.log.open("a") as log:
            self._begin = log.tell()  # what stands before it is of servers before
            self.process = subprocess.Popen(
                [*COMMAND, str(folder), *SETTINGS, *more], stdout=subprocess.PIPE, stderr=log, text=True
            )

    def last_words(self) -> str:
        """How it ended, if it did, and what it wrote to stderr: all that is known where nobody killed it."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(2)  # it may be about to end
        with self.log.open() as log:
            log.seek(self._begin)
            return f"exit code {self.process.poll()}, stderr: {log.read()!r}"

    @cached_property
    def link(self) -> str:
        """What it prints when it serves; waits for that."""
        link = self.process.stdout.readline().strip()
        assert link.startswith("http"), self.last_words()
        return link

    def client(self) -> httpx.Client:
        """Somebody who came by the link."""
        url = httpx.URL(self.link)
        client = httpx.Client(base_url=f"http://{url.host}:{url.port}", timeout=20)
        client.headers["origin"] = f"http://{url.host}:{url.port}"
        client.get(self.link, headers={"sec-fetch-mode": "navigate"})
        return client

    def kill(self) -> None:
        """kill -9, and nothing else: its worker has to notice by itself."""
        assert self.process.poll() is None, self.last_words()
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
    """Answers as a person does, with a pause after each, until its server is gone or nothing is left to ask.

    Of twenty answers one is a "not sure", and one is undone and given again. ``acknowledged``: client ids by the
    events that keep them; ``unsure`` what was sent last, path and body, if it may not have been kept.
    """

    def __init__(self, client: httpx.Client, pause: float = 0, unsure: Sent | None = None) -> None:
        super().__init__(daemon=True)
        self.client, self.pause, self.unsure = client, pause, unsure
        self.acknowledged: dict[str, int] = {}
        self.failure: str | None = None

    def run(self) -> None:
        try:
            if self.unsure is not None:  # as the page does it: sent again, with the same id
                self._send(*self.unsure)
            while self.failure is None:
                for question in self.ask():
                    self._answer(question)
                    time.sleep(self.pause)
        except httpx.TransportError as error:  # what a kill makes of it; before that, it is a fault
            self.failure = self.failure or repr(error)
        finally:
            self.client.close()

    def ask(self) -> list[dict[str, Any]]:
        """The next questions."""
        reply = self.client.get("/api/questions?count=10")
        questions = reply.json() if reply.status_code == 200 else []
        if not questions:
            self.failure = f"Nothing is asked: {reply.text}"
        return questions

    def _answer(self, question: dict[str, Any]) -> None:
        turn = len(self.acknowledged) % 20
        name = question["path"].rsplit("-", 1)[1].removesuffix(".png")
        said = {"kind": "skip", "class_id": None} if turn == 7 else {"kind": "label", "class_id": CLASSES.index(name)}
        self._send("/api/answers", {"ask": question["ask"], "sample": question["sample"], "how": "key", **said})
        if turn == 13:
            back = self._send("/api/undo", {})["question"]
            self._answer(back)

    def _send(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """One answer, once or again; until it is acknowledged nobody knows whether it is kept."""
        body = {"client": str(uuid.uuid4()), **body}
        self.unsure = path, body
        reply = self.client.post(path, json=body)
        if reply.status_code != 200:
            self.failure = reply.text
            raise httpx.ReadError("refused")
        self.acknowledged[body["client"]] = reply.json()["event"]
        self.unsure = None
        return reply.json()


def worker_of(server: int) -> int | None:
    """The process id of a server's worker."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == server and b"nextlabel.labelling.worker_process" in (entry / "cmdline").read_bytes():
                    return int(entry.name)
            except OSError:
                continue
    return None


def kept(folder: Path) -> dict[str, int]:
    """What people said, in a project's store: its events by client id, each of them once."""
    events = _read(folder, lambda visit: visit.events())
    assert [event.id for event in events] == list(range(1, len(events) + 1))
    said = [event for event in events if event.kind in ("label", "skip", "undo")]
    found = {event.client_id: event.id for event in said}
    assert len(found) == len(said)
    return found


def count_rounds(folder: Path) -> int:
    """How many batches the loop has chosen."""
    return sum(map(is_round, _read(folder, lambda visit: visit.batches())))


def _read(folder: Path, read: Callable[[Visit], list[Any]]) -> list[Any]:
    """Something of a project's store; nothing where a kill came before it was made."""
    file = folder / ".nextlabel" / FILE
    if not file.exists():
        return []
    with visit_store(file) as visit:
        return read(visit)


def kill_worker(server: Served) -> bool:
    """kill -9 of the worker, if there is one at the moment; it is gone when this returns."""
    pid = worker_of(server.process.pid)
    if pid is None:
        return False
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: worker_of(server.process.pid) != pid)
    return True
