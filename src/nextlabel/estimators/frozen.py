"""After stopping: how many are wrong among the rest, from some that are drawn from it, with the model as it is."""

from collections.abc import Mapping
from math import log

from scipy.optimize import brentq
from scipy.special import betaln
from scipy.stats import hypergeom

from nextlabel.estimators.base import Figure, Frozen, History

LEVEL = 0.95
EVER = 20.0  # 1 / .05: a ratio that a true share exceeds at any time with a probability of 5 % at most


def frozen(history: History) -> Mapping[str, Figure]:
    """``check``: the share of the unlabelled samples that the model has right, at least; from a check of the rest.

    Once all have an answer, the exact bound of the hypergeometric distribution, for that number of questions was fixed
    beforehand; until then one that holds after every single answer (Robbins, 1970: a mixture of all shares against
    each).
    """
    found = history.frozen
    if found is None or not found.hits + found.misses:
        return {"check": Figure("share", audit=history.audit, silent="not asked")}
    n = found.hits + found.misses
    left = found.rest - n
    low = lowest_ever(found) if found.waiting else 1 - most_wrong(found) / max(left, 1)
    more = {"rest": left, "hits": found.hits, "asked": n, "waiting": found.waiting}
    return {"check": Figure("share", found.hits / n, low, 1.0, history.audit, found.labelled, more=more)}


def most_wrong(found: Frozen) -> int:
    """How many are wrong at most among those that were not drawn, with 95 %.

    >>> most_wrong(Frozen(hits=59, misses=0, rest=1_059))
    50
    """
    n = found.hits + found.misses
    low, high = found.misses, found.rest - found.hits  # wrong ones in all: no fewer, and no more
    while low < high:  # the chance to find so few of them falls as they grow
        middle = (low + high + 1) // 2
        if hypergeom.cdf(found.misses, found.rest, middle, n) > 1 - LEVEL:
            low = middle
        else:
            high = middle - 1
    return low - found.misses


def lowest_ever(found: Frozen) -> float:
    """The lower end of the shares that no question so far has refuted, valid after every question."""
    hits, misses = found.hits, found.misses
    if not hits:
        return 0.0

    def ratio(p: float) -> float:
        return (
            float(betaln(1 + hits, 1 + misses)) - hits * log(p) - (misses * log(1 - p) if misses else 0.0) - log(EVER)
        )

    top = hits / (hits + misses)
    if ratio(1e-12) < 0:
        return 0.0
    return float(brentq(ratio, 1e-12, min(top, 1 - 1e-12)))
