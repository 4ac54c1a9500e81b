"""One arm of an experiment, (strategy, seed), played from its split to its last row.

`play` gives one `Line` per round; `tune` chooses the model's settings, once per seed, for all strategies.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from nextlabel.loop.asking import Asked
from nextlabel.loop.learner import ActiveLearner
from nextlabel.loop.rounds import Past, Round, drive, rounds
from nextlabel.models.base import Fitted, Settings
from nextlabel.models.head import LinearHead, bootstrap
from nextlabel.pool import Floats, Ids, Pool
from nextlabel.runs.lines import Arm, Line
from nextlabel.scoring import scores
from nextlabel.scoring.holdout import count_confusions, holdout
from nextlabel.simulation.estimates import Watch
from nextlabel.simulation.parts import Parts


def play(parts: Parts, arm: Arm, played: Sequence[Line] = ()) -> Iterator[Line]:
    """The lines of an arm that come after those already ``played``, which are replayed without learning anything."""
    answer = parts.oracles[arm.seed]
    # Only ids are kept in a run: answers are asked for again, and an oracle gives the same ones each time.
    learner = parts.learner(arm)
    if parts.experiment.estimate:
        yield from _play_and_estimate(parts, arm, learner, len(played))
        return
    past: Past = [(line.ids, answer(line.ids)) for line in played]
    for this in drive(rounds(parts.pool(arm.seed), learner, past), answer):
        yield _line(parts, arm, this)


def _play_and_estimate(parts: Parts, arm: Arm, learner: ActiveLearner, done: int) -> Iterator[Line]:
    """The lines after the first ``done``, played from the start: an observer has to see every round."""
    watch = Watch(parts, arm, learner)
    for this in drive(rounds(parts.pool(arm.seed), learner), parts.oracles[arm.seed]):
        said = watch.see(this)
        if this.k >= done:
            yield _line(parts, arm, this)._replace(estimate=said)


def tune(parts: Parts, seed: int) -> Settings:
    """The model's settings for one seed, chosen on the labels that random sampling would have gathered."""
    settings: Settings = {}
    if parts.plan.audit:
        return settings  # each arm chooses on its own labels, as a labelling has to (`Tuned`)
    model = parts.make_model(settings)
    # Settings may change as labels grow, each choice made from the one before; what is kept is the last one.
    for pool in _pools_of_random(parts, seed):
        more = model.tune(pool)
        if more != settings:
            settings, model = more, parts.make_model(more)
    return settings


def _pools_of_random(parts: Parts, seed: int) -> Iterator[Pool]:
    """The pools of the random arm, round by round; its picks do not hang on a model, so none is trained."""
    # The same split, seed and streams as the random arm's own: the very labels that it will have.
    learner = ActiveLearner(_Blind(), parts.entries.tuner, parts.entries.cold, parts.plan, seed)
    for this in drive(rounds(parts.pool(seed), learner), parts.oracles[seed]):
        yield this.pool


class _Blind:
    """A model for those who never look at it."""

    def fit(self, pool: Pool, rng: np.random.Generator) -> Fitted:
        # One sample: a head of one class is constant, and no solver is run.
        head = LinearHead(classes=range(pool.classes)).fit(pool.features[:1], np.array([0]))
        return Fitted(pool.features, head, bootstrap(head, pool.features[:1], np.array([0]), 0))

    def tune(self, pool: Pool, asked: bool = False) -> Settings:
        return {}


def _line(parts: Parts, arm: Arm, this: Round) -> Line:
    split, key = parts.splits[arm.seed], {"strategy": arm.strategy, "seed": arm.seed, "round": this.k}
    # The dataset's own labels, also where the oracle is noisy: mistakes are learned from, never scored by.
    truth = parts.dataset.y[split.test]
    proba = _proba(this.fitted, split.test)
    about = {
        "dataset": parts.dataset.name,
        "embedder": parts.embedder,
        "model": parts.experiment.model,
        **key,
        "labelled": len(this.pool.labelled()),
    }
    # The order of these keys is the order of the bytes in rows.jsonl, which two runs are compared by.
    row = about | scores(proba, truth) | _validation(this, split.val) | {"mended": this.asked.mended}
    answers = parts.oracles[arm.seed](this.asked.ids)  # an oracle says the same of a sample whenever it is asked
    # Ids are row numbers, and move when a file joins the folder: paths say which pictures they were.
    pick = key | {"ids": this.asked.ids.tolist(), "why": list(this.asked.why)}
    if parts.plan.audit:
        pick |= _doubts(this.asked)
    pick["labels"] = [parts.dataset.classes[code] for code in answers]
    if parts.dataset.paths is not None:
        pick["paths"] = [parts.dataset.paths[i] for i in this.asked.ids]
    # Only of the last round: C x C numbers a round would soon outweigh all the rest. `Line.last` goes by it.
    matrix = None if len(this.asked.ids) else key | {"matrix": count_confusions(proba, truth).tolist()}
    # In a file of their own, for no two runs agree on seconds. A classifier that does not say is taken as converged.
    timing = key | {"fit_s": this.fit_s, "ask_s": this.ask_s, "converged": getattr(this.fitted.clf, "converged_", True)}
    return Line(row, timing, pick, matrix)


def _doubts(asked: Asked) -> dict[str, Any]:
    """How much the chooser doubted what it asked, and the least of it, by which the audit side is looked at later."""
    scores = [] if asked.scores is None else [None if np.isnan(score) else score for score in asked.scores.tolist()]
    return {"scores": scores, "tau": asked.tau}


def _validation(this: Round, ids: Ids) -> dict[str, Any]:
    if not len(ids):
        return {}
    known = ids[this.pool.y[ids] >= 0]  # a replay need not have an answer for all of them
    return {"val_f1_macro": holdout(_proba(this.fitted, known), this.pool.y[known])["f1_macro"]}


def _proba(fitted: Fitted, ids: Ids) -> Floats:
    if not len(ids):  # an empty one, whose figures are None: scikit-learn's classifiers refuse to predict nothing
        return np.empty((0, len(fitted.clf.classes_)))
    proba: Floats = fitted.clf.predict_proba(fitted.features[ids])  # (n, C)
    return proba
