"""VERB   train: from pictures or a table, and labels for some of them, to a classifier to take away.

    classifier = train(load_dataset("flowers"))          # the labels are the dataset's own
    save_classifier(classifier, "flowers.safetensors")

What has no label still has its say in what needs none: what `patches` is fitted to, and how a table is scaled.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from nextlabel.classifiers import Calibration, Classifier
from nextlabel.datasets.base import Dataset
from nextlabel.errors import BadData
from nextlabel.knobs import read_page
from nextlabel.knobs.course import LINEAR, Course
from nextlabel.pool import Ids
from nextlabel.progress import Progress, quiet
from nextlabel.text import several
from nextlabel.training.calibration import calibrate, calibrate_on
from nextlabel.training.crossfit import CrossFit, cross_fit
from nextlabel.training.environment import made_with
from nextlabel.training.learners import Learner, Lessons, learner


def train(dataset: Dataset, course: Course | Mapping[str, Any] | None = None, progress: Progress = quiet) -> Classifier:
    """A classifier that has learned all labels of a dataset; ``course`` says how, as a `Course` or a dict of its knobs.

    With ``random_labels`` its probabilities are calibrated. Raises `BadData` where fewer than two classes have labels,
    and `Mistake` for a model that could not be written to a file.

    >>> from nextlabel import load_dataset, train
    >>> classifier = train(load_dataset("digits"), {"embedder": "pixels"})
    >>> classifier.confidence, len(classifier.learned_from)
    ('score', 1797)
    """
    course = read_page("course", Course, course or {})
    lessons = read_lessons(dataset)
    made = learner(course, lessons, progress)
    with threadpool_limits(1):  # as everywhere: for matrices as small as a labelled set a second thread waits
        calibration = calibrate(made, course.seed, progress) if course.random_labels else None
        return _learn(course, lessons, made, calibration, progress)


class Audited(NamedTuple):
    """A classifier that has learned everything, and what heads like it said of audit answers that they had not."""

    classifier: Classifier
    audit: CrossFit | None


def train_audited(dataset: Dataset, course: Course, audit: Ids, progress: Progress = quiet) -> Audited:
    """The same, where the labels of the samples ``audit`` (m,), in this order, are a random sample and others are not.

    Its probabilities are calibrated on these alone, each asked of a head that had not learned it. Raises as `train`.
    """
    lessons = read_lessons(dataset)
    made = learner(course, lessons, progress)
    place = {one: row for row, one in enumerate(lessons.ids.tolist())}
    rows = np.array([place[one] for one in audit.tolist()], dtype=np.int64)
    with threadpool_limits(1):
        found = cross_fit(made, rows, progress)
        return Audited(_learn(course, lessons, made, calibrate_on(found), progress), found)


def _learn(
    course: Course, lessons: Lessons, made: Learner, calibration: Calibration | None, progress: Progress
) -> Classifier:
    progress("Training", 0, 0)
    classifier = made.classifier(made.fit(np.arange(len(lessons.y))))
    return replace(classifier, calibration=calibration, about=_about(course, lessons, made))


def read_lessons(dataset: Dataset) -> Lessons:
    """The labelled samples, their classes encoded anew: a class without a label is none that could be learned."""
    ids: Ids = np.flatnonzero(dataset.y >= 0)
    known, y = np.unique(dataset.y[ids], return_inverse=True)
    if len(known) < 2:
        one = f"all {several(len(ids), 'label')} say '{dataset.classes[known[0]]}'" if len(known) else "there are none"
        raise BadData(
            f"To learn to tell classes apart, '{dataset.name}' needs labels of at least two, and {one}. "
            "Label some more."
        )
    return Lessons(dataset, ids, y.astype(np.int64), tuple(dataset.classes[code] for code in known))


def _about(course: Course, lessons: Lessons, made: Learner) -> dict[str, Any]:
    counts = np.bincount(lessons.y).tolist()
    return {
        "data": lessons.dataset.name,
        "fingerprint": lessons.dataset.fingerprint,
        "samples": len(lessons.dataset),
        "labels": dict(zip(lessons.classes, counts, strict=True)),
        "model": course.model or LINEAR,
        "settings": made.settings,
        "seed": course.seed,
        "random_labels": course.random_labels,
        "made_with": made_with(),
    }
