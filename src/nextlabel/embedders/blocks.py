"""Pictures read and embedded block by block, by workers: a block's files go out, and vectors come back, no pixels.

    for block, made in team.run(EmbedBlock(embedder, rows, team.threads), cut(enumerate(files), team.at_once)):
        made.readings, made.digests, made.vectors       # a reading for each file; vectors of those that were new

A picture's vector hangs on nothing but the picture, so it is the same by any worker, in any block, by any number of
threads. An embedder that is fitted to all pictures has to see all of them: it is no work for several.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nextlabel.datasets.greys import Scales
from nextlabel.datasets.pictures import File, Reading, asked_early, at_most, read_all
from nextlabel.embedders.base import NO_FITS, Embedder, Features32
from nextlabel.embedders.reduction import settings_of
from nextlabel.engines import Team
from nextlabel.errors import CannotGo, Mistake
from nextlabel.files.keyed import KeyedRows
from nextlabel.files.remote import is_remote
from nextlabel.text import show_path

FEWEST, MOST = 16, 256  # pictures of a block: some seconds of work, and what is lost where it is not finished
BLOCKS_EACH = 16  # for one worker, so that all end at about the same time
FAR_EACH = 4  # where files lie far away: at the beginning of each block its worker waits for the first of them
AT_A_TIME = 16  # pictures that are decoded and then embedded, while others are on their way


class Block(NamedTuple):
    """Files to read, and their places among all."""

    places: tuple[int, ...]
    files: tuple[File, ...]


class Made(NamedTuple):
    """What became of a block: a reading (without pixels) for each file; vectors (m, d), by the digests of pictures."""

    readings: list[Reading]
    digests: list[str]
    vectors: Features32 | None


@dataclass(frozen=True)
class EmbedBlock:
    """Reads and embeds the pictures of a block, but for those of which ``known`` has a vector already.

    ``scales`` of numbers of more than 8 bits; None: such pictures are read, and only say what they hold. ``settings``
    are what the caller's embedder has; a worker's own may be of another version.
    """

    embedder: Embedder
    threads: int
    known: KeyedRows | None = None
    scales: Scales | None = None
    settings: dict[str, Any] = field(default_factory=dict)

    def __call__(self, block: Block) -> Made:
        self._check_settings()
        readings, digests, vectors = list[Reading](), list[str](), list[Features32]()
        with at_most(self.threads), asked_early(block.files) as files:
            for start in range(0, len(files), AT_A_TIME):
                some = files[start : start + AT_A_TIME]
                read = list(read_all(some, self.embedder.size, self._known_digests, scales=self.scales))
                new = {one.digest: one.square for one in read if one.digest is not None and one.square is not None}
                if new:
                    vectors.append(
                        np.asarray(self.embedder.transform(np.stack(list(new.values())), NO_FITS), np.float32)
                    )
                    digests += new
                readings += [one._replace(square=None) for one in read]
        return Made(readings, digests, np.concatenate(vectors) if vectors else None)

    @cached_property
    def _known_digests(self) -> dict[str, None]:
        """Looked up once by each worker, where it sees the caller's cache; else all is computed, to the same bits."""
        return dict.fromkeys(self.known.keys() if self.known is not None else ())

    def _check_settings(self) -> None:
        if self.settings and settings_of(self.embedder) != self.settings:
            here = settings_of(self.embedder)
            other = next(name for name in {**here, **self.settings} if here.get(name) != self.settings.get(name))
            raise Mistake(
                f"A worker embeds otherwise: its {other} is {here.get(other)}, and {self.settings.get(other)} here. "
                "Vectors would not be comparable. Install the same versions on both."
            )


def check_reach(team: Team, files: Sequence[File]) -> None:
    """`CannotGo` where workers on other machines do not see the first of these files; an address anybody sees."""
    sees: Callable[[Path], bool] | None = getattr(team.engine, "sees", None)
    first = next((file if isinstance(file, str) else file.lies_in for file in files), "")
    if sees is None or not first or is_remote(first) or sees(Path(first)):
        return
    raise CannotGo(
        f"The cluster's workers do not see '{show_path(first)}'. Put the pictures on a disk that all machines share, "
        "under the same path, or into a bucket (s3://, gs://)."
    )


def cut(files: Iterable[tuple[int, File]], count: int, at_once: int) -> Iterator[Block]:
    """Blocks of ``count`` files, by their places, for so many workers at a time; larger ones of files that are far.

    >>> [block.places for block in cut([(3, "a"), (5, "b")], 2, at_once=2)]
    [(3, 5)]
    """
    waiting = iter(files)
    first = list(islice(waiting, 1))
    far = any(not isinstance(file, str) and file.far for _, file in first)
    size = min(MOST, max(FEWEST, count // (at_once * (FAR_EACH if far else BLOCKS_EACH))))
    waiting = chain(first, waiting)
    while some := list(islice(waiting, size)):
        yield Block(tuple(place for place, _ in some), tuple(file for _, file in some))
