"""The families that the check was tried on, and variants of them: features, labels and groups, held in Python.

One vote each: ten sets of pictures (as `efficientnet` sees them, and `patches` as a variant) and nine of tables with at
least 500 samples. Variants are made here, from a seed: see ``docs/check-protocol.md``.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import text_embedders
from scenarios import SHARED
from sklearn.preprocessing import StandardScaler

from nextlabel import load_dataset
from nextlabel.datasets.groups import group_by_path
from nextlabel.embedders import embed
from nextlabel.knobs.columns import Columns
from nextlabel.pool import Floats, Ids, Labels
from nextlabel.seeds import stream

PILOT, BUDGET, ROUNDS, SEEDS = 100, 400, 15, 10
TEST, MOST_TESTED, SHARE_SPENT = 0.3, 1_500, 0.7
FEWEST, FEWEST_OF_A_CLASS = 400, 4
HELD_OUT = "held out"
LEAF, DRAWER = r"([^/-]*)-", r"-([^/-]*)-"
PICTURES = {  # where they lie, and what in a path is one plant, one smear, one person
    "flowers": ("flowers/train", None),
    "clothing": ("clothing/train", None),
    "sign-digits": ("sign-digits", None),
    "recycling": ("recycling/train", None),
    "blood-cells": ("blood-cells/train", LEAF),
    "coffee-leaves": ("coffee-leaves/train", LEAF),
    "hand-frames": ("hand-frames/train", None),
    "math-symbols": ("math-symbols/train", None),
    "drawn-shapes": ("drawn-shapes/train", DRAWER),
}
TABLES = {  # and the family of each
    "banana": "banana",
    "d31": "d31 and r15",
    "r15": "d31 and r15",
    "ex8a": "ex8a",
    "gcloudb": "gcloud",
    "gcloudub": "gcloud",
    "mammographic": "mammographic",
    "phoneme": "phoneme",
    "splice": "splice",
    "tictactoe": "tictactoe",
    "vehicle": "vehicle",
}


@dataclass(frozen=True)
class Setting:
    """A family, or a variant of it: features (N, d), labels learned, the truth, groups (N,) or None."""

    family: str
    name: str
    kind: str  # pictures, tables, or held out of every fit
    X: Floats
    y: Labels
    truth: Labels
    groups: Labels | None = None

    @property
    def classes(self) -> int:
        """How many there are."""
        return int(self.truth.max()) + 1


class Draw(NamedTuple):
    """What one seed divides a setting into: ids to test on, the pilot, and the rest of the pool."""

    test: Ids
    pilot: Ids
    rest: Ids


def settings(with_variants: bool = True) -> Iterator[Setting]:
    """All families, then their variants, kind by kind of variant: whoever stops early has the families whole."""
    plain = [*_pictures("efficientnet"), *_tables()]
    yield from plain
    if not with_variants:
        return
    for make in (_imbalance_10, _near_copies, _noise, _fewer, _imbalance_100):
        for one in plain:
            made = make(one)
            if _is_large_enough(made):
                yield made
    yield from _pictures("patches")
    yield from _held_out()


def divide(setting: Setting, seed: int) -> Draw:
    """The draw of one seed: whole groups are tested where there are groups, and the pilot looks at no class."""
    n, rng = len(setting.truth), stream(seed, "check", setting.family)
    wanted = min(MOST_TESTED, round(TEST * n))
    keys = np.arange(n) if setting.groups is None else setting.groups
    names = rng.permutation(np.unique(keys))
    sizes = np.cumsum([int((keys == name).sum()) for name in names])
    test = np.flatnonzero(np.isin(keys, names[: int(np.searchsorted(sizes, wanted)) + 1]))
    rest = rng.permutation(np.setdiff1d(np.arange(n), test))
    return Draw(test, np.sort(rest[:PILOT]), np.sort(rest[PILOT:]))


def budget(setting: Setting) -> int:
    """Labels in all, pilot included."""
    pool = min(len(divide(setting, seed).rest) for seed in range(SEEDS)) + PILOT
    return min(BUDGET, int(SHARE_SPENT * pool))


def _pictures(embedder: str) -> Iterator[Setting]:
    digits = load_dataset("digits")
    if embedder == "efficientnet":
        yield Setting("digits", "digits", "pictures", embed(digits, "pixels").array, digits.y, digits.y)
    for name, (place, groups) in PICTURES.items():
        dataset = load_dataset(str(SHARED / place))
        if groups is not None:
            dataset = group_by_path(dataset, groups)
        X, label = embed(dataset, embedder).array, name if embedder == "efficientnet" else f"{name}, {embedder}"
        yield Setting(name, label, "pictures", X, dataset.y, dataset.y, dataset.groups)


def _tables() -> Iterator[Setting]:
    for name, family in TABLES.items():
        dataset = load_dataset(str(SHARED / "tables" / f"{name}.svm"))
        X = StandardScaler().fit_transform(embed(dataset, None).array).astype(np.float32)
        yield Setting(family, name, "tables", X, dataset.y, dataset.y)


def _held_out() -> Iterator[Setting]:
    """Families that the forecast is never fitted to: texts by topic and by library, and a table of 476 samples."""
    with tempfile.TemporaryDirectory() as place:
        for question, length in (("topic", "long"), ("topic", "short"), ("library", "long"), ("library", "short")):
            table = Path(place) / f"{question}-{length}.csv"
            text_embedders.write_table(table, question, length == "short")
            dataset = load_dataset(str(table), table=Columns(text_column="text"))
            X = embed(dataset, "use").array
            yield Setting(f"texts by {question}", f"{question} {length}", HELD_OUT, X, dataset.y, dataset.y)
    dataset = load_dataset(str(SHARED / "tables" / "clean1.svm"))
    X = StandardScaler().fit_transform(embed(dataset, None).array).astype(np.float32)
    yield Setting("clean1", "clean1", HELD_OUT, X, dataset.y, dataset.y)


def _imbalance_10(setting: Setting) -> Setting:
    return _imbalance(setting, 10)


def _imbalance_100(setting: Setting) -> Setting:
    return _imbalance(setting, 100)


def _imbalance(setting: Setting, ratio: int) -> Setting:
    """Classes thinned out, in a drawn order, evenly on a log scale."""
    rng = stream(0, "imbalance", setting.name)
    counts = np.bincount(setting.truth)
    order = rng.permutation(len(counts))
    shares = ratio ** -np.linspace(0, 1, len(counts))
    kept = [
        rng.permutation(np.flatnonzero(setting.truth == code))[: max(1, round(min(share * counts.max(), counts[code])))]
        for code, share in zip(order, shares, strict=True)
    ]
    return _only(setting, np.sort(np.concatenate(kept)), f"imbalance {ratio}")


def _fewer(setting: Setting) -> Setting:
    """A fifth of every class, though no fewer than four."""
    rng = stream(0, "fewer", setting.name)
    kept = [
        rng.permutation(ids)[: max(FEWEST_OF_A_CLASS, len(ids) // 5)]
        for ids in (np.flatnonzero(setting.truth == code) for code in range(setting.classes))
    ]
    return _only(setting, np.sort(np.concatenate(kept)), "fewer")


def _near_copies(setting: Setting) -> Setting:
    """Three near-copies of a third of the samples, each in the group of the one that it copies."""
    rng = stream(0, "near copies", setting.name)
    n = len(setting.truth)
    chosen = np.sort(rng.permutation(n)[: n // 3])
    again = np.tile(chosen, 3)
    moved = setting.X[again] + rng.normal(size=(len(again), setting.X.shape[1])) * setting.X.std(axis=0) * 0.01
    X = np.concatenate([setting.X, moved.astype(np.float32)])
    if np.allclose(np.linalg.norm(setting.X[:50], axis=1), 1, atol=1e-3):  # of one length, as they were
        X /= np.linalg.norm(X, axis=1, keepdims=True)
    groups = np.arange(n) if setting.groups is None else setting.groups
    y, truth, groups = (np.concatenate([each, each[again]]) for each in (setting.y, setting.truth, groups))
    return Setting(setting.family, f"{setting.name}, near copies", setting.kind, X, y, truth, groups)


def _noise(setting: Setting) -> Setting:
    """One label in ten is another one, for whoever learns; the truth stays."""
    rng = stream(0, "noise", setting.name)
    wrong = rng.random(len(setting.y)) < 0.1
    other = (setting.truth + rng.integers(1, setting.classes, size=len(setting.y))) % setting.classes
    return replace(setting, name=f"{setting.name}, noise", y=np.where(wrong, other, setting.truth))


def _only(setting: Setting, ids: Ids, what: str) -> Setting:
    groups = None if setting.groups is None else setting.groups[ids]
    name = f"{setting.name}, {what}"
    return Setting(setting.family, name, setting.kind, setting.X[ids], setting.y[ids], setting.truth[ids], groups)


def _is_large_enough(setting: Setting) -> bool:
    counts = np.bincount(setting.truth, minlength=setting.classes)
    return len(setting.truth) >= FEWEST and counts.min() >= FEWEST_OF_A_CLASS
