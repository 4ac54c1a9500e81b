"""Scores on a test set that nobody asks about and nothing is trained on."""

import numpy as np
from sklearn.metrics import confusion_matrix, f1_score, recall_score

from nextlabel.errors import BadArray
from nextlabel.pool import Floats, Ids, Labels, are_distributions
from nextlabel.scoring.base import Scores

SMALLEST = 1e-7  # probabilities are clipped here, so that one certain mistake does not make the log loss infinite
BINS = 15

SCORES_OF_A_ROW = ("accuracy", "balanced_accuracy", "f1_macro", "log_loss", "ece")


def holdout(proba: Floats, y: Labels) -> Scores:
    """Accuracy, balanced accuracy, macro F1 over all C classes, log loss (nats), expected calibration error.

    Balanced accuracy is the mean recall of the classes that the test set holds. An empty test set gives None. Raises
    `BadArray` where probabilities are none: NaN has no place in an order, and would pass for the first class.

    >>> holdout(np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([0, 0]))["accuracy"]
    0.5
    """
    proba, y = np.asarray(proba), np.asarray(y)
    if not len(y):
        return dict.fromkeys(SCORES_OF_A_ROW)
    if not are_distributions(proba):
        raise BadArray(
            f"The probabilities {proba.shape} hold rows that are negative, no numbers, or do not sum to one, so there "
            "is nothing to score. Pass what predict_proba gives, of a model that has learned."
        )
    guess = proba.argmax(axis=1)  # (n,)
    found, codes = np.unique(y), np.arange(proba.shape[1])
    chosen = np.clip(proba[np.arange(len(y)), y], SMALLEST, 1.0)  # (n,)
    return {
        "accuracy": float((guess == y).mean()),
        "balanced_accuracy": float(recall_score(y, guess, labels=found, average="macro", zero_division=0)),
        "f1_macro": float(f1_score(y, guess, labels=codes, average="macro", zero_division=0)),
        "log_loss": float(-np.log(chosen).mean()),
        "ece": calibration_error(proba.max(axis=1), guess == y),
    }


def calibration_error(confidence: Floats, hit: Floats) -> float:
    """Mean gap between confidence and accuracy over 15 bins of equal mass (Nguyen & O'Connor, 2015).

    Samples of one confidence count as equally right, so that it does not matter which of them a bin's end cuts off.
    """
    _, group = np.unique(confidence, return_inverse=True)  # (n,)
    hit = (np.bincount(group, weights=hit) / np.bincount(group))[group]
    order = np.argsort(confidence, kind="stable")
    parts = [part for part in np.array_split(order, BINS) if len(part)]
    gaps = [abs(confidence[part].mean() - hit[part].mean()) * len(part) for part in parts]
    return float(sum(gaps) / len(confidence))


def count_confusions(proba: Floats, y: Labels) -> Ids:
    """(C, C) counts, truth by rows, predictions by columns."""
    classes = proba.shape[1]
    if not len(y):  # which scikit-learn refuses
        return np.zeros((classes, classes), dtype=np.int64)
    found: Ids = confusion_matrix(y, proba.argmax(axis=1), labels=np.arange(classes))
    return found
