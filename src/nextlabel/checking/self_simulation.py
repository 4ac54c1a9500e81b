"""The loop itself, played on what the pilot makes of the pool: a first guess at what asking would bring.

A head that has learned the pilot says what each sample is, and that is taken for the truth. Then the real loop is
played on it: each strategy and random, from the same starts, at the same cost as afterwards. What it shows leans to the
side of asking, since the model is of the oracle's own kind; by how much was measured on whole families
(``docs/check.md``), and is set right by the forecast. (Labels drawn as the head believes, so that what it doubts stays
doubtful, said too little: they make noise of everything that it has not learned yet.)
"""

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np

from nextlabel.engines import run
from nextlabel.indicators.evidence import Evidence
from nextlabel.loop.learner import ActiveLearner
from nextlabel.loop.oracles import Truth
from nextlabel.loop.rounds import drive, rounds
from nextlabel.models.linear import Linear
from nextlabel.plan import Plan
from nextlabel.pool import Floats, Ids, Labels, Pool
from nextlabel.progress import Progress, quiet
from nextlabel.scoring import scores
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
    """What is played on: features (g, d), what the pilot's head takes each for (g,), where to start and to stop.

    ``strength`` is the head's C; ``metric`` what curves are drawn of.
    """

    X: Floats
    truth: Labels
    classes: int
    start: int
    budget: int
    strength: float
    metric: str
    arms: tuple[str, ...] = ARMS

    @classmethod
    def of(cls, evidence: Evidence, arms: tuple[str, ...] = ARMS) -> "Stage":
        """As a labelling of this pool would go on after its pilot."""
        room = len(evidence.X) - _test_size(len(evidence.X))
        budget = min(evidence.budget, int(MOST_SPENT * room))
        start = min(len(evidence.pilot), budget // 2)
        truth = evidence.proba.argmax(axis=1)
        truth[evidence.pilot] = evidence.y  # of these it is known
        return cls(evidence.X, truth, evidence.classes, start, budget, evidence.strength, evidence.metric, arms)


def self_simulate(
    stage: Stage, engine: Executor, jobs: int, seeds: int = SEEDS, progress: Progress = quiet
) -> Mapping[str, Curves]:
    """The learning curves of every arm, by seed; all arms of a seed have the same test set and start."""
    found: dict[str, dict[int, Curve]] = {arm: {} for arm in stage.arms}
    for done, (seed, curves) in enumerate(run(engine, partial(play_seed, stage), list(range(seeds)), jobs, 1)):
        for arm, curve in curves.items():
            found[arm][seed] = curve
        progress("playing the loop on what the pilot says", done + 1, seeds)
    return {arm: dict(sorted(curves.items())) for arm, curves in found.items()}


def play_seed(stage: Stage, seed: int) -> dict[str, Curve]:
    """One seed's curves, by arm."""
    order = stream(seed, "check", "split").permutation(len(stage.truth))
    test, rest = order[: _test_size(len(order))], order[_test_size(len(order)) :]
    y = np.full(len(order), -1)
    y[rest[: stage.start]] = stage.truth[rest[: stage.start]]
    askable = np.zeros(len(order), dtype=bool)
    askable[rest] = True
    pool = Pool(stage.X, y, askable, stage.classes)
    return {arm: _play(stage, arm, seed, pool, test) for arm in stage.arms}


def _play(stage: Stage, arm: str, seed: int, pool: Pool, test: Ids) -> Curve:
    plan = Plan(batch=max(1, (stage.budget - stage.start) // ROUNDS), rounds=ROUNDS)
    plan = plan.resolve(len(stage.truth), stage.classes)
    # With the pilot's own C all along: to choose it again at each doubling would cost more than all the rest.
    learner = ActiveLearner(Linear({"C": [(1, stage.strength)]}), strategy(arm), strategy(RANDOM), plan, seed)
    labelled, heights = [], []
    for this in drive(rounds(pool, learner), Truth(stage.truth)):
        labelled.append(float(len(this.pool.labelled())))
        height = scores(this.fitted.clf.predict_proba(stage.X[test]), stage.truth[test])[stage.metric]
        assert height is not None, "somebody is tested"
        heights.append(height)
    return Curve(np.array(labelled), np.array(heights))


def _test_size(count: int) -> int:
    return min(MOST_TESTED, round(TESTED * count))
