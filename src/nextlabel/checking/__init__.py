"""Check: will asking help here? Measured before anybody pays for the labels.

    outlook = check(X, pilot, y, classes=("daisy", "rose", "tulip"), terms=Pilot(budget=400))
    outlook.forecast.recommended, outlook.forecast.chance

Two moments: on vectors alone, what they show of redundancy, dimension and outliers; after a pilot of some labels drawn
at random, all indicators, the loop played on what the pilot makes of the pool, and a forecast.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nextlabel.checking.forecast import Forecast, foretell, numbers_of
from nextlabel.checking.self_simulation import RANDOM, SEEDS, Stage, self_simulate
from nextlabel.engines import engine
from nextlabel.errors import BadArray, BadData
from nextlabel.indicators import FEWEST, INDICATORS, Finding
from nextlabel.indicators.evidence import Evidence
from nextlabel.knobs.pilot import Pilot
from nextlabel.pool import Floats, Ids, Labels
from nextlabel.progress import Progress, quiet
from nextlabel.seeds import stream
from nextlabel.statistics.curves import Band, Curves, band, difference_band
from nextlabel.statistics.standings import paired_differences

LOOKED_AT = 3_000  # samples, of a larger pool; with the pilot among them. 5,000 took twice the time and memory
FEWEST_SAMPLES = 50
USUAL = Pilot()


@dataclass(frozen=True)
class Outlook:
    """What a check found.

    ``findings`` by indicator; ``curves`` of the loop played on the pilot's guess, by strategy and seed, empty without a
    pilot; ``forecast`` None where nothing may be said. ``samples`` in the pool, of which ``looked_at`` were; ``pilot``
    labels; ``budget`` that was reckoned with; ``notes`` in sentences.
    """

    samples: int
    looked_at: int
    pilot: int
    budget: int
    classes: Sequence[str]
    metric: str | None
    findings: Mapping[str, Finding]
    curves: Mapping[str, Curves]
    forecast: Forecast | None
    notes: Sequence[str] = ()

    def bands(self) -> Mapping[str, Band]:
        """The mean curve of each strategy with its interval."""
        found = {arm: band(curves.values()) for arm, curves in self.curves.items()}
        return {arm: one for arm, one in found.items() if one is not None}

    def gaps(self) -> Mapping[str, Band]:
        """How far each strategy lies above random, paired by seed, with its interval."""
        others = {arm: curves for arm, curves in self.curves.items() if arm != RANDOM}
        found = {arm: difference_band(curves, self.curves[RANDOM]) for arm, curves in others.items()}
        return {arm: one for arm, one in found.items() if one is not None}

    def plain(self) -> dict[str, Any]:
        """As JSON holds it."""
        made = {name: vars(finding) | {"facts": dict(finding.facts)} for name, finding in self.findings.items()}
        forecast = None if self.forecast is None else vars(self.forecast) | {"knows": self.forecast.knows}
        known = {name: getattr(self, name) for name in ("samples", "looked_at", "pilot", "budget", "metric")}
        lists = {"classes": list(self.classes), "notes": list(self.notes)}
        played = {"played": _plain_bands(self.bands()), "gaps": _plain_bands(self.gaps())}
        return known | lists | {"indicators": made, "forecast": forecast} | played


def _plain_bands(bands: Mapping[str, Band]) -> dict[str, dict[str, list[float]]]:
    names = ("labelled", "mean", "low", "high")
    return {arm: {name: getattr(one, name).tolist() for name in names} for arm, one in bands.items()}


def check(
    X: Floats,
    pilot: Ids,
    y: Labels,
    classes: Sequence[str],
    terms: Pilot = USUAL,
    progress: Progress = quiet,
    plays: int = SEEDS,
) -> Outlook:
    """Measure, play and foretell.

    ``X`` (N, d) features of the pool; ``pilot`` (m,) ids that were drawn at random, ``y`` (m,) their class codes,
    ``classes`` (C,) names; ``plays`` how many labellings are simulated for the forecast, which was fitted with 10.
    Raises `BadArray` for features that are no finite numbers, and `BadData` where there is too
    little to look at.

    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(300, 2)).astype(np.float32)
    >>> terms, y = Pilot(budget=80, jobs=1), (X[:40, 0] > 0).astype(np.int64)
    >>> outlook = check(X, np.arange(40), y, ("left", "right"), terms, plays=2)
    >>> outlook.pilot, sorted(outlook.findings)[:3], outlook.forecast.strategy in ("margin", "auto")
    (40, ['clusters', 'dimension', 'epistemic'], True)
    """
    notes = _refuse(X, pilot, y, classes, terms)
    evidence = _gather(X, pilot, y, len(classes), terms)
    findings = _measure(evidence, progress)
    curves: Mapping[str, Curves] = {}
    forecast = None
    if len(pilot) >= FEWEST and len(np.unique(y)) > 1:
        with engine(terms.jobs) as workers:
            curves = self_simulate(Stage.of(evidence), workers, terms.jobs, plays, progress)
        gains = {
            arm: [100 * gap for gap in paired_differences(one, curves[RANDOM])]
            for arm, one in curves.items()
            if arm != RANDOM
        }
        numbers = numbers_of(findings, gains, len(pilot), evidence.budget, len(classes))
        forecast = foretell(numbers, 100 * terms.margin)
    metric = evidence.metric if len(pilot) else None
    return Outlook(
        len(X), len(evidence.X), len(pilot), evidence.budget, classes, metric, findings, curves, forecast, notes
    )


def _refuse(X: Floats, pilot: Ids, y: Labels, classes: Sequence[str], terms: Pilot) -> list[str]:
    """Notes on what limits the check; raises where there is nothing to check."""
    if X.ndim != 2 or not np.isfinite(X).all():
        raise BadArray(
            "The features hold numbers that are not finite, or are no table of rows. A value is missing, perhaps, or "
            "a network went astray: fill it in, or leave that sample out."
        )
    if len(X) < FEWEST_SAMPLES:
        raise BadData(
            f"There are {len(X)} samples, and with fewer than {FEWEST_SAMPLES} there is nothing to choose from. Label "
            "them all."
        )
    if not np.ptp(X, axis=0).any():
        raise BadData("All samples have the same features, so nobody can tell them apart. Is the right file read?")
    notes = []
    known = len(np.unique(y))
    if len(pilot) and known < 2:
        notes.append("The pilot met one class only, so nothing could be learned from it. Draw more labels.")
    elif 0 < len(pilot) < FEWEST:
        notes.append(
            f"A pilot of {len(pilot)} is too small: it takes {FEWEST} to say how often a model errs. Draw more "
            "at random."
        )
    elif len(pilot) and known < len(classes):
        unmet = [name for code, name in enumerate(classes) if code not in set(y.tolist())]
        notes.append(
            f"The pilot did not meet {len(unmet)} of {len(classes)} classes: what is said is about the others, and "
            "asking may find those sooner than drawing does, or not at all."
        )
    if terms.budget <= len(pilot):
        raise BadData(
            f"The pilot's {len(pilot)} labels use up the budget of {terms.budget}. Use a larger --budget: it counts "
            "all, the pilot's among them."
        )
    return notes


def _gather(X: Floats, pilot: Ids, y: Labels, classes: int, terms: Pilot) -> Evidence:
    """The pool, or an even sample of a large one with the pilot in it, and a budget that it has room for."""
    ids = np.arange(len(X))
    if len(X) > LOOKED_AT:
        others = np.setdiff1d(ids, pilot)
        drawn = stream(terms.seed, "check", "pool").permutation(others)[: max(0, LOOKED_AT - len(pilot))]
        ids = np.sort(np.concatenate([pilot, drawn]))
    order = np.argsort(pilot)
    places = np.searchsorted(ids, pilot[order])
    budget = min(terms.budget, len(X))
    rows = np.ascontiguousarray(X[ids], dtype=np.float32)
    return Evidence(rows, places, y[order], classes, budget, len(X), terms.seed)


def _measure(evidence: Evidence, progress: Progress) -> dict[str, Finding]:
    """Every indicator for which there are labels enough."""
    found = {}
    usable = len(evidence.pilot) and len(np.unique(evidence.y)) > 1
    for done, (name, indicator) in enumerate(INDICATORS.items()):
        if indicator.labels <= (len(evidence.pilot) if usable else 0):
            found[name] = indicator.measure(evidence)
        progress("measuring", done + 1, len(INDICATORS))
    return found
