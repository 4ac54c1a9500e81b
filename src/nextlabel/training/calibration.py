"""One temperature for all logits, by cross-validation: C. Guo et al., "On Calibration of Modern Neural Networks", 2017.

It is learned on labels that the head had not seen, and is honest only where nobody chose what was labelled: a query
strategy asks about what is hard, and a person labels what is easy.
"""

import warnings

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.model_selection import StratifiedKFold

from nextlabel.classifiers import Calibration
from nextlabel.pool import Floats, Ids, Labels
from nextlabel.progress import Progress, quiet
from nextlabel.scoring.holdout import calibration_error
from nextlabel.statistics.audit_looks import LEVEL
from nextlabel.statistics.intervals import Share, clopper_pearson
from nextlabel.text import several
from nextlabel.training.crossfit import CrossFit
from nextlabel.training.learners import Learner

FOLDS = 5
FEWEST = 30  # labels; of fewer a temperature says more about the folds than about the head
HOTTEST = 20.0  # and the coldest is its inverse


def calibrate(learner: Learner, seed: int = 0, progress: Progress = quiet) -> Calibration | None:
    """The temperature of a learner's logits; None, with a warning, where there are too few labels for one."""
    y, classes = learner.lessons.y, learner.lessons.classes
    rarest = int(np.bincount(y).argmin())
    folds = min(FOLDS, int((y == rarest).sum()))
    if len(y) < FEWEST or folds < 2:
        few = f"'{classes[rarest]}' has one label" if len(y) >= FEWEST else f"there are {several(len(y), 'label')}"
        warnings.warn(
            f"Nothing is calibrated, for {few}: it takes {FEWEST} labels, and two of each class. Scores are no "
            "probabilities.",
            stacklevel=3,
        )
        return None
    logits, fold = np.empty((len(y), len(classes))), np.empty(len(y), dtype=np.int64)
    parts = StratifiedKFold(folds, shuffle=True, random_state=seed).split(y, y)
    for k, (known, asked) in enumerate(parts):
        logits[asked], fold[asked] = learner.logits(learner.fit(known), asked), k
        progress("Calibrating", k + 1, folds)
    return _judge(logits, y, fold)


def calibrate_on(found: CrossFit | None) -> Calibration | None:
    """The temperature by what heads said of the answers of an audit; None, with a warning, where these are too few."""
    usable = 0 if found is None else int(found.seen.sum())
    if found is None or usable < FEWEST:
        warnings.warn(
            f"Nothing is calibrated, for there {'is' if usable == 1 else 'are'} {several(usable, 'audit answer')}, and "
            f"it takes {FEWEST}. Scores are no probabilities.",
            stacklevel=3,
        )
        return None
    return _judge(found.logits[found.seen], found.y[found.seen], found.fold[found.seen])


def _judge(logits: Floats, y: Labels, fold: Ids) -> Calibration:
    apart = cool_apart(CrossFit(logits, fold, y, np.ones(len(y), dtype=bool)))
    return Calibration(find_temperature(logits, y), _error(logits, y), _error(apart, y), len(y))


def cool_apart(found: CrossFit) -> Floats:
    """Logits (n, C), each fold's divided by the temperature of the others: none has a say in how well it comes off."""
    apart = np.empty_like(found.logits)
    for k in np.unique(found.fold):
        mine, others = found.fold == k, (found.fold != k) & found.seen
        apart[mine] = found.logits[mine] / find_temperature(found.logits[others], found.y[others])
    return apart


def share_above(found: CrossFit, threshold: float, calibrated: bool) -> Share:
    """How many of the answers of which a head was so sure it got right.

    With the exact interval, wide enough to be looked at again and again while answers come.
    """
    proba = softmax(cool_apart(found) if calibrated else found.logits, axis=1)
    above = proba.max(axis=1) >= threshold
    return clopper_pearson(int(found.right()[above].sum()), int(above.sum()), LEVEL)


def find_temperature(logits: Floats, y: Labels) -> float:
    """The temperature under which labels (n,) are most likely, of logits (n, C), with a doubt that weighs one answer.

    Where all of a few answers are right, the likeliest temperature of all is none, and every probability 1. So its
    logarithm has a standard normal prior: of a hundred answers hardly anything is left of it.

    >>> find_temperature(np.array([[4.0, 0.0]] * 8 + [[4.0, 0.0]] * 2), np.array([0] * 8 + [1] * 2)) > 2
    True
    """

    def loss(log_temperature: float) -> float:
        likelihood = log_softmax(logits / np.exp(log_temperature), axis=1)[np.arange(len(y)), y]
        return float(log_temperature**2 / 2 - likelihood.sum())

    most = np.log(HOTTEST)
    return float(np.exp(minimize_scalar(loss, bounds=(-most, most), method="bounded").x))


def _error(logits: Floats, y: Labels) -> float:
    proba = softmax(logits, axis=1)
    return calibration_error(proba.max(axis=1), proba.argmax(axis=1) == y)
