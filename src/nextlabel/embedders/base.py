"""What an embedder is: a frozen dataclass that turns pictures, or texts, into vectors, the same for the same samples.

It may fit itself to samples (never to labels), and transforms samples block by block: a sample's vector depends on that
sample and on what was fitted, to the last bit, and on nothing else in its block. So vectors are kept per sample, and
one more picture costs one. Its fields are its settings (a field that is none says ``repr=False``);
``version`` changes whenever its results do. It computes; the cache is somebody else's. A new embedder is one file and
one line in the table of `nextlabel.embedders`, and passes `nextlabel.conformance.embedders`.

    sample = dataset.pictures.squares(embedder.size)         # (N, size, size, 3) uint8
    fits = embedder.fit(sample)                              # {"mean": …}; {} where there is nothing to learn
    features = embedder.transform(sample[:100], fits)        # (100, d) float32
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Protocol, TypeVar, runtime_checkable

import numpy as np
import numpy.typing as npt

from nextlabel.datasets.base import Squares
from nextlabel.errors import BadData
from nextlabel.files.arrays import map_array
from nextlabel.pool import Floats
from nextlabel.text import printable

S = TypeVar("S", contravariant=True)  # samples, all of them in one
Strings = Sequence[str]  # texts, by place
Features32 = npt.NDArray[np.float32]
Report = Callable[[int], None]  # is told how many samples are newly done
Fits = Mapping[str, npt.NDArray[Any]]  # what an embedder learned from samples, by name; empty: it learned nothing

NO_FITS: Fits = MappingProxyType({})  # what an embedder learns that learns nothing


def silent(done: int) -> None:
    """A report that nobody reads."""


class Learner(Protocol[S]):
    """Samples of one kind to vectors: what `Embedder` and `TextEmbedder` share."""

    version: ClassVar[int]
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def fit(self, sample: S, report: Report = silent) -> Fits:
        """What it learns from n samples; `NO_FITS`, unless it is `Transductive`."""

    def transform(self, block: S, fits: Fits, report: Report = silent) -> Features32:
        """Features (m, d) of m samples; each row has the same bits in any block.

        ``report`` is told how many samples are newly done.
        """


class Embedder(Learner[Squares], Protocol):
    """Picture to vector, of pictures (n, size, size, 3). ``size`` is the width and height that it wants them in."""

    @property
    def size(self) -> int: ...


class TextEmbedder(Learner[Strings], Protocol):
    """Text to vector: samples are a sequence of ``str``, of any length, in any script, some perhaps empty."""


@runtime_checkable
class Transductive(Learner[S], Protocol[S]):
    """An embedder that is fitted to the very samples that it embeds: with one sample more, all vectors are others."""

    def fit_transform(self, sample: S, report: Report = silent) -> tuple[Features32, Fits]:
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
