"""What a store takes and gives back, row by row."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

from nextlabel.errors import BadEntry
from nextlabel.text import join_names, shorten

Kind = Literal["label", "skip", "discard", "note", "undo", "lease", "class", "settings", "scan"]
How = Literal["key", "button", "grid", "import"]
Why = Literal["audit", "strategy", "cold", "random", "lasso", "check", "overlap", "review"]

ANSWERS = ("label", "skip", "discard")  # what a person can say to a question
CAN_BE_TAKEN_BACK = (*ANSWERS, "note")
ONE_BY_ONE = ("key", "button")  # answers to one question each, which is what an audit counts

# What an entry of each kind must say, and what it may say beside that.
ABOUT_A_SAMPLE = frozenset({"annotator_id", "ask_id", "how", "data"})
FIELDS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "label": (frozenset({"sample_id", "class_id", "how"}), ABOUT_A_SAMPLE),
    "skip": (frozenset({"sample_id", "annotator_id"}), ABOUT_A_SAMPLE),
    "discard": (frozenset({"sample_id", "annotator_id"}), ABOUT_A_SAMPLE),
    "note": (frozenset({"sample_id", "annotator_id", "data"}), ABOUT_A_SAMPLE),
    "undo": (frozenset({"annotator_id", "takes_back"}), frozenset({"how"})),
    "lease": (frozenset({"annotator_id", "sample_id"}), frozenset({"ask_id"})),
    "class": (frozenset({"data"}), frozenset({"annotator_id", "class_id"})),
    "settings": (frozenset({"data"}), frozenset({"annotator_id"})),
    "scan": (frozenset({"data"}), frozenset()),
}
CONTENT = ("annotator_id", "ask_id", "sample_id", "class_id", "takes_back", "how", "data")


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that is to be kept: an answer, or a change.

    ``client_id`` is the sender's own, up to 100 letters, digits and marks, new for each entry: sent again with the
    same content, it is kept once. ``at`` is when it happened; without it, when the store takes it in.
    ``data`` is a note's ``{"text": …}``, the settings that change, the fields of a class that change
    (`nextlabel.store.classes`), or whatever the sender wants back with an answer.

    >>> Entry("9f3c", "label", annotator_id=1, sample_id=17, class_id=0, how="key").check()
    >>> Entry("9f3d", "undo", annotator_id=1).check()
    Traceback (most recent call last):
    nextlabel.errors.BadEntry: An entry of kind 'undo' must say its takes_back.
    """

    client_id: str
    kind: Kind
    annotator_id: int | None = None
    ask_id: int | None = None
    sample_id: int | None = None
    class_id: int | None = None
    takes_back: int | None = None
    how: How | None = None
    data: Mapping[str, Any] | None = None
    at: datetime | None = None
    shown_at: datetime | None = None

    def check(self) -> None:
        """Raise `BadEntry` where something is missing, or said that has no place there."""
        if self.kind not in FIELDS:
            raise BadEntry(f"There is no entry of kind '{shorten(str(self.kind))}': {join_names(get_args(Kind))}.")
        if not (0 < len(self.client_id) <= 100 and self.client_id.isascii() and self.client_id.isprintable()):
            raise BadEntry(
                f"'{shorten(self.client_id)}' is no client id: send 1 to 100 ASCII characters, such as a UUID."
            )
        if self.how not in (None, *get_args(How)):
            raise BadEntry(f"An answer is given by {join_names(get_args(How))}, and not by '{shorten(str(self.how))}'.")
        needed, allowed = FIELDS[self.kind]
        said = {name for name in CONTENT if getattr(self, name) is not None}
        if missing := sorted(needed - said):
            raise BadEntry(f"An entry of kind '{self.kind}' must say its {join_names(missing)}.")
        if more := sorted(said - needed - allowed):
            raise BadEntry(f"An entry of kind '{self.kind}' says nothing of {join_names(more)}.")
        if self.kind == "note" and not isinstance((self.data or {}).get("text"), str):
            raise BadEntry('A note is kept as {"text": "…"}.')


@dataclass(frozen=True, slots=True)
class Event:
    """An entry that was kept. Its ``id`` is its place in the order of all, whatever the clock said."""

    id: int
    client_id: str
    annotator_id: int | None
    ask_id: int | None
    sample_id: int | None
    kind: Kind
    class_id: int | None
    takes_back: int | None
    how: How | None
    at: datetime
    shown_at: datetime | None
    data: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Question:
    """One sample of a batch that is to be asked: why, and what its chooser saw."""

    sample_id: int
    why: Why
    score: float | None = None
    probabilities: Mapping[int, float] | None = None  # by class id


@dataclass(frozen=True, slots=True)
class Ask:
    """A question that was kept, at its place in its batch."""

    id: int
    batch_id: int
    place: int
    sample_id: int
    why: Why
    score: float | None
    probabilities: Mapping[int, float] | None


@dataclass(frozen=True, slots=True)
class Choice:
    """How a batch was chosen: what is needed to choose it again.

    ``upto`` is the last event that the chooser knew, ``last_batch`` the last batch that it knew, 0 for none;
    ``settings_id`` the event that changed settings last by then,
    ``chooser`` a digest of its model, ``strategy`` with its version.
    """

    upto: int
    strategy: str
    chooser: str | None = None
    settings_id: int | None = None
    tau: float | None = None
    last_batch: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """A choice that was kept, and its asks in the order in which they are asked."""

    id: int
    choice: Choice
    made_at: datetime
    asks: tuple[Ask, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Annotator:
    """A person who answers."""

    id: int
    name: str
    token_hash: str | None


@dataclass(frozen=True, slots=True)
class Sample:
    """A file: its ``id`` is given at first sight, for good. ``path`` is relative, with / on any system."""

    id: int
    path: str
    digest: str | None
    draw: float
    copy_of: int | None
    first_seen: datetime
    gone: datetime | None
