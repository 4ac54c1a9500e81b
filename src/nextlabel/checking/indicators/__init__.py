"""What is measured: each of the guide's six reasons why random is hard to beat, and two more. One file, one line."""

from collections.abc import Mapping

from nextlabel.checking.indicators import (
    clusters,
    dimension,
    epistemic,
    headroom,
    imbalance,
    noise,
    redundancy,
    reliability,
)
from nextlabel.checking.indicators.base import Finding as Finding
from nextlabel.checking.indicators.base import Indicator

FEWEST = 20  # labels, below which what is said of errors would be noise

INDICATORS: Mapping[str, Indicator] = {
    "headroom": Indicator(headroom.measure, FEWEST),
    "reliability": Indicator(reliability.measure, FEWEST),
    "noise": Indicator(noise.measure, FEWEST),
    "epistemic": Indicator(epistemic.measure, FEWEST),
    "redundancy": Indicator(redundancy.measure),
    "clusters": Indicator(clusters.measure, FEWEST),
    "imbalance": Indicator(imbalance.measure, FEWEST),
    "dimension": Indicator(dimension.measure),
}
