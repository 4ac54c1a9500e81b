"""Our query strategies against slow, obvious versions, and against scikit-activeml's own."""

import itertools
import warnings

import numpy as np
import pytest
import skactiveml.pool as upstream
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.stats import chisquare
from sklearn.cluster import KMeans

from nextlabel import strategies as ours
from nextlabel.models.head import LinearHead
from nextlabel.strategies import badge as badge_module
from nextlabel.strategies import prob_cover as cover_module
from nextlabel.strategies.batch_bald import Joint, batch_bald
from nextlabel.strategies.rows import Rows
from nextlabel.strategies.ties import Ties

FEW = settings(max_examples=15, deadline=None, derandomize=True)
seeds = st.integers(0, 2**31)


class Fixed(LinearHead):
    """A classifier that answers with the probabilities it was made with, whatever the rows."""

    def __init__(self, P=None, classes=None, missing_label=-1, cost_matrix=None, random_state=None):
        super().__init__(1.0, classes, missing_label, cost_matrix, random_state)
        self.P = P

    def predict_proba(self, X, return_embeddings=False):
        return self.P[len(self.P) - len(X) :]


def world(seed, n=80, labelled=12, classes=4, d=5):
    """Features, labels and a trained head."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(classes, size=n)
    X = rng.normal(size=(n, d)) + 1.5 * np.eye(classes, d)[truth]
    y = np.full(n, -1)
    known = rng.choice(n, labelled, replace=False)
    y[known] = truth[known]
    head = LinearHead(classes=range(classes))
    return X, y, head.fit(X[known], y[known]) if labelled else head.fit(X[:1], [-1])


def members(X, classes=4, count=6, seed=0):
    rng = np.random.default_rng(seed)
    return [LinearHead(classes=range(classes)).fit(X[:30], rng.integers(classes, size=30)) for _ in range(count)]


def query(kind, X, y, batch, seed=0, init=None, **more):
    return kind(**(init or {}), missing_label=-1, random_state=seed).query(X, y, batch_size=batch, **more)


# The same as scikit-activeml 1.0.1, on float64 without ties

GRID = {"random_state": 3, "n_init": 1}
SAME = {
    "least_confident": ("UncertaintySampling", {"method": "least_confident"}),
    "margin": ("UncertaintySampling", {"method": "margin_sampling"}),
    "entropy": ("UncertaintySampling", {"method": "entropy"}),
    "coreset": ("CoreSet", {}),
    "coreset in cosines": ("CoreSet", {"metric": "cosine"}),
    "maxherding": ("MaxHerding", {}),
    "maxherding, narrow": ("MaxHerding", {"metric_dict": {"gamma": 4.0}}),
    "maxherding, another kernel": ("MaxHerding", {"metric": "laplacian", "normalize_samples": False}),
    "bald": ("GreedyBALD", {}),
    "batchbald, exact": ("BatchBALD", {"n_MC_samples": 4**5}),
}


@pytest.mark.parametrize("case", SAME)
@pytest.mark.parametrize(("labelled", "some"), [(12, False), (30, True), (0, False)])
def test_the_same_indices_and_utilities_as_scikit_activeml(case, labelled, some):
    name, init = SAME[case]
    X, y, head = world(labelled, labelled=labelled)
    if not labelled and name in ("UncertaintySampling", "CoreSet"):
        pytest.skip("all candidates tie before there is a label")
    more = {"clf": head, "fit_clf": False} if name == "UncertaintySampling" else {}
    more = {"ensemble": members(X), "fit_ensemble": False} if "BALD" in name else more
    unlabelled = np.flatnonzero(y < 0)
    more["candidates"] = np.random.default_rng(1).permutation(unlabelled)[:40] if some else None
    batch = 5 if name == "BatchBALD" else 12
    found, utilities = query(getattr(ours, name), X, y, batch, init=init, return_utilities=True, **more)
    theirs, expected = query(getattr(upstream, name), X, y, batch, init=init, return_utilities=True, **more)
    same = next((b for b in range(batch) if found[b] != theirs[b]), batch)
    np.testing.assert_allclose(utilities[: same + 1], expected[: same + 1], atol=1e-12)
    if same < batch:  # two that cover each other, and nobody else, are worth the same
        assert utilities[same, found[same]] == pytest.approx(utilities[same, theirs[same]], rel=1e-12)
        assert same > 5 or case == "maxherding, another kernel"


def test_typiclust_agrees_when_handed_the_same_clustering():
    X, y, _ = world(4, n=120, labelled=4)
    init = {"cluster_algo": KMeans, "cluster_algo_dict": GRID}
    found = query(ours.TypiClust, X, y, 4, init=init)
    sizes = np.bincount(KMeans(8, **GRID).fit_predict(X))
    assert len(set(sizes)) == len(sizes)  # no ties between clusters
    assert found.tolist() == query(upstream.TypiClust, X, y, 4, init=init).tolist()


def test_probcover_agrees_wherever_there_is_no_tie():
    X, y, _ = world(5, labelled=10)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    init = {"n_classes": 4, "deltas": [0.1, 0.3, 0.5, 0.7], "cluster_algo_dict": GRID}
    _, utilities = query(ours.ProbCover, X, y, 1, init=init, return_utilities=True)
    _, expected = query(upstream.ProbCover, X, y, 1, init=init, return_utilities=True)
    np.testing.assert_array_equal(utilities, expected)


# Slow, obvious versions


@FEW
@given(seed=seeds, labelled=st.sampled_from([1, 7]), offset=st.sampled_from([0.0, 1e4]))
def test_coreset_is_farthest_first(seed, labelled, offset):
    X, y, _ = world(seed, labelled=labelled)
    X += offset  # far from the origin, where squared lengths swallow the distances
    centres, expected = list(np.flatnonzero(y >= 0)), []
    for _ in range(10):
        near = cdist(X, X[centres]).min(axis=1)
        expected.append(int(near.argmax()))
        centres.append(expected[-1])
    assert query(ours.CoreSet, X, y, 10).tolist() == expected


def test_coreset_looks_beyond_its_working_set():
    X = np.random.default_rng(0).normal(size=(3000, 3))
    y = np.where(np.arange(3000) < 2, 0, -1)
    centres = [0, 1]
    for _ in range(300):
        centres.append(int(cdist(X, X[centres]).min(axis=1).argmax()))
    assert query(ours.CoreSet, X, y, 300).tolist() == centres[2:]


def plain_herding(K, weight, covered, free, batch):
    picks = []
    for _ in range(batch):
        gains = K @ weight if covered is None else np.maximum(K - covered, 0) @ weight
        gains[[i for i in range(len(K)) if i in picks or not free[i]]] = -np.inf
        picks.append(int(gains.argmax()))
        covered = K[:, picks[-1]] if covered is None else np.maximum(covered, K[:, picks[-1]])
    return picks


@FEW
@given(seed=seeds, labelled=st.sampled_from([0, 1, 9]), gamma=st.sampled_from([0.2, 2.0, 30.0]))
def test_maxherding_is_plain_greedy(seed, labelled, gamma):
    X, y, _ = world(seed, n=300, labelled=labelled)
    rows = np.flatnonzero(y < 0)
    U = X / np.linalg.norm(X, axis=1, keepdims=True)
    kernel = np.exp(-gamma * cdist(U, U, "sqeuclidean"))
    covered = kernel[np.ix_(rows, np.flatnonzero(y >= 0))].max(axis=1) if labelled else None
    plain = plain_herding(kernel[np.ix_(rows, rows)], np.ones(len(rows)), covered, np.ones(len(rows), bool), 25)
    found = query(ours.MaxHerding, X, y, 25, init={"metric_dict": {"gamma": gamma}})
    assert found.tolist() == rows[plain].tolist()


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
    hot = ours.u_herding.fitted(ours.UHerding(missing_label=-1)._task(X, y, None, 1, False), head)
    assert hot == np.inf
    X, y, head = world(0, n=400, labelled=200)
    assert ours.u_herding.fitted(ours.UHerding(missing_label=-1)._task(X, y, None, 1, False), head) < 4


def test_a_sample_of_the_pool_stands_for_it_openly():
    X, y, _ = world(0, n=300, labelled=5)
    with pytest.warns(UserWarning, match="Coverage is measured on 50 of the 295 candidates"):
        some = query(ours.MaxHerding, X, y, 8, init={"ground": 50})
    assert len(set(some.tolist())) == 8


def pure(X, cluster, delta):
    apart = cdist(X, X)
    return np.mean([(cluster[apart[i] <= delta] == cluster[i]).all() for i in range(len(X))])


@FEW
@given(seed=seeds, edges=st.sampled_from([10**6, 50]), labelled=st.sampled_from([0, 6]))
def test_probcover_is_greedy_cover_with_pairs_remembered_or_found_again(seed, edges, labelled):
    X, y, _ = world(seed, labelled=labelled, d=4)
    before, cover_module.EDGES = cover_module.EDGES, edges
    try:
        found, utilities = query(ours.ProbCover, X, y, 8, init={"deltas": [1.1]}, return_utilities=True)
    finally:
        cover_module.EDGES = before
    inside = cdist(X, X) <= 1.1
    covered = inside[y >= 0].any(axis=0)
    for pick, told in zip(found, utilities, strict=True):
        counts = (inside & ~covered).sum(axis=1)
        np.testing.assert_array_equal(told[~np.isnan(told)], counts[~np.isnan(told)])
        assert counts[pick] == np.nanmax(np.where(np.isnan(told), np.nan, counts))
        covered |= inside[pick]


@FEW
@given(seed=seeds, alpha=st.sampled_from([0.8, 0.95]))
def test_the_exact_radius_is_the_largest_that_is_pure_enough(seed, alpha):
    X, y, _ = world(seed, d=3)
    strategy = ours.ProbCover(4, "exact", alpha, cluster_algo_dict=GRID, missing_label=-1, random_state=0)
    strategy.query(X, y)
    cluster = KMeans(4, **GRID).fit_predict(X)
    assert pure(X, cluster, strategy.delta_max_) >= alpha
    assert pure(X, cluster, strategy.delta_max_ * (1 + 1e-5)) < alpha


def test_typiclust_takes_turns_when_clusters_run_out():
    X, y, _ = world(2, n=60, labelled=0)
    found = query(ours.TypiClust, X, y, 60, init={"cluster_algo": Blocks})
    assert sorted(found.tolist()) == list(range(60))
    sides = [Blocks(3).fit_predict(X)[i] for i in found[:9]]
    assert sorted(sides[:3]) == sorted(sides[3:6]) == [0, 1, 2]


class Blocks:
    """A clustering that everybody can foresee: three parts of the rows, whatever number is asked for."""

    def __init__(self, n_clusters=3):
        self.n_clusters = n_clusters

    def fit_predict(self, X):
        return np.arange(len(X)) * 3 // len(X)


def test_typical_is_near_to_its_neighbours():
    X = np.random.default_rng(0).normal(size=(30, 2))
    apart = np.sort(cdist(X, X), axis=1)[:, 1:6]
    np.testing.assert_allclose(ours.typi_clust.typicality(X, 5), 1 / apart.mean(axis=1), rtol=1e-5)


# BatchBALD, lazily


@pytest.mark.parametrize("most", [10**6, 2000])
def test_batchbald_is_plain_greedy_with_all_combinations_and_with_some(most, record_property):
    for seed in range(4):
        rng = np.random.default_rng(seed)
        P = rng.dirichlet(np.full(4, 0.4), size=(400, 8))  # (m, T, C)
        lazy, plain = Joint(P, most, seed), Joint(P, most, seed)
        picks = batch_bald(lazy, 6, Ties(400, rng))
        for pick in picks:
            gains = plain.gains(np.arange(400))
            gains[picks[: list(picks).index(pick)]] = -np.inf
            assert gains[pick] == pytest.approx(gains.max(), abs=1e-12)
            plain.add(int(pick))
        record_property(f"evaluations {most}", (lazy.evaluations, plain.evaluations))
        assert lazy.evaluations < plain.evaluations


# Laws


def brute_badge(P, h, origin, batch):
    """The probability of every ordered batch, from gradient embeddings written down whole."""
    a = P - np.eye(P.shape[1])[P.argmax(axis=1)]
    g = np.einsum("ij,ik->ijk", a, h).reshape(len(P), -1)
    law = {(int((g**2).sum(axis=1).argmax()),): 1.0}
    for _ in range(batch - 1):
        longer = {}
        for picked, chance in law.items():
            centres = [g[i] for i in picked] + ([np.zeros(g.shape[1])] if origin else [])
            near = cdist(g, np.array(centres), "sqeuclidean").min(axis=1)
            near[list(picked)] = 0
            near = near if near.sum() > 0 else np.array([float(i not in picked) for i in range(len(g))])
            longer |= {(*picked, i): chance * near[i] / near.sum() for i in np.flatnonzero(near)}
        law = longer
    return law


def p_value(law, draws):
    """Of a chi-square test; outcomes expected fewer than five times are counted together."""
    counts = dict.fromkeys(law, 0)
    for draw in draws:
        counts[draw] += 1  # a KeyError: an outcome of probability zero
    expected = np.array([law[key] for key in law]) * len(draws)
    found = np.array([counts[key] for key in law])
    rare = expected < 5
    if rare.any():
        expected, found = np.r_[expected[~rare], expected[rare].sum()], np.r_[found[~rare], found[rare].sum()]
    return chisquare(found, expected * found.sum() / expected.sum()).pvalue


WORLDS = {
    "plain": lambda h: h,
    "one huge": lambda h: h * np.where(np.arange(len(h)) == 2, 1000, 1)[:, None],
    "near copies": lambda h: h[np.arange(len(h)) % 3] + 1e-3 * h,
}


@pytest.mark.parametrize("origin", [False, True])
@pytest.mark.parametrize("trials", [512, 3])  # 3: bounds go stale and are renewed
@pytest.mark.parametrize("kind", WORLDS)
def test_badge_draws_batches_by_the_law_of_kmeans(kind, trials, origin, monkeypatch, record_property):
    monkeypatch.setattr(badge_module, "TRIALS", trials)
    if trials == 3:
        monkeypatch.setattr(badge_module.Draw, "_dear", lambda draw: draw.wasted > 0)
    rng = np.random.default_rng(3)
    P, h = rng.dirichlet(np.ones(3), size=8), WORLDS[kind](rng.normal(size=(8, 4)))
    found = badge_module.gradients(P, Rows(h))
    ties = Ties(8, np.random.default_rng(0))
    draws = [
        tuple(badge_module.badge(found, 3, np.random.default_rng(seed), ties, origin).tolist()) for seed in range(1500)
    ]
    p = p_value(brute_badge(P, h, origin, 3), draws)
    record_property("p", p)
    assert p > 1e-3


@pytest.mark.parametrize("h", [np.ones((40, 3)), np.zeros((40, 3)), np.repeat(np.eye(3), [20, 19, 1], axis=0)])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_badge_ends_among_copies_and_names_nobody_twice(h, kind):
    P = np.tile([0.6, 0.3, 0.1], (40, 1))
    y = np.full(40, -1)
    found = query(ours.Badge, h.astype(kind), y, 40, clf=Fixed(P, range(3)).fit(h[:1], [-1]), fit_clf=False)
    assert sorted(found.tolist()) == list(range(40))


def test_badge_without_doubt_is_random():
    P = np.tile([1.0, 0.0], (9, 1))
    X, y = np.random.default_rng(0).normal(size=(9, 2)), np.full(9, -1)
    clf = Fixed(P, range(2)).fit(X[:1], [-1])
    firsts = {query(ours.Badge, X, y, 2, seed, clf=clf, fit_clf=False)[1] for seed in range(200)}
    assert len(firsts) > 6


def test_badge_tells_the_law_it_drew_from():
    X, y, head = world(1, n=12, labelled=4)
    rows = np.flatnonzero(y < 0)
    P = head.predict_proba(X[rows])
    found, utilities = query(ours.Badge, X, y, 3, return_utilities=True, clf=head, fit_clf=False)
    assert np.nansum(utilities, axis=1) == pytest.approx(1)
    law = brute_badge(P, X[rows], False, 3)
    picked = tuple(np.searchsorted(rows, found).tolist())
    assert utilities[1, found[1]] * utilities[2, found[2]] == pytest.approx(law[picked])


def test_badge_scores_a_million_numbers_in_little_memory():
    import tracemalloc

    X = np.random.default_rng(0).normal(size=(20_000, 100)).astype(np.float32)
    P = np.random.default_rng(1).dirichlet(np.ones(10), size=20_000)
    clf, y = Fixed(P, range(10)).fit(X[:1], [-1]), np.full(20_000, -1)
    tracemalloc.start()
    query(ours.Badge, X, y, 100, clf=clf, fit_clf=False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.5 * X.nbytes  # blocks of a fixed size, whatever the number of rows; N x (C d) would be 20 times X


@pytest.mark.parametrize("beta", [1.0, 3.0])
def test_powerbald_draws_in_proportion_to_a_power(beta, record_property):
    X = np.random.default_rng(0).normal(size=(6, 2))
    ensemble = [LinearHead(C=9.0, classes=range(2)).fit(X[[i, 5 - i]], [0, 1]) for i in range(3)]
    scores = ours.bald.information(np.stack([one.predict_proba(X) for one in ensemble])) ** beta
    law = {}
    for one, two in itertools.permutations(range(6), 2):
        law[one, two] = scores[one] / scores.sum() * scores[two] / (scores.sum() - scores[one])
    y, draws = np.full(6, -1), []
    for seed in range(2000):
        more = {"ensemble": ensemble, "fit_ensemble": False}
        draws.append(tuple(query(ours.PowerBALD, X, y, 2, seed, init={"beta": beta}, **more).tolist()))
    p = p_value(law, draws)
    record_property("p", p)
    assert p > 1e-3


# Auto, and what is refused


def test_auto_covers_first_then_doubts_or_spreads():
    X, y, head = world(0, n=200, labelled=8)
    more = {"clf": head, "fit_clf": False}
    expected = {
        3.0: query(ours.UncertaintySampling, X, y, 5, init={"method": "margin_sampling"}, **more),
        9.0: query(ours.MaxHerding, X, y, 5),
    }
    known = (y >= 0).sum() / 4
    assert 1 < known < 3
    assert query(ours.Auto, X, y, 5, init={"few": 1.0, "large": 9.0}, **more).tolist() == expected[3.0].tolist()
    assert query(ours.Auto, X, y, 5, init={"few": 9.0}, **more).tolist() == expected[9.0].tolist()
    spread = query(ours.Badge, X, y, 5, **more)
    assert query(ours.Auto, X, y, 5, init={"few": 1.0, "large": 1.0}, **more).tolist() == spread.tolist()


@pytest.mark.parametrize(
    ("P", "why"),
    [
        ([[0.5, 0.6]], "do not sum to one"),
        ([[np.nan, 1.0]], "do not sum to one"),
        ([[1.5, -0.5]], "negative"),
        ([[[1.0]]], "must be a table"),
    ],
)
def test_what_is_no_probability_is_refused(P, why):
    X, y = np.zeros((3, 2)), np.full(3, -1)
    clf = Fixed(np.repeat(P, 3, axis=0), range(2)).fit(X[:1], [-1])
    with pytest.raises(ValueError, match=why):
        query(ours.UncertaintySampling, X, y, 1, clf=clf, fit_clf=False)


@given(scores=st.lists(st.sampled_from([0.0, 1.0, 2.0]), min_size=1, max_size=12), data=st.data())
def test_the_top_is_a_sort_whose_ties_are_shuffled_once(scores, data):
    scores = np.array(scores)
    batch = data.draw(st.integers(1, len(scores)))
    ties = Ties(len(scores), np.random.default_rng(batch))
    expected = sorted(range(len(scores)), key=lambda i: (-scores[i], ties.rank[i]))
    assert ties.top(scores, batch).tolist() == expected[:batch]
    assert ties.best(scores) == expected[0]


def test_float32_and_float64_choose_alike():
    X, y, head = world(4, n=500, labelled=20)
    for kind, more in (
        (ours.CoreSet, {}),
        (ours.MaxHerding, {}),
        (ours.UncertaintySampling, {"clf": head, "fit_clf": False}),
        (ours.UHerding, {"clf": head, "fit_clf": False}),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            single, double = (query(kind, X.astype(t), y, 15, **more) for t in (np.float32, np.float64))
        assert single.tolist() == double.tolist(), kind
