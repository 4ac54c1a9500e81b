"""How good the model is: on new samples like these, on the rest of the folder, and class by class.

From audit answers alone, each asked of a model that had not learned it (`Look.guess`). The intervals hold at all looks
together, in 95 of 100 labellings (`nextlabel.statistics.audit_looks`).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from nextlabel.estimators.base import Figure, History, Look
from nextlabel.pool import Floats
from nextlabel.statistics.audit_looks import LEVEL, LOOKS
from nextlabel.statistics.intervals import bounds

MANY = 1 / 3  # a larger share of the labels makes hits hang together: each was learned from with most of the others
TOGETHER = 1.2  # by how much fewer they then count for
PER_CLASS = 20  # audit answers of a class from which on it has an interval


def audit(history: History) -> Mapping[str, Figure]:
    """``new``: the share of new samples like these on which the model agrees with the person; ``rest``: the same of
    the folder's unlabelled samples; ``classes``: answers by class, and what was taken for what.

    Clopper and Pearson, 1934, at the level of sixteen looks. For the rest, each answer weighs by how many unlabelled
    samples it stands for, those counting that no batch would have taken (Kish, 1965, for the size of such a sample).
    """
    if not history.looks:
        silent = "small" if history.side < LOOKS[0] else "early"
        nothing = Figure("share", audit=history.audit, silent=silent)
        return {"new": nothing, "rest": nothing, "classes": replace(nothing, unit="")}
    look = history.looks[-1]
    return {"new": judge_new(look), "rest": judge_rest(look), "classes": _judge_classes(look)}


def judge_new(look: Look) -> Figure:
    """Agreement on samples of the population that the folder is a sample of."""
    # Whoever passes hard questions over flatters the model: these count as wrong below, and as right above.
    total, hits = look.m + look.skipped, int(look.hits.sum())
    scale = TOGETHER if look.m > look.learned * MANY else 1.0
    low, _ = bounds(hits / scale, total / scale, LEVEL)
    _, high = bounds((hits + look.skipped) / scale, total / scale, LEVEL)
    more = {"hits": hits, "skipped": look.skipped, "discarded": look.discarded}
    return Figure("share", hits / look.m, low, high, look.m, look.labelled, more=more)


def judge_rest(look: Look) -> Figure:
    """Agreement on what is left in the folder, of which a strategy has taken the hard ones away."""
    left = sum(look.rest)
    figure = Figure("share", None, None, None, look.m, look.labelled)
    if look.by_hand or not left:
        return replace(figure, silent="by hand" if left else "nothing left")
    if not look.survivors or not look.alive.any():
        # What is left is no harder than new samples are: the lower end holds for it too.
        low = judge_new(look).low
        assert low is not None, "a look has figures"
        return replace(figure, low=low, high=1.0, more={"left": left, "wrong_low": 0, "wrong_high": _up(1 - low, left)})
    weights = _weigh(look)
    right, skipped = float(weights[: look.m][look.hits].sum()), float(weights[look.m :].sum())
    size = 1 / (float((weights**2).sum()) + 1 / left)
    low, _ = bounds(size * right, size, LEVEL)
    _, high = bounds(size * min(right + skipped, 1.0), size, LEVEL)
    value = right / float(weights[: look.m].sum())
    more = {"left": left, "wrong_low": int((1 - high) * left), "wrong_high": _up(1 - low, left)}
    return replace(figure, value=value, low=low, high=high, more=more)


def _weigh(look: Look) -> Floats:
    """What each answer stands for (m + skipped,), 1 in all: the audit side's rest, and those like it on the other."""
    alive = np.append(look.alive, np.ones(look.skipped, dtype=bool))
    share = look.rest[0] / sum(look.rest)
    weights: Floats = share / len(alive) + (1 - share) * alive / alive.sum()
    return weights


def _judge_classes(look: Look) -> Figure:
    """Of each class its answers, and how many the model agrees with; an interval where there are enough."""
    rows = []
    for code, total in sorted(Counter(look.truth.tolist()).items()):
        hits = int(look.hits[look.truth == code].sum())
        low, high = bounds(hits, total, LEVEL) if total >= PER_CLASS else (None, None)
        rows.append({"class": code, "answers": total, "hits": hits, "low": low, "high": high})
    wrong = Counter(zip(look.truth[~look.hits].tolist(), look.guess[~look.hits].tolist(), strict=True))
    pairs = [(one, other, times) for (one, other), times in wrong.most_common()]
    return Figure("", None, None, None, look.m, look.labelled, more={"classes": rows, "confusions": pairs})


def _up(share: float, of: int) -> int:
    return min(of, int(np.ceil(share * of)))
