"""Probabilities that are known, or foretold block by block: a classifier that knows its samples by number.

scikit-activeml hands a classifier rows of features. Somebody who has the probabilities of a million samples in a file
has no classifier, and a strategy that gathers blocks of candidates only to have them predicted copies the pool. So our
strategies ask this one for rows by number, and upstream's, which know nothing of it, by content.
"""

from collections.abc import Callable
from typing import Any, Self

import numpy as np
from skactiveml.base import SkactivemlClassifier
from sklearn.base import clone

from nextlabel.errors import Mistake
from nextlabel.pool import Floats, Ids
from nextlabel.strategies.kit.blocks import Blocks

UNTRAINABLE = (
    "This query strategy trains the model again while it chooses, and probabilities that are given cannot be trained. "
    "Leave them out, so that a model is trained on the labels, or choose another strategy."
)


class KnownProbabilities(SkactivemlClassifier):
    """A classifier over the rows of one table.

    ``X`` (n, d) the table; ``at(rows)`` gives probabilities (k, C) of rows of it, by number; ``classes`` C. ``head``
    is the fitted classifier behind them: None where somebody else's model gave them, and nothing can be trained again.

    >>> X, P = np.eye(2), np.array([[0.9, 0.1], [0.4, 0.6]])
    >>> KnownProbabilities(X, P.__getitem__, 2).predict_proba(X[1:])
    array([[0.4, 0.6]])
    """

    def __init__(
        self, X: Floats, at: Callable[[Ids], Floats], classes: int, head: SkactivemlClassifier | None = None
    ) -> None:
        super().__init__(classes=range(classes), missing_label=-1)
        self.X, self.at, self.head = X, at, head
        self._validate_data(np.asarray(X[:1]), np.array([-1]))  # what `predict` needs of a fitted classifier

    def __sklearn_clone__(self) -> SkactivemlClassifier:  # a strategy clones in order to train
        if self.head is None:
            raise Mistake(UNTRAINABLE)
        return clone(self.head)

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Not to be had: what can be trained is its clone, a head."""
        raise Mistake(UNTRAINABLE)

    def predict_proba(self, X: Any, return_embeddings: bool = False) -> Any:
        """Probabilities (k, C) of any rows that the head can read; without a head, of rows of the table.

        Of rows that are alike to the last bit, the last one's stand for all.
        """
        X = Blocks(np.asarray(X)).all()
        proba = self._found(X) if self.head is None else self.head.predict_proba(X)
        return (proba, X) if return_embeddings else proba

    def _found(self, X: Floats) -> Floats:
        # By content, since a strategy of scikit-activeml's hands over rows that it has gathered: a hash of their bytes,
        # in the caller's precision (check_array may have made float64 of float16 on the way).
        place: dict[int, int] = {}
        for block, rows in Blocks(self.X).blocks():
            place |= {hash(row.tobytes()): i for i, row in enumerate(rows.astype(X.dtype, copy=False), block.start)}
        try:
            return self.at(np.array([place[hash(row.tobytes())] for row in X], dtype=np.int64))
        except KeyError:
            raise Mistake(
                "This query strategy wants probabilities of samples that are not among the features, and only a model "
                "can foretell those. Leave the probabilities out, so that one is trained on the labels."
            ) from None
