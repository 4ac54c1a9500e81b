"""What learning and tuning the linear head costs: ``python benchmarks/head_speed.py``, with nothing beside it.

Seconds of `Linear.tune` and `Linear.fit` beside those of plain scikit-learn, `LogisticRegression` on the same folds and
the same grid of C, each begun where the one before ended. Both are timed in turns in one process; the least of three
counts. Once with one thread of BLAS, once with two. ``results/head-speed.json`` holds them.
"""

import json
import os
import platform
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import sklearn
from network_speed import worked
from run import keep
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from nextlabel import Pool
from nextlabel.models.linear import GRID, Linear
from nextlabel.seeds import stream

CASES = {  # labels, features, classes
    "1000x384": (1000, 384, 10),
    "20000x384": (20_000, 384, 10),
    "137x1280": (137, 1280, 5),
    "301x1280": (301, 1280, 5),
    "1777x1280": (1777, 1280, 5),
}
TURNS = 3
INFORMATIVE = 20  # features in which the classes differ


def main() -> None:
    """Measure, print and keep."""
    found: dict[str, Any] = {}
    for threads in (1, 2):
        found[f"threads_{threads}"] = dict(worked(measure, list(CASES), jobs=1, threads=threads))
    found["machine"] = {"cores": os.cpu_count(), "processor": platform.machine(), "scikit-learn": sklearn.__version__}
    keep("head-speed.json", json.loads(json.dumps(found)))


def samples(n: int, d: int, k: int) -> Pool:
    """A pool of n labelled samples whose classes overlap."""
    rng = np.random.default_rng(0)
    y = rng.integers(k, size=n)
    X = rng.standard_normal((n, d), dtype=np.float32)
    X[:, :INFORMATIVE] += 0.8 * rng.standard_normal((k, INFORMATIVE))[y]
    return Pool(X, y, np.ones(n, dtype=bool), classes=k)


def measure(case: str) -> dict[str, float]:
    """Seconds to tune and to fit, the least of several turns, and the C that each chose."""
    pool = samples(*CASES[case])
    took: dict[str, list[float]] = {"tune": [], "fit": [], "sklearn_tune": [], "sklearn_fit": []}
    for _ in range(TURNS):
        settings = clock(took["tune"], lambda: Linear({}).tune(pool))
        [(_, C)] = settings["C"]
        clock(took["fit"], lambda: Linear(settings).fit(pool, stream(0, "fit", 0)))  # noqa: B023
        theirs = clock(took["sklearn_tune"], lambda: tune(pool.features, pool.y))
        clock(took["sklearn_fit"], lambda: plain(C).fit(pool.features.astype(np.float64), pool.y))  # noqa: B023
    return {name: round(min(seconds), 3) for name, seconds in took.items()} | {"C": C, "sklearn_C": theirs}


def clock(took: list[float], work: Callable[[], Any]) -> Any:
    """The work's result; its seconds go to the list."""
    began = time.perf_counter()
    result = work()
    took.append(time.perf_counter() - began)
    return result


def plain(C: float, **more: Any) -> LogisticRegression:
    """Scikit-learn's own, as it comes but for its steps."""
    return LogisticRegression(C=C, max_iter=300, **more)


def tune(X: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> float:
    """The grid of `cross_validate` with plain scikit-learn: C grows until the loss does."""
    parts = list(StratifiedKFold(5, shuffle=True, random_state=0).split(X, y))
    heads = [plain(1.0, warm_start=True) for _ in parts]
    chosen, least = GRID[0], float("inf")
    for C in GRID:
        loss = np.mean([_loss(head.set_params(C=C), X, y, *part) for head, part in zip(heads, parts, strict=True)])
        if loss >= least:
            break
        chosen, least = C, float(loss)
    return chosen


def _loss(head: LogisticRegression, X: Any, y: Any, train: Any, test: Any) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        proba = head.fit(X[train].astype(np.float64), y[train]).predict_proba(X[test].astype(np.float64))
    return float(-np.log(np.clip(proba[np.arange(len(test)), y[test]], 1e-12, None)).mean())


if __name__ == "__main__":
    main()
