"""Who may be a committee, and what is said of whoever may not."""

import numpy as np
import pytest
from skactiveml.classifier import SklearnClassifier
from sklearn.ensemble import BaggingClassifier
from sklearn.naive_bayes import GaussianNB

from nextlabel.errors import BadArray
from nextlabel.models.head import LinearHead
from nextlabel.strategies import GreedyBALD

X = np.random.default_rng(0).normal(size=(20, 3))
Y = np.where(np.arange(20) < 8, np.arange(20) % 2, -1)


def heads(*classes):
    return [LinearHead(classes=range(c), random_state=i).fit(X[:8], Y[:8]) for i, c in enumerate(classes)]


def ask(ensemble, fit=False, **settings):
    return GreedyBALD(missing_label=-1, random_state=0, **settings).query(X, Y, ensemble, fit_ensemble=fit)


def test_a_list_of_classifiers_votes():
    assert ask(heads(2, 2)) in np.flatnonzero(Y < 0)


def test_a_committee_in_one_classifier_is_trained_and_votes():
    bag = SklearnClassifier(
        BaggingClassifier(GaussianNB(), n_estimators=3, random_state=0), classes=[0, 1], missing_label=-1
    )
    assert ask(bag, fit=True) in np.flatnonzero(Y < 0)


def test_predictions_may_be_sampled_from_one_classifier():
    class Sampler(LinearHead):
        def sample(self, rows, count):
            return np.stack([self.predict_proba(rows)] * count)

    one = Sampler(classes=range(2)).fit(X[:8], Y[:8])
    given = {"sample_predictions_method_name": "sample", "sample_predictions_dict": {"count": 4}}
    assert ask(one, **given) in np.flatnonzero(Y < 0)


@pytest.mark.parametrize(
    ("ensemble", "settings", "error", "said"),
    [
        (heads(2, 3), {}, BadArray, "know different classes"),
        (heads(2, 2), {"sample_predictions_method_name": "sample"}, BadArray, "'ensemble' is a list"),
        (heads(2)[0], {"sample_predictions_method_name": "nope"}, BadArray, "no method 'nope'"),
        (heads(2)[0], {"sample_predictions_dict": {}}, BadArray, "there is no sample_predictions_method_name"),
        (heads(2)[0], {}, TypeError, "without 'estimators_'"),
    ],
)
def test_what_is_no_committee_is_a_sentence(ensemble, settings, error, said):
    with pytest.raises(error, match=said):
        ask(ensemble, **settings)
