"""`sklearn:dotted.Name(…)`: any scikit-learn classifier on the features as they are."""

import numpy as np
from sklearn.base import ClassifierMixin

from nextlabel.errors import BadSpecification
from nextlabel.models.base import Fitted, Settings
from nextlabel.models.head import SklearnHead, bootstrap
from nextlabel.pool import Pool
from nextlabel.seeds import number
from nextlabel.specifications import build, parse_specification
from nextlabel.text import printable, shorten


class Sklearn:
    """A classifier named by a specification such as ``sklearn:svm.SVC(C=1.0, gamma='auto')``.

    Raises `UnknownName` or `BadSpecification` where there is no such classifier, or it takes no such arguments.

    >>> from nextlabel import Pool, stream
    >>> X, y = np.array([[0.0], [1.0], [0.2]], dtype=np.float32), np.array([0, 1, -1])  # -1: nobody has answered
    >>> nearest = Sklearn("sklearn:neighbors.KNeighborsClassifier(n_neighbors=1)")
    >>> fitted = nearest.fit(Pool(X, y, np.ones(3, dtype=bool), classes=2), stream(0, "fit"))
    >>> fitted.clf.predict(fitted.features).tolist()
    [0, 1, 0]
    """

    def __init__(self, text: str) -> None:
        self.estimator = build(parse_specification(text), "sklearn", ClassifierMixin, "classifier")
        try:
            self.estimator._validate_params()  # as it does by itself when it is fitted, hours later
        except (ValueError, TypeError) as error:
            raise BadSpecification(f"'{printable(text)}' cannot be made: {shorten(str(error), 200)}") from None

    def fit(self, pool: Pool, rng: np.random.Generator) -> Fitted:
        """Train on the labelled samples in id order."""
        ids = pool.labelled()
        X, y = pool.features[ids], pool.y[ids]
        # The head clones the classifier: what is fitted here is never the one that the next round begins with.
        head = SklearnHead(self.estimator, classes=range(pool.classes), random_state=number(rng)).fit(X, y)
        return Fitted(pool.features, head, bootstrap(head, X, y, number(rng)))

    def tune(self, pool: Pool, asked: bool = False) -> Settings:
        """Nothing: the specification says it all."""
        return {}
