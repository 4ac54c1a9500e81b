"""Cross-fitting on a random sample of the labels: each of them is asked of a head that has not learned it.

A query strategy asks about what is hard, so the labels that it chose say nothing about how good a head is. Those of an
audit do. Each fifth of them is held out in turn, while everything else is learned: V. Chernozhukov et al.,
"Double/debiased machine learning for treatment and structural parameters", 2018, who name it so.
"""

from dataclasses import dataclass

import numpy as np

from nextlabel.pool import Floats, Ids, Labels, Mask
from nextlabel.progress import Progress, quiet
from nextlabel.statistics.audit_looks import FOLDS, deal
from nextlabel.training.learners import Learner

NEVER = -1e9  # the logit of a class that a head has not learned: its probability is 0


@dataclass(frozen=True)
class CrossFit:
    """What heads said of labels that they had not learned: ``logits`` (m, C), ``fold`` (m,), and the truth ``y`` (m,).

    ``seen`` (m,): had the head learned the class at all? Where not, it could not be right.
    """

    logits: Floats
    fold: Ids
    y: Labels
    seen: Mask

    def right(self) -> Mask:
        """Which (m,) were taken for what they are."""
        found: Mask = self.logits.argmax(axis=1) == self.y
        return found


def cross_fit(learner: Learner, rows: Ids, progress: Progress = quiet) -> CrossFit | None:
    """Ask each of the ``rows`` (m,) of the lessons of a head that learned all others but its fold's; None of no rows.

    A row's fold is its place modulo five, so whoever joins later moves nobody. None too where the rest of a fold holds
    fewer than two classes.
    """
    lessons = learner.lessons
    if not len(rows):
        return None
    fold = deal(len(rows))
    logits = np.full((len(rows), len(lessons.classes)), NEVER)
    seen = np.zeros(len(rows), dtype=bool)
    for k in range(min(FOLDS, len(rows))):
        asked = rows[fold == k]
        known = np.setdiff1d(np.arange(len(lessons.y)), asked)
        classes = np.unique(lessons.y[known])
        if len(classes) < 2:
            return None
        said = learner.logits(learner.fit(known), asked)
        # A linear head has columns for what it learned alone; a network has one for every class.
        said = said if said.shape[1] == len(classes) else said[:, classes]
        logits[np.ix_(fold == k, classes)] = said
        seen[fold == k] = np.isin(lessons.y[asked], classes)
        progress("Checking on the audit answers", k + 1, FOLDS)
    return CrossFit(logits, fold, lessons.y[rows], seen)
