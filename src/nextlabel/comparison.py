"""Compare strategies: learning curves, the area under them, and differences paired by seed.

A curve is one strategy under one seed. Strategies of a run share split and starting set under a seed, so differences
are taken within a seed first and averaged afterwards: that cancels most of what splits have to do with it. Everything
is in fractions; points are for prose.

    found = standings(run.rows, run.manifest["dataset"]["counts"])
    [verdict(standing) for standing in found]     # "margin: +1.3 points of AUBC over random [0.6, 2.0], 10 seeds"
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from nextlabel.runs import Row

Floats = npt.NDArray[np.float64]

LEVEL = 0.95
ENOUGH = 10  # seeds; a comparison with fewer is called indicative
SHARES = (0.25, 0.5, 1.0)  # of the budget
IMBALANCED = 3  # largest class / smallest class; beyond it accuracy would mostly speak of the large classes
SHOWN = ("accuracy", "f1_macro")


@dataclass(frozen=True)
class Curve:
    """A metric over labels, under one seed: ``labelled`` (R,) ascending and ``values`` (R,), only where defined."""

    labelled: Floats
    values: Floats


Curves = Mapping[int, Curve]  # by seed


@dataclass(frozen=True)
class Band:
    """The mean of curves over seeds, with its 95 % t interval at each number of labels; all (G,).

    ``low`` and ``high`` are NaN where there is one seed. ``seeds`` is their number.
    """

    labelled: Floats
    mean: Floats
    low: Floats
    high: Floats
    seeds: int


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds with its 95 % t interval; ``low`` and ``high`` are None where there is one seed."""

    mean: float
    low: float | None
    high: float | None
    seeds: int

    @property
    def sign(self) -> int:
        """1 or -1 where the interval leaves zero out, else 0: these seeds see no difference."""
        if self.low is None or self.high is None:
            return 0
        return int(self.low > 0) - int(self.high < 0)


@dataclass(frozen=True)
class Standing:
    """How one strategy did; None where that is undefined.

    ``at`` the mean of each metric of `SHOWN` at each share of the budget in `SHARES`; ``aubc`` and ``log_aubc`` means
    of the primary ``metric``; ``difference`` the paired difference of AUBC to the strategy ``against``.
    """

    strategy: str
    metric: str
    seeds: int
    at: Mapping[str, tuple[float | None, ...]]
    aubc: float | None
    log_aubc: float | None
    against: str
    difference: Estimate | None


def aubc(labelled: npt.ArrayLike, values: npt.ArrayLike) -> float | None:
    """Area under a learning curve divided by its range of labels: the mean height of the curve. None for a point.

    >>> aubc([10, 20, 40], [0.5, 0.7, 0.8])
    0.7
    """
    x, y = np.asarray(labelled, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if len(x) < 2 or x[-1] <= x[0]:
        return None
    return float(np.trapezoid(y, x) / (x[-1] - x[0]))


def log_aubc(labelled: npt.ArrayLike, values: npt.ArrayLike) -> float | None:
    """`aubc` over ln(labelled), which gives the early labels their weight. None where a curve begins without labels."""
    x = np.asarray(labelled, dtype=np.float64)
    return aubc(np.log(x), values) if len(x) and x[0] > 0 else None


def curves(rows: Iterable[Row], metric: str) -> dict[str, dict[int, Curve]]:
    """Curves by strategy (in the order of their first row) and by seed; the order of rows does not matter otherwise."""
    points: dict[str, dict[int, list[tuple[int, float, float]]]] = {}
    for row in rows:
        found = points.setdefault(row["strategy"], {}).setdefault(row["seed"], [])
        if row[metric] is not None:
            found.append((row["round"], row["labelled"], row[metric]))
    return {name: {seed: _curve(found) for seed, found in sorted(seeds.items())} for name, seeds in points.items()}


def _curve(points: list[tuple[int, float, float]]) -> Curve:
    table = np.array(sorted(points), dtype=np.float64).reshape(-1, 3)
    return Curve(table[:, 1], table[:, 2])


def primary(counts: Sequence[int]) -> str:
    """The metric that verdicts are about: balanced accuracy where classes differ in size by more than 3, else accuracy.

    >>> primary([100, 90]), primary([100, 10])
    ('accuracy', 'balanced_accuracy')
    """
    there = [count for count in counts if count]
    return "balanced_accuracy" if there and max(there) > IMBALANCED * min(there) else "accuracy"


def estimate(values: Sequence[float] | Floats) -> Estimate | None:
    """The mean of one value per seed and its 95 % t interval; None without any.

    >>> estimate([0.01, 0.02, 0.03]).sign
    0
    """
    if not len(values):
        return None
    mean, half = (float(part[0]) for part in _mean_and_half(np.asarray(values, dtype=np.float64)[:, None]))
    if math.isnan(half):
        return Estimate(mean, None, None, 1)
    return Estimate(mean, mean - half, mean + half, len(values))


def _mean_and_half(table: Floats) -> tuple[Floats, Floats]:
    """Means over seeds of (S, G) values, and the half-widths of their intervals: NaN for one seed."""
    seeds, mean = len(table), table.mean(axis=0)
    if seeds < 2:
        return mean, np.full(len(mean), np.nan)
    wide = float(stats.t.ppf((1 + LEVEL) / 2, seeds - 1)) / math.sqrt(seeds)
    return mean, wide * table.std(axis=0, ddof=1)


def band(found: Iterable[Curve]) -> Band | None:
    """The mean curve over seeds, at every number of labels that one of them has and all reach; None without any.

    Between its own points a curve is taken to be straight.
    """
    some = [curve for curve in found if len(curve.labelled)]
    grid = _grid(some)
    if not len(grid):
        return None
    mean, half = _mean_and_half(np.array([np.interp(grid, curve.labelled, curve.values) for curve in some]))
    return Band(grid, mean, mean - half, mean + half, len(some))


def _grid(found: Sequence[Curve]) -> Floats:
    if not found:
        return np.empty(0)
    first, last = max(curve.labelled[0] for curve in found), min(curve.labelled[-1] for curve in found)
    every: Floats = np.unique(np.concatenate([curve.labelled for curve in found]))
    inside: Floats = every[(every >= first) & (every <= last)]
    return inside


def difference_band(ours: Curves, theirs: Curves) -> Band | None:
    """The mean difference of two strategies along the labels, paired by seed."""
    return band(_minus(ours[seed], theirs[seed]) for seed in ours if seed in theirs)


def _minus(ours: Curve, theirs: Curve) -> Curve:
    if not (len(ours.labelled) and len(theirs.labelled)):
        return Curve(np.empty(0), np.empty(0))
    grid = _grid([ours, theirs])
    heights = [np.interp(grid, curve.labelled, curve.values) for curve in (ours, theirs)]
    return Curve(grid, heights[0] - heights[1])


def difference(ours: Curves, theirs: Curves, area: Callable[..., float | None] = aubc) -> Estimate | None:
    """The difference in area under the curve, paired by seed; seeds that only one of them has are left out."""
    pairs = [(_area(ours[seed], area), _area(theirs[seed], area)) for seed in sorted(ours) if seed in theirs]
    return estimate([mine - yours for mine, yours in pairs if mine is not None and yours is not None])


def _area(curve: Curve, area: Callable[..., float | None]) -> float | None:
    return area(curve.labelled, curve.values)


def budget(found: Mapping[str, Curves]) -> float:
    """The number of labels that every curve reaches."""
    ends = [curve.labelled[-1] for seeds in found.values() for curve in seeds.values() if len(curve.labelled)]
    return float(min(ends, default=0.0))


def height_at(seeds: Curves, labels: float) -> float | None:
    """The mean height of curves at a number of labels; None where they begin later or end earlier."""
    there = [curve for curve in seeds.values() if len(curve.labelled)]
    if not there or any(not curve.labelled[0] <= labels <= curve.labelled[-1] for curve in there):
        return None
    return float(np.mean([np.interp(labels, curve.labelled, curve.values) for curve in there]))


def standings(rows: Sequence[Row], counts: Sequence[int], against: str = "random") -> list[Standing]:
    """One `Standing` per strategy, in the order of the rows; ``counts`` (C,) samples per class choose the metric."""
    metric = primary(counts)
    shown = {name: curves(rows, name) for name in SHOWN}
    areas = curves(rows, metric)
    return [
        Standing(
            strategy=name,
            metric=metric,
            seeds=len(seeds),
            at={
                word: tuple(height_at(found[name], share * budget(found)) for share in SHARES)
                for word, found in shown.items()
            },
            aubc=_mean(seeds, aubc),
            log_aubc=_mean(seeds, log_aubc),
            against=against,
            difference=difference(seeds, areas[against]) if against in areas and name != against else None,
        )
        for name, seeds in areas.items()
    ]


def _mean(seeds: Curves, area: Callable[..., float | None]) -> float | None:
    areas = [found for curve in seeds.values() if (found := _area(curve, area)) is not None]
    return float(np.mean(areas)) if areas else None


def best(found: Sequence[Standing]) -> Standing | None:
    """The strategy with the highest mean AUBC, the first of equals; None where none has any."""
    return max((one for one in found if one.aubc is not None), key=lambda one: one.aubc or 0.0, default=None)


def points(fraction: float, signed: bool = False) -> str:
    """A fraction as people say it: in points, to a tenth, with a true minus and no minus zero.

    >>> points(0.0134, signed=True), points(-0.0001)
    ('+1.3', '0.0')
    """
    number = round(100 * fraction, 1) + 0.0
    return f"{number:{'+' if signed and number else ''}.1f}".replace("-", "\N{MINUS SIGN}")


def span(found: Estimate) -> str:
    """The interval in points; nothing where there is one seed.

    >>> span(Estimate(0.013, 0.006, 0.02, 10))
    '[0.6, 2.0]'
    """
    if found.low is None or found.high is None:
        return ""
    return f"[{points(found.low)}, {points(found.high)}]"


def seeds_said(seeds: int) -> str:
    """How many seeds, and whether that is few.

    >>> seeds_said(10), seeds_said(1)
    ('10 seeds', '1 seed, indicative')
    """
    return several(seeds, "seed") + ("" if seeds >= ENOUGH else ", indicative")


def verdict(standing: Standing) -> str:
    """What the seeds say about one strategy, in one plain sentence."""
    name, found, against = standing.strategy, standing.difference, standing.against
    if name == against:
        return f"{name}: what the others are measured against"
    if found is None:
        return f"{name}: not compared, for there are no curves of both it and {against}"
    if found.seeds == 1:
        return f"{name}: {points(found.mean, True)} points of AUBC to {against}; 1 seed cannot tell, indicative at most"
    if found.sign:
        side = "over" if found.sign > 0 else "below"
        by = points(found.mean, True) if found.sign > 0 else points(-found.mean)
        interval = found if found.sign > 0 else _turned(found)
        return f"{name}: {by} points of AUBC {side} {against} {span(interval)}, {seeds_said(found.seeds)}"
    return (
        f"{name}: no difference to {against} that {found.seeds} seeds can see "
        f"({points(found.mean, True)} points of AUBC {span(found)})" + ("" if found.seeds >= ENOUGH else ", indicative")
    )


def _turned(found: Estimate) -> Estimate:
    low, high = found.low, found.high
    return Estimate(-found.mean, None if high is None else -high, None if low is None else -low, found.seeds)


def headline(found: Sequence[Standing]) -> str:
    """What was found, in one sentence that anybody understands; it may say that nothing was."""
    judged = [(one, one.difference) for one in found if one.difference is not None]
    if not judged:
        return _without_judgement(found)
    against, seeds = judged[0][0].against, min(gap.seeds for _, gap in judged)
    few = "" if seeds >= ENOUGH else f" (indicative: {several(seeds, 'seed')})"
    if seeds == 1:
        return f"One seed cannot tell whether asking beats {against}."
    winners = sorted((one for one in judged if one[1].sign > 0), key=lambda one: -one[1].mean)
    losers = [one.strategy for one, gap in judged if gap.sign < 0]
    if winners:
        (first, gap), others = winners[0], [one.strategy for one, _ in winners[1:]]
        so = f"; {listed(others)} beat it too" if others else ""
        by = f"{points(gap.mean)} points of {spoken(first.metric)} on average"
        return f"{first.strategy} beat {against} by {by}{so}{few}."
    if losers:
        return f"Nothing beat {against}, and {listed(losers)} did worse{few}."
    return f"Nothing beat {against}, as far as {seeds} seeds can see{few}."


def _without_judgement(found: Sequence[Standing]) -> str:
    first = best(found)
    if first is None:
        return "Nothing was measured: there is no learning curve to speak of."
    mean = f"{points(first.aubc or 0.0)} % {spoken(first.metric)} on average over its learning curve"
    if len(found) == 1:
        return f"{first.strategy} alone: {mean}. Nothing to compare it with."
    return f"{first.strategy} came first with {mean}; whether that beats {first.against} was not tried."


def several(count: int, word: str) -> str:
    """A count of things in prose.

    >>> several(1, "seed"), several(1000, "label")
    ('1 seed', '1,000 labels')
    """
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def spoken(metric: str) -> str:
    """A metric's name in prose.

    >>> spoken("f1_macro")
    'macro F1'
    """
    return {"f1_macro": "macro F1"}.get(metric, metric.replace("_", " "))


def listed(names: Sequence[str]) -> str:
    """Names in prose.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
