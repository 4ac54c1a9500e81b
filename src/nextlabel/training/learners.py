"""What learns: a linear head on an embedder's features or a table's rows, or a network on the pictures themselves.

A learner learns from any part of the labelled samples, so that calibration can ask it about the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

import numpy as np
from threadpoolctl import threadpool_limits

from nextlabel.classifiers import Classifier
from nextlabel.classifiers.base import Input
from nextlabel.classifiers.pictures import PictureInput
from nextlabel.classifiers.tables import TableInput, digest_rows
from nextlabel.classifiers.texts import TextInput
from nextlabel.datasets.base import Dataset, Pictures, Sink
from nextlabel.datasets.first_look import Opener
from nextlabel.datasets.greys import Scales
from nextlabel.datasets.pictures import FolderPictures, kept_squares
from nextlabel.embedders import TABLE, default, embed, embedder
from nextlabel.embedders import sink as embedder_sink
from nextlabel.embedders.base import NO_FITS, Features, Fits, Transductive
from nextlabel.embedders.cache import Keeping, read_fits
from nextlabel.embedders.onnx.embedder import Onnx
from nextlabel.embedders.onnx.settings import parse_onnx
from nextlabel.errors import BadData, Mistake
from nextlabel.files import cache
from nextlabel.knobs.course import LINEAR, Course
from nextlabel.models import model
from nextlabel.models.base import ModelEntry
from nextlabel.models.linear import Linear
from nextlabel.pool import Floats, Ids, Labels, Pool
from nextlabel.progress import Progress, quiet
from nextlabel.seeds import stream


class Lessons(NamedTuple):
    """What is learned from: ``ids`` (n,) of the labelled samples, their codes ``y`` (n,), and the classes by code."""

    dataset: Dataset
    ids: Ids
    y: Labels
    classes: tuple[str, ...]


class Learner(Protocol):
    """Learns from rows of the lessons, 0 … n-1; ``settings`` as JSON say what was chosen for all of them."""

    @property
    def lessons(self) -> Lessons: ...

    @property
    def settings(self) -> Mapping[str, Any]: ...

    def fit(self, rows: Ids) -> Any:
        """What it has learned from these rows, among which is every class."""

    def logits(self, fitted: Any, rows: Ids) -> Floats:
        """(m, C) of rows, by what was learned."""

    def classifier(self, fitted: Any) -> Classifier:
        """The classifier to take away."""


class Head(NamedTuple):
    """A linear head: (C, d) and (C,)."""

    weight: Floats
    bias: Floats


@dataclass(frozen=True)
class LinearLearner:
    """Multinomial logistic regression on ``X`` (n, d), what ``input`` makes of the labelled samples."""

    lessons: Lessons
    input: Input
    X: Floats
    settings: Mapping[str, Any]
    seed: int

    def fit(self, rows: Ids) -> Head:
        """The head of these rows, with the penalty that was chosen on all."""
        head = Linear(self.settings).fit(self._pool(rows), stream(self.seed, "train")).clf
        return Head(head.coef_, head.intercept_)

    def logits(self, fitted: Head, rows: Ids) -> Floats:
        logits: Floats = self.X[rows].astype(np.float64) @ fitted.weight.T + fitted.bias
        return logits

    def classifier(self, fitted: Head) -> Classifier:
        """The head with its input, and the digests of what it learned from."""
        return Classifier(self.lessons.classes, self.input, *fitted, learned_from=learned_from(self.lessons))

    def _pool(self, rows: Ids) -> Pool:
        y = np.full(len(self.lessons.y), -1, dtype=np.int64)
        y[rows] = self.lessons.y[rows]
        return Pool(self.X, y, np.ones(len(y), dtype=bool), len(self.lessons.classes))

    def tune(self) -> "LinearLearner":
        """With a penalty chosen by cross-validation on all labels."""
        C = Linear({}).tune(self._pool(np.arange(len(self.lessons.y))), asked=True)["C"]
        # From one label on: a part of the labels is learned with the penalty of all.
        return replace(self, settings={"C": [(1, C[-1][1])]})


def learned_from(lessons: Lessons) -> frozenset[str]:
    """Digests of the pictures, texts or rows whose labels are learned."""
    if lessons.dataset.table is not None:
        return frozenset(digest_rows(lessons.dataset.table[lessons.ids]))
    found = lessons.dataset.pictures or lessons.dataset.texts
    assert found is not None, "a dataset has pictures, texts or a table"
    return frozenset(found.digests[i] for i in lessons.ids)


def sink(course: Course) -> Opener:
    """What a `Request` is given so that each picture that a course learns from is decoded once.

    Raises `Mistake` for a model that could not be written to a file.
    """
    entry = check_model(course)
    if not entry.pictures:
        return embedder_sink(course.embedder, labelled=True)

    def open_sink(dataset: Dataset) -> Sink:
        from nextlabel.models.torch.cnn import SIZE  # torch takes seconds, and the others need none of it

        return Keeping(SIZE, kept_squares(cache.folder(), SIZE), len(dataset), np.flatnonzero(dataset.y >= 0))

    return open_sink


def check_model(course: Course) -> ModelEntry:
    """The model that a course names; raises `Mistake` for one that could not be written to a file."""
    name = course.model or LINEAR
    if name.startswith("sklearn:"):
        raise Mistake(
            f"'{name}' could only be kept as a pickle, which runs whatever somebody put into it. "
            "Train 'linear', logistic regression with a penalty of its own choosing, or 'cnn'."
        )
    return model(name)


def learner(course: Course, lessons: Lessons, progress: Progress = quiet) -> Learner:
    """What a course asks for; raises `Mistake` for a model that could not be written to a file."""
    entry = check_model(course)  # a wrong name is told before anything is embedded
    if entry.pictures:
        return _network_learner(course, entry, lessons)
    made_of = _picture_rows if lessons.dataset.pictures is not None else _table_rows
    made_of = _text_rows if lessons.dataset.texts is not None else made_of
    made, X = made_of(course, lessons, progress)
    progress("Choosing a penalty", 0, 0)
    with threadpool_limits(1):  # as for training
        return LinearLearner(lessons, made, X, {}, course.seed).tune()


def _network_learner(course: Course, entry: ModelEntry, lessons: Lessons) -> Learner:
    if lessons.dataset.pictures is None:
        raise Mistake(
            f"'{lessons.dataset.name}' holds no pictures, and '{course.model}' learns from these. Use --model linear."
        )
    if course.embedder is not None:
        raise Mistake(f"'{course.model}' sees the pictures themselves, so no embedder is used. Leave out --embedder.")
    from nextlabel.training.network import NetworkLearner  # torch takes seconds, and the others need none of it

    return NetworkLearner.of(entry, lessons, course.seed)


def _table_rows(course: Course, lessons: Lessons, progress: Progress) -> tuple[Input, Floats]:
    """Rows (n, d) of the labelled samples; gaps and scales are told by all rows."""
    dataset = lessons.dataset
    assert dataset.table is not None
    if course.embedder not in (None, TABLE):
        embed(dataset, course.embedder)  # which says that a table needs none
    if dataset.embedding is not None:
        raise Mistake(
            f"'{dataset.name}' holds features without their pictures, and a model has to make them of new ones. Train "
            "on the pictures themselves: features that are kept are not computed again."
        )
    if dataset.scheme is None:
        raise BadData(
            f"The columns of '{dataset.name}' were reduced over its own rows, so no other rows could become such "
            "features. Train on a table with fewer columns."
        )
    made = TableInput.learn(dataset.scheme, dataset.table)
    return made, made.features(dataset.table[lessons.ids])


def _text_rows(course: Course, lessons: Lessons, progress: Progress) -> tuple[Input, Floats]:
    """Features (n, d) of the labelled texts; an embedder that is fitted to texts is fitted to all there are."""
    dataset, name = lessons.dataset, course.embedder or default(lessons.dataset)
    features = embed(dataset, course.embedder, progress)
    made = embedder(name)(dataset)
    fits = _read_fitted(features, name) if isinstance(made, Transductive) else NO_FITS
    return TextInput(name, made, fits, dataset.scheme), np.asarray(features.array[lessons.ids])


def _read_fitted(features: Features, name: str) -> Fits:
    """What an embedder was fitted to, which is kept beside the features."""
    found = None if features.path is None else read_fits(features.path)
    if found is None:
        raise BadData(f"What '{name}' was fitted to is gone from the cache. Was it emptied just now? Run again.")
    return found


def _picture_rows(course: Course, lessons: Lessons, progress: Progress) -> tuple[Input, Floats]:
    """Features (n, d) of the labelled pictures; an embedder that is fitted to pictures is fitted to all there are."""
    dataset = lessons.dataset
    name = course.embedder or default(dataset)
    if name == TABLE:
        embed(dataset, name)  # raises
    assert dataset.pictures is not None, "a dataset has pictures or a table"
    made = embedder(name)(dataset)
    seen, rows = (dataset, lessons.ids) if isinstance(made, Transductive) else only_labelled(lessons)
    features = embed(seen, course.embedder, progress)
    fits = _read_fitted(features, name) if isinstance(made, Transductive) else NO_FITS
    called = parse_onnx(name).name if name.startswith("onnx:") else name  # not where it lies on this machine
    model = made.model() if isinstance(made, Onnx) else None
    return PictureInput(called, made, fits, scales_of(dataset.pictures), model=model), np.asarray(features.array[rows])


def scales_of(pictures: Pictures) -> Scales:
    """The scales that a folder's deep pictures are on."""
    return pictures.scales if isinstance(pictures, FolderPictures) else {}


def only_labelled(lessons: Lessons) -> tuple[Dataset, Ids]:
    """A dataset of just the labelled pictures, where they lie in files, so that no other is decoded; and their rows."""
    dataset, ids, pictures = lessons.dataset, lessons.ids, lessons.dataset.pictures
    if not isinstance(pictures, FolderPictures):
        return dataset, ids
    files, digests = ([some[i] for i in ids] for some in (pictures.files, pictures.digests))
    part: Pictures = replace(pictures, files=tuple(files), digests=tuple(digests))
    paths = None if dataset.paths is None else tuple(dataset.paths[i] for i in ids)
    some = replace(dataset, pictures=part, y=dataset.y[ids], paths=paths, groups=None, sides=None, duplicates=())
    return some, np.arange(len(ids))
