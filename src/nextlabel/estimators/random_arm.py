"""Was asking better than drawing at random? The audit's own questions were drawn at random: they are the other arm."""

import math
from collections.abc import Mapping

import numpy as np

from nextlabel.estimators.base import Figure, History, Look
from nextlabel.pool import Floats

FIRST = 59  # audit answers
Z = 2.955  # for an interval that holds at all looks from there on
SHARE = 0.8  # of the audit labels that each of the five other heads has learned
REACH = 1.6  # times the audit answers: how far along the queue one looks
STEPS = (10, 15, 20, 25, 30, 40, 50, 60, 75, 90, 110, 140, 180, 220, 275, 350, 440, 550, 700, 900, 1_100, 1_400)


def random_arm(history: History) -> Mapping[str, Figure]:
    """``against_random``: by how many points the queue's first labels beat as many random ones; ``worth``: how many of
    the queue's labels do the work of those random ones.

    A model on the first k labels of the strategy's side against five on four fifths of the audit's each, on the audit
    answers that these have not learned; paired, with the interval of a mean that holds at all looks.
    """
    if not history.looks or history.looks[-1].m < FIRST:
        silent = "small" if history.side < FIRST else "early"
        return {name: Figure(unit, audit=history.audit, silent=silent) for name, unit in _UNITS.items()}
    look = history.looks[-1]
    return {"against_random": _difference(look), "worth": _equivalent(look)}


_UNITS = {"against_random": "points", "worth": "labels"}


def equal_count(m: int) -> int:
    """How many of the queue's labels stand against the random ones."""
    return round(SHARE * m)


def steps(m: int, asked: int) -> list[int]:
    """The counts k of the queue's labels at which a model is wanted, where ``asked`` are there."""
    wanted = {equal_count(m), *(k for k in STEPS if k <= REACH * m)} if m >= FIRST else set()
    return sorted(k for k in wanted if k <= asked)


def _difference(look: Look) -> Figure:
    k = equal_count(look.m)
    if k not in look.queue:
        return Figure("points", audit=look.m, labelled=look.labelled, silent="short queue")
    middle, half = _pair_interval(look, k)
    mean = float(_differences(look, k).mean())
    low, high = max(middle - half, -100.0), min(middle + half, 100.0)
    return Figure("points", mean, low, high, look.m, look.labelled, more={"labels": k})


def _equivalent(look: Look) -> Figure:
    ks = [k for k in sorted(look.queue) if k in STEPS]
    found = [_pair_interval(look, k) for k in ks]
    worse = [k for k, (mean, half) in zip(ks, found, strict=True) if mean + half < 0]
    # From there on to the end: one lucky k proves nothing.
    high = None
    for k, (mean, half) in reversed(list(zip(ks, found, strict=True))):
        if mean - half < 0:
            break
        high = k
    if high is None:
        return Figure("labels", audit=look.m, labelled=look.labelled, silent="not told apart")
    low = float(max(worse, default=0))
    more = {"random": equal_count(look.m)}
    return Figure("labels", None, low, float(high), look.m, look.labelled, more=more)


def _pair_interval(look: Look, k: int) -> tuple[float, float]:
    """The middle of an interval for the difference in points on the audit answers, and half its width.

    As if there were two answers more, one that only the queue's model has right and one that only the other has (after
    A. Agresti and Y. Min, 2005): where both models hardly differ, the plain interval has no width, and is wrong.
    """
    d = np.append(_differences(look, k), (100.0, -100.0))
    return float(d.mean()), Z * float(np.std(d, ddof=1)) / math.sqrt(len(d))


def _differences(look: Look, k: int) -> Floats:
    """Answer by answer (m,), in points: 100 where only the queue's model is right, -100 where only the other is."""
    found: Floats = 100.0 * ((look.queue[k] == look.truth).astype(float) - (look.by_chance == look.truth))
    return found
