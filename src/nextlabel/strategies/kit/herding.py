"""Greedy kernel coverage (facility location): plain greedy's picks, lazily."""

from collections.abc import Callable
from contextlib import nullcontext

import numpy as np

from nextlabel.pool import Floats, Ids
from nextlabel.strategies.kit.blocks import Blocks
from nextlabel.strategies.kit.coverage import Coverage
from nextlabel.strategies.kit.progress import report
from nextlabel.strategies.kit.threads import Spread, spread_over_threads
from nextlabel.strategies.kit.ties import Ties

FEW, MANY = 32, 1024  # samples evaluated at a time
HOPEFUL = 8  # of the pool one in so many may have to be evaluated for a bound to be worth more than everybody's gain


def herd(coverage: Coverage, batch: int, ties: Ties) -> Ids:
    """Positions (batch,) by greedy maximisation of ``coverage``: plain greedy's picks, lazily (Minoux, 1978).

    A gain only ever shrinks, so an old one is a bound. Each time those with the highest bounds are brought up to date,
    in growing blocks, until nobody else's bound reaches the best found. After a first pick without any centre nearly
    all gains change at once, and all are computed anew; once more when there is room to write down what still counts.
    """
    # Others' kernels are called as they always were: their code may not bear threads, and its products may take all.
    with spread_over_threads() if coverage.kernel.fast else nullcontext(map) as spread:
        return _herd(coverage, batch, ties, spread)


def _herd(coverage: Coverage, batch: int, ties: Ties, spread: Spread) -> Ids:
    picks: list[int] = []
    bound, since = _begin(coverage, spread, batch)
    while True:
        picks.append(_best(coverage, bound, since, ties, spread))
        report(len(picks), batch)
        if len(picks) == batch:
            return np.array(picks)
        alone = coverage.covered is None
        coverage.add(Blocks(coverage.pool.at(np.array(picks[-1:]))))
        if alone or coverage.pays():
            bound, since = coverage.everybody(spread, keep=True), np.full(len(bound), coverage.time)
        bound[picks] = -np.inf


def _begin(coverage: Coverage, spread: Spread, batch: int) -> tuple[Floats, Ids]:
    """Bounds (m,) of the first gains, and when (m,) they were computed: -1 for never."""
    limits = coverage.bounds()
    if limits is not None:
        low, high = limits
        if HOPEFUL * np.count_nonzero(high >= low.max()) <= len(high):
            return high, np.full(len(high), -1)
    return coverage.everybody(spread, keep=batch > 1), np.full(len(coverage.pool), coverage.time)


def _best(coverage: Coverage, bound: Floats, since: Ids, ties: Ties, spread: Spread) -> int:
    """The position with the highest gain. ``bound`` (m,) gains at the times ``since`` (m,) are renewed as needed."""
    size = FEW
    while True:
        fresh = np.flatnonzero(since == coverage.time)
        best = bound[fresh].max(initial=-np.inf)
        asked = np.flatnonzero((since < coverage.time) & (bound >= best) & (bound > -np.inf))
        if not len(asked):
            return ties.best(bound[fresh], fresh)
        if len(asked) > size:
            asked = asked[np.argpartition(-bound[asked], size)[:size]]
        asked.sort()
        bound[asked] = coverage.renew_gains(asked, bound[asked], since[asked], spread)
        since[asked] = coverage.time
        # What is written down is looked up one by one: nothing is saved by asking for more of it at a time.
        size = FEW if coverage.columns else min(2 * size, MANY)


def steps(coverage: Callable[[], Coverage], picks: Ids) -> Floats:
    """Utilities (batch, m): everybody's gain before each pick."""
    fresh = coverage()
    with spread_over_threads() if fresh.kernel.fast else nullcontext(map) as spread:
        return _steps(fresh, picks, spread)


def _steps(coverage: Coverage, picks: Ids, spread: Spread) -> Floats:
    everyone, gains = np.arange(len(coverage.pool)), coverage.everybody(spread)
    wide = np.empty((len(picks), len(everyone)))
    for b, pick in enumerate(picks):
        wide[b] = gains
        if b + 1 < len(picks):
            alone = coverage.covered is None
            coverage.add(Blocks(coverage.pool.at(np.array([pick]))))
            # As for the picks: from one to the next little changes, and everybody is measured anew where that pays.
            if alone or coverage.pays():
                gains = coverage.everybody(spread, keep=True)
            else:
                gains = coverage.renew_gains(everyone, gains, np.full(len(gains), coverage.time - 1), spread)
            report(b + 1, len(picks), "scoring")
    return wide
