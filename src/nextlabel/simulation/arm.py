"""One arm of an experiment, (strategy, seed), played from its split to its last row.

`play` gives one `Line` per round; `tune` chooses the model's settings, once per seed, for all strategies.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from nextlabel.estimators import scores
from nextlabel.estimators.holdout import count_confusions, holdout
from nextlabel.loop.rounds import ActiveLearner, Past, Round, drive, rounds
from nextlabel.models.base import Fitted, Settings
from nextlabel.models.head import LinearHead, bootstrap
from nextlabel.pool import Floats, Ids, Pool
from nextlabel.runs.lines import Arm, Line
from nextlabel.simulation.parts import Parts


def play(parts: Parts, arm: Arm, played: Sequence[Line] = ()) -> Iterator[Line]:
    """The lines of an arm that come after those already ``played``, which are replayed without learning anything."""
    answer = parts.oracles[arm.seed]
    past: Past = [(line.ids, answer(line.ids)) for line in played]
    for this in drive(rounds(parts.pool(arm.seed), parts.learner(arm), past), answer):
        yield _line(parts, arm, this)


def tune(parts: Parts, seed: int) -> Settings:
    """The model's settings for one seed, chosen on the labels that random sampling would have gathered."""
    settings: Settings = {}
    model = parts.make_model(settings)
    for pool in _pools_of_random(parts, seed):
        more = model.tune(pool)
        if more != settings:
            settings, model = more, parts.make_model(more)
    return settings


def _pools_of_random(parts: Parts, seed: int) -> Iterator[Pool]:
    """The pools of the random arm, round by round; its picks do not hang on a model, so none is trained."""
    learner = ActiveLearner(_Blind(), parts.entries.tuner, parts.entries.cold, parts.plan, seed)
    for this in drive(rounds(parts.pool(seed), learner), parts.oracles[seed]):
        yield this.pool


class _Blind:
    """A model for those who never look at it."""

    def fit(self, pool: Pool, rng: np.random.Generator) -> Fitted:
        head = LinearHead(classes=range(pool.classes)).fit(pool.features[:1], np.array([0]))
        return Fitted(pool.features, head, bootstrap(head, pool.features[:1], np.array([0]), 0))

    def tune(self, pool: Pool) -> Settings:
        return {}


def _line(parts: Parts, arm: Arm, this: Round) -> Line:
    split, key = parts.splits[arm.seed], {"strategy": arm.strategy, "seed": arm.seed, "round": this.k}
    truth = parts.dataset.y[split.test]
    proba = _proba(this.fitted, split.test)
    about = {
        "dataset": parts.dataset.name,
        "embedder": parts.embedder,
        "model": parts.experiment.model,
        **key,
        "labelled": len(this.pool.labelled()),
    }
    row = about | scores(proba, truth) | _validation(this, split.val) | {"mended": this.asked.mended}
    answers = parts.oracles[arm.seed](this.asked.ids)  # an oracle says the same of a sample whenever it is asked
    pick = key | {"ids": this.asked.ids.tolist(), "why": list(this.asked.why)}
    pick["labels"] = [parts.dataset.classes[code] for code in answers]
    if parts.dataset.paths is not None:
        pick["paths"] = [parts.dataset.paths[i] for i in this.asked.ids]
    matrix = None if len(this.asked.ids) else key | {"matrix": count_confusions(proba, truth).tolist()}
    timing = key | {"fit_s": this.fit_s, "ask_s": this.ask_s, "converged": getattr(this.fitted.clf, "converged_", True)}
    return Line(row, timing, pick, matrix)


def _validation(this: Round, ids: Ids) -> dict[str, Any]:
    if not len(ids):
        return {}
    known = ids[this.pool.y[ids] >= 0]  # a replay need not have an answer for all of them
    return {"val_f1_macro": holdout(_proba(this.fitted, known), this.pool.y[known])["f1_macro"]}


def _proba(fitted: Fitted, ids: Ids) -> Floats:
    proba: Floats = fitted.clf.predict_proba(fitted.features[ids]) if len(ids) else np.empty((0, 1))
    return proba
