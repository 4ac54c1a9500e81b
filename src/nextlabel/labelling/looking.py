"""What the worker computes for those who look around: the map, labels that are probably wrong, the outlook."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nextlabel.checking.neighbours import NEAR, chance, near_pairs, outliers
from nextlabel.labelling.looking_ahead import look_ahead
from nextlabel.labelling.past import Past
from nextlabel.labelling.wire import Message, pack_array
from nextlabel.models.head import LinearHead
from nextlabel.models.linear import Linear
from nextlabel.pool import Floats, Ids, Labels, Pool
from nextlabel.projection import flatten_all
from nextlabel.seeds import stream

if TYPE_CHECKING:
    from nextlabel.labelling.worker import Worker

FARTHEST, SHARE = 200, 0.1  # outliers, and of all samples at most: their list has no natural end
FOLDS = 5
FEWEST_POINTS = 5
FEWEST = 20  # labels below which nothing is doubted


def look(worker: "Worker", message: Message) -> None:
    """Reply to an errand."""
    found = ERRANDS[message["do"]](worker)
    worker.say({"say": "replied", "errand": message["errand"], **found})


def make_map(worker: "Worker") -> dict[str, Any]:
    """All samples in two dimensions, within 0 and 1."""
    assert worker.opened is not None, "nobody is asked before something was read"
    world, _ = worker.opened
    few = len(world.ids) < FEWEST_POINTS  # a line of points: nothing can be said of what is alike
    line = np.column_stack([(np.arange(len(world.ids)) + 1) / (len(world.ids) + 1), np.full(len(world.ids), 0.5)])
    places = line if few else np.clip(flatten_all(world.features, stream(0, "map")), 0, 1)
    return {"ids": pack_array(world.ids.astype(np.int32)), "places": pack_array(places.astype(np.float32))}


def find_oddities(worker: "Worker") -> dict[str, Any]:
    """Pairs of near-duplicates, the nearest first, and outliers, the farthest first: ids of samples."""
    assert worker.opened is not None, "nobody is asked before something was read"
    world, _ = worker.opened
    X = world.features
    pairs = near_pairs(X, min(NEAR, chance(X)))  # rows come together by chance where there are few columns
    far = outliers(X)
    ids = world.ids.astype(np.int32)
    farthest = far.ids[: min(FARTHEST, int(SHARE * len(ids)))]
    return {"samples": len(ids), "pairs": pack_array(ids[pairs.ids]), "outliers": pack_array(ids[farthest])}


def doubt_labels(worker: "Worker") -> dict[str, Any]:
    """Labels that a model which has not seen them takes for another class, the least likely first.

    Confident learning (Northcutt et al., 2021) by cleanlab where it is installed; otherwise all that the model
    contradicts.
    """
    assert worker.opened is not None, "nobody is asked before something was read"
    world, _ = worker.opened
    past = Past()
    past.follow(worker.visit)
    known = past.build_pool(world)
    rows = known.pool.labelled()
    y = known.pool.y[rows]
    if len(rows) < FEWEST or np.bincount(y)[np.unique(y)].min() < 2:
        return {"doubts": []}
    classes, codes = np.unique(y, return_inverse=True)
    P = cross_fit(world.features[rows], codes.astype(np.int64), len(classes))
    own = P[np.arange(len(rows)), codes]
    doubtful = _issues(codes, P) & (P.argmax(axis=1) != codes)
    order = [i for i in np.argsort(own, kind="stable") if doubtful[i]]
    ids = np.array(known.classes)[classes]
    return {"doubts": [[int(world.ids[rows[i]]), int(ids[P[i].argmax()]), float(own[i])] for i in order]}


def cross_fit(X: Floats, y: Labels, classes: int) -> Floats:
    """Probabilities (n, C) of each sample by a model that has not seen it: five folds, each class spread over them."""
    fold = np.empty(len(y), dtype=np.int64)
    order: Ids = np.argsort(y, kind="stable")
    fold[order] = np.arange(len(y)) % FOLDS
    C = Linear({}).tune(_pool_of(X, y, classes), asked=True)["C"][-1][1]
    P = np.zeros((len(y), classes))
    for this in range(FOLDS):
        train = fold != this
        head = LinearHead(C, classes=range(classes)).fit(X[train], y[train])
        P[~train] = head.predict_proba(X[~train])
    return P


ERRANDS = {"map": make_map, "review": doubt_labels, "outlook": look_ahead, "oddities": find_oddities}


def _pool_of(X: Floats, y: Labels, classes: int) -> Pool:
    return Pool(X, y, np.ones(len(y), dtype=bool), classes)


def _issues(y: Labels, P: Floats) -> npt.NDArray[np.bool_]:
    try:
        from cleanlab.filter import find_label_issues  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        return np.ones(len(y), dtype=bool)
    found: npt.NDArray[np.bool_] = find_label_issues(y, P, n_jobs=1)
    return found
