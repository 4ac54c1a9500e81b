"""How good is the model? One name, one estimator; each adds its figures to every row of a run."""

from collections.abc import Mapping

from nextlabel.estimators.base import Estimator, Scores
from nextlabel.estimators.holdout import holdout
from nextlabel.pool import Floats, Labels

ESTIMATORS: Mapping[str, Estimator] = {"holdout": holdout}


def scores(proba: Floats, y: Labels) -> Scores:
    """What every estimator of the table says of predictions ``proba`` (n, C) for samples with true codes ``y`` (n,)."""
    return {name: value for estimator in ESTIMATORS.values() for name, value in estimator(proba, y).items()}
