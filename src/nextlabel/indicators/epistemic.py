"""Is the model strong enough already? How much of its doubt more labels could remove."""

import numpy as np

from nextlabel.indicators.base import Finding
from nextlabel.indicators.evidence import Evidence
from nextlabel.pool import Floats
from nextlabel.seeds import stream

HEADS, LOOKED_AT = 10, 1_000
LITTLE, MUCH = 0.1, 0.25


def measure(evidence: Evidence) -> Finding:
    """The epistemic share: mutual information of label and head, by the entropy of the mean, over bootstrapped heads.

    BALD (Houlsby et al., 2011): 0 where all heads agree however little they are sure, so that no label would teach any.
    """
    rng, m = stream(evidence.seed, "check", "heads"), len(evidence.pilot)
    some = np.sort(rng.permutation(len(evidence.X))[:LOOKED_AT])
    votes = np.stack(
        [evidence.fit(np.sort(rng.integers(m, size=m))).predict_proba(evidence.X[some]) for _ in range(HEADS)]
    )
    together = _entropy(votes.mean(axis=0))
    apart = together - np.mean([_entropy(vote) for vote in votes], axis=0)
    share = float(apart.mean() / max(together.mean(), 1e-9))
    agree = float((votes.argmax(axis=2) == votes.argmax(axis=2)[0]).mean())
    leans = -1 if share < LITTLE else int(share > MUCH)
    return Finding(share, None, leans, {"agree": agree, "heads": float(HEADS)})


def _entropy(proba: Floats) -> Floats:
    found: Floats = -(proba * np.log(np.clip(proba, 1e-12, None))).sum(axis=1)
    return found
