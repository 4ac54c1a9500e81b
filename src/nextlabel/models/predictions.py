"""What a model says of one sample, as people are handed it."""

from collections.abc import Sequence
from dataclasses import dataclass

from nextlabel.pool import Floats


@dataclass(frozen=True)
class Prediction:
    """What a model says of one sample: ``probabilities`` by class; or why the file cannot be read.

    >>> Prediction("rose.jpg", "rose", {"daisy": 0.1, "rose": 0.9}).label
    'rose'
    """

    path: str
    label: str | None
    probabilities: dict[str, float]
    reason: str | None = None

    @classmethod
    def of(cls, path: str, classes: Sequence[str], row: Floats) -> "Prediction":
        """The likeliest of the classes, by their probabilities (C,)."""
        return cls(path, classes[int(row.argmax())], dict(zip(classes, row.tolist(), strict=True)))
