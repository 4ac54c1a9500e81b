"""Which samples of a dataset to label next: pictures are embedded, a table is filled in and scaled, `select` asked.

dataset = load_dataset("pictures", labels="answers.csv", unlabelled=True)
[dataset.paths[i] for i in select_samples(dataset, batch=20)]
"""

import warnings
from dataclasses import replace
from typing import Any

import numpy as np

from nextlabel.datasets.base import Dataset
from nextlabel.datasets.tables.gaps import fill_gaps
from nextlabel.embedders import embed
from nextlabel.errors import EmptyPool
from nextlabel.pool import Floats, Ids, Labels
from nextlabel.progress import Progress, quiet
from nextlabel.selection import Strategy, choose, read_order
from nextlabel.selection.scaling import scale
from nextlabel.strategies.base import MISSING
from nextlabel.text import several


def select_samples(
    dataset: Dataset,
    strategy: Strategy = "auto",
    batch: int = 10,
    seed: int = 0,
    *,
    embedder: str | None = None,
    standardize: bool | None = None,
) -> Ids:
    """Ids (batch,) of the samples of a dataset to label next, best first, by the labels that it has.

    Pictures are embedded by ``embedder``, or by what suits them. Gaps of a table are filled in, and its columns scaled
    to mean 0 and variance 1, unless ``standardize`` says otherwise; what an embedder made is taken as it is. Raises
    what `select` raises.

    >>> from dataclasses import replace
    >>> from nextlabel import load_dataset
    >>> digits = load_dataset("digits")
    >>> blank = replace(digits, y=np.full(len(digits), -1), classes=())
    >>> len(select_samples(blank, "maxherding", 3, embedder="pixels"))  # labels are not needed
    3
    """
    rehearse(dataset, dataset.y, strategy, batch, seed)
    X = make_features(dataset, embedder, standardize)
    order = read_order(X, dataset.y, strategy, batch, None, seed, MISSING)
    return choose(replace(order, standardize=False)).ids  # scaled already


def rehearse(dataset: Dataset, y: Labels, strategy: Strategy, batch: int, seed: int, P: Any = None) -> None:
    """Refuse what can be refused without features: these may take minutes."""
    if y is dataset.y and (y != MISSING).all():  # of an array, what says missing may be another label
        raise EmptyPool(
            f"All {several(len(y), dataset.noun)} of '{dataset.name}' have labels, so there is nothing to ask about. A "
            "file of answers stands in the place of folders and columns: with --labels answers.csv the others are open."
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they come again
        read_order(np.zeros((len(dataset), 1), np.float32), y, strategy, batch, P, seed, MISSING)


def make_features(
    dataset: Dataset, embedder: str | None = None, standardize: bool | None = None, progress: Progress = quiet
) -> Floats:
    """Features (n, d) of all samples, as a simulation without a test set would see them."""
    X = embed(dataset, embedder, progress, keep_gaps=True).array
    if dataset.gaps:
        X = fill_gaps(X, np.ones(len(X), dtype=bool))
    own = dataset.table is not None and dataset.embedding is None  # columns have units of their own; vectors have one
    return scale(X, progress) if (own if standardize is None else standardize) else X
