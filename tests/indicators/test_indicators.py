"""Indicators: their contract, and each against a slow, obvious version."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from nextlabel.conformance.indicators import for_indicators, make_evidence
from nextlabel.indicators import INDICATORS
from nextlabel.indicators.evidence import Evidence, margins
from nextlabel.indicators.redundancy import coverage, effective_dimension
from nextlabel.indicators.reliability import auroc


@pytest.mark.parametrize("check", for_indicators, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", INDICATORS)
def test_contract(name, check):
    check(INDICATORS[name])


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=2, max_size=40))
def test_the_area_is_that_of_scikit_learn(pairs):
    scores, hits = (np.array(each) for each in zip(*pairs, strict=True))
    if hits.all() or not hits.any():
        return
    assert auroc(scores.astype(float), hits) == pytest.approx(roc_auc_score(hits, scores))


def test_margins_are_the_first_two():
    P = np.random.default_rng(0).dirichlet(np.ones(5), size=30)
    assert margins(P) == pytest.approx([sorted(row)[-1] - sorted(row)[-2] for row in P])


def test_effective_dimension_is_of_the_eigenvalues():
    X = np.random.default_rng(0).normal(size=(40, 6)) * [3, 2, 1, 1, 0.1, 0]
    values = np.linalg.eigvalsh(np.cov(X.T))
    assert effective_dimension(X) == pytest.approx(values.sum() ** 2 / (values**2).sum())


def test_no_head_is_asked_about_what_it_has_learned():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 50)).astype(np.float32)  # more columns than labels: a head knows its own by heart
    evidence = Evidence(X, np.arange(40), rng.integers(2, size=40), classes=2, budget=80, samples=60)
    assert (evidence.head.predict_proba(X[:40]).argmax(axis=1) == evidence.y).mean() > 0.8
    assert 0.3 < evidence.hits.mean() < 0.7


def test_each_reason_is_seen_where_it_holds():
    easy, hard = make_evidence(apart=50.0), make_evidence(apart=0.0)
    assert INDICATORS["headroom"].measure(easy).leans == -1
    assert INDICATORS["headroom"].measure(hard).value > 0.3
    assert INDICATORS["reliability"].measure(hard).interval[0] < 0.5  # doubt foretells nothing
    assert INDICATORS["clusters"].measure(easy).value == 1


def test_coverage_is_the_mean_of_the_nearest_kernel():
    X, centres = np.random.default_rng(0).normal(size=(12, 2)), np.array([3, 7])
    slow = np.mean([max(np.exp(-((x - X[c]) ** 2).sum() / (2 * 0.7**2)) for c in centres) for x in X])
    assert coverage(X, centres, 0.7) == pytest.approx(slow)


def test_outliers_among_the_uncertain_are_counted():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 100)
    X = (rng.normal(size=(200, 2)) * 0.3 + np.where(y, 3, -3)[:, None] * [1, 0]).astype(np.float32)
    X[::10] = rng.normal(size=(20, 2)) * [0.05, 12]  # far out, and between the classes
    ids = np.setdiff1d(np.arange(200), np.arange(0, 200, 10))[::4]
    evidence = Evidence(X, ids, y[ids], classes=2, budget=80, samples=200)
    found = INDICATORS["noise"].measure(evidence)
    assert found.value > 0.5
    assert found.leans == -1
