"""What an estimator is: something that says how good a model is, from labels that it did not train on.

    scores = holdout(proba, y)                    # {"accuracy": 0.87, "f1_macro": 0.86, …}

Every figure is a fraction; one that is undefined is None.
"""

from typing import Protocol

from nextlabel.pool import Floats, Labels

Scores = dict[str, float | None]


class Estimator(Protocol):
    """Judges predictions. ``proba`` (n, C) of samples with true codes ``y`` (n,), none of them trained on."""

    def __call__(self, proba: Floats, y: Labels) -> Scores: ...
