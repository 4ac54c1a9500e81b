"""What may be said while somebody labels, without a test set. One name, one estimator: one file and one line.

figures = estimate(history)
figures["new"].low, figures["new"].high
"""

from collections.abc import Mapping

from nextlabel.estimators.audit import audit
from nextlabel.estimators.base import Estimator, Figure, History
from nextlabel.estimators.churn import churn
from nextlabel.estimators.frozen import frozen
from nextlabel.estimators.random_arm import random_arm
from nextlabel.estimators.stopping import stopping

# In the order in which a receipt shows them.
ESTIMATORS: Mapping[str, Estimator] = {
    "audit": audit,
    "random_arm": random_arm,
    "churn": churn,
    "stopping": stopping,
    "frozen": frozen,
}


def estimate(history: History) -> dict[str, Figure]:
    """What every estimator of the table says of a history; a figure without a value says why there is none."""
    return {name: figure for one in ESTIMATORS.values() for name, figure in one(history).items()}
