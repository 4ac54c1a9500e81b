"""The pool at the start of an arm: who is known, who may be asked, who waits on the audit side."""

from dataclasses import replace

import numpy as np
from sklearn.preprocessing import StandardScaler

from nextlabel.datasets.base import Dataset
from nextlabel.datasets.splits import Split
from nextlabel.datasets.tables.gaps import fill_gaps
from nextlabel.errors import BadData
from nextlabel.loop.audit import draws, order_side
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
    pool = Pool(X, y, askable, len(dataset.classes), watch=split.val)
    return set_aside(pool, dataset, audit, seed) if audit else pool


def set_aside(pool: Pool, dataset: Dataset, share: float, seed: int) -> Pool:
    """The pool with an audit side: the ``share`` of it with the smallest draws, starting labels among them.

    A byte copy shares its first one's draw, and its answer, so it is never asked.
    """
    askable = pool.askable.copy()
    for group in dataset.duplicates:
        # One stands for all: one that is known, else the first. Copies in the test set are not asked anyway.
        open_ones = sorted((i for i in group if askable[i]), key=lambda i: (pool.y[i] < 0, i))
        askable[[i for i in open_ones[1:] if pool.y[i] < 0]] = False
    keys = dataset.paths or [str(i) for i in range(len(dataset))]
    places = draws(keys, seed, dataset.duplicates)
    side = order_side(places, np.flatnonzero(askable), share)
    # Labels that were there before are no part of the audit, but those on its side are hidden like any of it.
    askable[side] = False
    return replace(pool, askable=askable, audit=side, draws=places)


def scale_without(X: Floats, unseen: Ids) -> Floats:
    """Features (N, d) with mean 0 and variance 1 over everything but ``unseen``: float32."""
    # Validation and pool samples are in: their features are known before any label is. float32, as features are
    # everywhere.
    scaled: Floats = StandardScaler().fit(X[_all_but(unseen, len(X))]).transform(X).astype(np.float32)
    return scaled


def fill_without(X: Floats, unseen: Ids) -> Floats:
    """Features (N, d) whose gaps hold the median of everything but ``unseen``."""
    return fill_gaps(X, _all_but(unseen, len(X)))


def _all_but(unseen: Ids, n: int) -> Mask:
    rest: Mask = np.ones(n, dtype=np.bool_)
    rest[unseen] = False
    return rest
