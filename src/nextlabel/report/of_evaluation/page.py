"""The page of an evaluation: how good a model is on pictures or rows that it has not learned."""

from typing import NamedTuple

from nextlabel import __version__
from nextlabel.classifiers.tables import TableInput
from nextlabel.evaluation.base import Evaluation
from nextlabel.report.drawing.calibration import calibration_curve
from nextlabel.report.drawing.confusions import draw_matrix
from nextlabel.report.numbers import percent
from nextlabel.report.of_run.gallery import Thumbnail, thumbnails
from nextlabel.report.of_run.tables import worst_confusions
from nextlabel.report.paths import hide_folders
from nextlabel.report.templates import template
from nextlabel.statistics.intervals import Share
from nextlabel.text import several
from nextlabel.wording.numbers import span

MISTAKES = 24  # most pictures that are shown
FEW = 30  # samples of a class; fewer say little of it


class ClassRow(NamedTuple):
    """What the page's table says of one class."""

    name: str
    samples: int
    recall: str
    recall_interval: str
    precision: str
    precision_interval: str


class Mistake(NamedTuple):
    """A wrong answer that the model was sure of."""

    picture: Thumbnail
    guess: str
    sure: str


def evaluation_page(found: Evaluation) -> str:
    """The page as HTML, whole by itself."""
    word, accuracy = found.classifier.confidence, found.accuracy
    html: str = template("evaluation.html.j2").render(
        name=hide_folders(found.dataset.name),
        headline=headline(found),
        lead=lead(found),
        notes=[hide_folders(note) for note in notes(found)],
        accuracy=accuracy,
        confusion=draw_matrix(found.confusions, found.classes) if len(found.classes) > 1 else None,
        pairs=worst_confusions(found.confusions.astype(float), found.classes),
        rows=[_row(one) for one in found.by_class()],
        few=FEW,
        scores={name: percent(found.scores[name]) for name in ("balanced_accuracy", "f1_macro", "ece")},
        log_loss=f"{found.scores['log_loss']:.2f}",
        curve=calibration_curve(found.calibration_curve(), word),
        word=word,
        calibration=found.classifier.calibration,
        percent=percent,
        mistakes=_mistakes(found),
        embedder=_embedder(found),
        about=found.classifier.about,
        labels=sum(found.classifier.about.get("labels", {}).values()),
        version=__version__,
    )
    return html


def _embedder(found: Evaluation) -> str:
    made = found.classifier.input
    return made.name if not isinstance(made, TableInput) and made.name != found.classifier.about.get("model") else ""


def headline(found: Evaluation) -> str:
    """The one sentence: how often it is right, and between which shares that lies."""
    one = found.accuracy
    share = f"{percent(one.value)} % {span(one.low, one.high)}"
    return f"Right on {share} of {several(one.total, 'sample')} that it had not seen"


def lead(found: Evaluation) -> str:
    """What the interval stands for."""
    return (
        f"{found.accuracy.hits:,} right, {found.accuracy.total - found.accuracy.hits:,} wrong. In brackets the exact "
        "95 % interval of Clopper and Pearson: it holds for data like these, if these were drawn at random from them."
    )


def notes(found: Evaluation) -> list[str]:
    """What was left out, and what counts as wrong."""
    said = []
    if found.learned:
        were = "was" if found.learned == 1 else "were"
        said.append(f"{several(found.learned, found.dataset.noun)} had been learned by the model, and {were} left out.")
    if found.alike:
        said.append(
            f"{several(found.alike, found.dataset.noun)} of {len(found.y):,} could be ones that the model has learned: "
            "they have the same values, as rows of its own table have. All of them count, so give it no table that it "
            "was trained on."
        )
    if found.strange:
        names = ", ".join(f"{name} ({count:,})" for name, count in found.strange.items())
        said.append(f"The model does not know these classes, so it is wrong about every sample of them: {names}.")
    if found.unread:
        first, many = found.unread[0], several(len(found.unread), found.dataset.noun)
        said.append(f"{many} cannot be read, among them '{first.path}': {first.reason}.")
    return said


def _row(one: tuple[str, Share, Share]) -> ClassRow:
    name, recall, precision = one
    return ClassRow(
        name, recall.total, percent(recall.value), _interval(recall), percent(precision.value), _interval(precision)
    )


def _interval(one: Share) -> str:
    return "" if one.value is None else span(one.low, one.high, digits=0)


def _mistakes(found: Evaluation) -> list[Mistake]:
    """The surest of them, as pictures; none for a table."""
    rows = found.surest_mistakes(MISTAKES)
    shown = thumbnails(found.dataset, [int(found.ids[row]) for row in rows])
    return [
        Mistake(picture, found.classes[found.guess[row]], f"{100 * found.proba[row].max():.0f}")
        for row, picture in zip(rows, shown, strict=False)
    ]
