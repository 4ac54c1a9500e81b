"""How each strategy did on one dataset, and the verdicts of one call.

found = standings(run.rows, run.manifest["dataset"]["counts"])
found[1].judgement.verdict                                 # "better", "worse", "same" or "undecided"
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nextlabel.files.strict_json import Row
from nextlabel.knobs.terms import MARGIN as MARGIN
from nextlabel.statistics.curves import (
    AREAS,
    GOALS,
    SHARES,
    Area,
    Curves,
    areas,
    budget,
    curves,
    height_at,
    log_aubc,
    primary,
)
from nextlabel.statistics.inference import (
    ALPHA,
    Estimate,
    TestResult,
    detectable_difference,
    estimate,
    holm,
    seeds_for_same,
    seeds_needed,
    trial,
)
from nextlabel.statistics.metrics import MAIN, SCORES
from nextlabel.statistics.ratios import Ratio, label_ratio, labels_to_reach


@dataclass(frozen=True)
class Judgement:
    """What the seeds say of one strategy.

    ``verdict`` is "better" or "worse" where ``p_holm`` is below .05, else "same" where ``p_tost`` is, else "undecided";
    ``negligible``: better or worse, and yet within the margin. Seeds are planned only for what is undecided:
    ``seeds_needed`` would show a difference as large as the margin, ``seeds_for_same`` that there is none.
    ``detectable``: the smallest difference that the seeds played would have shown, at the level that Holm asked of it;
    None where one was shown.
    """

    verdict: str
    negligible: bool
    trial: TestResult
    p_holm: float
    margin: float
    seeds_needed: int | None
    seeds_for_same: int | None
    detectable: float | None = None


@dataclass(frozen=True)
class Beside:
    """The paired difference of another metric, or over another axis of labels: "linear" or "log". Decides nothing."""

    metric: str
    axis: str
    aubc: float | None
    difference: Estimate | None


@dataclass(frozen=True)
class Standing:
    """How one strategy did; None where that is undefined.

    ``at`` the mean of each metric of `MAIN` (and of the primary one) at each share of the budget in `SHARES`; ``aubc``
    and ``log_aubc`` means of the primary ``metric``; ``gaps`` the paired differences of AUBC to the strategy
    ``against``, one per seed, ``difference`` their mean; ``ratio`` of labels; ``labels_to`` those with which the mean
    curve of the primary metric reaches each of `GOALS`; ``judgement`` what follows from it.
    """

    strategy: str
    metric: str
    seeds: int
    at: Mapping[str, tuple[float | None, ...]]
    aubc: float | None
    log_aubc: float | None
    against: str
    gaps: tuple[float, ...] = ()
    difference: Estimate | None = None
    ratio: Ratio | None = None
    labels_to: tuple[float | None, ...] = (None,) * len(GOALS)
    beside: tuple[Beside, ...] = ()
    judgement: Judgement | None = None

    @property
    def side(self) -> int:
        """1 for better, -1 for worse, else 0."""
        return {"better": 1, "worse": -1}.get(self.judgement.verdict if self.judgement else "", 0)


def standings(
    rows: Sequence[Row], counts: Sequence[int], against: str = "random", margin: float = MARGIN
) -> list[Standing]:
    """One judged `Standing` per strategy, in the order of the rows; ``counts`` (C,) per class choose the metric."""
    return judge([measure(rows, primary(counts), against)], margin)[0]


def measure(rows: Sequence[Row], metric: str, against: str, area: Area = AREAS["mean"]) -> list[Standing]:
    """One `Standing` per strategy on one dataset, not judged yet."""
    there = [name for name in dict.fromkeys((metric, *MAIN, *SCORES)) if any(name in row for row in rows)]
    found = {name: curves(rows, name) for name in there}
    least = budget(found[metric]) if metric in found else 0.0
    ours = found.get(metric, {})
    return [_standing(name, metric, found, against, area, least) for name in ours]


def _standing(
    name: str, metric: str, found: Mapping[str, Mapping[str, Curves]], against: str, area: Area, least: float
) -> Standing:
    seeds, theirs = found[metric][name], found[metric].get(against)
    heights = {
        word: tuple(height_at(found[word][name], share * least) for share in SHARES)
        for word in dict.fromkeys((*MAIN, metric))
        if word in found
    }
    plain = Standing(
        strategy=name,
        metric=metric,
        seeds=len(seeds),
        at=heights,
        aubc=_mean(seeds, area),
        log_aubc=_mean(seeds, log_aubc),
        against=against,
        labels_to=tuple(labels_to_reach(seeds, goal) for goal in GOALS),
    )
    if theirs is None or name == against:
        return plain
    gaps = tuple(paired_differences(seeds, theirs, area))
    beside = tuple(
        Beside(word, axis, _mean(found[word][name], how), difference(found[word][name], found[word][against], how))
        for word in found
        for axis, how in (("linear", area), ("log", log_aubc))
    )
    return replace(plain, gaps=gaps, difference=estimate(gaps), ratio=label_ratio(seeds, theirs), beside=beside)


def _mean(seeds: Curves, area: Area) -> float | None:
    found = areas(seeds, area)
    return float(np.mean(list(found.values()))) if found else None


def paired_differences(ours: Curves, theirs: Curves, area: Area = AREAS["mean"]) -> list[float]:
    """The differences in area under the curve, one per seed; seeds that only one of them has are left out."""
    mine, yours = areas(ours, area), areas(theirs, area)
    return [mine[seed] - yours[seed] for seed in sorted(mine) if seed in yours]


def difference(ours: Curves, theirs: Curves, area: Area = AREAS["mean"]) -> Estimate | None:
    """The mean of `paired_differences`, with its interval."""
    return estimate(paired_differences(ours, theirs, area))


def judge(groups: Sequence[Sequence[Standing]], margin: float) -> list[list[Standing]]:
    """The verdicts of one call: Holm over every strategy of every dataset (a group each) that has two seeds or more."""
    trials = {
        (i, k): found
        for i, group in enumerate(groups)
        for k, one in enumerate(group)
        if (found := trial(one.gaps, margin))
    }
    adjusted = holm({key: found.p for key, found in trials.items()})
    # One more would have been found at this level, had its p been the least of those that are left (Holm 1979).
    level = ALPHA / max(sum(p >= ALPHA for p in adjusted.values()), 1)
    return [
        [
            replace(one, judgement=_judgement(one, trials[i, k], adjusted[i, k], margin, level))
            if (i, k) in trials
            else one
            for k, one in enumerate(group)
        ]
        for i, group in enumerate(groups)
    ]


def _judgement(one: Standing, found: TestResult, p_holm: float, margin: float, level: float) -> Judgement:
    differs, within = p_holm < ALPHA, found.p_tost < ALPHA
    side = "better" if np.mean(one.gaps) > 0 else "worse"
    verdict = side if differs else "same" if within else "undecided"
    open_ = verdict == "undecided"
    return Judgement(
        verdict=verdict,
        negligible=differs and within,
        trial=found,
        p_holm=p_holm,
        margin=margin,
        seeds_needed=seeds_needed(one.gaps, margin) if open_ else None,
        seeds_for_same=seeds_for_same(one.gaps, margin) if open_ else None,
        detectable=None if differs else detectable_difference(one.gaps, level),
    )


def best(found: Sequence[Standing]) -> Standing | None:
    """The strategy with the highest mean AUBC, the first of equals; None where none has any."""
    return max((one for one in found if one.aubc is not None), key=lambda one: one.aubc or 0.0, default=None)
