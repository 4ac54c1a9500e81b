"""What it takes to look twice: false alarms and power of several laws, at looks of 10, 15, 20, 30, 50 and 100 seeds.

``python benchmarks/evidence.py looks`` simulates paired differences: normal, heavy-tailed (t with 4 degrees of
freedom), skewed, and the committed ones with random signs. Power is for true differences of some standard deviations
from seed to seed: the middle of the committed ones, and larger ones.

one_look    today's t test at .05, renewed at every look
calendar    ours: all looks of a calendar without an end, no record of which were taken
every       the same edge's shape, and a look at every number of seeds from ten on (Robbins 1970), no record
mixture     the t statistic's scale-invariant normal mixture (Lai 1976; Wang and Ramdas 2024), no record
pocock      Lan and DeMets (1983), spending as Pocock, to a last look at 100, with these six looks on record
obrien      the same, spending as O'Brien and Fleming
"""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import optimize, stats

from nextlabel.seeds import stream
from nextlabel.statistics.looks import EVERY_LOOK

RESULTS = Path(__file__).parent / "results"
LOOKS = (10, 15, 20, 30, 50, 100)
TIMES = 20_000
EFFECTS = (0.3, 0.5, 1.0)  # standard deviations
ALPHA = 0.05
VARIANCE = 0.25  # of the mixture's effect, in squared standard deviations
EVERY = 2.532  # so that 5 % of t statistics cross z² = a² + ln(n / 5) at some n from 10 to 1,000

Drawn = npt.NDArray[np.float64]


def study() -> dict[str, Any]:
    """Levels, false alarms and power of every law."""
    laws = {"one_look": np.full(6, ALPHA), "calendar": calendar(), "every": every(), "mixture": mixture()}
    laws |= {"pocock": spend(pocock), "obrien": spend(obrien)}
    return {
        "looks": LOOKS,
        "simulations": TIMES,
        "levels": {name: [float(f"{p:.3g}") for p in levels] for name, levels in laws.items()},
        "false_alarms": {kind: alarms(laws, draw) for kind, draw in DRAWS.items()},
        "power": {str(effect): power(laws, effect) for effect in EFFECTS},
    }


def t_tests(drawn: Drawn) -> Drawn:
    """Two-sided p (B, L) of the t tests at the looks, of differences (B, 100)."""
    return np.stack([stats.ttest_1samp(drawn[:, :seeds], 0, axis=1).pvalue for seeds in LOOKS], axis=1)


def alarms(laws: dict[str, Drawn], draw: Callable[[Any], Drawn]) -> dict[str, float]:
    """How often some look finds a difference that is not there."""
    p = t_tests(draw(stream(0, "looks")))
    return {name: round(float((p < levels).any(axis=1).mean()), 4) for name, levels in laws.items()}


def power(laws: dict[str, Drawn], effect: float) -> dict[str, dict[int, float]]:
    """How often a difference was found at a look or before it."""
    p = t_tests(normal(stream(1, "looks")) + effect)
    found = {name: np.maximum.accumulate(p < levels, axis=1).mean(axis=0) for name, levels in laws.items()}
    return {name: dict(zip(LOOKS, np.round(shares, 3).tolist(), strict=True)) for name, shares in found.items()}


def normal(rng: Any) -> Drawn:
    """Standard normal differences."""
    drawn: Drawn = rng.standard_normal((TIMES, LOOKS[-1]))
    return drawn


def heavy(rng: Any) -> Drawn:
    """Of t with 4 degrees of freedom."""
    drawn: Drawn = rng.standard_t(4, (TIMES, LOOKS[-1]))
    return drawn


def skewed(rng: Any) -> Drawn:
    """Of a gamma distribution with skewness .7, centred."""
    drawn: Drawn = rng.gamma(8, 1, (TIMES, LOOKS[-1])) - 8
    return drawn


def committed(rng: Any) -> Drawn:
    """Differences of the twelve datasets, each cell over its own standard deviation, with random signs."""
    pool = np.array([gap for gaps in cells() for gap in gaps])
    drawn: Drawn = rng.choice(pool, (TIMES, LOOKS[-1])) * rng.choice([-1, 1], (TIMES, LOOKS[-1]))
    return drawn


def cells() -> list[Drawn]:
    """The paired differences to random of every cell of selection-quality.csv, centred and scaled."""
    areas: dict[tuple[str, str], dict[str, list[float]]] = {}
    with (RESULTS / "selection-quality.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found = areas.setdefault((row["dataset"], row["start"]), {})
            found.setdefault(row["strategy"], []).append(float(row["aubc"]))
    gaps = [
        np.array(ours) - np.array(found["random"])
        for found in areas.values()
        for name, ours in found.items()
        if name != "random" and len(ours) == len(found["random"])
    ]
    return [(gap - gap.mean()) / gap.std(ddof=1) for gap in gaps if gap.std(ddof=1) > 0]


DRAWS: dict[str, Callable[[Any], Drawn]] = {
    "normal": normal, "heavy": heavy, "skewed": skewed, "committed": committed,
}  # fmt: skip


def calendar() -> Drawn:
    """Our levels."""
    return np.array([EVERY_LOOK.level(seeds) for seeds in LOOKS])


def every() -> Drawn:
    """z² = a² + ln(n / 5)."""
    seeds = np.array(LOOKS)
    levels: Drawn = 2 * stats.norm.sf(np.sqrt(EVERY**2 + np.log(seeds / 5)))
    return levels


def mixture() -> Drawn:
    """Where the Bayes factor of the t statistic reaches 1 / .05 (Ville 1939)."""

    def lacking(t: float, n: int) -> float:
        wide, freedom = 1 + n * VARIANCE, n - 1
        ratio = np.log1p(t * t / freedom) - np.log1p(t * t / freedom / wide)
        return float(n / 2 * ratio - np.log(wide) / 2 + np.log(ALPHA))

    edges = [optimize.brentq(lacking, 0, 100, args=(n,)) for n in LOOKS]
    return np.array([2 * stats.t.sf(edge, n - 1) for edge, n in zip(edges, LOOKS, strict=True)])


def pocock(share: float) -> float:
    """Alpha spent when a share of all seeds is in."""
    return ALPHA * float(np.log1p((np.e - 1) * share))


def obrien(share: float) -> float:
    """As `pocock`, but late."""
    return 2 * float(stats.norm.sf(stats.norm.isf(ALPHA / 2) / share**0.5))


def spend(function: Callable[[float], float]) -> Drawn:
    """Levels that spend alpha by a function, on 400,000 Brownian paths: those not stopped yet at each look."""
    rng, paths, before, spent, levels = stream(2, "looks"), np.zeros(400_000), 0, 0.0, []
    total = len(paths)
    for seeds in LOOKS:
        paths = paths + rng.normal(0, (seeds - before) ** 0.5, len(paths))
        before, share = seeds, function(seeds / LOOKS[-1])
        z = np.abs(paths) / seeds**0.5
        stop = max(1.0, (share - spent) * total)
        # So few paths lie beyond an early edge of O'Brien and Fleming's that the normal tail is the better quantile.
        edge = float(stats.norm.isf(share / 2)) if stop < 50 else float(np.sort(z)[-round(stop)])
        levels.append(2 * float(stats.norm.sf(edge)))
        paths, spent = paths[z < edge], share
    return np.array(levels)
