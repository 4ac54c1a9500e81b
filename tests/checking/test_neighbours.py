"""Near-duplicates and outliers: what a slow look at all pairs finds, on any features."""

import csv

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cdist

from nextlabel.checking import neighbours
from nextlabel.checking.neighbour_files import write_outliers, write_pairs
from nextlabel.checking.neighbours import NEAR, chance, near_pairs, outliers
from nextlabel.errors import BadArray, CannotWrite

FEATURES = st.tuples(st.integers(2, 40), st.integers(1, 5)).flatmap(
    lambda shape: arrays(np.float32, shape, elements=st.integers(-3, 3).map(float))
)  # few values, so that equal rows and ties are common


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch):
    monkeypatch.setattr(neighbours, "TILE", 7)


def slow_pairs(X, within):
    """Pairs surely nearer, and pairs at least nearly so, looked at one by one."""
    squared = cdist(X, X, "sqeuclidean")
    above = np.triu_indices(len(X), 1)
    median = np.median(squared[above])
    every = list(zip(*(side.tolist() for side in above), squared[above].tolist(), strict=True))
    blur = 1e-4 * median  # float32, around the mean
    surely = {(i, j) for i, j, away in every if away < within * median - blur or away == 0}
    return surely, {(i, j) for i, j, away in every if away <= within * median + blur}


@settings(max_examples=30, deadline=None)
@given(FEATURES, st.sampled_from([0.05, NEAR, 0.5]))
def test_near_pairs_are_those_of_a_slow_look(X, within):
    found = near_pairs(X, within)
    surely, perhaps = slow_pairs(X, within)
    pairs = set(map(tuple, found.ids.tolist()))
    assert surely <= pairs <= perhaps
    assert found.count == len(pairs) == len(found.ids)
    assert found.share == pytest.approx(len({i for pair in pairs for i in pair}) / len(X))
    squared = ((X[found.ids[:, 0]] - X[found.ids[:, 1]]).astype(float) ** 2).sum(axis=1)
    assert (np.diff(squared) >= -1e-9).all()


@settings(max_examples=30, deadline=None)
@given(FEATURES, st.integers(1, 12))
def test_outliers_are_ranked_as_by_a_slow_look(X, k):
    found = outliers(X, k)
    away = np.sort(cdist(X, X), axis=1)[:, min(k, len(X) - 1)]  # the first is the sample itself
    assert sorted(found.ids) == list(range(len(X)))
    assert (np.diff(found.scores) <= 0).all()
    usual = np.median(away) or (np.median(away[away > 0]) if away.any() else 1)
    np.testing.assert_allclose(found.scores, away[found.ids] / usual, atol=1e-4)


def test_the_measure_knows_no_scale_and_no_origin():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 8))
    X[50:] = X[:10] + rng.normal(size=(10, 8)) / 20
    plain = near_pairs(X)
    assert plain.count >= 10
    for other in (1e20 * X, 1e-20 * X, X + 1e5):
        moved = near_pairs(other)
        assert moved.ids.tolist() == plain.ids.tolist()
        np.testing.assert_allclose(moved.distances, plain.distances, rtol=1e-4)
        assert outliers(other).ids[:10].tolist() == outliers(X).ids[:10].tolist()


def test_on_rows_of_one_length_the_distance_is_one_less_the_cosine_over_its_median():
    X = np.random.default_rng(0).normal(size=(50, 6))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    found = near_pairs(X, within=0.3)
    median = np.median((1 - X @ X.T)[np.triu_indices(len(X), 1)])
    assert found.count > 5
    np.testing.assert_allclose(found.distances, (1 - found.cosines) / median, rtol=1e-5)


def test_only_the_nearest_pairs_are_listed_and_all_are_counted():
    X = np.random.default_rng(0).normal(size=(80, 2))
    every, few = near_pairs(X), near_pairs(X, most=15)
    assert every.count == few.count > 15
    assert few.share == every.share
    assert few.ids.tolist() == every.ids[:15].tolist()


def test_a_large_pool_is_looked_at_in_even_steps_and_says_so(monkeypatch):
    monkeypatch.setattr(neighbours, "MOST_COMPARED", 20)
    X = np.random.default_rng(0).normal(size=(96, 30))
    X[95] = X[0]  # the first and the last are always looked at
    X[2] = X[1]  # and the second of 96 is not
    found = near_pairs(X)
    assert found.ids.tolist() == [[0, 95]]
    assert (found.compared, found.share) == (20, 2 / 20)
    assert sorted(outliers(X).ids) == np.linspace(0, 95, 20).round().tolist()


@pytest.mark.parametrize("count", [0, 1])
def test_nothing_is_near_where_there_is_nothing_else(count):
    X = np.ones((count, 3))
    found = near_pairs(X)
    assert (len(found.ids), found.count, found.share, found.compared) == (0, 0, 0.0, count)
    assert outliers(X).scores.tolist() == [1.0] * count


def test_equal_rows_are_near_even_where_most_are_equal():
    X = np.ones((10, 3), dtype=np.float32)
    X[4] = 2
    found = near_pairs(X)
    assert (found.count, found.share) == (36, 0.9)
    assert not found.distances.any()
    assert outliers(X, k=3).ids[0] == 4


def test_unrelated_samples_are_hardly_ever_nearer_than_chance_says():
    """Where columns are few everything has a neighbour below `NEAR`, and next to nothing one below both."""
    X = np.random.default_rng(0).normal(size=(200, 3))
    assert near_pairs(X).share > 0.9
    assert near_pairs(X, min(NEAR, chance(X))).share < 0.15
    X[100:] = X[:100]
    assert near_pairs(X, min(NEAR, chance(X))).share == 1
    assert chance(np.ones((5, 2))) == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("look", [near_pairs, outliers, chance])
def test_features_must_be_finite(look, bad):
    X = np.ones((5, 2))
    X[3, 1] = bad
    with pytest.raises(BadArray, match="infinite or no number"):
        look(X)


def read_rows(path):
    return list(csv.reader(path.read_text().splitlines()))


def test_lists_go_into_csv_with_paths_or_with_ids(tmp_path):
    X = np.random.default_rng(0).normal(size=(30, 9))
    X[7] = X[3]
    paths = [f"={i}.png" for i in range(30)]
    write_pairs(tmp_path / "pairs.csv", near_pairs(X), paths)
    write_pairs(tmp_path / "ids.csv", near_pairs(X))
    write_outliers(tmp_path / "outliers.csv", outliers(X), paths)
    rows = read_rows(tmp_path / "pairs.csv")
    assert rows == [["path", "other", "cosine", "distance"], ["./=3.png", "./=7.png", "1.000000", "0.000000"]]
    assert (tmp_path / "ids.csv").read_text() == "id,other,cosine,distance\n3,7,1.000000,0.000000\n"
    rows = read_rows(tmp_path / "outliers.csv")
    assert rows[0] == ["path", "score"]
    assert rows[1][0] == f"./={outliers(X).ids[0]}.png"
    assert len(rows) == 31


def test_a_list_that_cannot_be_written_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(CannotWrite, match="--out"):
        write_outliers(tmp_path / "none" / "list.csv", outliers(np.eye(3)))
