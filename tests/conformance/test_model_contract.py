"""The contract of models finds out whoever breaks it: one model that keeps it, and ways in which it can be broken."""

from dataclasses import replace

import numpy as np
import pytest

from nextlabel.conformance import models
from nextlabel.models.base import Fitted, ModelEntry
from nextlabel.models.head import LinearHead, bootstrap
from nextlabel.seeds import number


class Honest(LinearHead):
    """Somebody's head; ``bad`` makes it misbehave in one way."""

    def __init__(self, bad="", classes=None, missing_label=-1, cost_matrix=None, random_state=None):
        super().__init__(1.0, classes, missing_label, cost_matrix, random_state)
        self.bad = bad

    def fit(self, X, y, sample_weight=None):
        if self.bad == "mixes" and (np.asarray(y) >= 0).any():
            y = np.where(np.asarray(y) >= 0, (np.asarray(y) + 1) % 3, -1)
        return super().fit(X, y, sample_weight)

    def predict_proba(self, X, return_embeddings=False):
        proba, X = super().predict_proba(X, return_embeddings=True)
        if self.bad == "generous":
            proba = 0.9 * proba + 0.1 / proba.shape[1]
        if self.bad == "sums":
            proba = 2 * proba
        return (proba, X) if return_embeddings else proba


class Somebody:
    """Somebody's model, good or ``bad``."""

    def __init__(self, bad, settings):
        self.bad, self.settings, self.calls = bad, settings, 0

    def fit(self, pool, rng):
        ids, self.calls = pool.labelled(), self.calls + 1
        if self.bad == "needs three" and len(ids) < 3:
            raise AssertionError("it wants three labels")
        if self.bad == "writes":
            pool.y[-1] = 0
        X = pool.features * (1 + 1e-3 * self.calls) if self.bad == "remembers" else np.asarray(pool.features)
        if self.bad == "maps" and isinstance(pool.features, np.memmap):
            X = X + 1
        if self.bad == "settings":
            X = X * (2 if isinstance(self.settings.get("C"), list) else 1)
        if self.bad == "short":
            X = X[:-1]
        return self.fitted(X, pool, ids, rng)

    def fitted(self, X, pool, ids, rng):
        head = Honest(self.bad, range(pool.classes), random_state=number(rng)).fit(X[ids], pool.y[ids])
        committee = bootstrap(head, X[ids], pool.y[ids], number(rng))
        if self.bad == "committee":
            draws = np.random.default_rng(0)
            committee = lambda size: bootstrap(head, X[ids], pool.y[ids], number(draws))(size)  # noqa: E731
        if self.bad == "again":
            head.bad = "mixes"
        return Fitted(X, head, committee)

    def tune(self, pool):
        return {"C": (1, 2)} if self.bad == "settings" else {}


def entry(bad=""):
    return ModelEntry(lambda dataset, settings: Somebody(bad, settings))


@pytest.mark.parametrize("check", models.for_models, ids=lambda check: check.__name__)
def test_a_model_of_ones_own_that_keeps_its_promises(check):
    check(entry())


@pytest.mark.parametrize(
    ("bad", "check", "why"),
    [
        ("short", "gives_features_and_a_classifier", "23 rows of features, and there are 24"),
        ("generous", "probabilities_are_shares", "a class that nobody has seen has probability"),
        ("sums", "probabilities_are_shares", "probabilities sum to"),
        ("mixes", "learns", "of the labelled samples come out right"),
        ("remembers", "depends_on_pool_and_stream_alone", "an earlier round changes the features"),
        ("writes", "leaves_the_pool_alone", "the pool was written to"),
        ("maps", "takes_any_features", "a memory map changes the features"),
        ("again", "classifier_can_be_trained_again", "trained again, 0% of its own labels"),
        ("committee", "committee_answers_the_same_twice", "asked twice answers twice"),
        ("settings", "settings_survive_json", "a way through JSON changes the features"),
        ("needs three", "begins_with_few_labels", "it wants three labels"),
    ],
)
def test_every_broken_promise_is_found_out(bad, check, why):
    with pytest.raises(AssertionError, match=why):
        getattr(models, f"check_{check}")(entry(bad))


def test_a_model_that_goes_by_the_order_of_labelling_is_found_out():
    class Ordered(Somebody):
        answers = 0

        def fit(self, pool, rng):
            Ordered.answers += 1
            return super().fit(replace(pool, features=pool.features * Ordered.answers), rng)

    with pytest.raises(AssertionError, match="the order of labelling changes the features"):
        models.check_order_of_labelling_does_not_matter(ModelEntry(lambda dataset, settings: Ordered("", settings)))


def test_every_check_has_been_seen_to_fail():
    (mark,) = test_every_broken_promise_is_found_out.pytestmark
    told = {f"check_{check}" for _, check, _ in mark.args[1]} | {"check_order_of_labelling_does_not_matter"}
    assert told == {check.__name__ for check in models.for_models}


def test_a_network_may_give_an_unseen_class_some_probability():
    models.check_probabilities_are_shares(replace(entry("generous"), pictures=True))
