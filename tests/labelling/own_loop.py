"""A labelling whose batches are chosen in this process, one after the other: no worker, nobody waits."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from people import Person
from threadpoolctl import threadpool_limits

from nextlabel.estimators.base import History
from nextlabel.labelling import LabellingSession, Opened, Wish, open_project
from nextlabel.labelling.choosing import choose, make_learner
from nextlabel.labelling.past import Past
from nextlabel.labelling.receipts import Receipts, write_receipt
from nextlabel.labelling.worlds import read_world
from nextlabel.progress import quiet
from nextlabel.store import Choice, Question, visit_store

Shown = dict[str, Any]
BATCH = 20


class OwnLoop:
    """A project that is open, its samples' vectors, and Ada, who answers."""

    def __init__(self, opened: Opened) -> None:
        self.project, self.address = opened.project, opened.address
        self.session = LabellingSession(opened.project, opened.address)  # not entered: it has no worker
        self.ada = Person(self.session)
        self.waiting = 0  # questions of the last batch
        self.read()

    def read(self) -> None:
        """Read all samples that are there, and embed them."""
        project = self.project
        samples = [one for one in project.samples if one.gone is None]
        world, opening, _ = read_world(project.source, project.settings, project.home, samples, quiet)
        self.world = replace(world, features=world.features[:, ::32])  # of the 768 some, for nobody has to be good
        self.dataset = opening.dataset
        self.learner = make_learner(project.settings, self.dataset)
        project.register(opening.files, whole=True)

    def choose(self) -> int:
        """Add the batch that the worker would; how many it asks."""
        past = Past()
        with visit_store(self.address) as visit, threadpool_limits(1):
            past.follow(visit)
            chosen = choose(past.build_pool(self.world), self.world, self.learner, past.rounds())
        asked, state = chosen.asked, past.state
        scores = [None] * len(asked.ids) if asked.scores is None else asked.scores.tolist()
        kept = [None if score is None or score != score else score for score in scores]
        questions = [Question(*one) for one in zip(asked.ids.tolist(), asked.why, kept, strict=True)]
        if questions:
            choice = Choice(
                state.upto, chosen.strategy, chosen.chooser, state.settings_id, asked.tau, last_batch=past.last_batch
            )
            self.project.add_batch(choice, questions)
        return len(questions)

    def answer(self, count: int, reply: Callable[[Shown, bool], Shown] = lambda one, audit: {}) -> None:
        """Answer so many questions, or all that there are; ``reply`` says how, given whether it is an audit's."""
        for _ in range(count):
            self.waiting = self.waiting or self.choose()
            if not self.waiting:
                return
            (question,) = self.ada.ask()
            self.ada.say(question, **reply(question, self.project.is_audit(question["sample"])))
            self.waiting -= 1

    def follow(self, receipts: Receipts | None = None) -> History:
        """The history that the log gives by now."""
        with visit_store(self.address) as visit, threadpool_limits(1):
            return (receipts or Receipts(self.world, self.dataset)).follow(visit)

    def lines(self) -> dict[str, str]:
        """What the receipt says, by the names of its lines."""
        said = write_receipt(self.follow(), "picture", {})
        return {line["name"]: line["words"] for line in said["lines"]}


@contextlib.contextmanager
def open_loop(
    place: Path, classes: tuple[str, ...] = (), labels: tuple[str, ...] = (), **more: Any
) -> Iterator[OwnLoop]:
    """A project of which half of the samples, and of the questions, are the audit's: thirty of sixty answers."""
    settings = {"embedder": "pixels", "seed": 3, "strategy": "margin", "cold": "random", "batch": BATCH}
    wish = Wish(place, classes=classes, labels=labels, settings=settings | {"side": 0.5, "audit_share": 0.5} | more)
    opened = open_project(wish)
    with contextlib.closing(opened.project.store):
        yield OwnLoop(opened)
