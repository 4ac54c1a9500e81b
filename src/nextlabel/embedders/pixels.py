"""Pictures as they are: every pixel of a small copy is a feature."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nextlabel.datasets.base import Dataset, Squares
from nextlabel.embedders.base import NO_FITS, Features32, Fits, Report, silent

PIXELS_A_SIDE = 16


@dataclass(frozen=True)
class Pixels:
    """``size`` x ``size`` RGB values from 0 to 1, or, ``grey``, one value per pixel.

    >>> features = Pixels(size=2).transform(np.full((5, 2, 2, 3), 255, dtype=np.uint8))
    >>> features.shape, float(features.max())
    ((5, 12), 1.0)
    """

    version: ClassVar[int] = 1
    size: int = PIXELS_A_SIDE
    grey: bool = False

    @classmethod
    def for_dataset(cls, dataset: Dataset) -> "Pixels":
        """The digits' own 8x8 grey values; 16x16 RGB for anything else."""
        side = dataset.pictures.grey_side if dataset.pictures is not None else None
        return cls() if side is None else cls(size=side, grey=True)

    def fit(self, sample: Squares, report: Report = silent) -> Fits:
        """Nothing."""
        return {}

    def transform(self, block: Squares, fits: Fits = NO_FITS, report: Report = silent) -> Features32:
        """Features (m, size * size * 3), or (m, size * size) for grey."""
        seen = block[..., 0] if self.grey else block
        report(len(block))
        return seen.reshape(len(seen), -1).astype(np.float32) / np.float32(255)
