"""`sklearn:dotted.Name(…)`: any scikit-learn classifier on the features as they are."""

import numpy as np
from sklearn.base import ClassifierMixin

from nextlabel.models.base import Fitted, Settings
from nextlabel.models.head import SklearnHead, bootstrap
from nextlabel.pool import Pool
from nextlabel.seeds import number
from nextlabel.specifications import build, parse_specification


class Sklearn:
    """A classifier named by a specification such as ``sklearn:svm.SVC(C=1.0, gamma='auto')``."""

    def __init__(self, text: str) -> None:
        self.estimator = build(parse_specification(text), "sklearn", ClassifierMixin, "classifier")

    def fit(self, pool: Pool, rng: np.random.Generator) -> Fitted:
        """Train on the labelled samples in id order."""
        ids = pool.labelled()
        X, y = pool.features[ids], pool.y[ids]
        head = SklearnHead(self.estimator, classes=range(pool.classes), random_state=number(rng)).fit(X, y)
        return Fitted(pool.features, head, bootstrap(head, X, y, number(rng)))

    def tune(self, pool: Pool) -> Settings:
        """Nothing: the specification says it all."""
        return {}
