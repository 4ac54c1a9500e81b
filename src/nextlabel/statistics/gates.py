"""Sanity gates: what must hold before a verdict is worth reading.

At the start every strategy has the same labels, and at the end of an exhausted pool too, so the same model: their
scores must be equal there. And a rank that changes with the half of the seeds one looks at is no rank.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from nextlabel.statistics.curves import Curves, areas
from nextlabel.text import ordinal, several

BenchCurves = Mapping[str, Curves]  # by strategy


@dataclass(frozen=True)
class Gate:
    """One gate: whether it ``passed`` (None where it could not be tried), and ``words`` on what was seen."""

    name: str
    passed: bool | None
    words: str


def gates(benches: Sequence[BenchCurves], wholes: Sequence[Mapping[int, int]], against: str) -> list[Gate]:
    """The three gates over all benches; ``wholes`` says how many samples each seed could label, where that is known."""
    return [_same_start(benches), _same_end(benches, wholes), _halves(benches, against)]


def _same_start(benches: Sequence[BenchCurves]) -> Gate:
    arms = [[curves[seed].values[0] for curves in bench.values()] for bench in benches for seed in _seeds(bench)]
    odd = sum(len(set(found)) > 1 for found in arms)
    words = f"with the starting labels all strategies score the same, in all {several(len(arms), 'seed')}"
    if odd:
        words = f"with the starting labels strategies score differently in {odd} of {several(len(arms), 'seed')}"
    return Gate("start", not odd, words)


def _same_end(benches: Sequence[BenchCurves], wholes: Sequence[Mapping[int, int]]) -> Gate:
    ends = [
        {curves[seed].values[-1] for curves in bench.values()}
        for bench, whole in zip(benches, wholes, strict=True)
        for seed in _seeds(bench)
        if all(curves[seed].labelled[-1] == whole.get(seed) for curves in bench.values())
    ]
    if not ends:
        return Gate("end", None, "no run used up its pool, so whether strategies meet there could not be tried")
    odd = sum(len(found) > 1 for found in ends)
    words = f"with the pool used up all strategies score the same, in all {several(len(ends), 'seed')}"
    if odd:
        words = f"with the pool used up strategies score differently in {odd} of {several(len(ends), 'seed')}"
    return Gate("end", not odd, words)


def _halves(benches: Sequence[BenchCurves], against: str) -> Gate:
    """``against``'s rank by mean AUBC, in the seeds at even and at odd places."""
    tried = [bench for bench in benches if len(_seeds(bench)) > 1]
    ranks = [tuple(_rank(bench, against, _seeds(bench)[half::2]) for half in (0, 1)) for bench in tried]
    odd = [(one, other) for one, other in ranks if one != other]
    if not ranks:
        return Gate("halves", None, "with one seed there are no halves to compare")
    if not odd:
        return Gate("halves", True, f"{against} takes the same rank in both halves of the seeds")
    where = f"on {len(odd)} of {several(len(ranks), 'dataset')}" if len(ranks) > 1 else ""
    one, other = odd[0]
    words = f"{against} is {ordinal(one)} in one half of the seeds and {ordinal(other)} in the other {where}".strip()
    return Gate("halves", False, f"{words}: ranks are not to be relied on")


def _rank(bench: BenchCurves, against: str, seeds: Sequence[int]) -> int:
    means = [np.mean([areas(curves)[seed] for seed in seeds]) for curves in bench.values()]
    place = stats.rankdata(-np.round(means, 12), method="min")[list(bench).index(against)]
    return int(place)


def _seeds(bench: BenchCurves) -> list[int]:
    return sorted(set.intersection(*(set(curves) for curves in bench.values())))
