"""Are classes of very different size? Then asking finds the rare ones sooner than drawing does."""

import numpy as np

from nextlabel.indicators.base import Finding
from nextlabel.indicators.evidence import Evidence

EVEN, UNEVEN = 3.0, 5.0


def measure(evidence: Evidence) -> Finding:
    """How many times as large the largest class is as the smallest, from the pilot with half a label more in each.

    Gains of asking are larger where classes are uneven (Lueth et al., 2023).
    """
    counts = np.bincount(evidence.y, minlength=evidence.classes) + 0.5  # (C,); Jeffreys' prior
    shares = counts / counts.sum()
    ratio = float(shares.max() / shares.min())
    evenness = float(-(shares * np.log(shares)).sum() / np.log(len(shares))) if len(shares) > 1 else 0.0
    facts = {"evenness": evenness, "rarest": float(shares.min()), "unmet": float((counts < 1).sum())}
    leans = 1 if ratio > UNEVEN else 0
    return Finding(ratio, None, leans, facts, {"shares": (list(map(float, range(len(shares)))), shares.tolist())})
