"""The pool at the start of an arm: who is known, who may be asked, who waits on the audit side."""

import hashlib

import numpy as np
from sklearn.preprocessing import StandardScaler

from nextlabel.datasets.base import Dataset
from nextlabel.datasets.splits import Split
from nextlabel.datasets.tables.gaps import fill_gaps
from nextlabel.errors import BadData
from nextlabel.loop.oracles import Oracle
from nextlabel.pool import Floats, Ids, Mask, Pool


def open_pool(X: Floats, dataset: Dataset, split: Split, answer: Oracle, audit: float, seed: int) -> Pool:
    """Starting and validation labels known, the rest askable or set aside; ``X`` (N, d), ``audit`` the side's share.

    What the oracle cannot answer is not askable. Raises `BadData` where it cannot answer for the starting set.
    """
    y = np.full(len(dataset), -1, dtype=np.int64)
    # Validation labels come from the oracle as well: somebody had to give them, mistakes included.
    for ids in (split.start, split.val):
        y[ids] = answer(ids)
    if (y[split.start] < 0).any():
        missing = int((y[split.start] < 0).sum())
        raise BadData(
            f"The oracle has no answer for {missing} of the {len(split.start)} starting samples of seed {seed}. "
            "Give it those answers, or begin with --start 0."
        )
    askable = np.zeros(len(dataset), dtype=np.bool_)
    # Known, and yet askable: the mask says what strategies may look at, and who is labelled is not asked again.
    askable[split.start] = True
    # A replay knows only some: whoever has no answer in the file is left out, not asked in vain.
    askable[split.pool] = answer(split.pool) >= 0
    side = audit_side(dataset, np.flatnonzero(askable & (y < 0)), audit, seed)
    askable[side] = False
    return Pool(X, y, askable, len(dataset.classes), watch=split.val, audit=side)


def audit_side(dataset: Dataset, ids: Ids, share: float, seed: int) -> Ids:
    """The ids that a hash of (seed, sample) puts on the audit side, in hash order: a simple random sample of ``ids``.

    The hash is of the sample's path, where it has one, so that a file that joins later moves nobody else.
    """
    keys = [dataset.paths[i] if dataset.paths else str(i) for i in ids]
    hashes = [hashlib.blake2b(f"{seed}:{key}".encode("utf-8", "surrogateescape"), digest_size=8) for key in keys]
    # 64 bits of hash as a number from 0 to 1, (m,): a sample is on the side for its own place alone, not for its rank.
    place = np.array([int.from_bytes(found.digest(), "big") for found in hashes], dtype=np.float64) / 2.0**64
    order = np.argsort(place, kind="stable")  # stable: equal places, by id
    return ids[order[place[order] < share]]


def scale_without_test(X: Floats, test: Ids) -> Floats:
    """Features (N, d) with mean 0 and variance 1 over everything but the test set: float32."""
    # Validation and pool samples are in: their features are known before any label is. float32, as features are
    # everywhere.
    scaled: Floats = StandardScaler().fit(X[_all_but(test, len(X))]).transform(X).astype(np.float32)
    return scaled


def fill_without_test(X: Floats, test: Ids) -> Floats:
    """Features (N, d) whose gaps hold the median of everything but the test set."""
    return fill_gaps(X, _all_but(test, len(X)))


def _all_but(test: Ids, n: int) -> Mask:
    rest: Mask = np.ones(n, dtype=np.bool_)
    rest[test] = False
    return rest
