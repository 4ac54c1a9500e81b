"""TypiClust is the paper's code: the typical of each large cluster, in turns."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from obvious import FEW, known, points, query, seeds, world
from scipy.spatial.distance import cdist

from nextlabel import strategies as ours
from nextlabel.strategies import typi_clust
from nextlabel.strategies.kit import typicality
from nextlabel.strategies.kit.k_means import SampledKMeans, draw_centres
from nextlabel.strategies.kit.typicality import Members


class Sizes:
    """A clustering that everybody can foresee: parts of these sizes, whatever number is asked for."""

    def __init__(self, n_clusters, sizes=(20, 20, 20)):
        self.sizes = sizes

    def fit_predict(self, X):
        return np.repeat(np.arange(len(self.sizes)), self.sizes)


def ask(X, y, batch, sizes, **more):
    init = {"cluster_algo": Sizes, "cluster_algo_dict": {"sizes": sizes}}
    return query(ours.TypiClust, X, y, batch, init=init | more)


def papers(X, y, cluster, batch, most=20):
    """The loop of the authors' code, slow and obvious: squared distances, unlabelled members, large clusters."""
    labels, picks = np.where(y >= 0, -1, cluster), []
    counts = [(int((y[cluster == c] >= 0).sum()), -int((cluster == c).sum()), c) for c in np.unique(cluster)]
    turns = [c for _, size, c in sorted(counts) if -size > 5]
    for b in range(batch):
        members = np.flatnonzero(labels == turns[b % len(turns)])
        near = np.sort(cdist(X[members], X[members], "sqeuclidean"), axis=1)[:, 1 : 1 + min(most, len(members) // 2)]
        picks.append(int(members[(1 / (near.mean(axis=1) + 1e-5)).argmax()]))
        labels[picks[-1]] = -1
    return picks


@FEW
@given(seed=seeds, sizes=st.lists(st.integers(1, 70), min_size=2, max_size=6), labelled=st.integers(0, 9))
def test_typiclust_is_the_papers_code(seed, sizes, labelled):
    sizes = [70, *sizes]
    X, y = points(sum(sizes), seed=seed), known(sum(sizes), labelled, seed=seed)
    expected = papers(X, y, Sizes(1, sizes).fit_predict(X), 6)
    assert ask(X, y, 6, sizes).tolist() == expected


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_large_clusters_are_searched_by_bounds_and_give_the_same(monkeypatch, kind):
    monkeypatch.setattr(typicality, "SMALL", 40)
    monkeypatch.setattr(typicality, "SIDE", 64)
    X, y = points(400, seed=1) + 100, known(400, 12)
    X = X.astype(kind)
    expected = papers(X.astype(float), y, Sizes(1, (250, 150)).fit_predict(X), 30)
    assert ask(X, y, 30, (250, 150)).tolist() == expected


def test_small_clusters_are_left_out_and_turns_go_back_to_the_large_ones():
    X, y, sizes = points(59), known(59, 0), (30, 20, 5, 4)
    cluster = Sizes(1, sizes).fit_predict(X)
    assert cluster[ask(X, y, 4, sizes)].tolist() == [0, 1, 0, 1]
    # The paper's code cannot go on when these are used up; ours asks the small ones then.
    assert sorted(cluster[ask(X, y, 59, sizes)][50:]) == [2] * 5 + [3] * 4


def test_typiclust_takes_turns_when_clusters_run_out():
    X, y, _ = world(2, n=60, labelled=0)
    found = ask(X, y, 60, (20, 20, 20))
    assert sorted(found.tolist()) == list(range(60))
    sides = [i // 20 for i in found[:9]]
    assert sorted(sides[:3]) == sorted(sides[3:6]) == [0, 1, 2]


def test_utilities_are_typicality_and_the_picks_their_highest():
    X, y = points(60), known(60, 9)
    init = {"cluster_algo": Sizes}
    found, told = query(ours.TypiClust, X, y, 12, init=init, return_utilities=True)
    assert found.tolist() == query(ours.TypiClust, X, y, 12, init=init).tolist()
    assert (told[np.arange(12), found] == np.nanmax(told, axis=1)).all()
    inside = np.flatnonzero((y < 0) & (np.arange(60) // 20 == found[0] // 20))
    near = np.sort(cdist(X[inside], X[inside], "sqeuclidean"), axis=1)[:, 1 : 1 + len(inside) // 2]
    np.testing.assert_allclose(told[0, inside], 1 / (near.mean(axis=1) + 1e-5), rtol=1e-9)


def test_candidates_alone_are_asked_and_the_others_are_neighbours():
    X, y = points(60), known(60, 3)
    some = np.flatnonzero(y < 0)[10:40]
    init = {"cluster_algo": Sizes}
    found, told = query(ours.TypiClust, X, y, 9, init=init, candidates=some, return_utilities=True)
    assert set(found.tolist()) <= set(some.tolist())
    whole = query(ours.TypiClust, X, y, 1, init=init, return_utilities=True)[1]
    inside = np.isfinite(told[0]) & np.isfinite(whole[0])
    np.testing.assert_allclose(told[0, inside], whole[0, inside], rtol=1e-9)


def test_copies_are_ties_which_one_shuffle_decides():
    X, y = np.repeat(points(3), 20, axis=0).astype(np.float32), known(60, 0)
    firsts = {int(ask(X, y, 1, (20, 20, 20), k=5)[0]) for _ in range(3)}
    found = {int(query(ours.TypiClust, X, y, 1, seed, {"cluster_algo": Sizes})[0]) for seed in range(12)}
    assert len(firsts) == 1
    assert len(found) > 3


def test_of_very_large_clusters_a_sample_is_looked_at(monkeypatch):
    monkeypatch.setattr(typi_clust, "MOST_MEMBERS", 20)
    X, y = points(120), known(120, 0)
    found = ask(X, y, 100, (90, 30))
    assert len(set(found.tolist())) == 100
    assert found.tolist() == ask(X, y, 100, (90, 30)).tolist()


def test_members_bounds_are_below_what_they_bound():
    X = points(300, d=8, seed=4)
    near = np.sort(cdist(X, X, "sqeuclidean"), axis=1)[:, 1:21].mean(axis=1)
    members = Members(X, np.ones(300, bool), 20)
    members.used = 20
    for reach in np.quantile(near, [0, 0.5, 1]):
        assert (reach - members._inside(reach) / 20 <= near + 1e-9).all()


def test_sampled_k_means_finds_heaps_and_joins_everybody_to_the_nearest(monkeypatch):
    monkeypatch.setattr("nextlabel.strategies.kit.k_means.SAMPLE", 60)
    centres = 50 * np.eye(6)
    X = (centres[np.arange(300) % 6] + np.random.default_rng(0).normal(size=(300, 6)) + 1e4).astype(np.float32)
    found = SampledKMeans(6, random_state=0).fit_predict(X)
    assert len({(int(a), int(b)) for a, b in zip(found, np.arange(300) % 6, strict=True)}) == 6


def test_rows_that_are_alike_are_one_centre():
    assert len(draw_centres(np.ones((30, 2)), 5, np.random.default_rng(0))) == 1
    assert set(SampledKMeans(5, random_state=0).fit_predict(np.ones((30, 2))).tolist()) == {0}


def test_a_large_pool_is_said_to_be_sampled(monkeypatch):
    monkeypatch.setattr(typi_clust, "SAMPLE", 50)
    X, y = points(60), known(60, 0)
    with pytest.warns(UserWarning, match="Clusters are found on 50 of 60 samples, drawn at random"):
        query(ours.TypiClust, X, y, 3)


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
