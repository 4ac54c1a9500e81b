"""A labelling project over flower beds, answered by what was planted, without a page."""

import contextlib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flower_beds import plant

from nextlabel.labelling import Project, Wish, open_project
from nextlabel.store import Choice, Entry, Question
from nextlabel.store.records import Why

NAMES = ("iris", "rose")


class Beds:
    """A project that is open, and somebody who answers."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.ids = {one.path: one.id for one in project.samples}
        self.classes = {one.name: one.id for one in project.state.classes.active()}

    def invite(self, name: str) -> int:
        """Somebody's number."""
        return self.project.store.invite(name, uuid.uuid4().hex).id

    def say(self, path: str, who: int | None, kind: str = "label", name: str | None = None, **more: Any) -> None:
        """Answer a sample that is asked about: by the bed that it is in, or by another name. An import is not asked."""
        label = self.classes[name or path.split("/")[0]] if kind == "label" else None
        how, sample = more.pop("how", "key"), self.ids[path]
        ask = self._ask(sample) if how in ("key", "button") else None
        entry = Entry(uuid.uuid4().hex, kind, who, ask, sample, label, how=how, **more)  # type: ignore[arg-type]
        self.project.append(entry)

    def _ask(self, sample: int) -> int:
        state = self.project.state
        choice = Choice(state.upto, "random", None, state.settings_id, last_batch=self.project.past.last_batch)
        why: Why = "audit" if self.project.is_audit(sample) else "random"
        return self.project.add_batch(choice, [Question(sample, why)]).asks[0].id

    def say_all(self, who: int, count: int | None = None) -> list[str]:
        """Answer the first in the order of draws; their paths."""
        order = sorted(self.project.samples, key=lambda one: one.draw)[:count]
        for one in order:
            self.say(one.path, who)
        return [one.path for one in order]


@contextlib.contextmanager
def open_beds(place: Path, count: int = 40, **settings: Any) -> Iterator[Beds]:
    """A new project over two beds, half of whose samples are the audit's, or one that is there already."""
    if not place.exists():
        plant(place, count)
    wish = Wish(place, classes=NAMES, settings={"embedder": "pixels", "seed": 3, "side": 0.5, **settings})
    opened = open_project(wish)
    with contextlib.closing(opened.project.store):
        yield Beds(opened.project)
