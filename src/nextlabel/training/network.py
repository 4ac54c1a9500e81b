"""The network `cnn` as a learner: trained on the pictures themselves, and taken apart into an embedder and a head."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import nn

from nextlabel.classifiers import Classifier
from nextlabel.classifiers.network import NetworkEmbedder, take_apart
from nextlabel.classifiers.pictures import PictureInput
from nextlabel.models.base import ModelEntry
from nextlabel.models.torch.cnn import Cnn, as_inputs
from nextlabel.models.torch.training import blas_threads, infer
from nextlabel.pool import Floats, Ids, Pool
from nextlabel.seeds import number, stream
from nextlabel.training.learners import Lessons, learned_from, only_labelled, scales_of

VALIDATION = 0.1  # of each class: the epoch that does best on them is kept


@dataclass(frozen=True)
class NetworkLearner:
    """Trains ``model`` on some of the labelled pictures, which lie at ``places`` (n,) among those that it sees."""

    lessons: Lessons
    model: Cnn
    places: Ids
    seed: int
    settings: Mapping[str, Any]

    @classmethod
    def of(cls, entry: ModelEntry, lessons: Lessons, seed: int) -> "NetworkLearner":
        """What learns with the options of this entry."""
        dataset, places = only_labelled(lessons)
        model = entry.make(dataset, {})
        assert isinstance(model, Cnn), "no other model learns from pictures"
        return cls(lessons, model, places, seed, vars(model.recipe))

    def fit(self, rows: Ids) -> nn.Sequential:
        """A network trained on these rows, some of each class kept for validation where there are enough."""
        y = np.full(len(self.model.squares), -1, dtype=np.int64)
        y[self.places[rows]] = self.lessons.y[rows]
        watch = [
            stream(self.seed, "train", "val", name).permutation(some)[: round(VALIDATION * len(some))]
            for code, name in enumerate(self.lessons.classes)
            for some in [np.flatnonzero(y == code)]
        ]
        nothing = np.zeros((len(y), 1), np.float32)  # it makes features of its own
        pool = Pool(nothing, y, np.ones(len(y), bool), len(self.lessons.classes), watch=np.sort(np.concatenate(watch)))
        return self.model.train(pool, number(stream(self.seed, "train"))).network

    def logits(self, fitted: nn.Sequential, rows: Ids) -> Floats:
        """(m, C) of rows."""
        with blas_threads():
            return np.asarray(infer(fitted, as_inputs(self.model.squares).at(self.places[rows]))[0], dtype=np.float64)

    def classifier(self, fitted: nn.Sequential) -> Classifier:
        """The network as an embedder with a head."""
        fits, weight, bias = take_apart(fitted)
        assert self.lessons.dataset.pictures is not None
        made = PictureInput("cnn", NetworkEmbedder(), fits, scales_of(self.lessons.dataset.pictures))
        return Classifier(self.lessons.classes, made, weight, bias, learned_from=learned_from(self.lessons))
