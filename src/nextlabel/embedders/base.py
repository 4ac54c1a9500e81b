"""What an embedder is: a frozen dataclass that turns pictures into vectors, the same for the same pictures.

It may fit itself to a sample of pictures (never to labels), and transforms pictures block by block: a picture's vector
depends on that picture and on what was fitted, to the last bit, and on nothing else in its block. So vectors are kept
per picture, and one more picture costs one. Its fields are its settings (a field that is none says ``repr=False``);
``version`` changes whenever its results do. It computes; the cache is somebody else's. A new embedder is one file and
one line in the table of `nextlabel.embedders`, and passes `nextlabel.conformance.embedders`.

    sample = dataset.pictures.squares(embedder.size)         # (N, size, size, 3) uint8
    fits = embedder.fit(sample)                              # {"mean": …}; {} where there is nothing to learn
    features = embedder.transform(sample[:100], fits)        # (100, d) float32
"""

from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from nextlabel.datasets.base import Squares
from nextlabel.errors import BadData
from nextlabel.files.arrays import map_array
from nextlabel.pool import Floats
from nextlabel.text import printable

Features32 = npt.NDArray[np.float32]
Report = Callable[[int], None]  # is told how many pictures are newly done
Fits = Mapping[str, npt.NDArray[Any]]  # what an embedder learned from the pictures, by name; empty: it learned nothing

NO_FITS: Fits = MappingProxyType({})  # what an embedder learns that learns nothing


def silent(done: int) -> None:
    """A report that nobody reads."""


class Embedder(Protocol):
    """Sample to vector. ``size`` is the width and height that it wants pictures in."""

    version: ClassVar[int]
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def size(self) -> int: ...

    def fit(self, sample: Squares, report: Report = silent) -> Fits:
        """What it learns from pictures (n, size, size, 3); `NO_FITS`, unless it is `Transductive`."""

    def transform(self, block: Squares, fits: Fits, report: Report = silent) -> Features32:
        """Features (m, d) of pictures (m, size, size, 3); each row has the same bits in any block.

        ``report`` is told how many pictures are newly done.
        """


@runtime_checkable
class Transductive(Embedder, Protocol):
    """An embedder that is fitted to the very pictures that it embeds: with one picture more, all vectors are others."""

    def fit_transform(self, sample: Squares, report: Report = silent) -> tuple[Features32, Fits]:
        """Features (n, d) of the sample and what was fitted to it, for less than `fit` and `transform` would take.

        They are what `transform` gives, up to rounding.
        """


@dataclass(frozen=True, eq=False)
class Features:
    """A dataset as vectors: a handle, small wherever they lie in a file.

    ``source`` is the array (N, d) float32, or the .npy file that holds it; ``settings`` for the manifest: name,
    settings, version, whether it was fitted on all samples without labels (transductive), and d; ``notes``, sentences
    that a person should read.

    >>> Features(np.zeros((3, 2), np.float32), {"name": "table"}).array.shape
    (3, 2)
    """

    source: Path | Floats
    settings: Mapping[str, Any]
    notes: tuple[str, ...] = ()

    @cached_property
    def array(self) -> Floats:
        """(N, d), read-only; a memory map where it lies in a file, opened when it is first asked for."""
        if isinstance(self.source, Path):
            return self._map(self.source)
        array = self.source.view()
        array.flags.writeable = False
        return array

    @property
    def path(self) -> Path | None:
        """The .npy file that ``array`` is a map of; None where there is none."""
        return self.source if isinstance(self.source, Path) else None

    @property
    def name(self) -> str:
        """The embedder's name in the table; ``table`` where none was needed."""
        return str(self.settings["name"])

    def __getstate__(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "settings": self.settings,
            "notes": self.notes,
        }  # a memory map would travel as a copy of its file

    def _map(self, path: Path) -> Floats:
        try:
            return map_array(path)
        except (OSError, ValueError) as error:
            raise BadData(
                f"The features in '{printable(str(path))}' cannot be read any more ({error}). Was the cache folder "
                "emptied while it was in use? Run again: they are computed anew."
            ) from None
