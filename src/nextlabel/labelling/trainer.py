"""The worker's master: tells it to read and to choose when that is due, and keeps what comes back."""

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from nextlabel.datasets.greys import Scale, Scales
from nextlabel.errors import NextlabelError
from nextlabel.labelling.process import WorkerProcess
from nextlabel.labelling.project import Project
from nextlabel.labelling.queue import Queue, Reserve
from nextlabel.labelling.wire import unpack_array
from nextlabel.store import Choice, File, Question

log = logging.getLogger("nextlabel.labelling")

AT_ONCE = 500  # files whose digests are kept in one transaction
AHEAD = 1  # batches that lie ready while each person answers one
NO_RECEIPT: Mapping[str, Any] = {"lines": [], "classes": [], "confusions": [], "curve": []}
Doing = Literal["idle", "embedding", "learning", "choosing"]


@dataclass(frozen=True)
class Predicted:
    """What the chooser takes unlabelled samples of its own side for, the surest first."""

    samples: npt.NDArray[Any]
    classes: npt.NDArray[Any]
    scores: npt.NDArray[Any]


class Trainer:
    """Keeps a worker busy. All of it happens under the project's lock."""

    def __init__(self, project: Project, queue: Queue, store: str) -> None:
        self.project, self.queue = project, queue
        self.worker = WorkerProcess(store, project.place, project.home, self.hear)
        self.doing: Doing = "embedding"
        self.done, self.total = 0, len(project.state.files.there)
        self.embedder: str | None = project.settings.embedder
        self.trouble: str | None = None  # a sentence, where no batch can be chosen
        self.notes: list[str] = []
        self.scales: Scales = {}  # of pictures with more than 8 bits, as the worker found them
        self.predicted: Predicted | None = None
        self.receipt: Mapping[str, Any] = NO_RECEIPT  # as the worker wrote it last
        self._is_ready = False  # it has read something to choose from
        self._is_asked = False  # a batch is on its way
        self._empty_at: int | None = None  # the event at which nothing was left to choose
        self._replies: dict[int, Mapping[str, Any]] = {}
        self._arrived = threading.Condition(project.lock)
        self._errands = 0
        self._waiting = set[int]()  # errands without a reply

    def start(self) -> None:
        """Start the worker."""
        self.worker.start()

    def close(self) -> None:
        """End it."""
        self.worker.close()

    def read(self) -> None:
        """Let it look at the samples again: some joined, or went."""
        with self.project.lock:
            self.doing = "embedding"
            self.worker.tell({"do": "read"})

    def advance(self) -> None:
        """Have the next batch chosen, if it is time: as soon as one is closed, while the next is being answered."""
        with self.project.lock:
            state = self.project.state
            if not self._is_ready or self._is_asked or self._empty_at == state.upto:
                return
            now = self.project.now()
            # Each holds questions of a batch: with a single one ahead of them all, eight people would wait for ever.
            if self.queue.open_batches(now) > AHEAD + max(len(state.holders(now)) - 1, 0):
                return
            before = self.project.past.last_batch + 1
            if self.worker.tell({"do": "choose", "upto": state.upto, "before": before}):
                self._is_asked = True
                self.doing = "learning"
                self.project.announce("progress")

    def is_settled(self) -> bool:
        """Has it read everything, and chosen what was due, or found that nothing is left?"""
        with self.project.lock:
            self.advance()
            return self._is_ready and not self._is_asked and self.done >= self.total

    @property
    def is_ready(self) -> bool:
        """Has the worker read something that can be looked at?"""
        return self._is_ready

    def ask(self, message: Mapping[str, Any], seconds: float) -> Mapping[str, Any] | None:
        """The worker's reply to a question of somebody who looks around; None where it takes longer."""
        with self._arrived:
            self._errands += 1
            errand = self._errands
            if not self._is_ready or not self.worker.tell({**message, "errand": errand}):
                return None
            self._waiting.add(errand)
            self._arrived.wait_for(lambda: errand in self._replies, seconds)
            self._waiting.discard(errand)
            return self._replies.pop(errand, None)

    def hear(self, message: dict[str, Any]) -> None:
        """Take in what the worker says; what cannot be taken in is told, and asked for again."""
        try:
            if message["say"] == "read":
                self._register(message["files"])
            with self.project.lock:
                getattr(self, f"_hear_{message['say']}")(message)
        except NextlabelError as error:
            with self.project.lock:
                self._is_asked = False
                self.complain(str(error))

    def _register(self, files: Sequence[Sequence[str]]) -> None:
        """Keep the digests of files that were read, some at a time, so that no answer waits for all of them."""
        for start in range(0, len(files), AT_ONCE):
            some = files[start : start + AT_ONCE]
            self.project.register([File(path, digest) for path, digest in some], whole=False)

    def _hear_started(self, _message: dict[str, Any]) -> None:
        self.read()

    def _hear_gone(self, message: dict[str, Any]) -> None:
        self._is_ready = self._is_asked = False
        self._replies |= {errand: {} for errand in self._waiting}  # nobody will reply to these any more
        self._arrived.notify_all()
        if message["often"]:
            self.complain("The worker, which learns and chooses, ends again and again: questions are drawn at random.")

    def _hear_progress(self, message: dict[str, Any]) -> None:
        if (done := int(message["done"])) * 200 // max(self.total, 1) != self.done * 200 // max(self.total, 1):
            self.project.announce("progress")
        self.done, self.total = done, int(message["total"])

    def _hear_read(self, message: dict[str, Any]) -> None:
        by_path = {one.path: one.id for one in self.project.samples if one.gone is None}
        lost = [by_path[path] for path, _ in message["skipped"] if path in by_path]
        self.embedder, self._is_ready, self._empty_at = message["embedder"], True, None
        self.notes = list(message["notes"])
        self.scales = {kind: Scale(*ends) for kind, ends in message["scales"].items()}
        if message["whole"]:
            self.queue.unreadable = frozenset(lost)
            self.done = self.total = len(message["files"])
            self.doing = "idle"
        self.project.announce("progress")
        self.advance()
        self.write_receipt()

    def _hear_chosen(self, message: dict[str, Any]) -> None:
        self._is_asked, self.trouble = False, None
        self.doing = "embedding" if self.done < self.total else "idle"
        if (found := message.get("predictions")) is not None:
            kinds = (np.int32, np.int32, np.float32)
            samples, classes, scores = (unpack_array(text, kind) for text, kind in zip(found, kinds, strict=True))
            order = np.argsort(-scores, kind="stable")
            self.predicted = Predicted(samples[order], classes[order], scores[order])
        questions = _questions(message)
        if not questions:
            self._empty_at = message["upto"]
            self.write_receipt()
            self.project.announce("progress")
            return
        self.queue.reserve = None  # of the batch before
        self.project.add_batch(_choice(message), questions)
        self.advance()
        self.write_receipt()

    def write_receipt(self) -> None:
        """Have the receipt written anew, as far as anybody could be told more."""
        with self.project.lock:
            if self._is_ready:
                self.worker.tell({"do": "receipt"})

    def _hear_receipt(self, message: dict[str, Any]) -> None:
        self.receipt = {name: message[name] for name in NO_RECEIPT}
        self.project.announce("receipt")

    def _hear_reserve(self, message: dict[str, Any]) -> None:
        self.queue.reserve = Reserve(_choice(message), tuple(_questions(message)))

    def _hear_replied(self, message: dict[str, Any]) -> None:
        if message["errand"] in self._waiting:
            self._replies[message["errand"]] = message
        self._arrived.notify_all()

    def _hear_failed(self, message: dict[str, Any]) -> None:
        if message["what"] == "choose":
            self._is_asked, self._empty_at = False, self.project.state.upto  # until something changes
        self.doing = "idle"
        self.complain(message["why"])

    def _hear_broken(self, message: dict[str, Any]) -> None:
        log.error("%s", message["why"])
        self.complain("Something broke down beside the page; the log of `nextlabel label` says what. Questions go on.")

    def complain(self, sentence: str) -> None:
        """Say what is wrong."""
        self.trouble = sentence
        self.project.announce("progress")


def _questions(message: Mapping[str, Any]) -> list[Question]:
    return [
        Question(sample, why, score, None if seen is None else {int(one): p for one, p in seen.items()})
        for sample, why, score, seen in message["questions"]
    ]


def _choice(message: Mapping[str, Any]) -> Choice:
    names = ("upto", "strategy", "chooser", "settings_id", "tau")
    return Choice(**{name: message[name] for name in names}, last_batch=message["before"] - 1)
