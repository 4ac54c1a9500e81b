"""Fewer columns: principal components of an embedder's vectors, fitted without labels to all samples, and kept.

Vectors of the embedder itself are kept by picture, as ever; one picture more costs one, and a new fit.
"""

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from scipy import linalg

from nextlabel.datasets.base import Squares
from nextlabel.embedders.base import Embedder, Features32, Fits, Learner, Report, silent
from nextlabel.knobs.names import CPU
from nextlabel.pool import Floats

BLOCK = 4_096  # rows that are looked at together: all of them may be a map of gigabytes


@dataclass(frozen=True)
class Reduced:
    """The ``dims`` strongest principal components of what ``base`` gives, or as many as there are.

    They keep their scale, so that distances are what they were, but for what is left out (Pearson, 1901).
    """

    base: Embedder = field(repr=False)  # its settings stand beside this one's
    dims: int

    version: ClassVar[int] = 1

    @property
    def size(self) -> int:
        """The side of the pictures that it wants."""
        return self.base.size

    def fit(self, sample: Squares, report: Report = silent) -> Fits:
        """Centre (D,) and axes (D, d) of the vectors of pictures (n, size, size, 3)."""
        return find_axes(self.base.transform(sample, {}, report), self.dims)

    def transform(self, block: Squares, fits: Fits, report: Report = silent) -> Features32:
        """Features (m, d)."""
        return self.project(self.base.transform(block, {}, report), fits)

    def project(self, vectors: Floats, fits: Fits) -> Features32:
        """Features (m, d) of vectors (m, D) that ``base`` has given already."""
        # One by one: a product of matrices rounds a row by its place among those that BLAS takes at a time.
        return np.array([(row - fits["centre"]) @ fits["axes"] for row in vectors], dtype=np.float32)

    def fit_transform(self, sample: Squares, report: Report = silent) -> tuple[Features32, Fits]:
        """Features (n, d) of the pictures that it is fitted to, and what was fitted."""
        return self.reduce(self.base.transform(sample, {}, report))

    def reduce(self, vectors: Floats) -> tuple[Features32, Fits]:
        """The same, of vectors (n, D) that ``base`` has given already."""
        fits = find_axes(vectors, self.dims)
        features = np.empty((len(vectors), fits["axes"].shape[1]), np.float32)
        for start in range(0, len(vectors), BLOCK):
            features[start : start + BLOCK] = (vectors[start : start + BLOCK] - fits["centre"]) @ fits["axes"]
        return features, fits


def find_axes(vectors: Floats, dims: int) -> Fits:
    """Centre (D,) and the strongest axes (D, d), each with its largest entry above 0, so that signs are no matter of
    chance."""
    total = np.zeros(vectors.shape[1])
    square = np.zeros((vectors.shape[1], vectors.shape[1]))
    for start in range(0, len(vectors), BLOCK):
        block = np.asarray(vectors[start : start + BLOCK], np.float64)
        total += block.sum(0)
        square += block.T @ block
    centre = total / len(vectors)
    square -= len(vectors) * np.outer(centre, centre)
    width = max(1, min(dims, len(vectors) - 1, len(square)))
    axes = linalg.eigh(square, subset_by_index=(len(square) - width, len(square) - 1))[1][:, ::-1]  # (D, d)
    axes = axes * np.sign(axes[np.abs(axes).argmax(0), np.arange(width)])
    return {"centre": centre.astype(np.float32), "axes": axes.astype(np.float32)}


def settings_of(embedder: Learner[Any]) -> dict[str, Any]:
    """The fields of an embedder that are settings, as JSON gives them back; a device only where it rounds otherwise."""
    words = {field.name: getattr(embedder, field.name) for field in dataclasses.fields(embedder) if field.repr}
    if words.get("device") == CPU:
        del words["device"]
    plain: dict[str, Any] = json.loads(json.dumps(words))
    return settings_of(embedder.base) | plain if isinstance(embedder, Reduced) else plain
