"""Vectors in .npy files that are larger than memory together: read a range at a time, or row by row, never mapped.

shards = Shards.open(Path("features"))           # features-000.npy, features-001.npy, …, by their names
rows = shards.read(0, 10_000)                     # (10000, d) as they are stored
rows = shards.at(np.array([3, 9_000_000]))        # (2, d)
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from nextlabel.errors import BadData
from nextlabel.files import remote
from nextlabel.files.ranges import DiskFile, FarFile, RangedFile
from nextlabel.pool import Floats, Ids
from nextlabel.text import show_path

KINDS = (np.float16, np.float32, np.float64)
ENDING = ".npy"
HEAD = 4_096  # bytes that hold what numpy writes before the numbers: 128, or a little more for a long shape


@dataclass(frozen=True)
class Shard:
    """One file: its ``rows``, and at which byte they begin."""

    file: RangedFile
    rows: int
    offset: int


@dataclass(frozen=True)
class Shards:
    """A matrix (n, d) in files, one below the other; small when pickled."""

    shards: tuple[Shard, ...]
    width: int
    dtype: np.dtype[np.floating]

    @classmethod
    def open(cls, place: Path | str) -> "Shards":
        """The .npy files of a folder, in the order of their names, or one such file; on a disk, or at an address.

        Only their heads are read. Raises `BadData` where one is none, is cut short, or has rows of another kind; and as
        `nextlabel.files.remote`.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for i in range(2):
        ...         np.save(Path(folder) / f"{i}.npy", np.full((3, 2), i, np.float16))
        ...     shards = Shards.open(Path(folder))
        ...     len(shards), shards.at(np.array([0, 5])).tolist()
        (6, [[0.0, 0.0], [1.0, 1.0]])
        """
        files = _find_far(place) if isinstance(place, str) else _find(place)
        if not files:
            shown = remote.show(place) if isinstance(place, str) else show_path(place)
            raise BadData(f"'{shown}' holds no .npy files. Vectors lie in such: nextlabel embed writes them.")
        heads = [_read_head(file) for file in files]
        _, width, dtype = heads[0]
        for file, (_, other, kind) in zip(files, heads, strict=True):
            if (other, kind) != (width, dtype):
                raise BadData(
                    f"'{file}' holds rows of {other:,} {kind} numbers, and '{files[0]}' rows of "
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
            shard.file.read_into(found[at : at + last - first].data.cast("B"), shard.offset + first * self._row)
        return found

    def at(self, rows: Ids) -> Floats:
        """The rows with these numbers (k, d), in their order."""
        found = np.empty((len(rows), self.width), self.dtype)
        owner = np.searchsorted(self._ends, rows, side="right")
        for one in np.unique(owner).tolist():
            shard, first = self.shards[one], int(self._ends[one]) - self.shards[one].rows
            mine = np.flatnonzero(owner == one)
            mine = mine[np.argsort(rows[mine])]  # a disk reads forwards
            offsets = (shard.offset + (rows[mine] - first) * self._row).tolist()
            for place, row in zip(mine.tolist(), shard.file.read_each(offsets, self._row), strict=True):
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


def _find(place: Path) -> Sequence[RangedFile]:
    return [DiskFile(path) for path in (sorted(place.glob(f"*{ENDING}")) if place.is_dir() else [place])]


def _find_far(address: str) -> Sequence[RangedFile]:
    """Those right in a folder of a bucket; ``s3://bucket/vectors/*.npy`` names such a folder, too."""
    if address.endswith(ENDING) and not address.endswith(f"*{ENDING}"):
        return [FarFile.open(address)]
    root = address.removesuffix(f"*{ENDING}").rstrip("/") + "/"
    found = (one for one in remote.find(root) if one.address.endswith(ENDING))
    return [FarFile(one.address, one.size) for one in found if "/" not in one.address.removeprefix(root)]


def _read_head(file: RangedFile) -> tuple[Shard, int, np.dtype[np.floating]]:
    """A file's rows, their width and their kind, by its first bytes and its size."""
    try:
        size = file.size
        if not size:
            raise ValueError("it is empty")
        raw = io.BytesIO(next(iter(file.read_each([0], min(HEAD, size)))))
        version = np.lib.format.read_magic(raw)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = read(raw)
    except ValueError as error:
        raise BadData(f"'{file}' is no .npy file ({error}). Save one array: np.save.") from None
    if len(shape) != 2 or fortran or dtype not in KINDS or not dtype.isnative or not all(shape):
        raise BadData(
            f"'{file}' holds an array {shape} of {dtype}{', by columns' if fortran else ''}. It should hold rows of "
            "plain numbers: (n, d) of float16, float32 or float64."
        )
    if size < raw.tell() + shape[0] * shape[1] * dtype.itemsize:
        raise BadData(f"'{file}' is cut short: it holds less than its first bytes announce. Copy or write it again.")
    return Shard(file, int(shape[0]), raw.tell()), int(shape[1]), dtype
