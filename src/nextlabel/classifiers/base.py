"""What a trained classifier is: an input that turns samples into features, a linear head, and what its classes are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import softmax

from nextlabel.classifiers.pictures import PictureInput
from nextlabel.classifiers.tables import TableInput
from nextlabel.classifiers.texts import TextInput
from nextlabel.pool import Floats

Input = PictureInput | TableInput | TextInput


@dataclass(frozen=True)
class Calibration:
    """A temperature that logits are divided by (Guo et al., 2017), and what it did on labels that nobody had chosen.

    ``before`` and ``after`` are expected calibration errors, both on answers that the head had not seen.
    """

    temperature: float
    before: float
    after: float
    labels: int


@dataclass(frozen=True)
class Classifier:
    """A trained classifier. ``probabilities`` are honest ones only where there is a ``calibration``.

    ``classes`` the labels as they were written; ``input`` how samples become features (m, d); ``weight`` (C, d) and
    ``bias`` (C,) of the head; ``learned_from`` digests of the pictures, texts or rows whose labels it has seen;
    ``about`` what it was made of and with, as JSON.

    >>> from nextlabel import load_dataset, train
    >>> classifier = train(load_dataset("digits"))
    >>> classifier.classes[:3], classifier.weight.shape
    (('0', '1', '2'), (10, 64))
    """

    classes: tuple[str, ...]
    input: Input
    weight: Floats
    bias: Floats
    calibration: Calibration | None = None
    learned_from: frozenset[str] = frozenset()
    about: Mapping[str, Any] = field(default_factory=dict)

    def probabilities(self, features: Floats) -> Floats:
        """(m, C), float64, of features (m, d) as ``input`` gives them."""
        if not len(features):  # of a block in which nothing could be read, nobody knows how wide they are
            return np.empty((0, len(self.classes)))
        logits = features.astype(np.float64) @ self.weight.T + self.bias
        found: Floats = softmax(logits / (self.calibration.temperature if self.calibration else 1.0), axis=1)
        return found

    @property
    def confidence(self) -> str:
        """What its numbers are called: a ``probability`` where they were calibrated, else a ``score``."""
        return "probability" if self.calibration else "score"
