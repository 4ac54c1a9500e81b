"""Does `typiclust` ask for what its authors' code asks for? ``python benchmarks/typiclust_paper.py CHECKOUT``

CHECKOUT is a clone of github.com/avihu111/TypiClust, of which ``deep-al/pycls/al/typiclust.py`` is run as it is, with
faiss on the processor (``pip install faiss-cpu``). It is theirs, and no part of this repository. Both get the same
features and the same clusters, found by scikit-learn's k-means, for only there chance has a say: scikit-learn's digits,
blobs of several sizes, and blobs on a grid, where many samples are as typical as another; with none to 60 labels. The
same sample at the same place of the batch is one pick that agrees. ``results/typiclust-paper.json`` keeps the counts,
and of the batches that differ how many do so within one cluster at first, and how typical our sample is beside theirs.
"""

import contextlib
import importlib.util
import io
import json
import sys
import types
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits, make_blobs

from nextlabel.strategies import TypiClust

RESULT = Path(__file__).parent / "results" / "typiclust-paper.json"
COMMIT = "2e14a16aa6f950095bb0b52307e403265019cfe9"  # of theirs
SEEDS = 20
BATCH = 10
Array = npt.NDArray[Any]


def main(checkout: str) -> None:
    """Ask both, count, print, and keep the result."""
    theirs, worlds = read_theirs(Path(checkout)), list(make_worlds())
    found: dict[str, Any] = {"command": "python benchmarks/typiclust_paper.py CHECKOUT", "commit": COMMIT}
    by_data = {name: {"same": 0, "picks": 0} for name, *_ in worlds}
    differ: list[tuple[bool, float]] = []
    for name, X, y, cluster in worlds:
        asked = ask_theirs(theirs, X, y, cluster)
        ours = TypiClust(missing_label=-1, random_state=0, cluster_algo=Known, cluster_algo_dict={"cluster": cluster})
        picks = ours.query(X, y, batch_size=len(asked))
        same = picks == asked
        by_data[name]["same"] += int(same.sum())
        by_data[name]["picks"] += len(asked)
        if not same.all():
            place = int(np.flatnonzero(~same)[0])
            differ.append(compare(X, y, cluster, asked, (int(picks[place]), int(asked[place]))))
    ratios = [ratio for _, ratio in differ]
    found["by_data"] = by_data
    found["differ"] = {
        "batches": len(differ),
        "in_the_same_cluster": sum(same for same, _ in differ),
        "ours_over_theirs": [min(ratios, default=1), max(ratios, default=1)],
    }
    RESULT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


def read_theirs(checkout: Path) -> Any:
    """Their module, with what it imports of theirs left empty, and faiss's index where it is."""
    for name in ("pycls", "pycls.datasets", "pycls.datasets.utils"):
        sys.modules[name] = types.ModuleType(name)
    sys.modules["pycls.datasets"].utils = sys.modules["pycls.datasets.utils"]  # type: ignore[attr-defined]
    vars(faiss)["index_cpu_to_all_gpus"] = lambda index: index  # no GPU is needed for so few
    path = checkout / "deep-al" / "pycls" / "al" / "typiclust.py"
    spec = importlib.util.spec_from_file_location("typiclust_of_the_paper", path)
    assert spec is not None, path
    assert spec.loader is not None, path
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.TypiClust


def make_worlds() -> Any:
    """Name, features (n, d) float32, labels (n,) with -1, and clusters (n,) of each."""
    digits = load_digits().data.astype(np.float32)
    for seed in range(SEEDS):
        for name in ("digits", "blobs", "grid"):
            rng = np.random.default_rng(seed)
            X = digits
            if name == "blobs":
                sizes = rng.integers(30, 300, 8).tolist()
                X = make_blobs(sizes, 16, cluster_std=3, random_state=seed)[0].astype(np.float32)
            elif name == "grid":
                X = make_blobs(300, 2, centers=4, cluster_std=2, random_state=seed)[0].round().astype(np.float32)
            y = np.full(len(X), -1)
            known = rng.permutation(len(X))[: (0, 10, 60)[seed % 3]]
            y[known] = rng.integers(0, 5, len(known))
            count = len(known) + BATCH
            yield name, X, y, KMeans(count, n_init=1, random_state=seed).fit(X).labels_.astype(np.int64)


class Known:
    """A clustering that is known beforehand."""

    def __init__(self, n_clusters: int, cluster: Array) -> None:
        self.cluster = cluster

    def fit_predict(self, X: Array) -> Array:
        return self.cluster


def ask_theirs(theirs: Any, X: Array, y: Array, cluster: Array) -> Array:
    """The batch that their code asks for, in order."""
    query = theirs.__new__(theirs)  # its constructor reads files of features, and clusters them
    query.features, query.clusters, query.budgetSize = X, cluster, BATCH
    query.lSet, query.uSet = np.flatnonzero(y >= 0), np.flatnonzero(y < 0)
    with contextlib.redirect_stdout(io.StringIO()):
        return np.asarray(query.select_samples()[0])


def compare(X: Array, y: Array, cluster: Array, asked: Array, both: tuple[int, int]) -> tuple[bool, float]:
    """Is our sample in the cluster of theirs, where they first differ, and how typical is it beside it, in 64 bits?"""
    before = asked[: asked.tolist().index(both[1])]
    found = []
    for pick in both:
        members = np.setdiff1d(np.flatnonzero((cluster == cluster[pick]) & (y < 0)), before)
        near = np.sort(cdist(X[[pick]].astype(float), X[members].astype(float), "sqeuclidean")[0])
        found.append(1 / (near[1 : 1 + min(20, len(members) // 2)].mean() + 1e-5))
    return bool(cluster[both[0]] == cluster[both[1]]), round(found[0] / found[1], 9)


if __name__ == "__main__":
    main(sys.argv[1])
