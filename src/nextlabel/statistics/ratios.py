"""The label ratio: how many labels random needs, for every label of a strategy, to be as good as random ends.

Curves are averaged over seeds and made monotone (their running maximum); ``a`` is random's last value then, and each
strategy's labels are counted where its own monotone curve first reaches ``a``, straight between its points: after a dip
the curve rises from where it was before it. A ratio of 1.6
means 38 % fewer labels. "Never" is a value: a strategy that does not get there within the budget has lost, and is not
left out.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from nextlabel.pool import Mask
from nextlabel.seeds import stream
from nextlabel.statistics.curves import Curves, heights
from nextlabel.statistics.inference import ALPHA, Doubles
from nextlabel.statistics.looks import ONE_LOOK, Law

RESAMPLES = 10_000  # a look that is sure at a level of .4 % cuts off few of them


@dataclass(frozen=True)
class Ratio:
    """Labels of random over labels of a strategy; ``value`` is None where it ``never`` gets there.

    ``low`` and ``high`` are the 95 % bootstrap interval over paired seeds, in which "never" counts as the whole budget;
    ``never_share`` is how often it happened. All three are None where there are too few seeds for an interval. At this
    look it misses in a share of ``level``, on both sides together.
    """

    value: float | None
    never: bool
    low: float | None
    high: float | None
    never_share: float | None
    level: float = ALPHA


def label_ratio(ours: Curves, theirs: Curves, law: Law = ONE_LOOK) -> Ratio | None:
    """The ratio of a strategy (``ours``) to random (``theirs``), over the seeds of both; None without curves.

    >>> from nextlabel.statistics.curves import Curve
    >>> labels = np.arange(10.0, 60, 10)
    >>> theirs = {0: Curve(labels, np.array([0.70, 0.75, 0.80, 0.84, 0.88]))}
    >>> ours = {0: Curve(labels, np.array([0.80, 0.86, 0.70, 0.90, 0.91]))}  # there between 30 and 40 labels
    >>> round(label_ratio(ours, theirs).value, 3)
    1.429
    """
    seeds = sorted(seed for seed in ours if seed in theirs)
    found = heights([ours[seed] for seed in seeds] + [theirs[seed] for seed in seeds])
    if found is None or len(found[0]) < 2:
        return None
    labels, table = found
    mine, yours = table[: len(seeds)], table[len(seeds) :]  # (S, G) each
    value, never = (part[0] for part in _ratios(labels, mine.mean(axis=0)[None], yours.mean(axis=0)[None]))
    level = law.level(len(seeds))
    if level is None:
        return Ratio(None if never else float(value), bool(never), None, None, None)
    drawn = stream(0, "label ratio").integers(len(seeds), size=(RESAMPLES, len(seeds)))  # (B, S): pairs stay pairs
    counts = np.stack([(drawn == seed).sum(axis=1) for seed in range(len(seeds))], axis=1) / len(seeds)  # (B, S)
    values, nevers = _ratios(labels, counts @ mine, counts @ yours)
    tail = _tail(len(seeds), level)
    low, high = np.quantile(values, [tail, 1 - tail])
    return Ratio(None if never else float(value), bool(never), float(low), float(high), float(nevers.mean()), level)


def labels_to_reach(seeds: Curves, goal: float) -> float | None:
    """The labels with which the monotone mean curve reaches a height, straight between its points; None for never.

    The first labels of all where it begins that high: what fewer would have done, nobody knows.

    >>> import numpy as np
    >>> from nextlabel.statistics.curves import Curve
    >>> curve = Curve(np.array([10.0, 20.0, 40.0]), np.array([0.5, 0.7, 0.6]))
    >>> labels_to_reach({0: curve}, 0.6), labels_to_reach({0: curve}, 0.8)
    (15.0, None)
    """
    found = heights(list(seeds.values()))
    if found is None:
        return None
    labels, reached = _first_at(found[0], found[1].mean(axis=0)[None], np.array([goal]))
    return float(labels[0]) if reached[0] else None


def _tail(seeds: int, level: float) -> float:
    """The share to cut off at either end: less than half the level, for a resample of few seeds varies too little.

    Hesterberg (2015), "What teachers should know about the bootstrap": as wide as a t interval would be.
    """
    wide = float(stats.t.isf(level / 2, seeds - 1)) * (seeds / (seeds - 1)) ** 0.5
    return float(stats.norm.cdf(-wide))


def _ratios(labels: Doubles, mine: Doubles, yours: Doubles) -> tuple[Doubles, Mask]:
    """Ratios (B,) of mean curves (B, G) over ``labels`` (G,), and where the strategy never gets there."""
    goal = yours.max(axis=1)
    at_mine, reached = _first_at(labels, mine, goal)
    at_yours, _ = _first_at(labels, yours, goal)
    spent = np.where(reached, at_mine, labels[-1])
    return np.maximum(at_yours, 1) / np.maximum(spent, 1), ~reached  # a curve may begin without labels


def _first_at(labels: Doubles, heights: Doubles, goal: Doubles) -> tuple[Doubles, Mask]:
    """The labels (B,) at which the running maxima of curves (B, G) first reach ``goal`` (B,), and whether they do."""
    highest = np.maximum.accumulate(heights, axis=1)
    there = highest >= goal[:, None] - 1e-12
    reached: Mask = np.asarray(there.any(axis=1))
    rows, k = np.arange(len(heights)), there.argmax(axis=1)
    before = np.maximum(k - 1, 0)
    below = highest[rows, before]
    rise = np.where(k > 0, highest[rows, k] - below, 1.0)  # above 0: the point before lies below the goal
    part = np.clip((goal - below) / np.where(rise > 0, rise, 1.0), 0.0, 1.0)
    found: Doubles = labels[before] + part * (labels[k] - labels[before])  # the first point itself where k is 0
    return found, reached
