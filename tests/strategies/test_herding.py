"""MaxHerding and UHerding are plain greedy, lazily."""

import warnings
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from obvious import FEW, known, points, query, seeds, table, world
from scipy.spatial.distance import cdist
from threadpoolctl import threadpool_limits

from nextlabel import strategies as ours
from nextlabel.strategies.kit import coverage as coverage_module
from nextlabel.strategies.kit.blocks import Blocks
from nextlabel.strategies.kit.coverage import Coverage
from nextlabel.strategies.kit.herding import herd
from nextlabel.strategies.kit.kernels import Kernel, bound_means
from nextlabel.strategies.kit.threads import spread_over_threads
from nextlabel.strategies.kit.ties import Ties
from nextlabel.strategies.u_herding import fit_temperature


def plain_herding(K, weight, covered, free, batch):
    """``K`` (m, g) of the candidates with the ground."""
    picks = []
    for _ in range(batch):
        gains = K @ weight if covered is None else np.maximum(K - covered, 0) @ weight
        gains[[i for i in range(len(K)) if i in picks or not free[i]]] = -np.inf
        picks.append(int(gains.argmax()))
        covered = K[picks[-1]] if covered is None else np.maximum(covered, K[picks[-1]])
    return picks


@contextmanager
def room_for(entries):
    """So many kernel values may be written down in here; in strips of few, so that a small pool has several."""
    before = coverage_module.ENTRIES, coverage_module.SIDE
    coverage_module.ENTRIES, coverage_module.SIDE = entries, 64
    try:
        yield
    finally:
        coverage_module.ENTRIES, coverage_module.SIDE = before


rooms = st.sampled_from([10**6, 9_000, 0])  # for all at once, for what counts after some picks, for nothing


@FEW
@given(seed=seeds, labelled=st.sampled_from([0, 1, 9]), gamma=st.sampled_from([0.2, 2.0, 30.0]), entries=rooms)
def test_maxherding_is_plain_greedy(seed, labelled, gamma, entries):
    X, y, _ = world(seed, n=300, labelled=labelled)
    rows = np.flatnonzero(y < 0)
    U = X / np.linalg.norm(X, axis=1, keepdims=True)
    kernel = np.exp(-gamma * cdist(U, U, "sqeuclidean"))
    covered = kernel[np.ix_(rows, np.flatnonzero(y >= 0))].max(axis=1) if labelled else None
    plain = plain_herding(kernel[np.ix_(rows, rows)], np.ones(len(rows)), covered, np.ones(len(rows), bool), 25)
    with room_for(entries):
        found = query(ours.MaxHerding, X, y, 25, init={"metric_dict": {"gamma": gamma}})
    assert found.tolist() == rows[plain].tolist()


@FEW
@given(seed=seeds, entries=rooms)
def test_a_part_of_the_pool_as_ground_is_covered_greedily(seed, entries):
    X = points(300, seed=seed)
    ground = np.sort(np.random.default_rng(seed).choice(300, 120, replace=False))
    weight = np.random.default_rng(seed).random(120)
    kernel = np.exp(-0.5 * cdist(X, X[ground], "sqeuclidean"))
    plain = plain_herding(kernel, weight, None, np.ones(300, bool), 20)
    with room_for(entries):
        covering = Coverage(Blocks(X), Kernel(gamma=0.5), ground, weight)
        found = herd(covering, 20, Ties(300, np.random.default_rng(0)))
    assert found.tolist() == plain


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@FEW
@given(seed=seeds, gamma=st.sampled_from([1e-4, 0.01, 0.2]))
def test_a_mean_kernel_value_lies_within_its_bounds(kind, seed, gamma):
    X = points(200, seed=seed).astype(kind)
    X /= np.linalg.norm(X, axis=1).max()
    ground, weight = X[:80], np.random.default_rng(seed).random(80).astype(kind)
    low, high = bound_means(Kernel(gamma=gamma), Blocks(X), ground, weight)
    means = np.exp(-gamma * cdist(X, ground, "sqeuclidean")) @ weight / 80
    assert ((low <= means) & (means <= high)).all()
    assert (high - low).max() < 10 * gamma**2 + 1e-5  # else they would be of no use


def test_a_narrow_kernel_has_no_bounds():
    assert bound_means(Kernel(gamma=5.0), Blocks(points(100)), points(100), np.ones(100)) is None


@pytest.mark.parametrize("ground", [None, np.arange(0, 1500, 2)])
@pytest.mark.parametrize("entries", [10**7, 0])
def test_gains_are_the_same_bytes_on_any_number_of_threads(ground, entries):
    rows, asked, found = Blocks(points(1500, d=8).astype(np.float32), unit=True), np.arange(900), []
    for threads in (1, 3):
        covering = Coverage(rows, Kernel(), ground)
        with room_for(entries), threadpool_limits(threads), spread_over_threads() as spread:
            gains = [covering.everybody(spread)]
            covering.add(Blocks(rows.at(np.array([7]))))
            gains.append(covering.everybody(spread, keep=True))
            assert (covering.columns is not None) == (entries > 0)
            covering.add(Blocks(rows.at(np.array([900]))))
            gains.append(covering.renew_gains(asked, gains[-1][asked], np.ones(900, int), spread))
            np.testing.assert_allclose(gains[-1], covering.gains(asked), rtol=1e-3, atol=1e-6)
        found.append(np.concatenate(gains).tobytes())
    assert found[0] == found[1]


@FEW
@given(seed=seeds)
def test_uherding_is_plain_greedy_weighted_by_doubt(seed):
    X, y, head = world(seed, n=200, labelled=9)
    rows, known = np.flatnonzero(y < 0), np.flatnonzero(y >= 0)
    U = X / np.linalg.norm(X, axis=1, keepdims=True)
    apart = cdist(U[known], U[known])
    gamma = 1 / min(1.0, apart[apart > 1e-3].min()) ** 2
    kernel = np.exp(-gamma * cdist(U, U, "sqeuclidean"))
    P = head.predict_proba(X[rows]) ** (1 / 2.0)
    P = np.sort(P / P.sum(axis=1, keepdims=True), axis=1)
    covered = kernel[np.ix_(rows, known)].max(axis=1)
    doubt = 1 - (P[:, -1] - P[:, -2])
    plain = plain_herding(kernel[np.ix_(rows, rows)], doubt, covered, np.ones(len(rows), bool), 10)
    found = query(ours.UHerding, X, y, 10, init={"temperature": 2.0}, clf=head, fit_clf=False)
    assert found.tolist() == rows[plain].tolist()


def test_uherding_with_few_labels_is_coverage_and_with_many_is_doubt():
    X, y, head = world(0, n=200, labelled=3)
    hot = fit_temperature(ours.UHerding(missing_label=-1)._task(X, y, None, 1, False), head)
    assert hot == np.inf
    X, y, head = world(0, n=400, labelled=200)
    assert fit_temperature(ours.UHerding(missing_label=-1)._task(X, y, None, 1, False), head) < 4


@pytest.mark.parametrize("entries", [0, 10**6])
def test_scores_are_the_gains_before_each_pick_and_cost_about_what_the_picks_do(entries, monkeypatch):
    """Measured anew for every pick, those of 100 out of 2,000 took minutes."""
    X = np.random.default_rng(0).normal(size=(300, 4))
    asked, call = [], Kernel.__call__

    def count(kernel, left, right):
        asked.append(len(left) * len(right))
        return call(kernel, left, right)

    monkeypatch.setattr(Kernel, "__call__", count)
    made = ours.MaxHerding(missing_label=-1, random_state=0, normalize_samples=False)
    with room_for(entries):
        picks, found = made.query(X, np.full(300, -1), batch_size=25, return_utilities=True)
    assert sum(asked) < 25 * 300**2 / 2
    K, covered = np.exp(-cdist(X, X, "sqeuclidean") / 4), np.zeros(300)
    for b, pick in enumerate(picks):
        open_ = np.setdiff1d(np.arange(300), picks[:b])
        assert found[b, open_] == pytest.approx(np.maximum(K - covered, 0).mean(axis=1)[open_], abs=1e-9)
        covered = np.maximum(covered, K[pick])


def test_a_sample_of_the_pool_stands_for_it_openly():
    X, y, _ = world(0, n=300, labelled=5)
    with pytest.warns(UserWarning, match="Coverage is measured on 50 of 295 candidates"):
        some = query(ours.MaxHerding, X, y, 8, init={"ground": 50})
    assert len(set(some.tolist())) == 8


def test_with_nothing_in_doubt_uherding_is_coverage():
    X, y = points(60), known(60, 8)
    sure = table(np.eye(3)[np.zeros(60, int)])
    found, told = query(
        ours.UHerding, X, y, 5, init={"temperature": 0.25}, clf=sure, fit_clf=False, return_utilities=True
    )
    assert np.nanmax(told[0]) > 0
    assert found[0] == np.nanargmax(told[0])


def test_a_narrow_kernel_is_as_exact_in_float32():
    """Two labelled samples that nearly coincide make gamma a million, by which float32's rounding is multiplied."""
    X, y, head = world(3, n=300, labelled=20)
    one, two = np.flatnonzero(y >= 0)[:2]
    X[two] = X[one] + 2e-3 * np.linalg.norm(X[one]) * np.eye(5)[0]
    X[np.flatnonzero(y < 0)[:100]] = X[np.flatnonzero(y < 0)[100:200]] * 1.5 + 1e-3  # rows that nearly coincide too
    more = {"clf": head, "fit_clf": False, "return_utilities": True}
    _, single = query(ours.UHerding, X.astype(np.float32), y, 3, **more)
    _, double = query(ours.UHerding, X.astype(np.float32).astype(np.float64), y, 3, **more)
    np.testing.assert_allclose(single[0], double[0], rtol=1e-4)


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_the_length_of_rows_does_not_matter_even_where_squares_overflow(scale):
    X, y, _ = world(1, n=100)
    expected = query(ours.MaxHerding, X.astype(np.float32), y, 10)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = query(ours.MaxHerding, X.astype(np.float32) * np.float32(scale), y, 10)
    assert found.tolist() == expected.tolist()


def test_rows_of_zeros_and_copies_are_covered_too():
    X = np.repeat(np.vstack([np.eye(4), np.zeros((1, 4))]), 8, axis=0).astype(np.float32)
    found = query(ours.MaxHerding, X, np.full(40, -1), 40)
    assert sorted(found.tolist()) == list(range(40))
    assert {i // 8 for i in found[:5]} == set(range(5))  # one of each kind first
