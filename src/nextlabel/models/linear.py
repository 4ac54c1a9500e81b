"""`linear`: multinomial logistic regression on the features as they are."""

from collections.abc import Iterable, Iterator

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from nextlabel.models.base import Fitted, Settings
from nextlabel.models.head import LinearHead, bootstrap
from nextlabel.pool import Floats, Labels, Pool
from nextlabel.seeds import number

GRID = tuple(10.0**power for power in (-4, -3, -2, -1, 0, 1, 2))  # inverse strengths of the penalty


class Linear:
    """A linear head whose regularisation is chosen from labels, and then stands for all strategies.

    ``settings["C"]`` is a list of (count, C): from that many labels on, that C.
    """

    def __init__(self, settings: Settings) -> None:
        self.steps = [(int(count), float(C)) for count, C in settings.get("C", [])]

    def fit(self, pool: Pool, rng: np.random.Generator) -> Fitted:
        """Train on the labelled samples in id order."""
        ids = pool.labelled()
        X, y = pool.features[ids], pool.y[ids]
        head = LinearHead(self.strength(len(ids)), classes=range(pool.classes), random_state=number(rng)).fit(X, y)
        return Fitted(pool.features, head, bootstrap(head, X, y, number(rng)))

    def tune(self, pools: Iterable[Pool]) -> Settings:
        """C by cross-validation, on the first of ``pools`` with two classes and again at every doubling of its size."""
        chosen = [(len(ids := pool.labelled()), choose(pool.features[ids], pool.y[ids])) for pool in doublings(pools)]
        return {"C": chosen}

    def strength(self, count: int) -> float:
        """The C that was chosen for this many labels; 1 while none was."""
        return next((C for start, C in reversed(self.steps) if start <= count), 1.0)


def doublings(pools: Iterable[Pool]) -> Iterator[Pool]:
    """Of growing pools, the first with two known classes, then each that first reaches twice, four times … its size."""
    due = 0
    for pool in pools:
        count = len(pool.labelled())
        if count >= due and pool.known_classes() > 1:
            yield pool
            due = due or count
            while due <= count:
                due *= 2


def choose(X: Floats, y: Labels) -> float:
    """The C with the least cross-validated log loss; stratified folds, five or as many as the rarest class allows.

    With one label in the rarest class there is nothing to validate on, and C is 1.
    """
    folds = min(5, int(np.unique(y, return_counts=True)[1].min()))
    if folds < 2:
        return 1.0
    search = GridSearchCV(
        LogisticRegression(max_iter=300),
        {"C": GRID},
        scoring="neg_log_loss",
        cv=StratifiedKFold(folds, shuffle=True, random_state=0),
        refit=False,
    )
    return float(search.fit(X.astype(np.float64), y).best_params_["C"])
