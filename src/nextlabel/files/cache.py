"""Files that can be computed again: where they lie, and how they are written so that nobody ever reads half of one.

    path = cache.folder() / f"features-{cache.key('patches', *digests)}.npy"
    array = cache.read_array(path)                          # a read-only memory map, or None: not there, or damaged
    if array is None:
        array = cache.write_array(path, compute())

An array file is a plain .npy file, which ``np.load`` reads, with a digest of its data behind the last row. Files appear
under their names in one step, so two processes that compute the same thing do no harm: the second replaces the first.
"""

import atexit
import contextlib
import errno
import functools
import hashlib
import io
import os
import shutil
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import platformdirs

from nextlabel.errors import CannotWrite

Array = npt.NDArray[Any]

PART = ".part"  # ending of files that are still being written
DIGEST = 16  # bytes
STALE = 24 * 3600  # seconds after which a file that nobody finished is removed
FULL = (errno.ENOSPC, errno.EDQUOT)


def folder() -> Path:
    """The cache folder: ``NEXTLABEL_CACHE``, or the user's own.

    Where it cannot be written to, a temporary folder for this process, with a warning: caches only save time, so a
    read-only home is no reason to refuse. A full disk is one (`CannotWrite`): a temporary folder mostly lies on it too.
    """
    return _ready(os.environ.get("NEXTLABEL_CACHE") or platformdirs.user_cache_dir("nextlabel"))


@functools.cache
def _ready(name: str) -> Path:
    path = Path(os.path.expanduser(name)).absolute()
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        if error.errno in FULL:
            raise _cannot_write(error, path) from None
        return _temporary(path, error)
    _sweep(path)
    return path


def _temporary(wanted: Path, error: OSError) -> Path:
    made = tempfile.mkdtemp(prefix="nextlabel-")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    warnings.warn(
        f"The cache folder '{wanted}' cannot be used ({error.strerror}), so features are kept only until this "
        "program ends. Set NEXTLABEL_CACHE to a folder that you may write to.",
        stacklevel=4,
    )
    return Path(made)


def _sweep(path: Path) -> None:
    """Remove what killed processes left half-written."""
    with contextlib.suppress(OSError):
        for part in path.glob(f"*{PART}"):
            if time.time() - part.stat().st_mtime > STALE:
                part.unlink()


def key(*words: object) -> str:
    """A name for content: the same words in the same order, on any machine, give the same 32 letters."""
    found = hashlib.blake2b(digest_size=DIGEST)
    for word in words:
        raw = str(word).encode("utf-8", "surrogateescape")
        found.update(b"%d:" % len(raw) + raw)  # the length keeps ("ab", "c") from ("a", "bc")
    return found.hexdigest()


def digest(array: Array) -> str:
    """A hash of an array's bytes."""
    return _hash(array).hex()


def _hash(array: Array) -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(array).data.cast("B"), digest_size=DIGEST).digest()


class NewFile:
    """A file that gets its name only when it is whole.

    Used as a context: what was not committed when the block ends is removed.
    """

    def __init__(self) -> None:
        with on_disk():
            self.file = tempfile.NamedTemporaryFile(dir=folder(), suffix=PART, delete=False)  # noqa: SIM115

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with contextlib.suppress(OSError):
            self.file.close()
        Path(self.file.name).unlink(missing_ok=True)  # gone already, where it was committed

    def write(self, data: bytes | memoryview) -> None:
        with on_disk():
            self.file.write(data)

    def commit(self, path: Path) -> None:
        """Put the file in its place, all at once."""
        with on_disk():
            self.file.flush()
            os.fsync(self.file.fileno())
            self.file.close()
            os.replace(self.file.name, path)


class NewArray(NewFile):
    """An array written row by row, whose length need not be known beforehand."""

    def __init__(self, row: tuple[int, ...], dtype: npt.DTypeLike) -> None:
        super().__init__()
        self.row, self.dtype, self.rows = row, np.dtype(dtype), 0
        self.digest = hashlib.blake2b(digest_size=DIGEST)
        self.write(self._header())

    def _header(self) -> bytes:
        header = io.BytesIO()
        shape = (self.rows, *self.row)
        about = {"descr": np.lib.format.dtype_to_descr(self.dtype), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(header, about)
        return header.getvalue()  # as long for any number of rows: numpy leaves room for the first axis to grow

    def add(self, rows: Array) -> None:
        """Append rows (m, *row)."""
        data = np.ascontiguousarray(rows, self.dtype).data.cast("B")
        self.digest.update(data)
        self.write(data)
        self.rows += len(rows)

    def finish(self, path: Path) -> Array:
        """Put the array in its place, and return it as a read-only memory map."""
        self.write(self.digest.digest())
        with on_disk():
            self.file.seek(0)
        self.write(self._header())
        self.commit(path)
        return _mapped(path)


def write_array(path: Path, array: Array) -> Array:
    """Write an array (n, …), n > 0, and return it as a read-only memory map."""
    with NewArray(array.shape[1:], array.dtype) as new:
        new.add(array)
        return new.finish(path)


def read_array(path: Path) -> Array | None:
    """The array as a read-only memory map, or None where there is none or it is not what was written."""
    try:
        array = _mapped(path)
        with path.open("rb") as file:
            file.seek(-DIGEST, os.SEEK_END)
            written = file.read()
    except (OSError, ValueError):
        return None
    return array if _hash(array) == written else None


def _mapped(path: Path) -> Array:
    return np.lib.format.open_memmap(path, mode="r")  # unlike np.load, never a pickle or a zip


def write_bytes(path: Path, data: bytes) -> None:
    """Write a small file in one step."""
    with NewFile() as new:
        new.write(data)
        new.commit(path)


@contextlib.contextmanager
def on_disk() -> Iterator[None]:
    """Turn what the disk says into a sentence."""
    try:
        yield
    except OSError as error:
        raise _cannot_write(error, folder()) from None


def _cannot_write(error: OSError, path: Path) -> CannotWrite:
    if error.errno in FULL:
        return CannotWrite(
            f"The disk that holds the cache folder '{path}' is full. Make room, or set NEXTLABEL_CACHE to another disk."
        )
    return CannotWrite(
        f"The cache folder '{path}' cannot be written to ({error.strerror}). Set NEXTLABEL_CACHE to one that can."
    )
