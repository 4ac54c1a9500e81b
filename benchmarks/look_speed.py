"""What does a look at a labelling cost? ``python benchmarks/look_speed.py``, half a minute; on one core, as the worker.

A thousand labels, a fifth of them the audit's, among 20,000 samples of 384 numbers in ten classes that overlap. A look
trains small models and nothing else of it takes long, so each is timed beside its models alone, in turns, in CPU
seconds: ``receipt`` is what the page has done, ``estimate`` also tries the queue at many counts for `simulate
--estimate`, and ``fitted anew`` are the models of the latter by ``clone(head).fit``, with all of the checks that a
stranger's rows want. ``results/look-speed.json`` keeps the medians; other work on the machine makes all of them slower.
"""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from sklearn.base import clone
from threadpoolctl import threadpool_limits

from nextlabel import ActiveLearner, Linear, Plan, Pool
from nextlabel.estimators.random_arm import equal_count, steps
from nextlabel.loop.asking import Asked
from nextlabel.loop.guesses import Answers, Seen
from nextlabel.loop.learner import View, learn
from nextlabel.loop.observer import Observer
from nextlabel.models.head import Head
from nextlabel.models.tuned import Tuned
from nextlabel.pool import NOBODY, Ids
from nextlabel.statistics.audit_looks import FOLDS, deal
from nextlabel.strategies import strategy

RESULT = Path(__file__).parent / "results" / "look-speed.json"
N, D, C, LABELS, AUDIT, TIMES = 20_000, 384, 10, 1_000, 200, 5


def open_seen() -> Seen:
    """A labelling that is due for a look."""
    rng = np.random.default_rng(0)
    y, places = rng.integers(C, size=N), rng.random(N)
    X = rng.normal(size=(N, D)) + 0.18 * rng.normal(size=(C, D))[y]
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    order = np.argsort(places)
    side = order[places[order] < 0.2]
    own = rng.permutation(np.setdiff1d(np.arange(N), side))[: LABELS - AUDIT]
    asked = rng.permutation(np.append(own, side[:AUDIT]))
    known, askable = np.full(N, -1), np.ones(N, dtype=bool)
    known[asked], askable[side] = y[asked], False
    pool = Pool(X.astype(np.float32), known, askable, C, audit=side, asked=asked, draws=places)
    plan = Plan(batch=10, audit=0.2, ahead=1).resolve(N, C)
    learner = ActiveLearner(Tuned(Linear), strategy("margin"), strategy("maxherding"), plan, seed=0)
    return Seen(pool, learn(pool, learner, 0), Asked(NOBODY), View.of(pool, learner, 0), learner)


def list_learned(seen: Seen, worth: bool) -> list[Ids]:
    """What each model of a look learns."""
    answers = Answers.of(seen.pool)
    audit, own, learned = answers.audit, answers.own, seen.pool.labelled()
    fold, m = deal(len(audit)), len(audit)
    counts = steps(m, len(own)) if worth else [equal_count(m)]
    return [
        *(np.setdiff1d(learned, audit[fold == one]) for one in range(FOLDS)),
        *(np.sort(audit[fold != one]) for one in range(FOLDS)),
        *(np.sort(own[:k]) for k in counts),
    ]


def fit_all(seen: Seen, sets: list[Ids], fit: Callable[[Head, Ids], object]) -> None:
    """Train what a look trains."""
    assert isinstance(seen.fitted.clf, Head)
    for ids in sets:
        fit(seen.fitted.clf, ids)


def main() -> None:
    """Measure, print, and keep the result."""
    with threadpool_limits(1):
        seen = open_seen()
        X, y = seen.fitted.features, seen.pool.y
        few, many = list_learned(seen, worth=False), list_learned(seen, worth=True)
        works: dict[str, Callable[[], object]] = {
            "receipt": lambda: Observer(worth=False).see(seen),
            "receipt, models alone": lambda: fit_all(seen, few, lambda head, ids: head.fit_others(X[ids], y[ids])),
            "estimate": lambda: Observer(worth=True).see(seen),
            "estimate, models alone": lambda: fit_all(seen, many, lambda head, ids: head.fit_others(X[ids], y[ids])),
            "estimate, fitted anew": lambda: fit_all(seen, many, lambda head, ids: clone(head).fit(X[ids], y[ids])),
        }
        took: dict[str, list[float]] = {name: [] for name in works}
        for _ in range(TIMES):
            for name, work in works.items():
                began = time.process_time()
                work()
                took[name].append(time.process_time() - began)
    found = {
        "labels": LABELS,
        "numbers each": D,
        "models": {"receipt": len(few), "estimate": len(many)},
        "C": seen.fitted.clf.C,
        "agreement": float(Observer(worth=False).see(seen).looks[-1].hits.mean()),
        "cpu_s": {name: round(median(seconds), 3) for name, seconds in took.items()},
        "least_cpu_s": {name: round(min(seconds), 3) for name, seconds in took.items()},
        "load": round(os.getloadavg()[0], 1),
    }
    print(json.dumps(found, indent=1))
    RESULT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
