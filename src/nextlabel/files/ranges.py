"""Ranges of bytes of a large file: of one on a disk, or behind an address.

What is read counts as memory of this process only while it is used. A map would count every page that was ever looked
at, and a small machine would look full.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, Protocol

from nextlabel.errors import BadData
from nextlabel.files import remote
from nextlabel.text import show_path

PART, WINDOW = 1 << 22, 8  # bytes of one request for a file behind an address; so many are under way together


class RangedFile(Protocol):
    """A file, small when pickled. All raise `BadData` where it is gone, or shorter than was asked for."""

    @property
    def size(self) -> int:
        """In bytes."""

    def read_into(self, buffer: memoryview, offset: int) -> None:
        """Fill a buffer of bytes from that place on."""

    def read_each(self, offsets: Sequence[int], size: int) -> Iterator[bytes]:
        """``size`` bytes from each place on; the places ascend."""


class DiskFile(NamedTuple):
    """A file of this machine, or of a disk that machines share."""

    path: Path

    @property
    def size(self) -> int:
        with _sentences(self):
            return os.stat(self.path).st_size

    def read_into(self, buffer: memoryview, offset: int) -> None:
        with _sentences(self), self.path.open("rb", buffering=0) as file:
            file.seek(offset)
            _fill(buffer, file.readinto)

    def read_each(self, offsets: Sequence[int], size: int) -> Iterator[bytes]:
        with _sentences(self), self.path.open("rb", buffering=0) as file:
            for offset in offsets:
                yield _whole(os.pread(file.fileno(), size, offset), size)

    def __str__(self) -> str:
        return show_path(self.path)


class FarFile(NamedTuple):
    """A file in a bucket, or of a web server that gives parts of files."""

    address: str
    size: int

    @classmethod
    def open(cls, address: str) -> "FarFile":
        """That file, whose size is asked for."""
        file = cls(address, 0)
        with _sentences(file):
            return file._replace(size=remote.stat(address).size)

    def read_into(self, buffer: memoryview, offset: int) -> None:
        done = 0
        with _sentences(self):
            while done < len(buffer):
                window, start = divmod(offset + done, WINDOW * PART)
                some = _read_window(self, window)[start : start + len(buffer) - done]
                if not some:
                    raise EOFError
                buffer[done : done + len(some)] = some
                done += len(some)

    def read_each(self, offsets: Sequence[int], size: int) -> Iterator[bytes]:
        with _sentences(self):
            for raw in remote.read_ranges(self.address, [(offset, offset + size) for offset in offsets]):
                yield _whole(raw, size)

    def windows(self) -> Iterator[bytes]:
        """All of it, piece by piece."""
        with _sentences(self):
            for number in range(-(-self.size // (WINDOW * PART))):
                yield _read_window(self, number)

    def __str__(self) -> str:
        return remote.show(self.address)


@lru_cache(maxsize=2)
def _read_window(file: FarFile, number: int) -> bytes:
    """One of the stretches that a file is read in: whoever wants its beginning mostly wants what follows, too."""
    start = number * WINDOW * PART
    stop = min(start + WINDOW * PART, file.size)
    return b"".join(remote.read_ranges(file.address, [(at, min(at + PART, stop)) for at in range(start, stop, PART)]))


def _whole(raw: bytes, size: int) -> bytes:
    if len(raw) < size:
        raise EOFError
    return raw


def _fill(buffer: memoryview, read_into: Callable[[memoryview], int | None]) -> None:
    """Read until the buffer is full: a system may give less than it is asked for."""
    while len(buffer):
        count = read_into(buffer)
        if not count:
            raise EOFError
        buffer = buffer[count:]


@contextmanager
def _sentences(file: DiskFile | FarFile) -> Iterator[None]:
    try:
        yield
    except EOFError:
        raise BadData(f"'{file}' is shorter than it was when it was opened. Is it being written?") from None
    except OSError as error:
        raise BadData(
            f"'{file}' cannot be read ({error.strerror or 'it is not there, or may not be'}). Was it moved meanwhile?"
        ) from None
