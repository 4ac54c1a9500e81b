"""A toy in the plane, and how nextlabel's own loop is played on it.

Three classes, one broad blob each: west and east overlap, so that some of their samples nobody can tell apart; south
lies at a distance and is easy. A dense cluster of near-duplicates, far from the rest of its class, belongs to west too,
and no starting label lies in it: a group that nobody has noticed yet. Of these 560 samples six are labelled, two per
class, and the others may be asked about. Accuracy is measured on 1,680 more, drawn in the same way and never asked.

The model is nextlabel's ``linear`` as it comes, on 36 radial features, so that its boundaries can bend. Under one seed
every strategy has the same pool, the same start and the same test set.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from nextlabel import ActiveLearner, Linear, Plan, Pool, Round, Truth, drive, rounds, stream
from nextlabel.strategies import strategy

Ids = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Seen = npt.NDArray[np.float32]

NAMES = ("random", "least_confident", "margin", "entropy", "badge")  # the guide's five strategies
GALLERY = (  # all that are shown in docs/gallery.md
    *NAMES, "coreset", "typiclust", "probcover", "maxherding", "uherding", "bald", "powerbald", "batchbald", "auto",
)  # fmt: skip
EXCLUDED: dict[str, str] = {}  # strategies of the table that the toy cannot show, each with its reason
CLASSES = ("west", "east", "south")
BLOBS = (((-1.15, 0.75), 0.72, 170), ((1.15, 0.75), 0.72, 170), ((0.1, -1.55), 0.6, 150))  # centre, spread, samples
DENSE = ((-2.15, -1.35), 0.1, 70)  # of class west
CODES = (0, 1, 2, 0)  # the classes of the blobs and of the dense cluster
REACH = 3.2  # the plane is shown from -REACH to REACH, both ways
CENTRES = np.stack(np.meshgrid(*2 * [np.linspace(-REACH, REACH, 6)]), axis=-1).reshape(-1, 2)  # (36, 2)

BATCH, BATCHES = 6, 9  # samples asked per round, and rounds that ask
SURE = 0.9


@dataclass(frozen=True)
class Toy:
    """``places`` (N, 2) and their ``y`` (N,), the ids to ``start`` from, and a ``test`` set as the head sees it."""

    places: Floats
    y: Ids
    start: Ids
    test: Seen
    test_y: Ids

    @property
    def pool(self) -> Pool:
        """What the loop sees before the first round."""
        known = np.full(len(self.y), -1)
        known[self.start] = self.y[self.start]
        return Pool(seen(self.places), known, np.ones(len(known), dtype=bool), len(CLASSES))


@cache
def drawn(seed: int) -> Toy:
    """Pool, test set and two starting labels per class, for every strategy the same."""
    rng, code = stream(seed, "start"), np.repeat(range(len(CLASSES)), [blob[2] for blob in BLOBS])
    start = np.concatenate([rng.choice(np.flatnonzero(code == k), 2, replace=False) for k in range(len(CLASSES))])
    test_places, test_y = _scattered(stream(seed, "test"), 3)
    return Toy(*_scattered(stream(seed, "pool"), 1), np.sort(start), seen(test_places), test_y)


def _scattered(rng: np.random.Generator, times: int) -> tuple[Floats, Ids]:
    parts = [rng.normal(centre, spread, (times * count, 2)) for centre, spread, count in (*BLOBS, DENSE)]
    return np.concatenate(parts), np.repeat(CODES, [len(part) for part in parts])


def seen(places: Floats) -> Seen:
    """What the head sees of (n, 2) places: how near each is to each centre, (n, 36) between 0 and 1."""
    away = ((places[:, None] - CENTRES) ** 2).sum(axis=2)
    near: Seen = np.exp(-away / 2).astype(np.float32)
    return near


@cache
def played(name: str, seed: int) -> list[Round]:
    """The rounds of one strategy, the last of them without a question."""
    return list(play(name, seed))


def play(name: str, seed: int) -> Iterator[Round]:
    """The same, round by round as they are asked for."""
    toy, oracle = drawn(seed), Truth(drawn(seed).y)
    plan = Plan(batch=BATCH, rounds=BATCHES).resolve(len(toy.y), len(CLASSES))
    learner = ActiveLearner(Linear({}), strategy(name), strategy("random"), plan, seed)
    yield from drive(rounds(toy.pool, learner), oracle)


def accuracy(step: Round, toy: Toy) -> float:
    """The share of test samples that a round's model gets right."""
    return float((step.fitted.clf.predict_proba(toy.test).argmax(axis=1) == toy.test_y).mean())


def hopeless(places: Floats) -> npt.NDArray[np.bool_]:
    """Of places (n, 2), those whose likeliest class is less than `SURE` likely for who knows how the toy is drawn."""
    density = np.zeros((len(places), len(CLASSES)))
    for (centre, spread, count), code in zip((*BLOBS, DENSE), CODES, strict=True):
        away = ((places - centre) ** 2).sum(axis=1)
        density[:, code] += count / spread**2 * np.exp(-away / (2 * spread**2))
    likeliest: Floats = density.max(axis=1) / density.sum(axis=1)
    return likeliest < SURE


def rows(seeds: Iterable[int], names: Iterable[str] = NAMES) -> list[dict[str, Any]]:
    """One row per strategy, seed and round, with what curves are drawn from."""
    found = []
    for seed in seeds:
        toy = drawn(seed)
        for name in names:
            for step in played(name, seed):
                row = {"strategy": name, "seed": seed, "round": step.k, "labelled": len(step.pool.labelled())}
                found.append(row | {"accuracy": accuracy(step, toy), "f1_macro": None})
    return found
