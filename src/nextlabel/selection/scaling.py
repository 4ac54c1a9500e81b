"""Features on one scale, so that no column's unit decides what a head learns and who is near to whom."""

import tempfile

import numpy as np
from sklearn.preprocessing import StandardScaler

from nextlabel.errors import BadArray
from nextlabel.files import cache
from nextlabel.pool import Floats
from nextlabel.progress import Progress, quiet
from nextlabel.strategies.kit.blocks import Blocks

WHAT = "scaling the features"


def scale(X: Floats, progress: Progress = quiet) -> Floats:
    """Features (n, d) with mean 0 and variance 1 in every column, float32; a column that is constant becomes 0.

    A memory map may be larger than memory: its scaled copy lies in a file without a name, which is gone with the last
    who reads it. Raises `CannotWrite` where the disk has no room for it, and `BadArray` for numbers whose squares are
    infinite.

    >>> scale(np.array([[1e-5, 7.0], [3e-5, 7.0]])).tolist()
    [[-1.0, 0.0], [1.0, 0.0]]
    """
    # In one pass, block by block: the mean and variance of a file that is larger than memory.
    scaler, blocks = StandardScaler(), Blocks(X)
    for place, rows in blocks.blocks():
        # Squares that overflow are told below, with their column, instead of as a warning from within scikit-learn.
        with np.errstate(over="ignore", invalid="ignore"):
            scaler.partial_fit(rows)
        progress(WHAT, place.stop, 2 * len(X))  # two passes: this one learns the scale
    _check_range(scaler)
    if _is_mapped(X):
        return _in_a_file(scaler, blocks, progress)
    scaled = np.empty(X.shape, np.float32)  # (n, d)
    for place, rows in blocks.blocks():
        scaled[place] = scaler.transform(rows)
    return scaled


def _check_range(scaler: StandardScaler) -> None:
    # After the pass and before any scaled number is written: a disk is not filled with NaN.
    large = np.flatnonzero(~(np.isfinite(scaler.mean_) & np.isfinite(scaler.var_)))
    if len(large):
        raise BadArray(
            f"Column {large[0]} of the features holds numbers too large to be scaled: their squares are infinite. "
            "Divide it by a million, say, or take the features as they are (standardize=False, --no-standardize)."
        )


def _is_mapped(X: object) -> bool:
    """Is it a memory map, or a view of one, which numpy hands on as a plain array?"""
    return isinstance(X, np.memmap) or (isinstance(X, np.ndarray) and _is_mapped(X.base))


def _in_a_file(scaler: StandardScaler, blocks: Blocks, progress: Progress) -> Floats:
    # Written, not mapped and filled: on a full disk a map ends the process, where a write says so.
    with cache.on_disk(cache.folder()), tempfile.TemporaryFile(dir=cache.folder()) as file:
        for place, rows in blocks.blocks():
            file.write(scaler.transform(rows).astype(np.float32, order="C").data)
            progress(WHAT, len(blocks) + place.stop, 2 * len(blocks))
        # Python's own buffer, which a map does not see. Closing the file is harmless then: the map holds it open.
        file.flush()
        return np.memmap(file, np.float32, "r", shape=(len(blocks), blocks.width))
