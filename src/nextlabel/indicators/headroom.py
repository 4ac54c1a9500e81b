"""Is the task too easy? How often the pilot's model errs, and how fast random labels alone would mend that."""

import numpy as np
from scipy.optimize import curve_fit

from nextlabel.indicators.base import Finding
from nextlabel.indicators.evidence import Evidence
from nextlabel.pool import Floats, Ids
from nextlabel.seeds import stream
from nextlabel.statistics.intervals import clopper_pearson

SHARES = (0.25, 0.4, 0.6, 0.8)  # of the pilot, that heads are trained on; the rest tests them
DRAWS = 8
LITTLE, MUCH = 0.05, 0.15  # error that leaves little, or much, to win


def measure(evidence: Evidence) -> Finding:
    """The cross-fitted error of the pilot, and the error that random labels would leave at the budget.

    The curve is a power law a + b n^-c through errors on nested parts of the pilot (Cortes et al., 1993); its plateau
    lies between 0 and the error now.
    """
    wrong, m = int((1 - evidence.hits).sum()), len(evidence.pilot)
    error = clopper_pearson(wrong, m)
    sizes, errors = _learning_curve(evidence)
    a, b, c = _power_law(sizes, errors)
    later = float(min(a + b * evidence.budget**-c, errors[-1]))
    now = float(a + b * m**-c)
    leans = -1 if error.high < LITTLE or now - later < 0.005 else int(error.low > MUCH and now - later > 0.02)
    return Finding(
        error.value,
        (error.low, error.high),
        leans,
        {"now": now, "at_budget": later, "slope": float(c), "falls": max(0.0, now - later), "labels": float(m)},
        {"measured": (sizes.tolist(), errors.tolist()), "expected": _sample_law(a, b, c, evidence)},
    )


def _sample_law(a: float, b: float, c: float, evidence: Evidence) -> tuple[list[float], list[float]]:
    at = np.linspace(max(5.0, len(evidence.pilot) / 5), evidence.budget, 40)
    return at.tolist(), (a + b * at**-c).tolist()


def _learning_curve(evidence: Evidence) -> tuple[Floats, Floats]:
    """Numbers of labels (k,) and the mean error (k,) of heads that learned so many, on the rest of the pilot."""
    m = len(evidence.pilot)
    sizes, errors = [], []
    for share in SHARES:
        count = max(2, int(share * m))
        found = [
            _error(evidence, stream(evidence.seed, "check", "curve", k).permutation(m), count) for k in range(DRAWS)
        ]
        sizes.append(float(count))
        errors.append(float(np.mean(found)))
    return np.array([*sizes, float(m)]), np.array([*errors, float(1 - evidence.hits.mean())])


def _error(evidence: Evidence, order: Ids, count: int) -> float:
    head, rest = evidence.fit(np.sort(order[:count])), order[count:]
    guesses = head.predict_proba(evidence.X[evidence.pilot[rest]]).argmax(axis=1)
    return float((guesses != evidence.y[rest]).mean())


def _power_law(sizes: Floats, errors: Floats) -> tuple[float, float, float]:
    """Plateau, factor and slope of the law that is nearest; a flat line where nothing falls."""
    last = max(float(errors[-1]), 1e-3)
    if errors[0] <= errors[-1] + 1e-3:
        return last, 0.0, 0.0
    try:
        (a, b, c), _ = curve_fit(
            lambda n, a, b, c: a + b * n**-c,
            sizes,
            errors,
            p0=(last / 2, 1.0, 0.5),
            bounds=((0, 0, 0.05), (last, 100, 2.0)),
            maxfev=5_000,
        )
    except RuntimeError:  # no minimum within so many steps: the last error is then all that is known
        return last, 0.0, 0.0
    return float(a), float(b), float(c)
