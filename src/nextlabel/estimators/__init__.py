"""How good is the model? One name, one estimator."""

from collections.abc import Mapping

from nextlabel.estimators.base import Estimator
from nextlabel.estimators.holdout import holdout

ESTIMATORS: Mapping[str, Estimator] = {"holdout": holdout}
