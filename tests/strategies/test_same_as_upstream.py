"""The same as scikit-activeml 1.0.1, on float64 without ties."""

import numpy as np
import pytest
import skactiveml.pool as upstream
from obvious import GRID, members, query, world
from sklearn.cluster import KMeans

from nextlabel import strategies as ours

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


CASES = [
    (case, labelled, some)
    for case, (name, _) in SAME.items()
    for labelled, some in ((12, False), (30, True), (0, False))
    if labelled or name not in ("UncertaintySampling", "CoreSet")  # all candidates tie before there is a label
]


@pytest.mark.parametrize(("case", "labelled", "some"), CASES)
def test_the_same_indices_and_utilities_as_scikit_activeml(case, labelled, some):
    name, init = SAME[case]
    X, y, head = world(labelled, labelled=labelled)
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


def test_typiclust_takes_the_same_clusters_in_the_same_order():
    """Whom it asks of a cluster is the paper's choice: squared distances, unlabelled neighbours (test_typi_clust)."""
    X, y, _ = world(4, n=120, labelled=4)
    init = {"cluster_algo": KMeans, "cluster_algo_dict": GRID}
    cluster = KMeans(8, **GRID).fit_predict(X)
    sizes = np.bincount(cluster)
    assert len(set(sizes)) == len(sizes)  # no ties between clusters
    found, theirs = (query(kind.TypiClust, X, y, 4, init=init) for kind in (ours, upstream))
    assert cluster[found].tolist() == cluster[theirs].tolist()


def test_probcover_agrees_wherever_there_is_no_tie():
    X, y, _ = world(5, labelled=10)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    init = {"n_classes": 4, "deltas": [0.1, 0.3, 0.5, 0.7], "cluster_algo_dict": GRID}
    _, utilities = query(ours.ProbCover, X, y, 1, init=init, return_utilities=True)
    _, expected = query(upstream.ProbCover, X, y, 1, init=init, return_utilities=True)
    np.testing.assert_array_equal(utilities, expected)
