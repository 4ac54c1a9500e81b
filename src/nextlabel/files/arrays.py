"""Array files: whole under their names or not there at all, and looked at before anybody believes them.

    array = read_array(path)                         # a read-only memory map, or None: not there, or damaged
    if array is None:
        array = write_array(path, compute())

An array file is a plain .npy file, which ``np.load`` reads. Behind its last row stand the rows' keys, where they have
any, and two digests: one of header and keys, so that keys can be looked through without reading what may be gigabytes,
and one of the rows. Files appear under their names in one step, with the mode that the umask gives, so two processes or
two people that compute the same thing do no harm: the second replaces the first.
"""

import contextlib
import hashlib
import io
import mmap
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from nextlabel.errors import CannotWrite
from nextlabel.files import cache
from nextlabel.files.cache import DIGEST, ENDING, on_disk

Array = npt.NDArray[Any]
Key = bytes  # of one row, DIGEST bytes long

LARGE_ARRAY = 2**20  # bytes from which an array travels as the path of a file


def digest(array: Array) -> str:
    """A hash of an array's bytes."""
    return _hash(array).hex()


def _hash(array: Array) -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(array).data.cast("B"), digest_size=DIGEST).digest()


class NewArray:
    """An array file written row by row, whose length need not be known beforehand.

    Used as a context: what was not finished when the block ends is removed.
    """

    def __init__(self, path: Path, row: tuple[int, ...], dtype: npt.DTypeLike) -> None:
        self.path, self.row, self.dtype = path, row, np.dtype(dtype)
        self.rows, self.keys = 0, bytearray()
        self.digest = hashlib.blake2b(digest_size=DIGEST)
        # Drafts of one name at one time, by two threads, two processes or two machines, are different files.
        self.draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}{ENDING}")
        with on_disk(path.parent):
            self.file = self.draft.open("xb")
        self._write(self._header())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with contextlib.suppress(OSError):
            self.file.close()
        with contextlib.suppress(OSError):
            self.draft.unlink(missing_ok=True)  # gone already, where it was finished

    def _write(self, data: bytes | memoryview) -> None:
        with on_disk(self.path.parent):
            self.file.write(data)

    def _header(self) -> bytes:
        header = io.BytesIO()
        shape = (self.rows, *self.row)
        about = {"descr": np.lib.format.dtype_to_descr(self.dtype), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(header, about)
        return header.getvalue()  # as long for any number of rows: numpy leaves room for the first axis to grow

    def add(self, rows: Array, keys: Sequence[Key] = ()) -> None:
        """Append rows (m, *row), and m keys where rows have any."""
        data = np.ascontiguousarray(rows, self.dtype).data.cast("B")
        self.digest.update(data)
        self._write(data)
        self.keys += b"".join(keys)
        self.rows += len(rows)

    def finish(self) -> Array:
        """Put the array in its place, and return it as a read-only memory map.

        Raises `FileNotFoundError` where somebody has removed it again by then.
        """
        header = self._header()
        self._write(bytes(self.keys) + _seal(header, self.keys) + self.digest.digest())
        with on_disk(self.path.parent):
            self.file.seek(0)
        self._write(header)
        # No fsync: what a power cut tears is found out by its digests, and computed again.
        with on_disk(self.path.parent):
            self.file.close()
            self.draft.replace(self.path)
        return map_array(self.path)


def _seal(header: bytes, keys: bytes | bytearray) -> bytes:
    return hashlib.blake2b(header + keys, digest_size=DIGEST).digest()


def write_array(path: Path, array: Array, keys: Sequence[Key] = ()) -> Array:
    """Write an array (n, …), n > 0, and return it as a read-only memory map."""
    with NewArray(path, array.shape[1:], array.dtype) as new:
        new.add(array, keys)
        return new.finish()


def read_array(path: Path) -> Array | None:
    """The array as a read-only memory map, or None where there is none or it is not what was written."""
    try:
        array = map_array(path)
        if _keys(path, array) is None:
            return None
        with path.open("rb") as file:
            file.seek(-DIGEST, os.SEEK_END)
            written = file.read()
    except (OSError, ValueError):
        return None
    return array if _hash(array) == written else None


def read_keys(path: Path) -> list[Key] | None:
    """The keys of a file's rows, in order, or None where there is none or they are damaged; rows are not read."""
    try:
        keys = _keys(path, map_array(path))
    except (OSError, ValueError):
        return None
    return None if keys is None else [keys[i : i + DIGEST] for i in range(0, len(keys), DIGEST)]


def _keys(path: Path, array: Array) -> bytes | None:
    """All keys in one, or None where header or keys are damaged or the file is not as long as they say."""
    with path.open("rb") as file:
        length = os.fstat(file.fileno()).st_size - 2 * DIGEST - array.nbytes  # of header and keys
        keys = b""
        start = getattr(array, "offset", 0)
        if length - start not in (0, len(array) * DIGEST):
            return None
        header = file.read(start)
        file.seek(array.nbytes, os.SEEK_CUR)
        keys, seal = file.read(length - start), file.read(DIGEST)
    return keys if _seal(header, keys) == seal else None


def map_array(path: Path) -> Array:
    """The array of a file that somebody has looked at already; raises `OSError` or `ValueError` where it is none."""
    return np.lib.format.open_memmap(path, mode="r")  # unlike np.load, never a pickle or a zip


def on_file(array: Array, name: str) -> Array:
    """A large array as the map of a file in the cache, which worker processes open for themselves.

    It is the array itself where that is small, and where no file can be written: then it travels as a copy.
    """
    if array.nbytes < LARGE_ARRAY:
        return array
    with contextlib.suppress(CannotWrite):
        path = cache.folder() / f"{name}-{cache.key(array.dtype.str, array.shape, digest(array))}.npy"
        mapped = read_array(path)
        return write_array(path, array) if mapped is None else mapped
    return array


def file_of(array: Array) -> Path | None:
    """The file that an array is the whole map of; None for a part of one, and for what is held in memory."""
    base: object = array.base  # of a part, the map that it was cut from
    if isinstance(array, np.memmap) and isinstance(base, mmap.mmap) and array.filename:
        return Path(str(array.filename))
    return None
