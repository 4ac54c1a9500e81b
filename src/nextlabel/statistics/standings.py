"""How each strategy did on one dataset, and the verdicts of one call.

found = standings(run.rows, run.manifest["dataset"]["counts"])
found[1].judgement.verdict                                 # "better", "worse", "same" or "undecided"
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

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
from nextlabel.statistics.looks import EVERY_LOOK, Law
from nextlabel.statistics.metrics import MAIN, SCORES
from nextlabel.statistics.ratios import Ratio, label_ratio, labels_to_reach


@dataclass(frozen=True)
class Judgement:
    """What the seeds say of one strategy.

    ``verdict`` is "better" or "worse" where ``p_holm`` is below .05, else "same" where ``p_tost_holm`` is, else
    "undecided"; ``negligible``: better or worse, and yet within the margin. Seeds are planned only for what is
    undecided: ``seeds_needed`` would show a difference as large as the margin, ``seeds_for_same`` that there is none.
    ``detectable``: the smallest difference that the seeds played would have shown, at the level that Holm asked of it;
    None where one was shown, and where differences are all the same.
    """

    verdict: str
    negligible: bool
    trial: TestResult
    p_holm: float
    p_tost_holm: float
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
    """How one strategy did; None where that is undefined, and no ``judgement`` of fewer than five seeds.

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


@dataclass(frozen=True)
class Scale:
    """How strategies are measured: by which ``metric``, ``against`` whom, by which area under a curve and which law."""

    metric: str
    against: str = "random"
    area: Area = AREAS["mean"]
    law: Law = EVERY_LOOK


def standings(
    rows: Sequence[Row], counts: Sequence[int], against: str = "random", margin: float = MARGIN
) -> list[Standing]:
    """One judged `Standing` per strategy, in the order of the rows; ``counts`` (C,) per class choose the metric."""
    scale = Scale(primary(counts), against)
    return judge([measure(rows, scale)], margin)[0]


def measure(rows: Sequence[Row], scale: Scale) -> list[Standing]:
    """One `Standing` per strategy on one dataset, not judged yet: of the seeds that the law counts."""
    rows = rows_at_look(rows, scale.law)
    there = [name for name in dict.fromkeys((scale.metric, *MAIN, *SCORES)) if any(name in row for row in rows)]
    found = {name: curves(rows, name) for name in there}
    least = budget(found[scale.metric]) if scale.metric in found else 0.0
    return [_standing(name, scale, found, least) for name in found.get(scale.metric, {})]


def rows_at_look(rows: Sequence[Row], law: Law) -> list[Row]:
    """The rows of the lowest seeds, as many as the law counts of them.

    So seeds must be added at the upper end: else a look is no part of the next one.
    """
    seeds = sorted({row["seed"] for row in rows})
    counted = set(seeds[: law.seeds_at_look(len(seeds))])
    return [row for row in rows if row["seed"] in counted]


def _standing(name: str, scale: Scale, found: Mapping[str, Mapping[str, Curves]], least: float) -> Standing:
    metric, against, area = scale.metric, scale.against, scale.area
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
    gaps = tuple(paired_differences(seeds, theirs, area)[: scale.law.seeds_at_look(len(seeds.keys() & theirs.keys()))])
    beside = tuple(
        Beside(word, axis, _mean(both[0], how), estimate(paired_differences(*both, how)[: len(gaps)], scale.law))
        for word, both in ((word, (found[word][name], found[word][against])) for word in found)
        for axis, how in (("linear", area), ("log", log_aubc))
    )
    ratio = label_ratio(seeds, theirs, scale.law)
    return replace(plain, gaps=gaps, difference=estimate(gaps, scale.law), ratio=ratio, beside=beside)


def _mean(seeds: Curves, area: Area) -> float | None:
    found = areas(seeds, area)
    return float(np.mean(list(found.values()))) if found else None


def paired_differences(ours: Curves, theirs: Curves, area: Area = AREAS["mean"]) -> list[float]:
    """The differences in area under the curve, one per seed; seeds that only one of them has are left out."""
    mine, yours = areas(ours, area), areas(theirs, area)
    return [mine[seed] - yours[seed] for seed in sorted(mine) if seed in yours]


def judge(groups: Sequence[Sequence[Standing]], margin: float, law: Law = EVERY_LOOK) -> list[list[Standing]]:
    """The verdicts of one call: Holm over every strategy of every dataset (a group each) that has five seeds or more.

    Once over the tests that there is a difference, and once over those that there is none.
    """
    trials = {
        (i, k): found
        for i, group in enumerate(groups)
        for k, one in enumerate(group)
        if (found := trial(one.gaps, margin, law))
    }
    differ, same = (holm({key: p(found) for key, found in trials.items()}) for p in (_p, _p_tost))
    # One more would have been found at this level, had its p been the least of those that are left (Holm 1979).
    left = max(sum(p >= ALPHA for p in differ.values()), 1)
    return [
        [
            replace(one, judgement=_judgement(one, Evidence(found, differ[i, k], same[i, k], margin), law, left))
            if (found := trials.get((i, k)))
            else one
            for k, one in enumerate(group)
        ]
        for i, group in enumerate(groups)
    ]


class Evidence(NamedTuple):
    """What a verdict is made of: a test, its p values after Holm, and the margin."""

    trial: TestResult
    p_holm: float
    p_tost_holm: float
    margin: float


def _p(found: TestResult) -> float:
    return found.p


def _p_tost(found: TestResult) -> float:
    return found.p_tost


def _judgement(one: Standing, found: Evidence, law: Law, left: int) -> Judgement:
    differs, within = found.p_holm < ALPHA, found.p_tost_holm < ALPHA
    side = "better" if np.mean(one.gaps) > 0 else "worse"
    verdict = side if differs else "same" if within else "undecided"
    open_, level = verdict == "undecided", law.level(len(one.gaps), ALPHA / left)
    return Judgement(
        verdict=verdict,
        negligible=differs and within,
        **found._asdict(),
        seeds_needed=seeds_needed(one.gaps, found.margin, law) if open_ else None,
        seeds_for_same=seeds_for_same(one.gaps, found.margin, law) if open_ else None,
        detectable=None if differs or level is None else detectable_difference(one.gaps, level),
    )


def best(found: Sequence[Standing]) -> Standing | None:
    """The strategy with the highest mean AUBC, the first of equals; None where none has any."""
    return max((one for one in found if one.aubc is not None), key=lambda one: one.aubc or 0.0, default=None)
