"""The pictures of a dataset, read and decoded on all cores; and their squares, cached on disk.

Reading and decoding release the GIL, so a thread pool uses every core without a second copy of anything.
"""

import hashlib
import logging
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np

from nextlabel.datasets.ahead import Coming, reading_ahead
from nextlabel.datasets.base import Block, Squares
from nextlabel.datasets.decoding import NO_ROOM, VERSION, Passing, Unreadable, read_sketch, square
from nextlabel.datasets.greys import Scale, Scales, Sketch, find_scales, scaled_key
from nextlabel.errors import BadData
from nextlabel.files import cache
from nextlabel.files.keyed import KeyedRows
from nextlabel.progress import Progress, quiet
from nextlabel.text import printable, several

T = TypeVar("T")

MOST_BYTES = 2**31
PICTURES_IN_FLIGHT = 512  # pictures in flight
FEWEST_ASKED, MOST_ASKED = 32, 64  # files far away that are under way at once: by their cores, which they keep busy

Verdict = str | Sketch | None  # why bytes cannot be read, or what their numbers say of their scale; None: read


class Member(Protocol):
    """A file that lies in another one, as in an archive, or elsewhere, as in a bucket; small when pickled."""

    def read(self) -> bytes:
        """Its bytes; raises `Unreadable`."""

    @property
    def signature(self) -> str:
        """What changes whenever its bytes do, known without reading them; empty where nothing is."""

    @property
    def lies_in(self) -> str:
        """The path, or the address, of the file that it is a part of, or is."""

    @property
    def far(self) -> bool:
        """Does it take long until the first byte is here, and several at once no longer than one?"""


File = str | Member  # a path, or what reads itself


class Reading(NamedTuple):
    """What became of one file: the digest of its bytes, why it cannot be used, and its square where one was made.

    No digest, where the trouble was not with the bytes: whoever keeps readings by digest keeps nothing of it.
    Instead of a square a ``sketch``, where numbers of more than 8 bits still want a scale.
    """

    digest: str | None
    reason: str | None = None
    square: Squares | None = None
    sketch: Sketch | None = None


@dataclass(frozen=True)
class FolderPictures:
    """Pictures in files that have been read once; ``digests`` says what they held then.

    ``folder`` is where squares are kept. It travels along, so that a worker process finds what its parent has, also
    where that is a temporary folder of the parent's own.
    """

    files: tuple[File, ...]
    digests: tuple[str, ...]
    folder: Path
    scales: Scales = field(default_factory=dict)  # of numbers of more than 8 bits
    version: str = VERSION
    grey_side: int | None = None
    _open: dict[int, Squares] = field(default_factory=dict, init=False, repr=False, compare=False)  # by size

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_open": {}}  # a memory map would travel as a copy of all that it maps

    def squares(self, size: int, progress: Progress = quiet) -> Squares:
        """All pictures as (N, size, size, 3), a read-only memory map from the cache; only new ones are decoded.

        Looked through once in the life of this object, since that takes as long as reading all of it. Raises `BadData`
        where a picture is no longer what it was when the folder was scanned.
        """
        if size not in self._open:
            kept = kept_squares(self.folder, size)
            self._open[size] = kept.assemble(self.digests, lambda ids: self._decode(ids, size, progress))
        return self._open[size]

    def blocks(self, size: int, ids: Sequence[int]) -> Iterator[Block]:
        """Some pictures, decoded anew and not kept: for whoever looks at each just once. Raises as `squares` does."""
        return self._decode(ids, size, quiet)

    def _decode(self, ids: Sequence[int], size: int, progress: Progress) -> Iterator[Block]:
        """Ids with their squares (m, size, size, 3); what is not as expected is left out, and told at the end."""
        changed = list[File]()
        readings = read_all([self.files[i] for i in ids], size, {}, progress, self.scales)
        for some in _chunks(ids):
            good = []
            for i, reading in zip(some, islice(readings, len(some)), strict=True):
                if reading.square is None or reading.digest != self.digests[i]:
                    changed.append(self.files[i])
                else:
                    good.append((i, reading.square))
            if good:
                yield [i for i, _ in good], np.stack([square for _, square in good])
        refuse_changed(changed)


def refuse_changed(files: Sequence[File]) -> None:
    """`BadData` where there are files that are no longer what they were."""
    if files:
        raise BadData(
            f"{several(len(files), 'picture')} changed while they were read, "
            f"e.g. '{printable(str(files[0]))}'; run again."
        )


def kept_squares(folder: Path, size: int) -> KeyedRows:
    """The squares of one size, of all pictures that were ever decoded, by the digests of their bytes."""
    return KeyedRows(folder, f"squares-{size}-{cache.key(VERSION)}")


def read_all(
    files: Sequence[File],
    size: int,
    known: Mapping[str, Verdict],
    progress: Progress = quiet,
    scales: Scales | None = None,
) -> Iterator[Reading]:
    """Read every file, in order, and decode those whose digest is not in ``known``.

    ``known`` says for a digest what became of it; squares are (size, size, 3). Numbers of more than 8 bits are put on
    their scale, and have a digest of bytes and scale; without ``scales`` they give a sketch and no square.
    """
    with ThreadPoolExecutor(cores()) as threads, asked_early(files) as near:
        done = 0
        for chunk in _chunks(near):  # bounded, so that finished squares do not pile up before they are written
            readings = []
            with hush("PIL"):  # never across a yield: that would silence whoever takes the readings, too
                for reading in threads.map(lambda file: _read_picture(file, size, known, scales), chunk):
                    done += 1
                    progress("Reading pictures", done, len(files))
                    readings.append(reading)
            yield from readings


@contextmanager
def asked_early(files: Sequence[File]) -> Iterator[Sequence[File]]:
    """The same files; those that are far away are asked for before they are read."""
    far = {i: file for i, file in enumerate(files) if not isinstance(file, str) and file.far}
    if not far:
        yield files
        return
    with reading_ahead(list(far.values()), min(MOST_ASKED, max(FEWEST_ASKED, 8 * cores()))) as ahead:
        places = {i: place for place, i in enumerate(far)}
        yield [Coming(ahead, places[i]) if i in places else file for i, file in enumerate(files)]


def read_each(
    files: Sequence[File], size: int, progress: Progress = quiet, known: Scales | None = None
) -> list[Reading]:
    """Read pictures that are no dataset: all have a square or a reason, and share a scale where they need one.

    ``known`` are scales that somebody has learned on; how numbers are stored that these do not say, the pictures say.
    """
    readings = list(read_all(files, size, {}, progress))
    deep = [i for i, reading in enumerate(readings) if reading.sketch is not None]
    scales = find_scales([sketch for reading in readings if (sketch := reading.sketch) is not None])
    scales = {**scales, **(known or {})}
    for i, reading in zip(deep, read_all([files[i] for i in deep], size, {}, quiet, scales), strict=True):
        readings[i] = reading
    return readings


def _chunks(files: Sequence[T]) -> Iterator[Sequence[T]]:
    return (files[i : i + PICTURES_IN_FLIGHT] for i in range(0, len(files), PICTURES_IN_FLIGHT))


@contextmanager
def hush(library: str) -> Iterator[None]:
    """No warnings and no log from a library whose failures we tell of ourselves."""
    log = logging.getLogger(library)
    level = log.level
    with warnings.catch_warnings():  # not in threads: filters are one for the whole process
        warnings.simplefilter("ignore")
        log.setLevel(logging.CRITICAL)
        try:
            yield
        finally:
            log.setLevel(level)


_most_cores = ContextVar[int | None]("_most_cores", default=None)


@contextmanager
def at_most(threads: int) -> Iterator[None]:
    """Let nobody take more cores in here, beside workers that want theirs."""
    before = _most_cores.set(threads)
    try:
        yield
    finally:
        _most_cores.reset(before)


def cores() -> int:
    """How many cores this process may use, or, within `at_most`, how many threads."""
    if (most := _most_cores.get()) is not None:
        return most
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _read_picture(file: File, size: int, known: Mapping[str, Verdict], scales: Scales | None) -> Reading:
    digest = None
    try:
        raw = read_file(file)
        digest = digest_of(raw)
        if digest in known:
            return _reading_of(digest, known[digest])
        found = read_sketch(raw, scales)
        if isinstance(found, Sketch):
            return Reading(digest, sketch=found)
        if isinstance(found, Scale):
            return Reading(scaled_key(digest, found), None, square(raw, size, found))
        return Reading(digest, None, square(raw, size))
    except Unreadable as error:
        return Reading(None if isinstance(error, Passing) else digest, str(error))


def digest_of(raw: bytes) -> str:
    """What bytes are known by: 32 hexadecimal digits."""
    return hashlib.blake2b(raw, digest_size=16).hexdigest()


def _reading_of(digest: str, verdict: Verdict) -> Reading:
    return Reading(digest, sketch=verdict) if isinstance(verdict, Sketch) else Reading(digest, verdict)


def read_file(file: File) -> bytes:
    """The bytes of a file, or of what reads itself; raises `Unreadable`."""
    if not isinstance(file, str):
        return file.read()
    try:
        if os.stat(file).st_size > MOST_BYTES:
            raise Unreadable("is larger than 2 GB")
        return Path(file).read_bytes()
    except MemoryError:
        raise Passing(NO_ROOM) from None
    except FileNotFoundError:
        raise Passing("vanished while the folder was read") from None
    except PermissionError:
        raise Passing("may not be read") from None
    except OSError as error:
        raise Passing(f"cannot be read ({error.strerror})") from None
