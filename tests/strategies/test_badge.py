"""BADGE: its law is k-means++'s, whatever bounds it draws from, and it always comes to an end."""

import tracemalloc

import numpy as np
import pytest
import skactiveml.pool
from obvious import LEAST_P, agreement, known, points, proba, table

from nextlabel.errors import BadArray
from nextlabel.strategies.badge import Badge, gradients
from nextlabel.strategies.badge import badge as drawn
from nextlabel.strategies.kit.blocks import Blocks
from nextlabel.strategies.kit.gradient_draws import Draw
from nextlabel.strategies.kit.ties import Ties


def embeddings(P, X):
    """Gradient embeddings (n, C d), written down."""
    residual = P - np.eye(P.shape[1])[P.argmax(1)]
    return (residual[:, :, None] * X[:, None, :].astype(np.float64)).reshape(len(P), -1)


def law(g, batch, origin=False):
    """{ordered batch: probability} of k-means++ on ``g`` (n, k), the longest first, by going through them all."""
    size = (g**2).sum(1)
    apart = ((g[:, None] - g[None]) ** 2).sum(2)
    found = {(int(size.argmax()),): 1.0}
    for _ in range(batch - 1):
        longer = {}
        for picks, p in found.items():
            near = apart[:, picks].min(axis=1)
            near = np.minimum(near, size) if origin else near
            near[near < 1e-12] = 0
            if not near.any():
                near = np.ones(len(g))
            near[list(picks)] = 0
            longer |= {(*picks, i): p * share for i, share in enumerate(near / near.sum()) if share > 0}
        found = longer
    return found


def plain(kind=np.float64):
    return proba(7), points(7).astype(kind)


def huge_and_close():
    """Two rows a hundred times longer than the others, and others that nearly coincide."""
    P, X = proba(12, seed=1), points(12, seed=1)
    X[[3, 8]] *= 100
    X[1], P[1] = X[0] + 1e-3, P[0]
    X[9], P[9] = X[8] + 1e-2, P[8]
    return P, X


def zeros():
    """Gradients of length zero: a certain prediction, features of zeros."""
    P, X = proba(8, seed=2), points(8, seed=2)
    P[[1, 4]] = np.eye(3)[[0, 2]]
    X[6] = 0
    return P, X


def two_kinds():
    P, X = proba(2, seed=3), points(2, seed=3)
    return P[np.arange(7) % 2], X[np.arange(7) % 2]


def one_kind():
    return np.repeat(proba(1), 6, axis=0), np.repeat(points(1), 6, axis=0)


PROBLEMS = {
    "plain": plain,
    "float32": lambda: plain(np.float32),
    "huge and close": huge_and_close,
    "zeros": zeros,
    "two kinds": two_kinds,
    "one kind": one_kind,
}


def batches(P, X, batch, origin, count=1000):
    found = gradients(P, Blocks(X))
    return [
        tuple(drawn(found, batch, np.random.default_rng(seed), Ties(len(X), np.random.default_rng(0)), origin).tolist())
        for seed in range(count)
    ]


@pytest.mark.parametrize("trials", [2, 40])
@pytest.mark.parametrize("origin", [False, True])
@pytest.mark.parametrize("name", PROBLEMS)
def test_batches_follow_the_law_of_kmeans_plus_plus(name, origin, trials, monkeypatch, record_property):
    """With two draws at a time bounds grow stale, and are renewed, all the time."""
    monkeypatch.setattr("nextlabel.strategies.kit.gradient_draws.TRIALS", trials)
    monkeypatch.setattr("nextlabel.strategies.kit.gradient_draws.TOGETHER", 8)
    P, X = PROBLEMS[name]()
    outcomes = batches(P, X, 3, origin)
    longest = outcomes[0][0]
    order = np.r_[longest, np.setdiff1d(np.arange(len(X)), longest)]  # so that argmax is the one the shuffle chose
    exact = {tuple(order[list(picks)].tolist()): p for picks, p in law(embeddings(P, X)[order], 3, origin).items()}
    p = agreement(outcomes, exact)
    record_property("p", p)
    assert p > LEAST_P


def test_a_query_draws_from_the_core_and_tells_the_law_of_each_draw():
    P, X, y = proba(30), points(30), known(30, 6)
    picks, told = Badge(missing_label=-1, random_state=3).query(
        X, y, table(P), fit_clf=False, batch_size=4, return_utilities=True
    )
    g, free = embeddings(P, X), y < 0
    for b in range(4):
        apart = ((g[:, None] - g[picks[:b]]) ** 2).sum(2) if b else (g**2).sum(1)[:, None]
        near = np.where(free, apart.min(axis=1), 0)
        near[picks[:b]] = 0
        expected = np.where(free & ~np.isin(np.arange(30), picks[:b]), near / near.sum(), np.nan)
        np.testing.assert_allclose(told[b], expected, rtol=1e-9)


@pytest.mark.parametrize("labelled", [0, 6])
def test_with_the_origin_the_law_of_a_draw_is_scikit_activemls(labelled):
    P, X, y = proba(30), points(30), known(30, labelled)
    given = {"fit_clf": False, "batch_size": 2, "return_utilities": True}
    ours, told = Badge(origin=True, missing_label=-1, random_state=3).query(X, y, table(P, X=X), **given)
    theirs, expected = skactiveml.pool.Badge(missing_label=-1, random_state=3).query(X, y, table(P, X=X), **given)
    assert ours[0] == theirs[0]
    expected[1] /= np.nansum(expected[1])  # 1.0.1 leaves what was picked out of it only afterwards
    np.testing.assert_allclose(told, expected, atol=1e-12)


def hard(kind):
    """Rows of very different lengths, each six times over with small errors, and many of them alike."""
    rng = np.random.default_rng(0)
    X = np.repeat(rng.normal(size=(100, 40)) * 10.0 ** rng.integers(-3, 4, (100, 1)), 6, axis=0)
    X[::2] *= 1 + 1e-6 * rng.normal(size=(300, 40))
    P = np.repeat(rng.dirichlet(np.ones(10), size=100), 6, axis=0)
    return P, X.astype(kind)


@pytest.mark.parametrize("origin", [False, True])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_bounds_are_bounds_at_all_times(kind, origin):
    P, X = hard(kind)
    found, g = gradients(P, Blocks(X)), embeddings(P, X)
    draw = Draw(found, 150, np.random.default_rng(0), origin)
    draw.take(0, *(part[0] for part in found.at(np.array([0]))))
    near = np.minimum((g**2).sum(1) if origin else np.inf, ((g - g[0]) ** 2).sum(1))
    while draw.centres.count < 150:
        before = draw.centres.count
        draw.some()
        for pick in draw.centres.picks[before : draw.centres.count]:
            near = np.minimum(near, ((g - g[pick]) ** 2).sum(1))
        missing = near > draw.bound * (1 + 1e-9) + 1e-13 * (
            (g**2).sum(1) + draw.centres.square[: draw.centres.count].max()
        )
        missing[draw.centres.taken] = False
        assert not missing.any()


def test_one_that_is_away_is_found_among_many_that_only_rounding_moves():
    """Six thousand long rows alike: what float32 cannot tell about them is more than the last distance there is."""
    X = np.ones((6002, 8), dtype=np.float32) * 300
    X[6000:] = np.eye(8)[:2]
    P = np.repeat([[0.6, 0.4]], 6002, axis=0)
    picks = drawn(gradients(P, Blocks(X)), 3, np.random.default_rng(0), Ties(6002, np.random.default_rng(0)))
    assert set(picks.tolist()) >= {6000, 6001}


@pytest.mark.parametrize("origin", [False, True])
@pytest.mark.parametrize(
    ("P", "X"),
    [
        (np.eye(4)[np.zeros(700, int)], points(700)),
        (proba(700), np.zeros((700, 3))),
        (np.repeat(proba(1), 700, axis=0), np.ones((700, 9), np.float32) / 3),
        (np.repeat(proba(1), 700, axis=0), 1000 + points(700, spread=1e-5).astype(np.float32)),
        (np.ones((700, 1)), points(700)),
        (proba(700), points(700) * 1e140),
        (proba(700), points(700) * 1e-140),
        hard(np.float32),
    ],
    ids=["certain", "zeros", "alike", "nearly alike", "one class", "huge", "tiny", "hard"],
)
def test_a_batch_of_everybody_comes_to_an_end(P, X, origin):
    picks = drawn(
        gradients(P, Blocks(X)), len(X), np.random.default_rng(0), Ties(len(X), np.random.default_rng(0)), origin
    )
    assert sorted(picks.tolist()) == list(range(len(X)))


@pytest.mark.parametrize("scale", [1e200, np.float32(1e19)])
def test_embeddings_too_large_to_be_squared_are_refused(scale):
    X = points(20).astype(type(scale)) * scale
    with pytest.raises(BadArray, match="too large to be squared"):
        Badge(missing_label=-1).query(X, known(20, 5), table(proba(20)), fit_clf=False)


def test_embeddings_that_come_along_take_the_place_of_features():
    P, X, y = proba(30), points(30), known(30, 6)
    given = {"fit_clf": False, "batch_size": 5}
    with_flag = Badge("embeddings", missing_label=-1, random_state=0).query(X * 0, y, table(P, X), **given)
    without = Badge(missing_label=-1, random_state=0).query(X, y, table(P), **given)
    assert with_flag.tolist() == without.tolist()


def test_extra_memory_is_a_quarter_of_the_input():
    n, d, C = 20_000, 384, 10
    X = np.random.default_rng(0).normal(size=(n, d)).astype(np.float32)
    P = np.random.default_rng(1).dirichlet(np.full(C, 0.2), size=n)
    y, model = known(n, 50, C), table(P)
    tracemalloc.start()
    try:
        Badge(missing_label=-1, random_state=0).query(X, y, model, fit_clf=False, batch_size=100)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 0.25 * X.nbytes


def test_without_doubt_it_is_random():
    X, y, certain = points(9), known(9, 0), table(np.tile([1.0, 0.0], (9, 1)))
    seconds = {
        Badge(missing_label=-1, random_state=seed).query(X, y, certain, fit_clf=False, batch_size=2)[1]
        for seed in range(100)
    }
    assert len(seconds) > 6
