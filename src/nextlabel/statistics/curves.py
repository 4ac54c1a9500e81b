"""Learning curves: the area under them, their mean over seeds with a band, and their differences within a seed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nextlabel.files.strict_json import Row
from nextlabel.statistics.inference import Doubles, mean_and_half

SHARES = (0.25, 0.5, 1.0)  # of the budget
GOALS = (0.7, 0.8, 0.9)  # heights that labels are counted up to
IMBALANCED = 3  # largest class / smallest class; beyond it accuracy would mostly speak of the large classes


@dataclass(frozen=True)
class Curve:
    """A metric over labels, under one seed: ``labelled`` (R,) ascending and ``values`` (R,), only where defined."""

    labelled: Doubles
    values: Doubles


Curves = Mapping[int, Curve]  # by seed


@dataclass(frozen=True)
class Band:
    """The mean of curves over seeds, with its 95 % t interval at each number of labels; all (G,).

    ``low`` and ``high`` are NaN where there is one seed. ``seeds`` is their number.
    """

    labelled: Doubles
    mean: Doubles
    low: Doubles
    high: Doubles
    seeds: int


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


def rounds_aubc(labelled: npt.ArrayLike, values: npt.ArrayLike) -> float | None:
    """The AUBC of Lu, Li and Lin (2023): without the starting point, divided by all rounds. None without two batches.

    Their sum of trapezoids begins after the first batch but is divided by the labels of every batch, so a flat curve
    has less than its height: the fewer rounds, the less. Not comparable with `aubc`.

    >>> rounds_aubc([20, 21, 22, 23], [0.1, 0.75, 0.75, 0.75])
    0.5
    """
    x, y = np.asarray(labelled, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if len(x) < 3 or x[-1] <= x[0]:
        return None
    return float(np.trapezoid(y[1:], x[1:]) / (x[-1] - x[0]))


Area = Callable[[npt.ArrayLike, npt.ArrayLike], float | None]
AREAS: Mapping[str, Area] = {"mean": aubc, "lu2023": rounds_aubc}


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


def band(found: Iterable[Curve]) -> Band | None:
    """The mean curve over seeds, at every number of labels that one of them has and all reach; None without any.

    Between its own points a curve is taken to be straight.
    """
    some = [curve for curve in found if len(curve.labelled)]
    table = heights(some)
    if table is None:
        return None
    mean, half = mean_and_half(table[1])
    return Band(table[0], mean, mean - half, mean + half, len(some))


def heights(found: Sequence[Curve]) -> tuple[Doubles, Doubles] | None:
    """Labels (G,) that all curves have in their range, and the curves' heights there (S, G); None without any."""
    if not found or not all(len(curve.labelled) for curve in found):
        return None
    grid = _grid(found)
    return (grid, np.array([np.interp(grid, curve.labelled, curve.values) for curve in found])) if len(grid) else None


def _grid(found: Sequence[Curve]) -> Doubles:
    first, last = max(curve.labelled[0] for curve in found), min(curve.labelled[-1] for curve in found)
    every: Doubles = np.unique(np.concatenate([curve.labelled for curve in found]))
    inside: Doubles = every[(every >= first) & (every <= last)]
    return inside


def difference_curves(ours: Curves, theirs: Curves) -> dict[int, Curve]:
    """The difference of two strategies along the labels, under each seed that both have."""
    return {seed: _minus(ours[seed], theirs[seed]) for seed in ours if seed in theirs}


def difference_band(ours: Curves, theirs: Curves) -> Band | None:
    """The mean of `difference_curves`, with its interval."""
    return band(difference_curves(ours, theirs).values())


def _minus(ours: Curve, theirs: Curve) -> Curve:
    found = heights([ours, theirs])
    return Curve(np.empty(0), np.empty(0)) if found is None else Curve(found[0], found[1][0] - found[1][1])


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


def areas(seeds: Curves, area: Area = aubc) -> dict[int, float]:
    """The area under each seed's curve, where it has one."""
    found = {seed: area(curve.labelled, curve.values) for seed, curve in seeds.items()}
    return {seed: value for seed, value in found.items() if value is not None}
