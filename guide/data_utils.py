"""The data of the guide: load it, cut it, look at it.

Thin faces over nextlabel, one function for each step that the guide names.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

import nextlabel
from nextlabel import Dataset, Pool, Split, embed, split

Ids = npt.NDArray[np.int64]

FLOWERS = Path(__file__).parent / "data" / "flowers"


def load_dataset(folder: str | Path = FLOWERS) -> Dataset:
    """The pictures in a folder with one sub-folder per class: the flowers, or the digits in their place."""
    return nextlabel.load_dataset(flowers_or_digits(folder))


def flowers_or_digits(folder: str | Path) -> str:
    """The folder; but scikit-learn's digits where it is that of the flowers, and nobody has put any there yet."""
    return "digits" if Path(folder) == FLOWERS and not FLOWERS.is_dir() else str(folder)


def train_test_val_pool_split(
    dataset: Dataset, seed: int = 0, test: float = 0.1, val: float = 0.1, start: float = 0.05
) -> Split:
    """Cut a dataset into four lists of ids: test, validation, start (labelled) and pool (unlabelled).

    Shares are of all samples, class by class. Test and validation stay the same when the start changes.
    """
    return split(dataset.y, dataset.classes, test, val, start, seed)


def open_pool(dataset: Dataset, parts: Split) -> Pool:
    """What is known at the start: labels of the starting and validation samples, -1 everywhere else.

    Only samples of the pool may be asked about. ``features`` are a plain embedding; a network learns its own.
    """
    y, askable = np.full(len(dataset), -1), np.zeros(len(dataset), dtype=np.bool_)
    for ids in (parts.start, parts.val):
        y[ids] = dataset.y[ids]
    askable[parts.start] = askable[parts.pool] = True
    return Pool(embed(dataset).array, y, askable, len(dataset.classes), watch=parts.val)


def show_pictures(dataset: Dataset, ids: Sequence[int] | Ids, across: int = 8) -> Figure:
    """Some pictures with their classes, as the network sees them."""
    assert dataset.pictures is not None, "the guide's data are pictures"
    squares, down = dataset.pictures.squares(64), -(-len(ids) // across)
    figure = Figure(figsize=(1.25 * across, 1.5 * down), layout="constrained")
    for axes, i in zip(figure.subplots(down, across, squeeze=False).flat, ids, strict=False):
        axes.imshow(squares[i])
        axes.set_title(dataset.classes[dataset.y[i]], fontsize=9)
    for axes in figure.axes:
        axes.set_axis_off()
    return figure
