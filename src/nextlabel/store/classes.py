"""Classes: added, renamed, merged in the middle of it, while old answers stay.

An event of kind ``class`` holds the fields that change: ``{"name": "daisy", "key": "1"}`` adds a class,
``{"key": "d"}`` with its id changes it, ``{"merged_into": 2}`` merges it.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from nextlabel.errors import BadEntry
from nextlabel.store.records import Event
from nextlabel.text import did_you_mean, shorten

LONGEST = 300  # characters of a name


@dataclass(frozen=True, slots=True)
class LabelClass:
    """A class that samples can be labelled with. ``place``: in the order of the buttons, from 0."""

    id: int
    name: str
    key: str | None = None
    place: int = 0
    merged_into: int | None = None
    description: str | None = None
    example_id: int | None = None


TYPES: Mapping[str, tuple[type, ...]] = {
    "name": (str,),
    "key": (str, type(None)),
    "place": (int,),
    "merged_into": (int,),
    "description": (str, type(None)),
    "example_id": (int, type(None)),
}
assert set(TYPES) == {each.name for each in fields(LabelClass)} - {"id"}


@dataclass
class Classes:
    """All classes by their ids, as the events so far left them."""

    by_id: dict[int, LabelClass] = field(default_factory=dict)

    def add(self, event: Event) -> None:
        """Follow one event of kind ``class``."""
        if event.class_id is not None:
            self.by_id[event.class_id] = self.apply(event.class_id, event.data or {})

    def apply(self, class_id: int, changes: Mapping[str, Any]) -> LabelClass:
        """What a class is after such changes; a new one comes last."""
        one = self.by_id.get(class_id) or LabelClass(class_id, name="", place=len(self.by_id))
        return replace(one, **changes)

    def resolve(self, class_id: int) -> int:
        """The class that answers with this one count for: itself, or what it was merged into."""
        while (one := self.by_id.get(class_id)) and one.merged_into is not None:
            class_id = one.merged_into
        return class_id

    def active(self) -> list[LabelClass]:
        """Those that were not merged away, in the order of the buttons."""
        return sorted(
            (one for one in self.by_id.values() if one.merged_into is None), key=lambda one: (one.place, one.id)
        )

    def check(self, class_id: int | None, changes: Mapping[str, Any]) -> int:
        """The id of the class that would be changed, or added where ``class_id`` is None; raises `BadEntry`."""
        for name, value in changes.items():
            if name not in TYPES:
                raise BadEntry(f"A class has no '{shorten(str(name))}'. {did_you_mean(str(name), TYPES)}".strip())
            if not isinstance(value, TYPES[name]) or isinstance(value, bool):
                raise BadEntry(f"{shorten(repr(value))} cannot be the {name} of a class.")
        others = [one for one in self.active() if one.id != class_id]
        if class_id is None:
            if "name" not in changes or "merged_into" in changes:
                raise BadEntry("A new class needs a name, and nothing of it is merged yet.")
        elif class_id not in self.by_id:
            raise BadEntry(f"There is no class {class_id} in this project.")
        elif self.by_id[class_id].merged_into is not None:
            raise BadEntry(f"'{shorten(self.by_id[class_id].name)}' was merged into another class: change that one.")
        if "name" in changes:
            _check_name(changes["name"], others)
        if changes.get("key") is not None:
            _check_key(changes["key"], others)
        if "merged_into" in changes and changes["merged_into"] not in {one.id for one in others}:
            raise BadEntry("A class can be merged into another class of this project that is still in use.")
        return len(self.by_id) if class_id is None else class_id

    def rows(self) -> list[dict[str, Any]]:
        """All of them, as the table ``class`` has them."""
        return [asdict(one) for one in self.by_id.values()]


def fold_name(name: str) -> str:
    """Names that are the same to the eye are the same here.

    >>> fold_name(" Daisy") == fold_name("daisy"), fold_name("caf\u00e9") == fold_name("cafe\u0301")
    (True, True)
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold()).strip()


def _check_name(name: str, others: list[LabelClass]) -> None:
    if not fold_name(name) or len(name) > LONGEST:
        raise BadEntry(f"A class needs a name of 1 to {LONGEST} characters.")
    # A line's end or half a surrogate would spoil every list, file and page that shows the name.
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in name):
        raise BadEntry(f"'{shorten(name)}' holds a character that cannot be shown. Type the name without it.")
    for one in others:
        if fold_name(one.name) == fold_name(name):
            raise BadEntry(f"There is a class '{shorten(one.name)}' already. Use it, or choose another name.")


def _check_key(key: str, others: list[LabelClass]) -> None:
    if len(key) != 1 or not key.isprintable() or key.isspace():
        raise BadEntry("A class's key is one letter, digit or mark.")
    for one in others:
        if one.key == key:
            raise BadEntry(f"The key '{key}' is bound to '{shorten(one.name)}' already. Choose another key.")
