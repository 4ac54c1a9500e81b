"""Ours in the place of scikit-activeml's: the same calls, the same refusals, the same wrappers."""

import inspect

import numpy as np
import pytest
import skactiveml.pool as upstream
from obvious import GRID, query, world
from skactiveml.pool.multiannotator import SingleAnnotatorWrapper
from sklearn.cluster import KMeans
from sklearn.metrics import pairwise_distances

from nextlabel import strategies as ours
from nextlabel.errors import BadArgument, BadArray
from nextlabel.models.head import LinearHead

TWINS = [
    "Badge",
    "BatchBALD",
    "CoreSet",
    "GreedyBALD",
    "MaxHerding",
    "ProbCover",
    "RandomSampling",
    "TypiClust",
    "UncertaintySampling",
]


def positional(function):
    return [one.name for one in inspect.signature(function).parameters.values() if one.kind is not one.KEYWORD_ONLY]


@pytest.mark.parametrize("name", TWINS)
def test_positional_calls_mean_the_same(name):
    mine, theirs = getattr(ours, name), getattr(upstream, name)
    assert positional(mine) == positional(theirs)
    assert positional(mine.query) == positional(theirs.query)


def test_greedybald_takes_monte_carlo_samples_and_needs_none():
    X, y, head = world(0)
    found = [
        query(ours.GreedyBALD, X, y, 3, init={"n_MC_samples": count}, ensemble=[head, head], fit_ensemble=False)
        for count in (None, 7)
    ]
    assert found[0].tolist() == found[1].tolist()


@pytest.mark.filterwarnings("ignore:The maximum purity")
def test_a_positional_call_of_probcover_asks_nothing_labelled():
    X, y, _ = world(0)
    given = (2, [0.5], 0.95, KMeans, None, "n_clusters", pairwise_distances, -1, 0)
    found, theirs = (module.ProbCover(*given).query(X, y, batch_size=5) for module in (ours, upstream))
    assert (y[found] < 0).all()
    assert len(theirs) == len(set(found.tolist())) == 5


class Untouched(LinearHead):
    """Fails as soon as anybody works with it."""

    def fit(self, X, y, sample_weight=None):
        raise AssertionError("trained before the arguments were checked")

    def predict_proba(self, X, return_embeddings=False):
        raise AssertionError("asked before the arguments were checked")


REFUSED = [
    ("TypiClust", "cluster_algo_dict", "x"),
    ("TypiClust", "n_cluster_param_name", 5),
    ("TypiClust", "k", 0),
    ("TypiClust", "k", 1.5),
    ("ProbCover", "cluster_algo_dict", "x"),
    ("ProbCover", "alpha", 0.0),
    ("ProbCover", "alpha", 1),
    ("ProbCover", "n_classes", 1),
    ("ProbCover", "n_classes", "x"),
    ("ProbCover", "deltas", [-1.0, 1.0]),
    ("ProbCover", "deltas", [[0.5], [1.0, 2.0]]),
    ("ProbCover", "distance_func", 5),
    ("MaxHerding", "normalize_samples", 0),
    ("MaxHerding", "normalize_samples", 1),
    ("MaxHerding", "normalize_samples", "Test"),
    ("MaxHerding", "metric_dict", []),
    ("MaxHerding", "metric_dict", "gamma"),
    ("MaxHerding", "metric", None),
    ("MaxHerding", "metric", "x"),
    ("CoreSet", "metric_dict", []),
    ("CoreSet", "metric", 5),
    ("GreedyBALD", "eps", 0),
    ("GreedyBALD", "eps", 0.0),
    ("GreedyBALD", "eps", 1.0),
    ("GreedyBALD", "n_MC_samples", 0),
    ("GreedyBALD", "n_MC_samples", "x"),
    ("BatchBALD", "eps", 0),
    ("BatchBALD", "n_MC_samples", 1.5),
    ("UncertaintySampling", "method", "x"),
    ("UncertaintySampling", "method", 1),
    ("Badge", "clf_embedding_flag_name", 5),
]


@pytest.mark.parametrize(("name", "argument", "value"), REFUSED)
@pytest.mark.filterwarnings("ignore")
def test_arguments_are_refused_as_upstream_does_and_before_any_work(name, argument, value):
    X, y, head = world(0)

    def call(module, head):
        more = {"clf": head, "fit_clf": False} if name in ("Badge", "UncertaintySampling") else {}
        more = {"ensemble": [head, head], "fit_ensemble": False} if "BALD" in name else more
        query(getattr(module, name), X, y, 2, init={argument: value}, **more)

    with pytest.raises((TypeError, ValueError)) as theirs:
        call(upstream, head)
    with pytest.raises((TypeError, ValueError)) as mine:
        call(ours, Untouched())
    assert {kind for kind in (TypeError, ValueError) if isinstance(mine.value, kind)} & set(theirs.type.__mro__)


@pytest.mark.parametrize("name", ["UncertaintySampling", "Badge", "UHerding", "Auto"])
def test_whether_to_train_is_yes_or_no(name):
    X, y, _ = world(0)
    with pytest.raises(TypeError, match="fit_clf"):
        query(getattr(ours, name), X, y, 2, clf=Untouched(), fit_clf=np.nan)


@pytest.mark.parametrize("update", ["x", 1])
def test_probcovers_update_is_yes_or_no(update):
    X, y, _ = world(0)
    with pytest.raises(TypeError, match="update"):
        query(ours.ProbCover, X, y, 2, update=update)


@pytest.mark.parametrize(
    ("kind", "argument", "value", "why"),
    [
        (ours.MaxHerding, "ground", 0, BadArgument),
        (ours.MaxHerding, "sample", True, BadArgument),
        (ours.UHerding, "ground", "x", BadArgument),
        (ours.UHerding, "temperature", 0, ValueError),
        (ours.UHerding, "temperature", -1, ValueError),
        (ours.UHerding, "temperature", np.nan, ValueError),
        (ours.UHerding, "temperature", "x", TypeError),
        (ours.Auto, "large", "x", TypeError),
        (ours.Auto, "few", -1, ValueError),
        (ours.Badge, "origin", "x", TypeError),
        (ours.ProbCover, "normalize_samples", 1, TypeError),
    ],
)
def test_our_own_arguments_are_checked_too(kind, argument, value, why):
    X, y, _ = world(0)
    more = {} if kind in (ours.MaxHerding, ours.ProbCover) else {"clf": Untouched()}
    with pytest.raises(why, match=argument):
        query(kind, X, y, 2, init={argument: value}, **more)


def test_an_answered_sample_is_open_for_another_annotator():
    X, gap = [[1, 2], [5, 8], [8, 4], [5, 4]], np.nan
    wrapper = SingleAnnotatorWrapper(ours.RandomSampling(random_state=0), random_state=0)
    pairs = wrapper.query(X, [[0, 0, 1], [0, 1, gap], [1, 0, 1], [gap] * 3], batch_size=4)
    assert sorted(map(tuple, pairs.tolist())) == [(1, 2), (3, 0), (3, 1), (3, 2)]
    one_each = [[0, gap, gap], [gap, 1, gap], [1, gap, gap], [gap, gap, 0]]  # nobody is unlabelled
    pairs = wrapper.query(X, one_each, batch_size=8)
    assert len({tuple(pair) for pair in pairs.tolist() if np.isnan(one_each[pair[0]][pair[1]])}) == 8


def test_probcover_takes_all_distances_at_once():
    X, y, _ = world(3, labelled=8)
    D, asked = pairwise_distances(X, metric="cityblock"), []

    def whole(rows):
        asked.append(rows.shape)
        return D

    init = {"n_classes": 4, "deltas": [0.5, 1.0, 2.0], "cluster_algo_dict": GRID}
    found = [
        query(ours.ProbCover, X, y, 6, init=init | {"distance_func": function}).tolist()
        for function in (whole, lambda A, B: pairwise_distances(A, B, metric="cityblock"))
    ]
    assert found[0] == found[1]
    assert asked == [X.shape]
    told = query(ours.ProbCover, X, y, 1, init=init | {"distance_func": whole}, return_utilities=True)[1]
    theirs = query(upstream.ProbCover, X, y, 1, init=init | {"distance_func": whole}, return_utilities=True)[1]
    np.testing.assert_array_equal(told, theirs)


@pytest.mark.parametrize(
    ("D", "words"),
    [
        (np.zeros((3, 2)), "should return the distances between all 80 rows"),
        (np.full((80, 80), np.nan), "negative or NaN"),
        (np.triu(np.ones((80, 80))), "differ between a row and a column"),
    ],
)
def test_distances_that_are_none_are_refused(D, words):
    X, y, _ = world(3)
    with pytest.raises(BadArray, match=words):
        query(ours.ProbCover, X, y, 1, init={"deltas": 0.5, "distance_func": lambda X: D})
