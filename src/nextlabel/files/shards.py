"""Vectors in .npy files that are larger than memory together: read a range at a time, or row by row, never mapped.

    shards = Shards.open(Path("features"))           # features-000.npy, features-001.npy, …, by their names
    rows = shards.read(0, 10_000)                     # (10000, d) as they are stored
    rows = shards.at(np.array([3, 9_000_000]))        # (2, d)

What is read counts as memory of this process only while it is used. A map would count every page that was ever looked
at, and a small machine would look full.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from nextlabel.errors import BadData
from nextlabel.pool import Floats, Ids
from nextlabel.text import show_path

KINDS = (np.float16, np.float32, np.float64)


@dataclass(frozen=True)
class Shard:
    """One file: its ``rows``, and at which byte they begin."""

    path: Path
    rows: int
    offset: int


@dataclass(frozen=True)
class Shards:
    """A matrix (n, d) in files, one below the other; small when pickled."""

    shards: tuple[Shard, ...]
    width: int
    dtype: np.dtype[np.floating]

    @classmethod
    def open(cls, place: Path) -> "Shards":
        """The .npy files of a folder, in the order of their names, or one such file.

        Only their heads are read. Raises `BadData` where one is none, is cut short, or has rows of another kind.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for i in range(2):
        ...         np.save(Path(folder) / f"{i}.npy", np.full((3, 2), i, np.float16))
        ...     shards = Shards.open(Path(folder))
        ...     len(shards), shards.at(np.array([0, 5])).tolist()
        (6, [[0.0, 0.0], [1.0, 1.0]])
        """
        files = sorted(place.glob("*.npy")) if place.is_dir() else [place]
        if not files:
            raise BadData(
                f"'{show_path(place)}' holds no .npy files. Vectors lie in such: nextlabel embed writes them."
            )
        heads = [_read_head(path) for path in files]
        _, width, dtype = heads[0]
        for path, (_, other, kind) in zip(files, heads, strict=True):
            if (other, kind) != (width, dtype):
                raise BadData(
                    f"'{show_path(path)}' holds rows of {other:,} {kind} numbers, and '{show_path(files[0])}' rows of "
                    f"{width:,} {dtype}. All files of one folder hold rows of one kind: keep others elsewhere."
                )
        return cls(tuple(shard for shard, _, _ in heads), width, dtype)

    def __len__(self) -> int:
        return int(self._ends[-1])

    @cached_property
    def _ends(self) -> Ids:
        """(s,) how many rows there are up to the end of each file."""
        return np.cumsum([shard.rows for shard in self.shards])

    @property
    def shape(self) -> tuple[int, int]:
        """(n, d)."""
        return len(self), self.width

    @property
    def nbytes(self) -> int:
        """Bytes of all rows."""
        return len(self) * self.width * self.dtype.itemsize

    def read(self, start: int, stop: int) -> Floats:
        """Rows ``start`` to ``stop`` (k, d), as they are stored; `BadData` where a file is shorter than it was."""
        found = np.empty((stop - start, self.width), self.dtype)
        for shard, first, last, at in self._ranges(start, stop):
            with _reading(shard.path), shard.path.open("rb", buffering=0) as file:
                file.seek(shard.offset + first * self._row)
                _fill(found[at : at + last - first].data.cast("B"), file.readinto)
        return found

    def at(self, rows: Ids) -> Floats:
        """The rows with these numbers (k, d), in their order."""
        found = np.empty((len(rows), self.width), self.dtype)
        owner = np.searchsorted(self._ends, rows, side="right")
        for one in np.unique(owner).tolist():
            shard, first = self.shards[one], int(self._ends[one]) - self.shards[one].rows
            with _reading(shard.path), shard.path.open("rb", buffering=0) as file:
                mine = np.flatnonzero(owner == one)
                for place in mine[np.argsort(rows[mine])].tolist():  # a disk reads forwards
                    offset = shard.offset + (int(rows[place]) - first) * self._row
                    row = os.pread(file.fileno(), self._row, offset)
                    if len(row) < self._row:
                        raise EOFError
                    found[place] = np.frombuffer(row, self.dtype)
        return found

    @property
    def _row(self) -> int:
        """Bytes of a row."""
        return self.width * self.dtype.itemsize

    def _ranges(self, start: int, stop: int) -> Iterator[tuple[Shard, int, int, int]]:
        """Which rows of which file make up a range, and where they go in it."""
        begin = 0
        for shard, end in zip(self.shards, self._ends.tolist(), strict=True):
            first, last = max(start, begin), min(stop, end)
            if first < last:
                yield shard, first - begin, last - begin, first - start
            begin = end


def _fill(buffer: memoryview, read_into: Callable[[memoryview], int | None]) -> None:
    """Read until the buffer is full: a system may give less than it is asked for."""
    while len(buffer):
        count = read_into(buffer)
        if not count:
            raise EOFError
        buffer = buffer[count:]


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except EOFError:
        raise BadData(f"'{show_path(path)}' is shorter than it was when it was opened. Is it being written?") from None
    except OSError as error:
        raise BadData(f"'{show_path(path)}' cannot be read ({error.strerror}). Was it moved meanwhile?") from None


def _read_head(path: Path) -> tuple[Shard, int, np.dtype[np.floating]]:
    """A file's rows, their width and their kind, by its first bytes and its size."""
    shown = show_path(path)
    try:
        with path.open("rb") as file:
            version = np.lib.format.read_magic(file)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, fortran, dtype = read(file)
            offset, size = file.tell(), os.fstat(file.fileno()).st_size
    except (OSError, ValueError) as error:
        raise BadData(f"'{shown}' is no .npy file, or cannot be read ({error}). Save one array: np.save.") from None
    if len(shape) != 2 or fortran or dtype not in KINDS or not dtype.isnative or not all(shape):
        raise BadData(
            f"'{shown}' holds an array {shape} of {dtype}{', by columns' if fortran else ''}. It should hold rows of "
            "plain numbers: (n, d) of float16, float32 or float64."
        )
    if size < offset + shape[0] * shape[1] * dtype.itemsize:
        raise BadData(f"'{shown}' is cut short: it holds less than its first bytes announce. Copy or write it again.")
    return Shard(path, int(shape[0]), offset), int(shape[1]), dtype
