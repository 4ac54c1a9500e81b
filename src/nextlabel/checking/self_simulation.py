"""The loop itself, played on what the pilot makes of the pool: a first guess at what asking would bring.

A head that has learned the pilot says how likely each class of each sample is. Labels are drawn from that, so that what
it is unsure of stays uncertain, and the real loop is played on them: each strategy and random, from the same starts.
What it shows leans to the side of asking, since the model is of the oracle's own kind; by how much is measured on whole
families, and set right by the forecast.
"""

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np

from nextlabel.checking.evidence import Evidence
from nextlabel.engines import run
from nextlabel.loop.learner import ActiveLearner
from nextlabel.loop.oracles import Truth
from nextlabel.loop.rounds import drive, rounds
from nextlabel.models.linear import Linear
from nextlabel.plan import Plan
from nextlabel.pool import Floats, Labels, Pool
from nextlabel.progress import Progress, quiet
from nextlabel.seeds import stream
from nextlabel.statistics.curves import Curve, Curves
from nextlabel.strategies import strategy

RANDOM = "random"
ARMS = (RANDOM, "margin", "auto")
ROUNDS = 8
SEEDS = 20
TESTED, MOST_TESTED = 0.3, 1_500
MOST_SPENT = 0.7  # of the samples that may be asked


@dataclass(frozen=True)
class Stage:
    """What is played on: features (g, d), the oracle's probabilities (g, C), how to start and when to stop."""

    X: Floats
    belief: Floats
    start: int
    budget: int
    strength: float
    balanced: bool
    arms: tuple[str, ...] = ARMS
    hard: bool = False

    @classmethod
    def of(cls, evidence: Evidence, arms: tuple[str, ...] = ARMS, hard: bool = True) -> "Stage":
        """As a labelling of this pool would go on after its pilot."""
        room = len(evidence.X) - _tested(len(evidence.X))
        budget = min(evidence.budget, int(MOST_SPENT * room))
        start = min(len(evidence.pilot), budget // 2)
        balanced = evidence.metric == "balanced_accuracy"
        return cls(evidence.X, evidence.calibrated, start, budget, evidence.strength, balanced, arms, hard)


def self_simulate(
    stage: Stage, engine: Executor, jobs: int, seeds: int = SEEDS, progress: Progress = quiet
) -> Mapping[str, Curves]:
    """The learning curves of every arm, by seed; all arms of a seed have the same truth, test set and start."""
    found: dict[str, dict[int, Curve]] = {arm: {} for arm in stage.arms}
    for done, (seed, curves) in enumerate(run(engine, partial(play_seed, stage), list(range(seeds)), jobs, 1)):
        for arm, curve in curves.items():
            found[arm][seed] = curve
        progress("playing the loop on the pilot's guess", done + 1, seeds)
    return {arm: dict(sorted(curves.items())) for arm, curves in found.items()}


def play_seed(stage: Stage, seed: int) -> dict[str, Curve]:
    """One seed's curves, by arm."""
    truth = draw_labels(stage.belief, seed, stage.hard)
    order = stream(seed, "check", "split").permutation(len(truth))
    test, rest = order[: _tested(len(truth))], order[_tested(len(truth)) :]
    y = np.full(len(truth), -1)
    start = rest[: stage.start]
    y[start] = truth[start]
    askable = np.zeros(len(truth), dtype=bool)
    askable[rest] = True
    pool = Pool(stage.X, y, askable, stage.belief.shape[1])
    return {arm: _curve(stage, arm, seed, pool, truth, test) for arm in stage.arms}


def _curve(stage: Stage, arm: str, seed: int, pool: Pool, truth: Labels, test: Labels) -> Curve:
    model = Linear({"C": [(1, stage.strength)]})
    batch = max(1, (stage.budget - stage.start) // ROUNDS)
    plan = Plan(batch=batch, rounds=ROUNDS).resolve(len(truth), pool.classes)
    learner = ActiveLearner(model, strategy(arm), strategy(RANDOM), plan, seed)
    X, belief = stage.X[test], stage.belief[test]
    if stage.hard:
        belief = np.eye(pool.classes)[belief.argmax(axis=1)]
    labelled, heights = [], []
    for this in drive(rounds(pool, learner), Truth(truth)):
        labelled.append(float(len(this.pool.labelled())))
        heights.append(expected_score(this.fitted.clf.predict_proba(X).argmax(axis=1), belief, stage.balanced))
    return Curve(np.array(labelled), np.array(heights))


def draw_labels(belief: Floats, seed: int, hard: bool = False) -> Labels:
    """A label for every sample (g,), drawn from its probabilities; with ``hard`` the likeliest."""
    if hard:
        likeliest: Labels = belief.argmax(axis=1)
        return likeliest
    draws = stream(seed, "check", "truth").random((len(belief), 1))
    drawn: Labels = np.minimum((belief.cumsum(axis=1) < draws).sum(axis=1), belief.shape[1] - 1)
    return drawn


def expected_score(guesses: Labels, belief: Floats, balanced: bool) -> float:
    """The accuracy (or balanced accuracy) of guesses (n,) that is to be expected, by probabilities (n, C).

    >>> expected_score(np.array([0, 1]), np.array([[0.9, 0.1], [0.3, 0.7]]), balanced=False)
    0.8
    """
    hits = belief[np.arange(len(guesses)), guesses]
    if not balanced:
        return float(hits.mean())
    there = belief.sum(axis=0)
    caught = np.bincount(guesses, weights=hits, minlength=belief.shape[1])
    return float((caught[there > 0] / there[there > 0]).mean())


def _tested(count: int) -> int:
    return min(MOST_TESTED, round(TESTED * count))
