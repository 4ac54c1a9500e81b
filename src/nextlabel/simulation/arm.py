"""One arm of an experiment, (strategy, seed), played from its split to its last row.

A `Setup` is all that an arm needs to know, small enough to be sent to a worker process: features travel as the path of
their file. `play` gives one `Line` per round; `tune` chooses the model's settings, once per seed, for all strategies.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from sklearn.preprocessing import StandardScaler

from nextlabel.datasets.base import Dataset
from nextlabel.errors import BadData
from nextlabel.estimators.holdout import confusion, holdout
from nextlabel.loop.oracles import Oracle, oracle
from nextlabel.loop.rounds import Past, Round, rounds
from nextlabel.models import model
from nextlabel.models.base import Fitted, Settings
from nextlabel.models.head import LinearHead, bootstrap
from nextlabel.pool import Floats, Ids, Mask, Pool
from nextlabel.runs.lines import Arm, Line
from nextlabel.simulation.parts import Setup
from nextlabel.strategies.replicas import strategy


def play(setup: Setup, arm: Arm, played: Sequence[Line] = ()) -> Iterator[Line]:
    """The lines of an arm that come after those already ``played``, which are replayed without learning anything."""
    oracle_ = answers(setup, arm.seed)
    past: Past = [(ids, oracle_(ids)) for ids in (line.past() for line in played)]
    trained = model(setup.experiment.model).make(setup.dataset, setup.settings.get(arm.seed, {}))
    loop = rounds(opened(setup, arm.seed), trained, strategy(arm.strategy), setup.plan, arm.seed, past)
    step = next(loop)
    while True:
        yield _line(setup, arm, step)
        try:
            step = loop.send(oracle_(step.ids))
        except StopIteration:
            return


def tune(setup: Setup, seed: int) -> Settings:
    """The model's settings for one seed, chosen on the labels that random sampling would have gathered."""
    trained = model(setup.experiment.model).make(setup.dataset, {})
    return trained.tune(random_arm(setup, seed))


def random_arm(setup: Setup, seed: int) -> Iterator[Pool]:
    """The pools of the random arm, round by round; its picks do not hang on a model, so none is trained."""
    oracle_ = answers(setup, seed)
    loop = rounds(opened(setup, seed), _Blind(), strategy("random"), setup.plan, seed)
    step = next(loop)
    while True:
        yield step.pool
        try:
            step = loop.send(oracle_(step.ids))
        except StopIteration:
            return


class _Blind:
    """A model for those who never look at it."""

    def fit(self, pool: Pool, rng: np.random.Generator) -> Fitted:
        head = LinearHead(classes=range(pool.classes)).fit(pool.features[:1], np.array([0]))
        return Fitted(pool.features, head, bootstrap(head, pool.features[:1], np.array([0]), 0))

    def tune(self, pools: Iterable[Pool]) -> Settings:
        return {}


def answers(setup: Setup, seed: int) -> Oracle:
    """Whoever answers under this seed."""
    return oracle(setup.experiment.oracle, setup.dataset, seed)


def opened(setup: Setup, seed: int) -> Pool:
    """The pool at the start of an arm: starting and validation labels known, the rest askable or set aside.

    What the oracle cannot answer is not askable. Raises `BadData` where it cannot answer for the starting set.
    """
    split, known = setup.splits[seed], answers(setup, seed)
    n = len(setup.dataset)
    y = np.full(n, -1, dtype=np.int64)
    for ids in (split.start, split.val):
        y[ids] = known(ids)
    if (y[split.start] < 0).any():
        missing = int((y[split.start] < 0).sum())
        raise BadData(
            f"The oracle has no answer for {missing} of the {len(split.start)} starting samples of seed {seed}. "
            "Give it those answers, or begin with --start 0."
        )
    askable = np.zeros(n, dtype=np.bool_)
    askable[split.start] = True
    askable[split.pool] = known(split.pool) >= 0
    audit = audit_side(setup.dataset, np.flatnonzero(askable & (y < 0)), setup.plan.audit, seed)
    askable[audit] = False
    X = scaled(setup.features, split.test) if setup.experiment.standardize else setup.features
    return Pool(X, y, askable, len(setup.dataset.classes), watch=split.val, audit=audit)


def audit_side(dataset: Dataset, ids: Ids, share: float, seed: int) -> Ids:
    """The ids that a hash of (seed, sample) puts on the audit side, in hash order: a simple random sample of ``ids``.

    The hash is of the sample's path, where it has one, so that a file that joins later moves nobody else.
    """
    keys = [dataset.paths[i] if dataset.paths else str(i) for i in ids]
    hashes = [hashlib.blake2b(f"{seed}:{key}".encode("utf-8", "surrogateescape"), digest_size=8) for key in keys]
    place = np.array([int.from_bytes(found.digest(), "big") for found in hashes], dtype=np.float64) / 2.0**64
    order = np.argsort(place, kind="stable")
    return ids[order[place[order] < share]]


def scaled(features: Floats, test: Ids) -> Floats:
    """Features with mean 0 and variance 1 over everything but the test set."""
    rest: Mask = np.ones(len(features), dtype=np.bool_)
    rest[test] = False
    out: Floats = StandardScaler().fit(features[rest]).transform(features).astype(np.float32)
    return out


def _line(setup: Setup, arm: Arm, step: Round) -> Line:
    split, key = setup.splits[arm.seed], {"strategy": arm.strategy, "seed": arm.seed, "round": step.k}
    truth = setup.dataset.y[split.test]
    proba = _proba(step.fitted, split.test)
    about = {
        "dataset": setup.dataset.name,
        "embedder": setup.embedder,
        "model": setup.experiment.model,
        **key,
        "labelled": len(step.pool.labelled()),
    }
    row = about | holdout(proba, truth) | _validation(step, split.val) | {"mended": step.mended}
    pick = key | {"ids": step.ids.tolist()}
    if setup.dataset.paths is not None:
        pick["paths"] = [setup.dataset.paths[i] for i in step.ids]
    matrix = None if len(step.ids) else key | {"matrix": confusion(proba, truth).tolist()}
    return Line(row, key | {"fit_s": step.fit_s, "ask_s": step.ask_s}, pick, matrix)


def _validation(step: Round, ids: Ids) -> dict[str, Any]:
    if not len(ids):
        return {}
    known = ids[step.pool.y[ids] >= 0]  # a replay need not have an answer for all of them
    return {"val_f1_macro": holdout(_proba(step.fitted, known), step.pool.y[known])["f1_macro"]}


def _proba(fitted: Fitted, ids: Ids) -> Floats:
    found: Floats = fitted.clf.predict_proba(fitted.features[ids]) if len(ids) else np.empty((0, 1))
    return found
