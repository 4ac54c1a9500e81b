"""Choosing the next batch: the step of the loop, with a person as the oracle.

A labelling asks what a simulation asks: nothing of the choice is written a second time here.
"""

import hashlib
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

import nextlabel
from nextlabel.datasets.base import Dataset
from nextlabel.labelling.past import RESERVE, Known, World
from nextlabel.labelling.settings import Settings
from nextlabel.loop.asking import Asked, ask, ask_strategy, batch_size
from nextlabel.loop.learner import ActiveLearner, View
from nextlabel.models import model
from nextlabel.models.tuned import Tuned
from nextlabel.plan import Plan
from nextlabel.pool import NOBODY, Floats, Ids
from nextlabel.strategies import strategy

RESERVES = 3  # batches that a reserve is large
KEPT = 5  # probabilities of a question that are kept: who reads why it was asked reads the likeliest
BLOCK = 8_192  # rows that are predicted at once


class Predictions(NamedTuple):
    """What the chooser takes unlabelled samples of its own side for: ``samples`` (m,), class ids, probabilities."""

    samples: Ids
    classes: Ids
    scores: Floats


@dataclass(frozen=True)
class Chosen:
    """A batch: ``asked`` with sample ids, and for each the likeliest classes' probabilities, by class id.

    ``chooser`` a digest of the model that chose, None where there was none.
    """

    asked: Asked
    probabilities: tuple[dict[int, float] | None, ...]
    strategy: str
    chooser: str | None
    predictions: Predictions | None = None
    view: View | None = field(default=None, repr=False, compare=False)  # what it was chosen from


def make_learner(settings: Settings, dataset: Dataset) -> ActiveLearner:
    """What learns and what asks; raises as `strategy` and `model` do."""
    entry = model(settings.model)
    plan = Plan(batch=settings.batch, rounds=None, audit=settings.audit_share, ahead=1, cold=settings.cold)
    made = Tuned(lambda chosen: entry.make(dataset, chosen))
    return ActiveLearner(
        made, strategy(settings.strategy), strategy(settings.cold), plan.resolve(len(dataset), 1), settings.seed
    )


def choose(known: Known, world: World, learner: ActiveLearner, k: int) -> Chosen:
    """Batch ``k``, chosen while the one before may still be out for an answer: nobody waits for a model."""
    # As `rounds` does it: the model of the round before, which does not know that round's answers.
    view = View.of(known.pool, learner, max(k - 1, 0), out=known.out)
    asked = ask(view, learner, k, batch_size(view.pool, learner.plan, k))
    warm = view.pool.blind().known_classes() > 1
    own = known.pool.blind()
    codes = _own_classes(known)
    found = _predict(view, own.unlabelled(), codes) if warm else None
    return Chosen(
        replace(asked, ids=world.ids[asked.ids]),
        _probabilities(view, asked, codes) if warm else (None,) * len(asked.ids),
        f"{_name(learner, warm)} {nextlabel.__version__}",
        _digest(view) if warm else None,
        None if found is None else found._replace(samples=world.ids[found.samples]),
        view,
    )


def choose_reserve(chosen: Chosen, known: Known, world: World, learner: ActiveLearner, k: int) -> Chosen:
    """What the chooser of batch ``k`` would ask next, on its own side: for as long as batch ``k`` + 1 is late."""
    assert chosen.view is not None, "`choose` keeps it"
    view = replace(chosen.view, pool=chosen.view.pool.without(world.rows(chosen.asked.ids)))
    size = min(RESERVES * learner.plan.size, len(view.pool.unlabelled()))
    asked = ask_strategy(view, learner, k, size) if size else Asked(NOBODY)
    codes = _own_classes(known)
    return replace(
        chosen,
        asked=replace(asked, ids=world.ids[asked.ids]),
        probabilities=_probabilities(view, asked, codes) if chosen.chooser else (None,) * len(asked.ids),
        strategy=chosen.strategy + RESERVE,
        predictions=None,
    )


def _name(learner: ActiveLearner, warm: bool) -> str:
    return (learner.strategy if warm else learner.cold).kind.__name__


def _own_classes(known: Known) -> Ids:
    """Class ids by the codes that the chooser uses: of those given, and those with a label on its own side."""
    return np.array(known.classes or (0,), dtype=np.int64)[known.pool.own_classes()]


def _predict(view: View, rows: Ids, codes: Ids) -> Predictions:
    fitted, classes, scores = view.fitted, [np.empty(0, np.int64)], [np.empty(0)]
    for start in range(0, len(rows), BLOCK):
        P = fitted.clf.predict_proba(fitted.features[rows[start : start + BLOCK]])
        classes.append(codes[P.argmax(axis=1)])
        scores.append(P.max(axis=1))
    return Predictions(rows, np.concatenate(classes), np.concatenate(scores))


def _probabilities(view: View, asked: Asked, codes: Ids) -> tuple[dict[int, float] | None, ...]:
    """Of audit questions none: nothing may ever be shown of them."""
    own = np.array([why != "audit" for why in asked.why], dtype=bool)
    found: list[dict[int, float] | None] = [None] * len(own)
    if own.any():
        P = view.fitted.clf.predict_proba(view.fitted.features[asked.ids[own]])
        for place, row in zip(np.flatnonzero(own), P, strict=True):
            best = np.argsort(-row, kind="stable")[:KEPT]
            found[place] = {int(codes[i]): float(row[i]) for i in best}
    return tuple(found)


def _digest(view: View) -> str:
    """What tells one chooser from another: what it says of some samples."""
    some = view.fitted.clf.predict_proba(view.fitted.features[:64])
    return hashlib.blake2b(np.ascontiguousarray(some).tobytes(), digest_size=8).hexdigest()
