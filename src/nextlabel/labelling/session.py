"""A labelling that is open: what the page, and whoever else comes by HTTP, may ask and say.

It is the `nextlabel.web.base.Session` of a project, and knows nothing of HTTP.
"""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from nextlabel.datasets.greys import Scales
from nextlabel.errors import Conflict, Mistake, NextlabelError
from nextlabel.files.confine import confine
from nextlabel.knobs.names import STRATEGY_NAMES
from nextlabel.labelling.answers import Answers
from nextlabel.labelling.classes import LabelClasses, action_keys
from nextlabel.labelling.demo import Oracle
from nextlabel.labelling.maps import Maps
from nextlabel.labelling.oddities import Oddities
from nextlabel.labelling.outlooks import Outlooks, count_audit
from nextlabel.labelling.people import People
from nextlabel.labelling.project import Project, new_client
from nextlabel.labelling.queue import Queue, Shown
from nextlabel.labelling.review import Review
from nextlabel.labelling.scan import scan
from nextlabel.labelling.trainer import Trainer
from nextlabel.labelling.views import Views
from nextlabel.specifications import parse_call
from nextlabel.store import Entry

Json = dict[str, Any]


class LabellingSession:
    """One labelling, open. Its methods may be called from several threads at once."""

    def __init__(self, project: Project, store: str, oracle: Oracle | None = None) -> None:
        self._project, self._oracle = project, oracle
        self._queue = Queue(project)
        self._answers = Answers(project, self._queue)
        self._classes = LabelClasses(project)
        self._people = People(project)
        self._trainer = Trainer(project, self._queue, store)
        self._views = Views(project, self._trainer)
        self._maps = Maps(project, self._trainer, self._views)
        self._review = Review(project, self._trainer, self._people)
        self._oddities = Oddities(project, self._trainer, self._views, self._people)
        self._outlooks = Outlooks(project, self._trainer)
        self._sizes: dict[int, tuple[int, int] | None] = {}

    def __enter__(self) -> "LabellingSession":
        # Beside the page, which opens at once: a folder of a hundred thousand takes seconds to look through.
        threading.Thread(target=self._look_through, daemon=True, name="scan").start()
        return self

    def _look_through(self) -> None:
        """Take in what joined or went since the last time, and begin to learn."""
        try:
            scan(self._project)
        except NextlabelError as error:
            self._trainer.complain(str(error))
        self._trainer.start()

    def __exit__(self, *_: object) -> None:
        self._trainer.close()

    @property
    def project(self) -> str:
        """The project's own random name."""
        return self._project.settings.project

    @property
    def root(self) -> Path:
        """The folder of the samples."""
        return self._project.root

    @property
    def worker(self) -> Trainer:
        """Who learns and chooses."""
        return self._trainer

    @property
    def scales(self) -> Scales:
        """What is black and white in pictures of more than 8 bits: the same as the model sees."""
        return self._trainer.scales

    def locate(self, sample: int) -> tuple[str, bool]:
        """The path of a sample's file, and whether it may be a link that leaves the folder."""
        return self._project.path(sample), self._project.may_link_out(sample)

    def overview(self, annotator: int) -> Json:
        """Where the labelling stands."""
        project, trainer = self._project, self._trainer
        with project.lock:
            kinds = [v.kind for i, v in project.verdicts.items() if project.state.files.is_there(i)]
            count = {kind: kinds.count(kind) for kind in ("label", "skip", "discard")}
            samples = project.population()
            settings = project.settings
            return {
                "project": settings.project,
                "name": project.place.name or str(project.place),
                "kind": settings.kind,
                "demo": self._oracle is not None,
                "classes": self._classes.rows(),
                "samples": samples,
                "labelled": count["label"],
                "skipped": count["skip"],
                "discarded": count["discard"],
                "left": max(samples - count["label"] - count["discard"] - self._queue.unreadable_open(), 0),
                "pace": project.tally.pace(annotator),
                "seconds_spent": project.tally.seconds,
                "goal": settings.goal,
                "embedding": {"done": trainer.done, "total": max(trainer.total, trainer.done)},
                "learning": trainer.doing,
                "trouble": trainer.trouble,
                "people": self._people.names(),
                "you": self._people.name(annotator),
                "settings": self.settings(),
            }

    def rescan(self, annotator: int) -> Json:
        """Look through the folder again."""
        if self._oracle is not None or self._project.settings.text_column is not None:
            raise Conflict("There is no folder to look through: these samples do not change.")
        found = scan(self._project)
        if found.new or found.gone:
            self._trainer.read()
        return {"new": found.new, "gone": found.gone}

    def questions(self, annotator: int, count: int) -> list[Json]:
        """The next questions for an annotator."""
        self._trainer.advance()
        return [self._question(shown) for shown in self._queue.take(annotator, count)]

    def _question(self, shown: Shown) -> Json:
        sample, ask = shown
        width, height = self._size(sample) or (None, None)
        return {
            "ask": ask.id if ask else None,
            "sample": sample,
            "path": self._project.path(sample),
            "text": self._views.text(sample),
            "width": width,
            "height": height,
            "prediction": self._prediction(shown),
        }

    def _prediction(self, shown: Shown) -> Json | None:
        """What the model says, where that was wished for; of the audit side never."""
        ask = shown.ask
        if not self._project.settings.predictions or ask is None or not ask.probabilities:
            return None
        if ask.why in ("audit", "overlap") or self._project.is_audit(shown.sample):
            return None
        class_id, p = max(ask.probabilities.items(), key=lambda item: item[1])
        return {"class_id": self._project.state.classes.resolve(class_id), "p": min(max(p, 0.0), 1.0)}

    def _size(self, sample: int) -> tuple[int, int] | None:
        """Width and height of a picture as it is stored: enough for the page to keep its place free."""
        if self._project.settings.kind != "picture":
            return None
        if sample not in self._sizes:
            try:
                with Image.open(confine(self.root, *self.locate(sample))) as picture:
                    turned = picture.getexif().get(274, 1) in (5, 6, 7, 8)
                    self._sizes[sample] = picture.size[::-1] if turned else picture.size
            except Exception:  # whatever a broken file makes of Pillow: it is shown as one that cannot be
                self._sizes[sample] = None
        return self._sizes[sample]

    def answer(self, annotator: int, answer: Mapping[str, Any]) -> Json:
        """Keep an answer."""
        kept = self._answers.keep(annotator, answer)
        self._trainer.advance()
        ask = self._queue.find(answer["ask"])
        if ask is not None and ask.why == "check":  # its figure holds after every single answer
            self._trainer.write_receipt()
        return kept

    def answer_demo(self, annotator: int, count: int) -> int:
        """Let the oracle answer."""
        if self._oracle is None:
            raise Conflict("Nobody knows the answers here but you.")
        return self._oracle.answer(self, annotator, count)

    def is_choosing(self) -> bool:
        """Is a batch on its way?"""
        return self._trainer.doing in ("learning", "choosing")

    def undo(self, annotator: int, client: str, of: str | None = None) -> Json:
        """Take back the last answer, or the one that is named."""
        undone = self._answers.undo(annotator, client, of)
        question = undone["question"]
        if question is not None:
            undone["question"] = self._question(Shown(question["sample"], self._queue.find(question["ask"])))
        self._trainer.advance()
        return undone

    def recent(self, annotator: int, count: int) -> list[Json]:
        """Somebody's last answers."""
        found = self._answers.recent(annotator, count)
        return [
            {**row, "path": self._project.path(row["sample"]), "text": self._views.text(row["sample"])} for row in found
        ]

    def add_class(self, annotator: int, name: str) -> list[Json]:
        """One class more."""
        return self._classes.add(annotator, name)

    def change_class(self, annotator: int, class_id: int, changes: Mapping[str, Any]) -> list[Json]:
        """A class changed."""
        return self._classes.change(annotator, class_id, changes)

    def merge_class(self, annotator: int, class_id: int, into: int) -> list[Json]:
        """A class merged into another."""
        return self._classes.merge(annotator, class_id, into)

    def samples(self, query: Mapping[str, Any]) -> Json:
        """A page of samples."""
        return self._views.samples(query, self._people.by_id())

    def neighbours(self, sample: int) -> Json:
        """The samples before and after one."""
        return self._views.neighbours(sample)

    def oddities(self, kind: str, offset: int, count: int) -> Json | None:
        """Near-duplicates pair by pair, or outliers."""
        return self._oddities.read(kind, offset, count)

    def answer_grid(self, annotator: int, answer: Mapping[str, Any]) -> Json:
        """Keep a grid's answers."""
        kept = self._answers.keep_grid(annotator, answer)
        self._trainer.advance()
        return kept

    def map(self) -> Json | None:
        """All samples in two dimensions."""
        return self._maps.read()

    def lasso(self, annotator: int, samples: Sequence[int]) -> int:
        """Ask about these next."""
        for sample in samples:
            self._project.sample(sample)
        return self._queue.put_in_front(list(samples))

    def review(self, annotator: int) -> list[Json]:
        """Labels to look at once more."""
        return [{**row, "text": self._views.text(row["sample"])} for row in self._review.read()]

    def settings(self) -> Json:
        """What is set."""
        now = self._project.settings
        names = list(STRATEGY_NAMES)
        return {
            "strategy": now.strategy,
            "strategies": names if now.strategy in names else [now.strategy, *names],
            "embedder": self._trainer.embedder,
            "batch": now.batch,
            "audit_share": now.audit_share,
            "overlap": now.overlap,
            "goal": now.goal,
            "error_value": now.error_value,
            "label_cost": now.label_cost,
            "show_names": now.show_names,
            "predictions": now.predictions,
            "actions": dict(now.actions),
        }

    def change_settings(self, annotator: int, changes: Mapping[str, Any]) -> Json:
        """Set something else, from the next batch on."""
        if "strategy" in changes:
            check_strategy(changes["strategy"])
        if "actions" in changes:
            self._check_keys(action_keys(changes["actions"] or {}))
        if changes:
            self._project.append(Entry(new_client(), "settings", annotator, data=dict(changes)))
        if changes.keys() & {"error_value", "label_cost"}:
            self._trainer.write_receipt()
        return self.settings()

    def _check_keys(self, actions: Mapping[str, str]) -> None:
        if len(set(actions.values())) < len(actions):
            raise Conflict("Two actions cannot have one key. Choose another key.")
        for one in self._project.state.classes.active():
            if one.key is not None and one.key.lower() in actions.values():
                raise Conflict(f"The key '{one.key}' is bound to the class '{one.name}'. Choose another key.")

    def receipt(self) -> Json:
        """What may be said of the model by now; counts are of this moment, figures of the last look."""
        project = self._project
        with project.lock:
            labelled = sum(verdict.kind == "label" for verdict in project.verdicts.values())
            counts = {"labelled": labelled, "audit": count_audit(project), "agreement": self._people.agreement()}
            return {**self._trainer.receipt, **counts}

    def check_rest(self, annotator: int, count: int) -> int:
        """Ask about samples drawn from all that have no label, to see how many of the rest the model has right."""
        return self._queue.draw_check(count)

    def look_ahead(self) -> None:
        """Begin to look whether asking will go on helping."""
        self._outlooks.begin()

    def outlook(self) -> Json | None:
        """What the last look ahead found."""
        return self._outlooks.read()

    def changes(self, after: int) -> list[Json]:
        """What changed after a number."""
        return self._project.changes(after)

    def invite(self, name: str, digest: str) -> int:
        """Let somebody in."""
        return self._people.invite(name, digest)

    def redeem(self, digest: str) -> int | None:
        """Whose invitation this is."""
        return self._people.redeem(digest)


def check_strategy(text: str) -> None:
    """Raise a `Mistake` where that cannot be a strategy's name; the worker says the rest."""
    name = parse_call(text)[0] if not text.startswith("skactiveml:") else text
    if name.split("@")[0] not in STRATEGY_NAMES and not text.startswith("skactiveml:"):
        raise Mistake(f"There is no strategy '{name}'. Choose one of: {', '.join(STRATEGY_NAMES)}.")
