"""Classes as the page has them: with a key each, and how many samples have their label."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from nextlabel.errors import BadEntry, Conflict, Mistake, NotThere
from nextlabel.labelling.project import Project, new_client
from nextlabel.store import Entry
from nextlabel.text import shorten

Json = dict[str, Any]
# Free keys in the order in which new classes get them: those of actions (x, n, z, r, b, i and marks) are left out.
KEYS = "1234567890acdefghjklmopqstuvwy"
# What the page does with other keys, as long as they are not bound anew.
ACTIONS: Mapping[str, str] = {
    "undo": "Backspace",
    "skip": " ",
    "discard": "x",
    "repeat": ".",
    "note": "n",
    "find": "/",
    "before": "ArrowLeft",
    "after": "ArrowRight",
    "names": "i",
    "zoom": "z",
    "turn": "r",
    "contrast": "b",
    "help": "?",
}


def action_keys(bound: Mapping[str, str]) -> dict[str, str]:
    """The key of each action, some bound anew; raises `Mistake` for an action that there is none of.

    >>> action_keys({"skip": "S"})["skip"], action_keys({})["skip"]
    ('s', ' ')
    """
    if unknown := bound.keys() - ACTIONS.keys():
        raise Mistake(f"There is no action '{shorten(min(unknown))}'. Choose one of: {', '.join(ACTIONS)}.")
    return {**ACTIONS, **{name: key.lower() for name, key in bound.items()}}


class LabelClasses:
    """The classes of a project."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def rows(self) -> list[Json]:
        """All of them, in the order of their buttons."""
        project = self.project
        with project.lock:
            counts = Counter(v.class_id for v in project.verdicts.values() if v.kind == "label")
            return [
                {
                    "id": one.id,
                    "name": one.name,
                    "key": one.key,
                    "description": one.description,
                    "example": one.example_id,
                    "count": counts[one.id],
                }
                for one in project.state.classes.active()
            ]

    def add(self, annotator: int | None, name: str) -> list[Json]:
        """One more, at the end, with the next key that is free. ``annotator`` None: it was there beforehand."""
        with self.project.lock:
            used = {one.key for one in self.project.state.classes.active()}
            bound = set(action_keys(self.project.settings.actions).values())
            # A class that is called by one letter or digit, as digits are, has that for its key.
            wanted = (name.strip().lower(), *KEYS)
            key = next((one for one in wanted if one in [*KEYS] and one not in used | bound), None)
            self._change(annotator, None, {"name": name.strip(), "key": key})
            return self.rows()

    def change(self, annotator: int, class_id: int, changes: Mapping[str, Any]) -> list[Json]:
        """Another name, key, description or example."""
        said = dict(changes)
        if "example" in said:
            said["example_id"] = said.pop("example")
            if said["example_id"] is not None:
                self.project.sample(said["example_id"])
        if "description" in said:
            said["description"] = said["description"] or None
        if isinstance(said.get("name"), str):
            said["name"] = said["name"].strip()
        with self.project.lock:
            if said.get("key") is not None:
                self._check_key(said["key"])
            if said:
                self._change(annotator, class_id, said)
            return self.rows()

    def _check_key(self, key: str) -> None:
        """Raise `Conflict` where a key does something else on the page: there it would not label."""
        for action, taken in action_keys(self.project.settings.actions).items():
            if key.lower() == taken:
                raise Conflict(f"The key '{key}' is that of '{action}'. Choose another key.")

    def merge(self, annotator: int, class_id: int, into: int) -> list[Json]:
        """One into another: what was labelled with it counts for the other."""
        with self.project.lock:
            classes = self.project.state.classes
            for one in (class_id, into):
                if one not in classes.by_id:
                    raise NotThere(f"There is no class {one} in this project.")
            if classes.resolve(into) == class_id:
                raise Conflict("A class cannot be merged into itself.")
            self._change(annotator, class_id, {"merged_into": classes.resolve(into)})
            return self.rows()

    def _change(self, annotator: int | None, class_id: int | None, changes: Mapping[str, Any]) -> None:
        if class_id is not None and class_id not in self.project.state.classes.by_id:
            raise NotThere(f"There is no class {class_id} in this project.")
        try:
            self.project.append(Entry(new_client(), "class", annotator, class_id=class_id, data=dict(changes)))
        except BadEntry as error:
            raise Conflict(str(error)) from None
