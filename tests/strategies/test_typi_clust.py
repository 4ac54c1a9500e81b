"""TypiClust takes the typical of each cluster, in turns."""

import numpy as np
import pytest
from obvious import query, world
from scipy.spatial.distance import cdist

from nextlabel import strategies as ours
from nextlabel.strategies.typi_clust import typicality


class Blocks:
    """A clustering that everybody can foresee: three parts of the rows, whatever number is asked for."""

    def __init__(self, n_clusters=3):
        self.n_clusters = n_clusters

    def fit_predict(self, X):
        return np.arange(len(X)) * 3 // len(X)


def test_typiclust_takes_turns_when_clusters_run_out():
    X, y, _ = world(2, n=60, labelled=0)
    found = query(ours.TypiClust, X, y, 60, init={"cluster_algo": Blocks})
    assert sorted(found.tolist()) == list(range(60))
    sides = [Blocks(3).fit_predict(X)[i] for i in found[:9]]
    assert sorted(sides[:3]) == sorted(sides[3:6]) == [0, 1, 2]


def test_typical_is_near_to_its_neighbours():
    X = np.random.default_rng(0).normal(size=(30, 2))
    apart = np.sort(cdist(X, X), axis=1)[:, 1:6]
    np.testing.assert_allclose(typicality(X, 5), 1 / apart.mean(axis=1), rtol=1e-5)


@pytest.mark.parametrize("kind", ["TypiClust", "ProbCover"])
def test_a_generator_of_the_callers_is_not_moved_on(kind):
    """It would go on to k-means, and the same question would have another answer."""
    X, y, _ = world(0)
    generator = np.random.RandomState(0)
    strategy = getattr(ours, kind)(missing_label=-1, random_state=generator)
    before = generator.get_state()[1].tolist()
    first = strategy.query(X, y, batch_size=5).tolist()
    assert generator.get_state()[1].tolist() == before
    assert strategy.query(X, y, batch_size=5).tolist() == first
