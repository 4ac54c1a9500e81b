"""What a project gives away: a row for each labelled sample, and, if wanted, for what a model takes the others for.

Every row says whose label it is. Where a threshold keeps only what the model is sure of, the audit answers say how
often that is right: each of them asked of a model that had not learned it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np

from nextlabel.classifiers import Classifier
from nextlabel.classifiers.pictures import PictureInput
from nextlabel.classifiers.texts import TextInput
from nextlabel.datasets import load
from nextlabel.datasets.base import Dataset, Request
from nextlabel.datasets.labels import normalise
from nextlabel.datasets.texts import Texts
from nextlabel.knobs.course import Course
from nextlabel.labelling.labels import ProjectLabels
from nextlabel.labelling.records import Record
from nextlabel.pool import Floats, Ids
from nextlabel.progress import Progress
from nextlabel.statistics.intervals import Share
from nextlabel.store import Event
from nextlabel.text import printable
from nextlabel.training import train_audited
from nextlabel.training.calibration import share_above
from nextlabel.training.learners import sink

MODEL = "model"  # who gave a label that nobody gave


class Row(NamedTuple):
    """A sample and its label. ``by`` a person's name, ``imported`` or ``model``; ``how`` it was given.

    ``score`` is how sure the model is, where it is the model's.
    """

    path: str
    label: str
    by: str
    how: str
    at: datetime | None = None
    note: str = ""
    disputed: bool = False
    score: float | None = None


@dataclass(frozen=True)
class Answers:
    """The rows that people gave, and what is not among them: paths discarded, how many skipped, or of files gone."""

    rows: Sequence[Row]
    discarded: Sequence[str]
    skipped: int
    lost: int


@dataclass(frozen=True)
class Guesses:
    """The rows that the model gave; ``below`` how many it was not sure enough of.

    ``right`` the share of audit answers right among those of which it was as sure; None where there are none at all.
    """

    rows: Sequence[Row]
    below: int
    confidence: str
    learned: int
    right: Share | None


def read_answers(record: Record) -> Answers:
    """What people said, in the order of paths; copies have their first one's label."""
    rows, lost = list[Row](), 0
    for sample, verdict in record.labelled.items():
        event = record.event(verdict)
        label, note = record.classes[verdict.class_id or 0], record.note(sample)
        here = [one for one in record.state.files.same(sample) if record.state.files.is_there(one)]
        lost += not here
        for one in here:
            by, how = record.author(event), _how(event)
            rows.append(Row(record.samples[one].path, label, by, how, event.at, note, verdict.disputed))
    kinds = Counter[str](verdict.kind for verdict in record.verdicts.values())
    discarded = [record.samples[one].path for one, verdict in record.verdicts.items() if verdict.kind == "discard"]
    return Answers(in_order(record, rows), sorted(discarded), kinds["skip"], lost)


def _how(event: Event) -> str:
    return event.how or "key"


def in_order(record: Record, rows: Sequence[Row]) -> list[Row]:
    """Rows by path; of a table, by number."""
    if record.settings.text_column is not None:
        return sorted(rows, key=lambda row: int(row.path))
    return sorted(rows, key=lambda row: row.path)


def guess_rest(record: Record, threshold: float, progress: Progress) -> Guesses:
    """What a model that has just learned all answers takes the rest for; raises as `nextlabel.train` does."""
    labels = ProjectLabels(record)
    course = labels.suit(Course())
    request = Request(str(record.place), progress=progress, sink=sink(course))
    dataset = load(labels.fit(request))
    classifier, audit = train_audited(dataset, course, labels.audit_rows(dataset), progress)
    rows, below = list[Row](), 0
    names = {printable(normalise(name)): name for name in record.classes.values()}
    for path, proba in _look(classifier, dataset, *_open(labels, dataset), progress):
        best = int(proba.argmax())
        if proba[best] < threshold:
            below += 1
        else:
            label = names[classifier.classes[best]]
            rows.append(Row(path, label, MODEL, MODEL, score=float(proba[best])))
    right = None if audit is None else share_above(audit, threshold, classifier.calibration is not None)
    learned = int((dataset.y >= 0).sum())
    return Guesses(in_order(record, rows), below, classifier.confidence, learned, right)


def _open(labels: ProjectLabels, dataset: Dataset) -> tuple[Ids, list[str]]:
    """Rows of a dataset that nobody labelled or discarded, and their paths."""
    record = labels.record
    rows, paths = list[int](), list[str]()
    for row, sample in enumerate(labels.samples_of(dataset).tolist()):
        verdict = record.verdicts.get(sample)
        if verdict is None or verdict.kind == "skip":
            rows.append(row)
            paths.append(dataset.paths[row] if dataset.paths else str(row))
    return np.array(rows, dtype=np.int64), paths


def _look(
    classifier: Classifier, dataset: Dataset, rows: Ids, paths: Sequence[str], progress: Progress
) -> Iterator[tuple[str, Floats]]:
    """Paths and probabilities (C,) of rows, without what cannot be read any more."""
    made = classifier.input
    if isinstance(made, TextInput):
        assert dataset.texts is not None, "a model of texts learned from texts"
        texts = Texts.of([dataset.texts[row] for row in rows.tolist()])
        blocks = (row for block in made.look(texts, progress) for row in classifier.probabilities(block))
        yield from zip(paths, blocks, strict=True)
        return
    assert isinstance(made, PictureInput), "a project is of pictures or of texts"
    assert dataset.pictures is not None, "a model of pictures learned from pictures"
    names = iter(paths)
    for seen in made.look_at(dataset.pictures, rows.tolist(), progress):
        found = iter(classifier.probabilities(seen.features))
        for reading in seen.readings:
            name = next(names)
            if reading.reason is None:
                yield name, next(found)
