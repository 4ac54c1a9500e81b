"""What a model says of one sample, as people are handed it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Prediction:
    """What a model says of one picture: ``probabilities`` by class; or why the file cannot be read.

    >>> Prediction("rose.jpg", "rose", {"daisy": 0.1, "rose": 0.9}).label
    'rose'
    """

    path: str
    label: str | None
    probabilities: dict[str, float]
    reason: str | None = None
