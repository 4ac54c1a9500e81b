"""What an embedder is: a frozen dataclass that turns pictures into vectors, the same for the same pictures.

It gets every picture of a dataset at once, so it may fit itself to them (never to labels); what it fitted is returned
beside the features and saved with them. Its fields are its settings (a field that is none says ``repr=False``);
``version`` changes whenever its results do. It computes; the cache is somebody else's. A new embedder is one file and
one line in the table of `nextlabel.embedders`.

    pictures = dataset.pictures.squares(embedder.size)       # (N, size, size, 3) uint8
    features, fitted = embedder.embed(pictures)              # (N, d) float32, {"mean": …}
"""

from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from nextlabel.datasets.base import Squares
from nextlabel.pool import Floats

Features32 = npt.NDArray[np.float32]
Report = Callable[[int], None]  # is told how many pictures are newly done
Fits = Mapping[str, npt.NDArray[Any]]  # what an embedder learned from the pictures, by name; empty: it learned nothing


def silent(done: int) -> None:
    """A report that nobody reads."""


class Embedder(Protocol):
    """Sample to vector. ``size`` is the width and height that it wants pictures in."""

    version: ClassVar[int]
    transductive: ClassVar[bool]  # is it fitted to the pictures that it embeds?
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def size(self) -> int: ...

    def embed(self, pictures: Squares, report: Report = silent) -> tuple[Features32, Fits]:
        """Features (N, d) of pictures (N, size, size, 3), and what was fitted to get them."""


@dataclass(frozen=True)
class Features:
    """A dataset as vectors.

    ``array`` (N, d) float32, read-only; ``path`` the .npy file that it is a map of, None for tables; ``settings`` for
    the manifest: name, settings, version, whether it was fitted on all samples without labels (transductive), and d.
    """

    array: Floats
    path: Path | None
    settings: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The embedder's name in the table; ``table`` where none was needed."""
        return str(self.settings["name"])
