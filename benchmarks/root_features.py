"""What do square roots bring? ``python benchmarks/root_features.py``, on eight sets of pictures.

`efficientnet` gives square roots of the channels' shares. Beside them the channels' means as the network leaves them:
macro F1 of the linear model, its C chosen by cross-validation, at 3, 10 and 30 labels per class drawn at random, five
draws, on up to 2,000 other pictures. ``results/root-features.json`` holds the means by set, and the mean difference in
points with its standard error over sets.
"""

import json
import sys
from itertools import starmap
from math import sqrt
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np
from scenarios import SHARED
from selection_quality import MORE, PICTURES
from sklearn.metrics import f1_score

from nextlabel import Pool, load_dataset, stream
from nextlabel.datasets.base import Dataset
from nextlabel.embedders.efficientnet.embedder import EfficientNet, read_network
from nextlabel.embedders.efficientnet.graph import WIDTH
from nextlabel.embedders.onnx.session import import_extra, open_session
from nextlabel.embedders.onnx.writing import model, value
from nextlabel.models.linear import Linear
from nextlabel.pool import Floats

RESULT = Path(__file__).parent / "results" / "root-features.json"
COUNTS = (3, 10, 30)  # labels per class
DRAWS = range(5)
MOST = 2_000  # pictures on which a head is judged
FEWEST = 200


def main() -> None:
    """Measure set by set, then write."""
    found: list[dict[str, Any]] = []
    for name, path in (PICTURES | {name: path for name, (path, _) in MORE.items()}).items():
        dataset = load_dataset(SHARED / path)
        found += starmap(compare, ((name, dataset, means(dataset), count) for count in COUNTS))
        print(name, file=sys.stderr, flush=True)
    gaps = {n: [100 * (row["roots"] - row["means"]) for row in found if row["per_class"] == n] for n in COUNTS}
    told = {
        str(n): {"points": round(fmean(gap), 2), "se": round(stdev(gap) / sqrt(len(gap)), 2)} for n, gap in gaps.items()
    }
    RESULT.write_text(json.dumps({"difference": told, "found": found}, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(told, indent=1))


def means(dataset: Dataset) -> Floats:
    """The channels' means (N, 1280), an inner output of the same network."""
    network, embedder = read_network("lite0"), EfficientNet.of("lite0")
    raw = model(network.nodes, network.inputs, [value("means", "N", WIDTH)], network.tensors)
    session = open_session(import_extra("onnxruntime", "efficientnet"), raw, "efficientnet")
    assert dataset.pictures
    plain = np.empty((len(dataset), WIDTH), np.float32)
    for ids, squares in dataset.pictures.blocks(embedder.size, range(len(dataset))):
        for i, square in zip(ids, squares, strict=True):
            plain[i] = session.run(None, {"pictures": square[None]})[0]
    return plain


def compare(name: str, dataset: Dataset, plain: Floats, count: int) -> dict[str, Any]:
    """Mean macro F1 on either kind of features."""
    roots = np.sqrt(plain / plain.mean(axis=1, keepdims=True))
    scores = {"means": [score(plain, dataset.y, count, i) for i in DRAWS]}
    scores["roots"] = [score(roots, dataset.y, count, i) for i in DRAWS]
    return {"dataset": name, "per_class": count} | {kind: round(fmean(all_of), 4) for kind, all_of in scores.items()}


def score(X: Floats, y: Any, count: int, seed: int) -> float:
    """Macro F1 of one draw."""
    order, classes = np.random.default_rng(seed).permutation(len(y)), int(y.max()) + 1
    train, test = np.split(order[: count * classes + MOST], [count * classes])
    answered = np.full(len(y), -1)
    answered[train] = y[train]
    pool = Pool(X, answered, answered < 0, classes=classes)
    head = Linear(Linear({}).tune(pool)).fit(pool, stream(seed, "fit")).clf
    return float(f1_score(y[test], head.predict_proba(X[test]).argmax(axis=1), average="macro"))


if __name__ == "__main__":
    main()
