"""What goes over the wire: strict shapes. A lax one takes ``{"id": false}`` for a number."""

from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    model_validator,
)

from nextlabel.text import printable

Id = Annotated[int, Field(ge=0, le=2**53 - 1)]  # what JavaScript counts without a gap
Client = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Key = Annotated[str, StringConstraints(min_length=1, max_length=1)]
Text = Annotated[str, StringConstraints(max_length=2_000)]
Time = Annotated[float, Field(ge=0, le=1e11, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Ids = Annotated[list[Id], Field(max_length=20_000)]
Amount = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
AuditShare = Annotated[float, Field(ge=0, le=0.4, allow_inf_nan=False)]
BatchSize = Annotated[int, Field(ge=1, le=1_000)]
Goal = Annotated[int, Field(ge=1, le=10_000_000)]
Actions = Annotated[dict[str, Key], Field(max_length=30)]

SNIPPET = 300  # characters of a text in a list
Snippet = Annotated[str, AfterValidator(lambda text: text[:SNIPPET])]
FileName = Annotated[str, BeforeValidator(printable)]  # on a disk it may hold bytes that are no letters
UNNAMED: Any = None  # stands where nothing was said, and is never read: null itself is refused

AnswerKind = Literal["label", "skip", "discard", "note"]
How = Literal["key", "button", "grid", "review"]
Reason = Literal["strategy", "cold", "random", "audit", "lasso", "check", "overlap", "review", "own"]


class Shape(BaseModel):
    """Nothing is turned into another type, and nothing more than is named comes through."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Failure(Shape):
    """What went wrong, in a sentence for a person."""

    error: str


def _answers(kind: dict[str, JsonValue], class_id: str, note: str) -> dict[str, JsonValue]:
    """One form of an answer, for the schema: which of the two fields stands with which kind."""
    return {"properties": {"kind": kind, "class_id": {"type": class_id}, "note": {"type": note}}}


ANSWER_FORMS: list[JsonValue] = [
    {**_answers({"const": "label"}, "integer", "null"), "required": ["class_id"]},
    {**_answers({"const": "note"}, "null", "string"), "required": ["note"]},
    _answers({"enum": ["skip", "discard"]}, "null", "null"),
]


class Answer(Shape):
    """What a person said. ``client`` is a UUID of the sender: sent twice, it is kept once.

    ``ask`` is null where nobody asked: a correction. ``class_id`` stands with a label, ``note`` with a note.
    """

    model_config = ConfigDict(json_schema_extra={"oneOf": ANSWER_FORMS})

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


class Prediction(Shape):
    """What the shown model says, and how sure it is of it."""

    class_id: Id
    p: Share


class Question(Shape):
    """Nothing in it tells one kind of question from another.

    ``prediction`` is there where the setting is on and the session may tell it; null says nothing of why.
    """

    ask: Id | None
    sample: Id
    path: FileName
    text: str | None = None
    width: int | None = None
    height: int | None = None
    prediction: Prediction | None = None


class DemoCount(Shape):
    count: Annotated[int, Field(ge=1, le=1_000)]


class DemoAnswers(Shape):
    """How many questions the oracle answered."""

    answered: int


class Scan(Shape):
    """What a look through the folder found: files that joined, and files that are gone."""

    new: int
    gone: int


class Undo(Shape):
    """``of``: the client id of the answer that is meant; without it, one's own last, of whichever page."""

    client: Client
    of: Client | None = None


class Undone(Shape):
    """What was taken back; ``question`` is null where it is not to be asked again, as after a grid."""

    event: Id
    sample: Id
    question: Question | None


class Recent(Shape):
    event: Id
    sample: Id
    path: FileName
    kind: AnswerKind
    class_id: Id | None
    at: Time
    note: str | None = None
    text: Snippet | None = None


class LabelClass(Shape):
    """``example`` is the sample whose picture stands for the class."""

    id: Id
    name: str
    key: str | None
    description: str | None = None
    example: Id | None = None
    count: int


class NewClass(Shape):
    name: Name


class ClassChanges(Shape):
    """Only what is named changes; a null ``key`` frees it, a null ``example`` takes it away."""

    name: Name = UNNAMED
    key: Key | None = None
    description: Text | None = None
    example: Id | None = None


class Merge(Shape):
    into: Id


class Settings(Shape):
    """What a person can set, and what there is to choose from; each is valid from the next batch on.

    ``actions``: action to key, rebound ones alone. ``overlap``: the share of questions that two people are asked.
    """

    strategy: str
    strategies: list[str] = []
    embedder: str | None = None
    batch: BatchSize
    audit_share: AuditShare
    overlap: Share = 0.0
    goal: Goal | None = None
    error_value: Amount | None = None
    label_cost: Amount | None = None
    show_names: bool = False
    predictions: bool = False
    actions: Actions = {}


class SettingsChanges(Shape):
    """Only what is named changes; null unsets what can be unset."""

    strategy: Annotated[str, StringConstraints(min_length=1, max_length=200)] = UNNAMED
    batch: BatchSize = UNNAMED
    audit_share: AuditShare = UNNAMED
    overlap: Share = UNNAMED
    goal: Goal | None = None
    error_value: Amount | None = None
    label_cost: Amount | None = None
    show_names: bool = UNNAMED
    predictions: bool = UNNAMED
    actions: Actions = UNNAMED


class Progress(Shape):
    done: int
    total: int


class Overview(Shape):
    """Where a labelling stands. ``pace``: labels a minute, null where it is too early to say.

    ``trouble``: why nothing learns just now, in a sentence; questions go on meanwhile.
    """

    project: str
    name: FileName
    kind: Literal["picture", "text"]
    demo: bool = False
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
    trouble: str | None = None
    people: list[str]
    you: str
    settings: Settings


class Sample(Shape):
    """One in a grid. ``class_id`` is a person's, or where nobody labelled it the chooser's, with its ``score``."""

    sample: Id
    path: FileName
    class_id: Id | None
    text: Snippet | None = None
    annotator: str | None = None
    note: str | None = None
    at: Time | None = None
    score: Share | None = None


class Samples(Shape):
    total: int
    samples: list[Sample]


class Neighbours(Shape):
    """Where a sample stands in the folder."""

    sample: Id
    path: FileName
    text: str | None = None
    previous: Id | None
    next: Id | None


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
    """A label to look at once more; ``model`` is null for audit samples, ``text`` is whole."""

    sample: Id
    path: FileName
    text: str | None = None
    answers: list[GivenAnswer]
    model: Id | None
    score: float | None


class Agreement(Shape):
    """Cohen's kappa between people, with its 95 % interval, over so many samples that two of them labelled."""

    pairs: int
    kappa: Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)]
    low: Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)]
    high: Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)]


class CheckRest(Shape):
    """How many to draw."""

    count: Annotated[int, Field(ge=1, le=10_000)] = 59


class Invitation(Shape):
    name: Annotated[str, StringConstraints(min_length=1, max_length=100)]


class Token(Shape):
    """What stands behind ``?token=`` in a link."""

    token: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Pass(Shape):
    """What a program sends along as ``Authorization: Bearer``; good for as long as the project is."""

    bearer: str


class Link(Shape):
    """Where an invited person comes in, once."""

    name: str
    link: str
