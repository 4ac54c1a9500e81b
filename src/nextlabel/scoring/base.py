"""What a scorer is: something that says how good a model is, from labels that it did not train on.

    scores = holdout(proba, y)                    # {"accuracy": 0.87, "f1_macro": 0.86, …}

Figures are finite, and fractions where they have no unit of their own (a log loss is in nats); one that is undefined is
None. What a scorer promises beside that is `nextlabel.conformance.scorers`.
"""

from typing import Protocol

from nextlabel.pool import Floats, Labels

Scores = dict[str, float | None]


class Scorer(Protocol):
    """Judges predictions: ``proba`` (n, C) of samples with true codes ``y`` (n,), none of them trained on.

    Raises `BadArray` where a row of ``proba`` is no distribution.
    """

    def __call__(self, proba: Floats, y: Labels) -> Scores: ...
