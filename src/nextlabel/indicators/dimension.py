"""Are there enough labels for so many dimensions? Below one label for each, doubt is mostly noise."""

from nextlabel.indicators.base import Finding
from nextlabel.indicators.evidence import Evidence
from nextlabel.indicators.redundancy import effective_dimension

FEW, ENOUGH = 1.0, 3.0


def measure(evidence: Evidence) -> Finding:
    """Labels of the pilot by the effective dimension of the features.

    Margin sampling can lose to random where the dimension is large against the labels (Tifrea et al., 2022).
    """
    dimension = effective_dimension(evidence.X.astype("float64"))
    labels = len(evidence.pilot) or evidence.budget
    value = labels / max(dimension, 1e-9)
    leans = -1 if value < FEW else int(value > ENOUGH)
    return Finding(float(value), None, leans, {"dimension": dimension, "columns": float(evidence.X.shape[1])})
