"""The worker: a process that reads, embeds, learns and chooses, so that nobody who answers ever waits for it.

It is told by lines on its standard input what to do, and answers by lines on its standard output. It reads the store
for itself and keeps nothing: it may be killed at any moment, and another one goes on from the store.
"""

import contextlib
import json
import os
import queue
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from threadpoolctl import threadpool_limits

from nextlabel.datasets.base import Dataset
from nextlabel.datasets.pictures import FolderPictures
from nextlabel.errors import NextlabelError
from nextlabel.labelling.choosing import Chosen, choose, choose_reserve, make_learner
from nextlabel.labelling.past import Past, World
from nextlabel.labelling.places import source_of
from nextlabel.labelling.settings import Settings, read_settings
from nextlabel.labelling.sources import Opening, Source
from nextlabel.labelling.wire import Message, pack, pack_array, unpack
from nextlabel.labelling.worlds import read_world
from nextlabel.loop.learner import ActiveLearner
from nextlabel.store import Sample, Visit, visit_store

if TYPE_CHECKING:
    from nextlabel.labelling.receipts import Receipts

FIRST = 2_000  # samples that are embedded first in a large folder, so that choosing can begin
Say = Callable[[Message], None]


class Worker:
    """What one process does for one project."""

    def __init__(self, visit: Visit, root: Path, home: Path, say: Say) -> None:
        self.visit, self.root, self.home, self.say = visit, root, home, say
        self.past = Past()
        self.opened: tuple[World, Dataset] | None = None  # both at once, for a thread replaces them
        self._learner: tuple[Settings, Dataset, ActiveLearner] | None = None
        self._reading, self._counting = threading.Lock(), threading.Lock()
        self._asked_again = threading.Event()
        self._receipts: Receipts | None = None

    def obey(self, message: Message) -> None:
        """Do what a message says; what goes wrong is said, and the worker lives on."""
        try:
            if message["do"] == "read":
                threading.Thread(target=self._read_safely, daemon=True, name="reading").start()
            elif message["do"] == "choose":
                self._choose(int(message["upto"]), int(message["before"]))
            elif message["do"] == "receipt":
                threading.Thread(target=self._receipt_safely, daemon=True, name="receipt").start()
            else:  # of those who look around: beside the choosing, for it may take a minute
                threading.Thread(target=self._look_safely, args=(message,), daemon=True, name="looking").start()
        except NextlabelError as error:
            self.say({"say": "failed", "what": message["do"], "why": str(error)})
        except Exception:
            self.say({"say": "broken", "why": traceback.format_exc()})
            self.say({"say": "failed", "what": message["do"], "why": "Choosing broke down; the terminal says how."})

    def _read_safely(self) -> None:
        with self._reading:  # one after the other: a second scan waits for the first
            try:
                self._read()
            except NextlabelError as error:
                self.say({"say": "failed", "what": "read", "why": str(error)})
            except Exception:
                self.say({"say": "broken", "why": traceback.format_exc()})

    def _receipt_safely(self) -> None:
        self._asked_again.set()
        with self._counting:
            if not self._asked_again.is_set():
                return  # somebody who waited as well has seen all that there is
            self._asked_again.clear()
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    self._write_receipt()
            except Exception:
                self.say({"say": "broken", "why": traceback.format_exc()})

    def _write_receipt(self) -> None:
        """Say how good the model is, as far as that can be said."""
        from nextlabel.labelling.receipts import Receipts, write_receipt  # not before the first batch

        assert self.opened is not None, "nobody is asked before something was read"
        world, dataset = self.opened
        if self._receipts is None or self._receipts.world is not world:
            self._receipts = Receipts(world, dataset)
        history = self._receipts.follow(self.visit)
        now = self._receipts.now
        names = {one: now.state.classes.by_id[one].name for one in now.classes()}
        self.say({"say": "receipt", **write_receipt(history, now.settings.kind, names)})

    def _look_safely(self, message: Message) -> None:
        try:
            from nextlabel.labelling.looking import look  # not before the first batch, which does not need all that

            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                look(self, message)
        except Exception:
            self.say({"say": "replied", "errand": message["errand"]})
            self.say({"say": "broken", "why": traceback.format_exc()})

    def _read(self) -> None:
        """Read and embed all samples that are there: in a large folder some of them first."""
        with_settings = read_settings(self.visit.state().settings)
        samples = [one for one in self.visit.samples() if one.gone is None]
        source = source_of(self.root, with_settings)
        if len(samples) > 2 * FIRST and any(one.digest is None for one in samples):
            first = take_first(samples, with_settings.side)
            self._open(source, with_settings, first, len(samples), whole=False)
        self._open(source, with_settings, samples, len(samples), whole=True)

    def _open(self, source: Source, settings: Settings, samples: list[Sample], total: int, whole: bool) -> None:
        def progress(what: str, done: int, of: int) -> None:
            share = len(samples) if what == "Reading pictures" and not whole else total
            self.say({"say": "progress", "what": what, "done": done * share // of if of else done, "total": total})

        world, opening, features = read_world(source, settings, self.home, samples, progress)
        self.opened = world, opening.dataset
        self.say(
            {
                "say": "read",
                "whole": whole,
                "embedder": features.name,
                "files": [[file.path, file.digest] for file in opening.files],
                "skipped": [[one.path, one.reason] for one in opening.dataset.skipped],
                "notes": _notes(opening, features.notes),
                "scales": _scales(opening.dataset),
                "seen": len(samples),
            }
        )

    def _choose(self, upto: int, before: int) -> None:
        assert self.opened is not None, "nobody is asked before something was read"
        world, dataset = self.opened
        if upto < self.past.state.upto or before <= self.past.last_batch:
            self.past = Past()
        self.past.follow(self.visit, upto, before)
        learner = self._learn_with(self.past.settings, dataset)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # costs and draws of a strategy are told in its docs
            known, k = self.past.build_pool(world), self.past.rounds()
            chosen = choose(known, world, learner, k)
            self.say(message_of("chosen", chosen, self.past, before))
            if len(chosen.asked.ids):  # nobody waits for it: the batch is on its way
                reserve = choose_reserve(chosen, known, world, learner, k)
                self.say(message_of("reserve", reserve, self.past, before))

    def _learn_with(self, settings: Settings, dataset: Dataset) -> ActiveLearner:
        """The learner of these settings; the same as before where they are, for it remembers what it would repeat."""
        if self._learner is None or self._learner[0] != settings or self._learner[1] is not dataset:
            self._learner = settings, dataset, make_learner(settings, dataset)
        return self._learner[2]


def take_first(samples: Sequence[Sample], side: float) -> list[Sample]:
    """Some samples of a large folder, by id: those with the smallest draws of either side."""
    by_draw = sorted(samples, key=lambda one: one.draw)
    audit = [one for one in by_draw if one.draw < side][: round(side * FIRST)]
    own = [one for one in by_draw if one.draw >= side][: FIRST - len(audit)]
    return sorted([*audit, *own], key=lambda one: one.id)


def _notes(opening: Opening, more: tuple[str, ...]) -> list[str]:
    return [*opening.dataset.warnings, *more]


def _scales(dataset: Dataset) -> dict[str, tuple[float, float]]:
    found = dataset.pictures.scales if isinstance(dataset.pictures, FolderPictures) else {}
    return {kind: (one.black, one.white) for kind, one in found.items()}


def message_of(say: str, chosen: Chosen, past: Past, before: int) -> dict[str, Any]:
    """A batch or a reserve, as it goes to the server."""
    asked = chosen.asked
    scores = [None] * len(asked.ids) if asked.scores is None else asked.scores.tolist()
    found: dict[str, Any] = {
        "say": say,
        "upto": past.state.upto,
        "before": before,
        "strategy": chosen.strategy,
        "chooser": chosen.chooser,
        "settings_id": past.state.settings_id,
        "tau": asked.tau,
        "questions": [
            [sample, why, None if score is None or score != score else score, probabilities]
            for sample, why, score, probabilities in zip(
                asked.ids.tolist(), asked.why, scores, chosen.probabilities, strict=True
            )
        ],
    }
    if (seen := chosen.predictions) is not None:
        found["predictions"] = [
            pack_array(seen.samples.astype(np.int32)),
            pack_array(seen.classes.astype(np.int32)),
            pack_array(seen.scores.astype(np.float32)),
        ]
    return found


def serve(lines: BinaryIO, out: BinaryIO) -> None:
    """Obey line after line, until there are no more: the server is gone then."""
    voice = threading.Lock()

    def say(message: Message) -> None:
        with voice:
            out.write(pack(message))
            out.flush()

    start = json.loads(lines.readline() or b"null")
    if start is None:
        return
    told: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(lines, told), daemon=True, name="listening").start()
    # For good: limits that threads set and lift for themselves would lift each other's, and the last digits follow.
    threadpool_limits(1)
    with visit_store(start["store"]) as visit:
        worker = Worker(visit, Path(start["root"]), Path(start["home"]), say)
        while True:
            worker.obey(unpack(told.get()))


def _listen(lines: BinaryIO, told: "queue.SimpleQueue[bytes]") -> None:
    """Take lines in; when there are no more, the server is gone, and nobody wants what is being computed."""
    for line in lines:
        told.put(line)
    os._exit(0)


def main() -> None:
    """A process of its own: polite to whoever answers, and deaf to a Ctrl-C that is meant for the server."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError, AttributeError):  # not on every system
        os.nice(10)
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whoever prints does not speak for the worker
    try:
        serve(sys.stdin.buffer, out)
    except BrokenPipeError:
        os._exit(0)  # the server went first
