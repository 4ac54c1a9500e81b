"""What models take samples for that have not learned their labels: what a look at a labelling is made of."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from sklearn.base import clone

from nextlabel.loop.asking import Asked
from nextlabel.loop.learner import ActiveLearner, View, learn
from nextlabel.models.base import Fitted
from nextlabel.models.head import Head
from nextlabel.pool import NOBODY, Ids, Pool
from nextlabel.statistics.audit_looks import FOLDS, deal


@dataclass(frozen=True)
class Seen:
    """A round as an observer needs it: the ``pool``, the model of all labels, and what was asked from which view, by
    which learner.
    """

    pool: Pool
    fitted: Fitted
    asked: Asked
    view: View
    learner: ActiveLearner


class Answers(NamedTuple):
    """Answers, one by one: how many, ids on the audit side in its order, and on the strategy's as they were asked."""

    n: int
    audit: Ids
    own: Ids

    @classmethod
    def of(cls, pool: Pool) -> "Answers":
        answered = pool.asked[pool.y[pool.asked] >= 0]
        own = answered[~np.isin(answered, pool.audit)]
        return cls(len(answered), pool.audit[np.isin(pool.audit, answered)], own)

    def others(self, pool: Pool) -> Ids:
        """Labels that nobody was asked for, one by one: imports and grids, which either arm knows."""
        return np.setdiff1d(pool.labelled(), np.concatenate([self.audit, self.own]))


def guess_by_queue(seen: Seen, k: int, ids: Ids) -> Ids:
    """What samples (n,) are taken for by a model of the first ``k`` labels of the strategy's side: class codes (n,)."""
    answers = Answers.of(seen.pool)
    return guess_anew(seen, np.union1d(answers.others(seen.pool), answers.own[:k]), ids)


def guess_by_chance(seen: Seen, ids: Ids) -> list[Ids]:
    """The same by each four fifths of the audit's labels: five times (n,)."""
    answers = Answers.of(seen.pool)
    fold, others = deal(len(answers.audit)), answers.others(seen.pool)
    return [guess_anew(seen, np.union1d(others, answers.audit[fold != this]), ids) for this in range(FOLDS)]


def cross_guess(seen: Seen, learned: Ids, audit: Ids) -> Ids:
    """What heads take audit answers (m,) for that have learned all others of ``learned`` but a fifth, theirs in it."""
    fold = deal(len(audit))
    found = np.empty(len(audit), dtype=np.int64)
    for this in range(FOLDS):
        asked = audit[fold == this]
        if len(asked):
            found[fold == this] = guess_anew(seen, np.setdiff1d(learned, asked), asked)
    return found


def guess_anew(seen: Seen, learned: Ids, asked: Ids) -> Ids:
    """What a model takes samples for that was trained anew on ``learned``."""
    fitted, y = seen.fitted, seen.pool.y
    if has_own_features(seen):
        # A new head alone knows the answers that it is asked about by the features below it: so a small network on 100
        # digits agreed with 95 and 99 of 100 answers, and was right in 82 of 100 cases.
        return guess_of(learn(seen.pool.only(learned), seen.learner, len(learned)), asked)
    X, y = fitted.features[learned], y[learned]
    # Heads of our own spare the checks: of the shown model's own rows they cost a third of a look's small fits.
    head = fitted.clf.fit_others(X, y) if isinstance(fitted.clf, Head) else clone(fitted.clf).fit(X, y)
    return guess_of(replace(fitted, clf=head), asked)


def guess_of(fitted: Fitted, ids: Ids) -> Ids:
    """The likeliest class codes (n,) of samples; the first of those that are even, where ``predict`` would draw one."""
    if not len(ids):
        return NOBODY
    found: Ids = fitted.clf.predict_proba(fitted.features[ids]).argmax(axis=1)
    return found


def has_own_features(seen: Seen) -> bool:
    """Does the model compute features of its own? Else its head is all that it has learned."""
    return seen.fitted.features is not seen.pool.features
