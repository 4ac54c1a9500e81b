import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn import metrics

from nextlabel.conformance.scorers import predictions
from nextlabel.scoring.holdout import SCORES_OF_A_ROW, calibration_error, count_confusions, holdout


def test_scores_are_scikit_learns():
    proba, y = predictions()
    found, guess = holdout(proba, y), proba.argmax(1)
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(y, guess))
    assert found["balanced_accuracy"] == pytest.approx(metrics.balanced_accuracy_score(y, guess))
    assert found["f1_macro"] == pytest.approx(metrics.f1_score(y, guess, average="macro"))
    assert found["log_loss"] == pytest.approx(metrics.log_loss(y, proba))
    assert (count_confusions(proba, y) == metrics.confusion_matrix(y, guess)).all()


def test_f1_counts_a_class_that_is_nowhere():
    proba = np.array([[0.9, 0.1, 0.0], [0.1, 0.9, 0.0]])
    assert holdout(proba, np.array([0, 1]))["f1_macro"] == pytest.approx(2 / 3)


def test_one_certain_mistake_is_no_infinite_loss():
    assert holdout(np.array([[1.0, 0.0]]), np.array([1]))["log_loss"] == pytest.approx(-np.log(1e-7))


def test_an_empty_test_set_is_undefined():
    assert holdout(np.empty((0, 2)), np.empty(0, dtype=int)) == dict.fromkeys(SCORES_OF_A_ROW)


def slow_calibration_error(confidence, hit):
    shares = [np.mean([h for c, h in zip(confidence, hit, strict=True) if c == one]) for one in confidence]
    pairs = sorted(zip(confidence, shares, strict=True))
    size, extra = divmod(len(pairs), 15)
    total = 0.0
    for k in range(15):
        part = [pairs.pop(0) for _ in range(size + (k < extra))]
        total += abs(sum(c for c, _ in part) - sum(h for _, h in part))
    return total / len(confidence)


@given(arrays.arrays(float, st.integers(1, 80), elements=st.floats(0, 1)), st.randoms())
def test_calibration_error_is_the_slow_one(confidence, random):
    hit = np.array([random.random() < 0.5 for _ in confidence])
    assert calibration_error(confidence, hit) == pytest.approx(slow_calibration_error(confidence, hit), abs=1e-9)


@given(arrays.arrays(float, 40, elements=st.sampled_from([0.25, 0.5, 0.75])), st.randoms(use_true_random=False))
def test_calibration_does_not_hang_on_the_order_of_samples(confidence, random):
    hit = np.arange(40) < 20  # as where rows are sorted by class
    order = random.sample(range(40), 40)
    assert calibration_error(confidence[order], hit[order]) == pytest.approx(calibration_error(confidence, hit))
