"""People who skip, err and change their minds, and pictures to show them: for `receipt_disturbed.py`."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from scenarios import SHARED

from nextlabel import Linear, Pool, stream
from nextlabel.datasets import load
from nextlabel.datasets.base import Request
from nextlabel.embedders import embed
from nextlabel.labelling.demo import draw_digits
from nextlabel.pool import Floats, Ids, Mask

SETS = {"digits": "digits", "sign-digits": "sign-digits", "recycling": "recycling/train"}
RARE, WRONG = 0.05, 0.1  # shares of the pictures
LATE = 100  # answers after which a class is added
SKIP, DISCARD = "skip", "discard"


@dataclass(frozen=True)
class Pictures:
    """A set: ``files`` (N,), vectors ``X`` (N, d), class codes ``y`` (N,), names of ``classes``."""

    files: Sequence[Path]
    X: Floats
    y: Ids
    classes: Sequence[str]

    def hardest(self) -> Mask:
        """Which (N,) have the smallest margins under a model of all labels."""
        known = Pool(self.X, self.y, np.ones(len(self.y), dtype=bool), len(self.classes))
        P = np.sort(Linear(Linear({}).tune(known)).fit(known, stream(0, "all")).clf.predict_proba(self.X), axis=1)
        margins = P[:, -1] - P[:, -2]
        return np.asarray(margins < np.quantile(margins, RARE))


@cache
def open_pictures(name: str, out: Path) -> Pictures:
    """A set with its vectors, which are kept; scikit-learn's digits are drawn as files first."""
    if name == "digits":
        if not (out / name).exists():
            draw_digits(out / name)
        dataset = load(Request(name))
        files = [out / name / f"{i:04}.png" for i in range(len(dataset))]
        return Pictures(files, embed(dataset, "pixels").array, dataset.y, dataset.classes)
    dataset = load(Request(str(SHARED / SETS[name])))
    files = [SHARED / SETS[name] / path for path in dataset.paths or ()]
    return Pictures(files, embed(dataset, "efficientnet").array, dataset.y, dataset.classes)


class Somebody:
    """What they say of picture ``i`` after ``n`` answers, each in their own way (``kind``)."""

    def __init__(self, kind: str, seed: int, pictures: Pictures) -> None:
        rng, y, count = stream(seed, "somebody", kind), pictures.y, len(pictures.classes)
        self.kind, self.seed, self.pictures = kind, seed, pictures
        self.unsure = rng.random(len(y)) < RARE  # when they see it first
        self.wrong = np.where(rng.random(len(y)) < WRONG, (y + rng.integers(1, count, len(y))) % count, y)
        self.coins = rng.random(len(y)) < 1 / 2
        self.late = int(rng.integers(count)) if kind == "late" else None
        self.hard = pictures.hardest() if kind == "discards" else np.zeros(len(y), dtype=bool)
        self._skipped = set[int]()

    def first_classes(self) -> list[str]:
        """The classes that there are when they begin."""
        return [name for code, name in enumerate(self.pictures.classes) if code != self.late]

    def say(self, i: int, n: int, second: bool = False) -> str:
        """`SKIP`, `DISCARD`, or the name of a class; ``second``: by the one of two people who is wrong at times."""
        code, names = int(self.wrong[i] if second else self.pictures.y[i]), self.pictures.classes
        if self.hard[i]:
            return DISCARD
        if self.kind == "skips" and self.unsure[i] and i not in self._skipped:
            self._skipped.add(i)
            return SKIP
        if code == self.late and n < LATE:
            return SKIP if self.seed % 4 < 2 else names[(code + 1) % len(names)]
        return names[code]

    def truth(self, ids: Ids) -> tuple[Ids, list[str]]:
        """Those of some pictures that have an answer once all classes are there, and these answers."""
        ids = ids[~self.hard[ids]]
        codes = np.where(self.coins, self.wrong, self.pictures.y) if self.kind == "two" else self.pictures.y
        return ids, [self.pictures.classes[code] for code in codes[ids].tolist()]
