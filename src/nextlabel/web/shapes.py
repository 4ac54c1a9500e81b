"""What goes over the wire: strict shapes. A lax one takes ``{"id": false}`` for a number."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Id = Annotated[int, Field(ge=0, le=2**53 - 1)]  # what JavaScript counts without a gap
Client = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Key = Annotated[str, StringConstraints(min_length=1, max_length=1)]
Text = Annotated[str, StringConstraints(max_length=2_000)]
Time = Annotated[float, Field(ge=0, le=1e11, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Ids = Annotated[list[Id], Field(max_length=20_000)]

AnswerKind = Literal["label", "skip", "discard", "note"]
How = Literal["key", "button", "grid", "review"]
Reason = Literal["strategy", "cold", "random", "audit", "lasso", "check", "overlap", "review", "own"]


class Shape(BaseModel):
    """Nothing is turned into another type, and nothing more than is named comes through."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Failure(Shape):
    """What went wrong, in a sentence for a person."""

    error: str


class Answer(Shape):
    """What a person said. ``client`` is a UUID of the sender: sent twice, it is kept once.

    ``ask`` is null where nobody asked: a correction. ``class_id`` stands with a label, ``note`` with a note.
    """

    client: Client
    ask: Id | None = None
    sample: Id
    kind: AnswerKind
    class_id: Id | None = None
    note: Text | None = None
    how: How
    shown_at: Time | None = None
    answered_at: Time | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.kind == "label") != (self.class_id is not None):
            raise ValueError("a label, and nothing else, has a class_id")
        if (self.kind == "note") != (self.note is not None):
            raise ValueError("a note, and nothing else, has a note")
        return self


class Why(Shape):
    """Why a question was asked, told after it was answered."""

    reason: Reason
    words: str


class Kept(Shape):
    """An answer that is on the disk. ``agrees``: with the model; null for audit questions and where there is none."""

    event: Id
    why: Why | None
    agrees: bool | None


class Question(Shape):
    """Nothing in it tells one kind of question from another."""

    ask: Id | None
    sample: Id
    path: str
    text: str | None = None
    width: int | None = None
    height: int | None = None


class Undo(Shape):
    client: Client


class Undone(Shape):
    """What was taken back; ``question`` is null where it is not to be asked again, as after a grid."""

    event: Id
    sample: Id
    question: Question | None


class Recent(Shape):
    event: Id
    sample: Id
    path: str
    kind: AnswerKind
    class_id: Id | None
    at: Time
    note: str | None = None
    text: str | None = None


class LabelClass(Shape):
    id: Id
    name: str
    key: str | None
    description: str | None = None
    count: int


class NewClass(Shape):
    name: Name


class ClassChanges(Shape):
    """Only what is named changes; a null ``key`` frees it."""

    name: Name | None = None
    key: Key | None = None
    description: Text | None = None


class Merge(Shape):
    into: Id


class Settings(Shape):
    """What a person can set; each is valid from the next batch on. ``actions``: action to key, rebound ones alone."""

    strategy: str
    batch: Annotated[int, Field(ge=1, le=1_000)]
    audit_share: Annotated[float, Field(ge=0, le=0.4)]
    goal: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    show_names: bool = False
    error_value: Annotated[float, Field(ge=0, le=1e9)] | None = None
    label_cost: Annotated[float, Field(ge=0, le=1e9)] | None = None
    actions: Annotated[dict[str, Key], Field(max_length=30)] = {}


class SettingsChanges(Shape):
    """Only what is named changes."""

    strategy: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    batch: Annotated[int, Field(ge=1, le=1_000)] | None = None
    audit_share: Annotated[float, Field(ge=0, le=0.4)] | None = None
    goal: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    show_names: bool | None = None
    error_value: Annotated[float, Field(ge=0, le=1e9)] | None = None
    label_cost: Annotated[float, Field(ge=0, le=1e9)] | None = None
    actions: Annotated[dict[str, Key], Field(max_length=30)] | None = None


class Progress(Shape):
    done: int
    total: int


class Overview(Shape):
    """Where a labelling stands. ``pace``: labels a minute, null where it is too early to say."""

    project: str
    name: str
    kind: Literal["picture", "text"]
    classes: list[LabelClass]
    samples: int
    labelled: int
    skipped: int
    discarded: int
    left: int
    pace: float | None
    seconds_spent: float
    goal: int | None
    embedding: Progress
    learning: Literal["idle", "embedding", "learning", "choosing"]
    people: list[str]
    you: str
    settings: Settings


class Sample(Shape):
    """One in a grid. ``class_id`` is a person's, or in a grid of the sure ones the chooser's."""

    sample: Id
    path: str
    class_id: Id | None
    text: str | None = None
    annotator: str | None = None
    note: str | None = None
    at: Time | None = None
    score: Share | None = None


class Samples(Shape):
    total: int
    samples: list[Sample]


class GridAnswer(Shape):
    """``right`` are of the class, ``wrong`` are not: those stay unlabelled."""

    client: Client
    class_id: Id
    right: Ids
    wrong: Ids


class Events(Shape):
    events: list[Id]


class Map(Shape):
    """Columns, one value a sample; coordinates within 0 and 1."""

    ids: list[Id]
    x: list[float]
    y: list[float]
    class_id: list[Id | None]
    predicted: list[Id | None]
    state: list[Literal["open", "labelled", "queued", "disputed", "audit"]]


class Lasso(Shape):
    samples: Ids


class Queued(Shape):
    queued: int


class GivenAnswer(Shape):
    annotator: str
    class_id: Id


class Doubt(Shape):
    """A label to look at once more; ``model`` is null for audit samples."""

    sample: Id
    path: str
    text: str | None = None
    answers: list[GivenAnswer]
    model: Id | None
    score: float | None


class Receipt(Shape):
    """What may be said so far: lines in their order."""

    labelled: int
    audit: int
    lines: list[dict[str, Any]]


class Invitation(Shape):
    name: Annotated[str, StringConstraints(min_length=1, max_length=100)]


class Link(Shape):
    """Where an invited person comes in, once."""

    name: str
    link: str
