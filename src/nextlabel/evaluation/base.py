"""What an evaluation found: every answer, and the figures that follow from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from nextlabel.classifiers import Classifier
from nextlabel.datasets.base import Dataset, Skipped
from nextlabel.pool import Floats, Ids, Labels
from nextlabel.scoring.base import Scores
from nextlabel.scoring.holdout import count_confusions, holdout
from nextlabel.statistics.intervals import Share, clopper_pearson

BINS = 10  # of the calibration curve


class ClassScores(NamedTuple):
    """How well one class is found: of its samples (``recall``), and of those taken for it (``precision``)."""

    name: str
    recall: Share
    precision: Share


class Bin(NamedTuple):
    """Samples of about the same confidence: its mean, and how many of them are right."""

    confidence: float
    right: Share


@dataclass(frozen=True)
class Evaluation:
    """A classifier's answers on samples that it has not learned.

    ``ids`` (n,) of the dataset's samples, true codes ``y`` (n,) into ``classes``, ``proba`` (n, C); ``learned`` how
    many samples were left out since it had learned from them, ``unread`` what could not be read; ``strange`` how many
    samples are of classes that it does not know, and which count as wrong; ``alike`` how many rows have the values of
    rows that it has learned, and count, since rows of its table are alike by chance.

    >>> from nextlabel import load_dataset, train
    >>> digits = load_dataset("digits")
    >>> P = np.eye(10)[digits.y]  # of somebody who is always right
    >>> found = Evaluation(train(digits), digits, digits.classes, np.arange(len(digits)), digits.y, P)
    >>> found.accuracy.value, found.accuracy.low > 0.99, len(found.surest_mistakes(5))
    (1.0, True, 0)
    """

    classifier: Classifier
    dataset: Dataset
    classes: tuple[str, ...]
    ids: Ids
    y: Labels
    proba: Floats
    learned: int = 0
    unread: tuple[Skipped, ...] = ()
    strange: Mapping[str, int] | None = None
    alike: int = 0

    @cached_property
    def guess(self) -> Labels:
        """Codes (n,) of what the samples were taken for."""
        guess: Labels = self.proba.argmax(axis=1)
        return guess

    @property
    def accuracy(self) -> Share:
        """The share that is right, with an exact interval."""
        return clopper_pearson(int((self.guess == self.y).sum()), len(self.y))

    @cached_property
    def scores(self) -> Scores:
        """Balanced accuracy, macro F1, log loss and calibration error, as a run's rows have them."""
        return holdout(self.proba, self.y)

    @property
    def confusions(self) -> Ids:
        """(C, C) counts, truth by rows."""
        return count_confusions(self.proba, self.y)

    def by_class(self) -> list[ClassScores]:
        """How well each class is found."""
        counts = self.confusions
        right, there, taken = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
        return [
            ClassScores(name, clopper_pearson(*map(int, pair[:2])), clopper_pearson(int(pair[0]), int(pair[2])))
            for name, pair in zip(self.classes, zip(right, there, taken, strict=True), strict=True)
        ]

    def calibration_curve(self) -> list[Bin]:
        """Confidence and how often it is right, in ten bins of equal mass; fewer where there are few samples."""
        sure, hit = self.proba.max(axis=1), self.guess == self.y
        order = np.argsort(sure, kind="stable")
        parts = [part for part in np.array_split(order, min(BINS, max(1, len(order) // 10))) if len(part)]
        return [Bin(float(sure[part].mean()), clopper_pearson(int(hit[part].sum()), len(part))) for part in parts]

    def surest_mistakes(self, most: int) -> list[int]:
        """Rows of the wrong answers that the classifier was surest of: these labels may be the wrong ones."""
        wrong = np.flatnonzero(self.guess != self.y)
        order = np.argsort(-self.proba[wrong, self.guess[wrong]], kind="stable")
        return [int(row) for row in wrong[order[:most]]]

    def plain(self) -> dict[str, Any]:
        """As JSON holds it; fractions."""
        accuracy = self.accuracy
        return {
            "data": self.dataset.name,
            "samples": len(self.y),
            "learned_from": self.learned,
            "alike": self.alike,
            "unreadable": [vars(one) for one in self.unread],
            "unknown_classes": dict(self.strange or {}),
            "confidence": self.classifier.confidence,
            "accuracy": accuracy.value,
            "accuracy_ci95": [accuracy.low, accuracy.high],
            **{name: value for name, value in self.scores.items() if name != "accuracy"},
            "classes": [
                {
                    "name": one.name,
                    "samples": one.recall.total,
                    "recall": one.recall.value,
                    "recall_ci95": [one.recall.low, one.recall.high],
                    "precision": one.precision.value,
                    "precision_ci95": [one.precision.low, one.precision.high],
                }
                for one in self.by_class()
            ],
            "confusions": self.confusions.tolist(),
            "calibration": [
                {"confidence": one.confidence, "accuracy": one.right.value, "samples": one.right.total}
                for one in self.calibration_curve()
            ],
        }
