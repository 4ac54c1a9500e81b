"""How fast do the strategies choose, and in how much memory? ``python benchmarks/speed.py [CASE …] [--list]``

Each measurement is a process of its own: it reads the features (d = 384, float32, rows of length 1 in 50 clusters),
then times one `query` and reads from the operating system how far its peak of resident memory rose above what it held
before. Pairs with scikit-activeml run in turns, in one run on one machine. Probabilities are given, not predicted.
``results/speed.json`` keeps what was found; ``benchmarks/table.py`` writes it into the docs.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import skactiveml
from skactiveml import pool as theirs
from skactiveml.base import SkactivemlClassifier
from sklearn.base import clone
from sklearn.utils import check_array

from nextlabel import strategies as ours
from nextlabel.models.head import LinearHead
from nextlabel.strategies.uncertainty_sampling import uncertainty

RESULTS = Path(__file__).parent / "results" / "speed.json"
D, C, T = 384, 10, 20
PLAIN = {"deltas": "exact", "n_classes": C}


@dataclass(frozen=True)
class Case:
    """One query: ``kind`` the class, by the same name there; ``peer`` whether theirs is measured too."""

    name: str
    kind: str
    n: int
    batch: int = 100
    labelled: int = 50
    init: dict[str, Any] = field(default_factory=dict)
    confidence: float = 0.7
    apart: float = 0.5  # how far the members of a committee lie apart, against what they share
    peer: bool = False
    product: bool = False  # is the product of all rows with all rows measured beside it?
    repeats: int = 3


def cases() -> dict[str, Case]:
    """The pairs with scikit-activeml, then every strategy of the table at 20k, 200k and 1M."""
    margin, entropy = {"method": "margin_sampling"}, {"method": "entropy"}
    grid = {"n_classes": C, "deltas": list(np.arange(0.2, 2.2, 0.2))}
    exact = PLAIN | {"neighbors": "exact"}
    pairs = [
        Case("badge-20k", "Badge", 20_000, peer=True),
        Case("coreset-20k", "CoreSet", 20_000, peer=True),
        Case("typiclust-20k-1000", "TypiClust", 20_000, labelled=1000, peer=True),
        Case("probcover-20k", "ProbCover", 20_000, init=grid, peer=True, repeats=1),
        Case("maxherding-20k", "MaxHerding", 20_000, peer=True, repeats=1),
        Case("maxherding-20k-cold", "MaxHerding", 20_000, labelled=0, peer=True, product=True, repeats=1),
        Case("badge-1M-.9", "Badge", 1_000_000, 1000, confidence=0.9),
        Case("badge-1M-.5", "Badge", 1_000_000, 1000, confidence=0.5),
        Case("margin-1M", "UncertaintySampling", 1_000_000, 1000, init=margin),
        Case("entropy-1M", "UncertaintySampling", 1_000_000, 1000, init=entropy),
        Case("batchbald-20k-mild", "BatchBALD", 20_000, 10, apart=0.2, repeats=1),
        Case("probcover-100k", "ProbCover", 100_000, init=exact, repeats=1),
    ]
    table = [
        Case(f"{name}-{size}", entry.kind.__name__, n, 10 if name == "batchbald" else 100, init=_init(name), repeats=1)
        for name, entry in ours.STRATEGIES.items()
        for size, n in {"20k": 20_000, "200k": 200_000, "1M": 1_000_000}.items()
    ]
    return {
        case.name: case for case in [*({one.name: one for one in table} | {one.name: one for one in pairs}).values()]
    }


def _init(name: str) -> dict[str, Any]:
    entry = ours.STRATEGIES[name]
    return dict(entry.args) | ({"n_classes": C} if name == "probcover" else {})


def features(n: int) -> np.ndarray[Any, Any]:
    """Rows (n, 384) of length 1, in 50 clusters."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((50, D)).astype(np.float32)
    X = np.empty((n, D), np.float32)
    for start in range(0, n, 50_000):
        size = min(50_000, n - start)
        rows = centres[rng.integers(50, size=size)] + rng.standard_normal((size, D), dtype=np.float32)
        X[start : start + size] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return X


def given(n: int, confidence: float, seed: int = 0) -> np.ndarray[Any, Any]:
    """Probabilities (n, 10) whose highest are ``confidence`` on average: softmax of noise at the right temperature."""
    logits = np.random.default_rng(seed).standard_normal((n, C))
    low, high = 0.01, 100.0
    while high / low > 1.001:
        sharp = np.sqrt(low * high)
        low, high = (sharp, high) if _softmax(sharp * logits[:20_000]).max(axis=1).mean() < confidence else (low, sharp)
    return _softmax(low * logits)


def _softmax(logits: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    found: np.ndarray[Any, Any] = np.exp(logits - logits.max(axis=1, keepdims=True))
    found /= found.sum(axis=1, keepdims=True)
    return found


class Fixed(SkactivemlClassifier):
    """A classifier that knows its answers: ``P`` (n, C) for all rows, or for the last of them, the unlabelled."""

    def __init__(self, P: Any = None, classes: Any = None, missing_label: Any = -1, random_state: Any = None) -> None:
        super().__init__(classes=classes, missing_label=missing_label, random_state=random_state)
        self.P = P

    def fit(self, X: Any, y: Any) -> "Fixed":
        """Nothing to learn."""
        self.classes_ = np.arange(C)
        return self

    def predict_proba(self, X: Any) -> Any:
        """The last rows of ``P``, as many as there are in ``X``."""
        return self.P[len(self.P) - len(X) :]


def measure(case: Case, who: str, file: str) -> dict[str, Any]:
    """One query in this process: seconds, and megabytes of peak memory beyond what was held before."""
    warnings.simplefilter("ignore")
    X = np.load(file)
    y = np.full(case.n, -1)
    y[: case.labelled] = np.arange(case.labelled) % C
    kind = getattr(ours if who == "ours" else theirs, case.kind)
    strategy = kind(**case.init, missing_label=-1, random_state=0)
    more = _given(case, X, y)
    # Once before, on a few rows, so that libraries are loaded and threads started.
    small = slice(max(0, case.labelled - 50), case.labelled + 450)
    _query(strategy, X[small], y[small], min(5, case.batch), _given(replace(case, n=500), X[small], y[small]))
    strategy = clone(strategy)  # theirs may remember
    with open("/proc/self/clear_refs", "w") as refs:
        refs.write("5")  # the peak starts anew from here
    before = _resident()
    began = time.perf_counter()
    _query(strategy, X, y, case.batch, more)
    took = time.perf_counter() - began
    found = {"seconds": round(took, 4), "extra_mb": round((_peak() - before) / 1e6), "input_mb": round(X.nbytes / 1e6)}
    if case.kind == "ProbCover" and who == "ours":
        found |= {"mean_ball": round(strategy.mean_ball_, 1), "radius": round(strategy.delta_max_, 3)}
        found["recall"] = round(strategy.recall_, 3)
    if who == "ours" and case.kind == "Badge":
        found |= {"passes": strategy.passes_, "trials": strategy.trials_}
    if who == "ours" and case.kind == "BatchBALD":
        found |= {"evaluations": strategy.evaluations_, "of_plain_greedy": case.n * case.batch}
    return found


def _query(strategy: Any, X: Any, y: Any, batch: int, more: dict[str, Any]) -> Any:
    return strategy.query(X, y, batch_size=batch, **more)


def _given(case: Case, X: Any, y: Any) -> dict[str, Any]:
    """What the query takes beside X and y."""
    if case.kind in ("Badge", "UncertaintySampling", "Auto"):
        return {"clf": Fixed(given(len(X), case.confidence)).fit(X, y), "fit_clf": False}
    if case.kind == "UHerding":
        return {"clf": LinearHead(classes=range(C)).fit(X[y >= 0], y[y >= 0]), "fit_clf": False}
    if case.kind in ("GreedyBALD", "PowerBALD", "BatchBALD"):
        members = [Rowwise(t, case.apart, range(C)).fit(X[:1], y[:1]) for t in range(T)]
        return {"ensemble": members, "fit_ensemble": False}
    return {}


class Rowwise(SkactivemlClassifier):
    """A member of a committee: softmax of a fixed random linear map, so that any rows can be asked."""

    def __init__(
        self,
        seed: int = 0,
        apart: float = 0.5,
        classes: Any = None,
        missing_label: Any = -1,
        random_state: Any = None,
    ) -> None:
        super().__init__(classes=classes, missing_label=missing_label, random_state=random_state)
        self.seed = seed
        self.apart = apart

    def fit(self, X: Any, y: Any) -> "Rowwise":
        """Draw the map: one that all members share, and a deviation."""
        shared = np.random.default_rng(99).standard_normal((X.shape[1], C))
        own = np.random.default_rng(self.seed).standard_normal((X.shape[1], C))
        self.map_ = (2 * (shared + self.apart * own)).astype(X.dtype)
        self.classes_ = np.arange(C)
        return self

    def predict_proba(self, X: Any) -> Any:
        """Probabilities (k, C)."""
        return _softmax((X @ self.map_).astype(np.float64))


def _resident() -> int:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


def _peak() -> int:
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


def multiply(file: str) -> dict[str, float]:
    """The time of X @ X.T, 512 rows at a time as herding takes them: what no look at all pairs can go below."""
    X = np.load(file)
    X[:512] @ X.T  # so that threads are started
    began = time.perf_counter()
    for start in range(0, len(X), 512):
        X[start : start + 512] @ X.T
    return {"seconds": round(time.perf_counter() - began, 4)}


def limits(file: str) -> dict[str, float]:
    """What one pass over a million rows costs here: a matrix-vector product, `check_array`, the margins of P."""
    X, P = np.load(file), given(1_000_000, 0.7)
    found = {}
    works: dict[str, Callable[[], Any]] = {
        "matrix_vector": lambda: X @ X[0],
        "check_array": lambda: check_array(X),
        "margins": lambda: uncertainty(P, "margin_sampling"),
        "entropies": lambda: uncertainty(P, "entropy"),
    }
    for name, work in works.items():
        times = []
        for _ in range(5):
            began = time.perf_counter()
            work()
            times.append(time.perf_counter() - began)
        found[name] = round(float(np.median(times)), 4)
    return found


def run(wanted: list[str]) -> None:
    """Measure, one process at a time, and keep what was found beside what other cases found before."""
    kept = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {"cases": {}}
    with tempfile.TemporaryDirectory() as folder:
        for name in wanted:
            case = cases()[name]
            file = f"{folder}/{case.n}.npy"
            if not os.path.exists(file):
                np.save(file, features(case.n))
            who_runs = ["ours", *["theirs"] * case.peer, *["product"] * case.product]
            found: dict[str, list[dict[str, Any]]] = {who: [] for who in who_runs}
            for turn in range(case.repeats):
                for who in found:
                    if who == "product":
                        found[who].append(_apart("product", file))
                    elif who == "ours" or turn == 0 or found["theirs"][0]["seconds"] < 30:
                        found[who].append(_apart("one", name, who, file))
            kept["cases"][name] = _summary(case, found)
            if case.n == 1_000_000 and "limits" not in kept:
                kept["limits"] = _apart("limits", file)
            kept["machine"] = _machine()
            RESULTS.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
            print(name, json.dumps(kept["cases"][name]), flush=True)


def _apart(*words: str) -> dict[str, Any]:
    done = subprocess.run([sys.executable, __file__, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        return {"seconds": float("nan"), "extra_mb": float("nan"), "failed": done.stderr.strip().splitlines()[-1]}
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _summary(case: Case, found: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    middle = {who: sorted(some, key=lambda one: one["seconds"])[len(some) // 2] for who, some in found.items()}
    more = {"times_faster": round(middle["theirs"]["seconds"] / middle["ours"]["seconds"], 1)} if case.peer else {}
    if case.product:
        more["products"] = round(middle["ours"]["seconds"] / middle["product"]["seconds"], 1)
    return {key: value for key, value in asdict(case).items() if key in ("n", "batch", "labelled")} | middle | more


def _machine() -> dict[str, Any]:
    versions = {"numpy": np.__version__, "scikit-activeml": skactiveml.__version__, "python": platform.python_version()}
    return {"cores": os.cpu_count(), "processor": platform.machine()} | versions


def main() -> None:
    """Measure the cases named, or all of them."""
    if sys.argv[1:2] == ["one"]:
        print(json.dumps(measure(cases()[sys.argv[2]], sys.argv[3], sys.argv[4])))
        return
    if sys.argv[1:2] == ["product"]:
        print(json.dumps(multiply(sys.argv[2])))
        return
    if sys.argv[1:2] == ["limits"]:
        print(json.dumps(limits(sys.argv[2])))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", nargs="*")
    parser.add_argument("--list", action="store_true", help="name the cases and leave")
    given_words = parser.parse_args()
    if given_words.list:
        print("\n".join(cases()))
        return
    run(given_words.case or list(cases()))


if __name__ == "__main__":
    main()
