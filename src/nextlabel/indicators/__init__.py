"""What is measured of a pool and its pilot: each of the guide's six reasons why random is hard to beat, and two more.

One name, one file. Each says how far a reason holds here; `nextlabel.checking` makes a forecast of them.
"""

from collections.abc import Mapping

from nextlabel.indicators import (
    clusters,
    dimension,
    epistemic,
    headroom,
    imbalance,
    noise,
    redundancy,
    reliability,
)
from nextlabel.indicators.base import Finding as Finding
from nextlabel.indicators.base import Indicator

FEWEST = 20  # labels, below which what is said of errors would be noise

INDICATORS: Mapping[str, Indicator] = {
    "headroom": Indicator(headroom.measure, FEWEST),
    "reliability": Indicator(reliability.measure, FEWEST),
    "noise": Indicator(noise.measure, FEWEST),
    "epistemic": Indicator(epistemic.measure, FEWEST),
    "redundancy": Indicator(redundancy.measure),
    "clusters": Indicator(clusters.measure, FEWEST),
    "imbalance": Indicator(imbalance.measure),
    "dimension": Indicator(dimension.measure),
}
