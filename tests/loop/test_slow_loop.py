"""The whole loop a second time, slow and obvious: it has to ask for the same samples on the digits."""

import hashlib

import numpy as np

from nextlabel.experiment import Experiment
from nextlabel.models.head import LinearHead
from nextlabel.models.linear import cross_validate_asked
from nextlabel.plan import Plan
from nextlabel.runs.lines import Arm
from nextlabel.seeds import stream
from nextlabel.simulation.arm import play
from nextlabel.simulation.parts import prepare

BATCH, ROUNDS, SEED = 10, 9, 3


def cover(X, known, free, count):
    """Greedy herding: each time the sample that raises most the mean kernel value to the nearest centre."""
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    apart = ((unit[free][:, None] - unit[None, [*known, *free]]) ** 2).sum(axis=2)
    kernel = np.exp(-apart / X.shape[1])  # (free, known and free)
    covered = kernel[:, : len(known)].max(axis=1, initial=0)
    picks = []
    for _ in range(count):
        gains = np.maximum(kernel[:, len(known) :] - covered[:, None], 0).sum(axis=0)
        gains[picks] = -1
        picks.append(int(gains.argmax()))
        covered = np.maximum(covered, kernel[:, len(known) + picks[-1]])
    return [free[i] for i in picks]


def doubt(X, labels, free, count):
    """The samples of the smallest margin, by a head whose C was chosen on the first 2^j times as many labels."""
    order = list(labels)
    enough = next(n for n in range(1, len(order) + 1) if len({labels[i] for i in order[:n]}) == 2)
    while 2 * enough <= len(order):
        enough *= 2
    first = sorted(order[:enough])
    strength = cross_validate_asked(X[first], np.array([labels[i] for i in first]))
    ids = sorted(labels)
    head = LinearHead(strength, classes=range(10)).fit(X[ids], np.array([labels[i] for i in ids]))
    # In float32, as features are kept: in float64 two margins that are all but equal would change places.
    top = np.sort(head.predict_proba(X[free].astype(np.float32)), axis=1)
    return [free[i] for i in np.argsort(top[:, -1] - top[:, -2], kind="stable")[:count]]


def slow_loop(X, truth, pool):
    place = {}
    for i in pool:
        digest = hashlib.blake2b(f"{SEED}:{i}".encode(), digest_size=8).digest()
        place[i] = int.from_bytes(digest, "big") / 2**64
    audit = sorted((i for i in pool if place[i] < 0.2), key=place.__getitem__)
    mine = [i for i in pool if place[i] >= 0.2]
    asked = []  # batches of (id, why)
    for k in range(ROUNDS):
        out = {i for batch in asked for i, _ in batch}
        answered = [i for batch in asked[: max(0, k - 1)] for i, _ in batch]  # one batch is always out for an answer
        labels = {i: int(truth[i]) for i in answered if i in mine}
        due = -(-(len(out) + BATCH) // 5) - sum(i in audit for i in out)
        free = [i for i in mine if i not in out]
        cold = len(set(labels.values())) < 2
        known = [*labels, *(i for i in mine if i in out and i not in labels)]  # what is out is covered, too
        chosen = cover(X, known, free, BATCH - due) if cold else doubt(X, labels, free, BATCH - due)
        waiting = [i for i in audit if i not in out][:due]
        places = set(stream(SEED, "audit", k).choice(BATCH, due, replace=False).tolist())
        batch = []
        for at in range(BATCH):
            batch.append((waiting.pop(0), "audit") if at in places else (chosen.pop(0), "cold" if cold else "strategy"))
        asked.append(batch)
    return asked


def test_a_slow_and_obvious_loop_asks_for_the_same_samples():
    plan = Plan(batch=BATCH, rounds=ROUNDS, audit=0.2, ahead=1, cold="maxherding")
    parts = prepare(Experiment("digits", ("margin",), seeds=(SEED,), start="0", plan=plan))
    lines = list(play(parts, Arm("margin", SEED)))
    fast = [list(zip(line.pick["ids"], line.pick["why"], strict=True)) for line in lines[:-1]]
    X = np.asarray(parts.embedding.array, dtype=np.float64)
    assert fast == slow_loop(X, parts.dataset.y, parts.splits[SEED].pool.tolist())
