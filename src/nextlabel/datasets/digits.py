"""scikit-learn's handwritten digits: 1,797 grey pictures of 8x8, in the package itself."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from PIL import Image

from nextlabel.datasets.base import Block, Dataset, Request, Squares
from nextlabel.files import cache
from nextlabel.progress import Progress, quiet

DIGIT_SIDE = 8
WHITE = 16  # the largest grey value


def _read_bundle() -> Any:
    from sklearn.datasets import load_digits as sklearn_digits  # 120 MB that no table needs

    return sklearn_digits()


@dataclass(frozen=True)
class Digits:
    """Pictures that come with scikit-learn: no file, nothing to cache."""

    version: str = "1"
    grey_side: int | None = DIGIT_SIDE

    def __reduce__(self) -> tuple[type["Digits"], tuple[str, int | None]]:
        return Digits, (self.version, self.grey_side)  # the package itself holds the pictures, everywhere

    @cached_property
    def _grey(self) -> Squares:
        grey: Squares = np.rint(_read_bundle().images * (255 / WHITE)).astype(np.uint8)  # (1797, 8, 8)
        return grey

    @cached_property
    def digests(self) -> tuple[str, ...]:
        return tuple(hashlib.blake2b(grey.tobytes(), digest_size=16).hexdigest() for grey in self._grey)

    def squares(self, size: int, progress: Progress = quiet) -> Squares:
        """All pictures as (1797, size, size, 3), enlarged from 8x8."""
        enlarged = [Image.fromarray(grey).resize((size, size), Image.Resampling.BICUBIC) for grey in self._grey]
        out: Squares = np.repeat(np.stack([np.asarray(grey) for grey in enlarged])[..., None], 3, axis=3)
        out.flags.writeable = False
        return out

    def blocks(self, size: int, ids: Sequence[int]) -> Iterator[Block]:
        """All of these pictures in one block: they are small."""
        yield ids, self.squares(size)[list(ids)]


def load_digits(request: Request) -> Dataset:
    """The digits; their labels are 0 … 9."""
    pictures, y = Digits(), _read_bundle().target.astype(np.int64)
    return Dataset(
        name=request.name or "digits",
        y=y,
        classes=tuple(str(digit) for digit in range(10)),
        fingerprint=cache.key(*pictures.digests, *y),
        pictures=pictures,
    )
