"""Are classes of very different size? Then asking finds the rare ones sooner than drawing does."""

import numpy as np
from sklearn.cluster import KMeans

from nextlabel.indicators.base import Finding
from nextlabel.indicators.evidence import Evidence
from nextlabel.pool import Floats, Ids
from nextlabel.seeds import number, stream

UNEVEN = 5.0
CLUSTERS, LOOKED_AT = 10, 2_000


def measure(evidence: Evidence) -> Finding:
    """How many times as large the largest class is as the smallest, from the pilot with half a label more in each.

    Gains of asking are larger where classes are uneven (Lueth et al., 2023). Without a pilot the value is None, and
    ``largest`` and ``smallest`` are shares of ten clusters: a hint, for clusters are no classes.
    """
    if not len(evidence.pilot):
        return _of_clusters(evidence)
    shares = _shares(np.bincount(evidence.y, minlength=evidence.classes))
    evenness = float(-(shares * np.log(shares)).sum() / np.log(len(shares))) if len(shares) > 1 else 1.0
    unmet = evidence.classes - len(np.unique(evidence.y))
    facts = {"evenness": evenness, "largest": float(shares.max()), "smallest": float(shares.min()), "unmet": unmet}
    ratio = float(shares.max() / shares.min())
    return Finding(ratio, None, int(ratio > UNEVEN), facts, {"shares": _draw(shares)})


def _of_clusters(evidence: Evidence) -> Finding:
    some = np.sort(stream(evidence.seed, "check", "clusters").permutation(len(evidence.X))[:LOOKED_AT])
    drawn = number(stream(evidence.seed, "check", "k-means"))
    with_labels = KMeans(min(CLUSTERS, len(some)), n_init=1, random_state=drawn).fit(evidence.X[some]).labels_
    shares = np.sort(np.bincount(with_labels) / len(some))[::-1]
    facts = {"largest": float(shares[0]), "smallest": float(shares[-1]), "clusters": len(shares)}
    return Finding(None, None, None, facts, {"shares": _draw(shares)})


def _shares(counts: Ids) -> Floats:
    found: Floats = (counts + 0.5) / (counts + 0.5).sum()  # Jeffreys' prior: a class unmet is no class of nobody
    return found


def _draw(shares: Floats) -> tuple[list[float], list[float]]:
    return list(map(float, range(len(shares)))), shares.tolist()
