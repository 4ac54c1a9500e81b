"""What is wrong in scikit-activeml 1.0.1, provoked there, is not wrong in ours."""

import numpy as np
import pytest
import skactiveml.pool as upstream
from obvious import GRID, known, members, points, proba, query, table, world
from sklearn.cluster import KMeans

from nextlabel import strategies as ours

CERTAIN = {"fit_clf": False, "return_utilities": True}


def both(name, *args, **more):
    """Ours, then theirs."""
    return (query(getattr(module, name), *args, **more) for module in (ours, upstream))


def alike(kinds, n=24):
    return points(kinds)[np.arange(n) % kinds]


def test_badge_tells_probabilities_that_sum_to_one():
    """https://github.com/scikit-activeml/scikit-activeml/issues/587"""
    X, y = alike(2, 10), known(10, 2)
    model = table(proba(2)[np.arange(10) % 2], X=X)
    (_, told), (_, theirs) = both("Badge", X, y, 6, clf=model, **CERTAIN)
    assert np.nansum(theirs, axis=1).min() < 0.99
    np.testing.assert_allclose(np.nansum(told, axis=1), 1)


def test_badge_among_copies_names_nobody_twice():
    """https://github.com/scikit-activeml/scikit-activeml/issues/586"""
    X, y, twice = alike(2), known(24, 2), 0
    model = table(proba(2)[np.arange(24) % 2], X=X)
    for seed in range(5):
        found, theirs = both("Badge", X, y, 8, seed, clf=model, fit_clf=False)
        twice += len(set(theirs)) < 8
        assert len(set(found.tolist())) == 8
    assert twice


@pytest.mark.filterwarnings("ignore:All-NaN slice:RuntimeWarning")
def test_coreset_with_labelled_candidates_names_nobody_twice():
    X, y = points(10), known(10, 7)
    every = {"candidates": np.arange(10)}
    assert len(set(query(upstream.CoreSet, X, y, 6, **every).tolist())) < 6
    found = query(ours.CoreSet, X, y, 6, **every).tolist()
    assert len(set(found)) == 6
    assert sorted(found[:3]) == np.flatnonzero(y < 0).tolist()  # a labelled sample is its own centre: it comes last


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
def test_typiclust_goes_on_when_every_cluster_holds_a_label():
    X, y = alike(3), np.where(np.arange(24) < 3, 0, -1)
    with pytest.raises(UnboundLocalError, match="cluster_id"):
        query(upstream.TypiClust, X, y, 4)
    assert len(set(query(ours.TypiClust, X, y, 4).tolist())) == 4


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
def test_typiclust_names_nobody_twice_when_clusters_run_out():
    X, y = np.repeat(points(3), [5, 9, 6], axis=0), np.where(np.arange(20) < 1, 0, -1)
    assert len(set(query(upstream.TypiClust, X, y, 5).tolist())) < 5
    assert len(set(query(ours.TypiClust, X, y, 5).tolist())) == 5


@pytest.mark.filterwarnings("ignore:The maximum purity")
def test_probcover_is_covered_by_labels_alone():
    """In 1.0.1 unlabelled samples that are no candidates cover, and so a subsample sees nothing left to cover."""
    X, y = points(60), known(60, 2)
    some = np.flatnonzero(y < 0)[:20]
    told, theirs = (
        utilities
        for _, utilities in both("ProbCover", X, y, 1, init={"deltas": [3.0]}, candidates=some, return_utilities=True)
    )
    assert np.nanmax(theirs) < np.nanmax(told)
    whole = query(ours.ProbCover, X, y, 1, init={"deltas": [3.0]}, return_utilities=True)[1]
    assert told[0, some].tolist() == whole[0, some].tolist()


def test_probcover_remembers_no_other_data():
    """In 1.0.1 as many rows as before keep their old distances, until it is told to ``update``."""
    (X, y, _), (other, _, _) = world(0), world(1)
    init = {"n_classes": 4, "deltas": [0.5, 1.0, 1.5], "cluster_algo_dict": GRID}
    used = ours.ProbCover(**init, missing_label=-1, random_state=0)
    used.query(other, y, batch_size=3)
    assert used.query(X, y, batch_size=3).tolist() == query(ours.ProbCover, X, y, 3, init=init).tolist()


def test_batchbald_names_nobody_twice_under_ties():
    X, y = alike(1), known(24, 4)
    ensemble = [table(np.tile(row, (24, 1)), X=points(24)) for row in proba(3)]
    more = {"ensemble": ensemble, "fit_ensemble": False}
    twice = 0
    for seed in range(5):
        found, theirs = both("BatchBALD", X, y, 5, seed, **more)
        twice += len(set(theirs.tolist())) < 5
        assert len(set(found.tolist())) == 5
    assert twice


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_batchbald_with_few_configurations_asks_for_nothing_labelled():
    X, y, _ = world(0, labelled=12)
    y[0] = 0
    more = {"ensemble": members(X), "fit_ensemble": False, "init": {"n_MC_samples": 5}}
    found, theirs = both("BatchBALD", X, y, 6, **more)
    assert 0 in theirs
    assert (y[found] < 0).all()
    assert len(set(found.tolist())) == 6


@pytest.mark.parametrize("kind", ["TypiClust", "ProbCover"])
def test_one_seed_governs_clustering_too(kind):
    X, y, _ = world(0, n=300)
    found = []
    for seed in (1, 2):
        np.random.seed(seed)
        found.append(query(getattr(ours, kind), X, y, 12).tolist())
    assert found[0] == found[1]


def test_typiclust_is_not_given_more_than_five_hundred_clusters():
    class Counted(KMeans):
        """Tells how many clusters it was asked for."""

        def fit_predict(self, X, y=None, sample_weight=None):
            Counted.asked = self.n_clusters
            return np.arange(len(X)) % self.n_clusters

    X, y = points(700), known(700, 600)
    assert len(set(query(ours.TypiClust, X, y, 30, init={"cluster_algo": Counted}).tolist())) == 30
    assert Counted.asked == 500
