"""Features in a frame that numpy takes for no matrix: text, dates, gaps. They become numbers as those of a table do.

found = read_frame_features(pd.DataFrame({"size": [1.5, None, 2.0], "colour": ["red", "blue", "red"]}))
found.X, found.notes             # (3, 3) float32: size, colour=red, and whether size is missing
"""

from typing import Any, NamedTuple

import numpy as np

from nextlabel.datasets.base import Request
from nextlabel.datasets.held import load_held
from nextlabel.datasets.tables.gaps import fill_gaps
from nextlabel.pool import Floats
from nextlabel.selection.arrays import read_features

SHOWN = "the features"
OPTIONS = (
    "The features are a frame of more than numbers, so they are read as a table is. Its options are those of "
    "load_dataset((X, None), unlabelled=True, table=…), and embed makes features of what that loads."
)


class FrameFeatures(NamedTuple):
    """Features ``X`` (n, d) float32 without gaps, and what a person should know of how they came about."""

    X: Floats
    notes: tuple[str, ...]


def read_matrix(frame: Any) -> Floats | None:
    """The features in a frame of nothing but numbers, every column one; None where it is more than that, or less.

    An empty one is refused as an empty array is, with `BadArray`.
    """
    if not all(map(_is_number, frame.dtypes)):  # before numpy makes an object of every cell
        return None
    X = read_features(frame)
    return None if np.isnan(X).any() else X


def _is_number(dtype: Any) -> bool:
    """Does a column of that dtype, of pandas or of polars, hold whole numbers or floats?"""
    if hasattr(dtype, "is_float"):  # polars
        return bool(dtype.is_float() or dtype.is_integer())
    return dtype.kind in "iuf"


def read_frame_features(frame: Any) -> FrameFeatures:
    """Features of a frame of pandas or polars, as a simulation without a test set would see them, but for their scale.

    Raises `BadData`, naming row and column, where a cell is no value that a table may hold.
    """
    found = load_held(Request((frame, None), SHOWN, unlabelled=True))
    assert found.table is not None, "a frame is a table"
    return FrameFeatures(fill_gaps(found.table, np.ones(len(found), dtype=bool)), (OPTIONS, *found.warnings))
