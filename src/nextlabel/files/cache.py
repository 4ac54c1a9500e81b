"""Where files lie that can be computed again, what they are called, and what is said where they cannot be written.

    path = cache.folder() / f"features-{cache.key('patches', *digests)}.npy"

How arrays are written there, and looked at when they are read, is the matter of `nextlabel.files.arrays`.
"""

import atexit
import contextlib
import hashlib
import os
import shutil
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import platformdirs

from nextlabel.errors import CannotWrite
from nextlabel.files.atomic import write_atomically
from nextlabel.files.refusals import FULL
from nextlabel.text import printable

ENDING = ".part"  # ending of files that are still being written
DIGEST = 16  # bytes
LEFT_ALONE = 24 * 3600  # seconds after which a file that nobody finished is removed

_ready: dict[str, Path] = {}  # the folders that this process has tried, by the names that they were asked for by
_one_at_a_time = threading.Lock()


def folder() -> Path:
    """The cache folder: ``NEXTLABEL_CACHE``, or the user's own.

    Where it cannot be written to, a temporary folder for this process, with a warning: caches only save time, so a
    read-only home is no reason to refuse. A full disk is one (`CannotWrite`): a temporary folder mostly lies on it too.
    A worker process is told by its parent where things lie, and never asks.
    """
    name = os.environ.get("NEXTLABEL_CACHE") or platformdirs.user_cache_dir("nextlabel")
    with _one_at_a_time:  # or two threads would each make a temporary folder
        if name not in _ready:
            _ready[name] = _prepare(name)
    return _ready[name]


def _prepare(name: str) -> Path:
    try:
        path = Path(name).expanduser().absolute()  # a home that nobody has is a RuntimeError
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except (OSError, RuntimeError, ValueError) as error:
        if isinstance(error, OSError) and error.errno in FULL:
            raise cannot_write(error, Path(name)) from None
        return _temporary(name, getattr(error, "strerror", None) or str(error).rstrip("."))
    _sweep_cache(path)
    return path


def _temporary(wanted: str, reason: str) -> Path:
    made = tempfile.mkdtemp(prefix="nextlabel-")
    atexit.register(_remove, made, os.getpid())
    warnings.warn(
        f"The cache folder '{printable(wanted)}' cannot be used ({reason}), so features are kept only until this "
        "program ends. Set NEXTLABEL_CACHE to a folder that you may write to.",
        stacklevel=4,
    )
    return Path(made)


def _remove(path: str, owner: int) -> None:
    if os.getpid() == owner:  # a fork ends, too, and what it would remove is its parent's
        shutil.rmtree(path, ignore_errors=True)


def _sweep_cache(path: Path) -> None:
    """Remove what killed processes left half-written; in a folder that several share, some of it is not ours."""
    for part in path.glob(f"*{ENDING}"):
        with contextlib.suppress(OSError):
            if time.time() - part.stat().st_mtime > LEFT_ALONE:
                part.unlink()


def key(*words: object) -> str:
    """A name for content: the same words in the same order, on any machine, give the same 32 letters.

    >>> key("patches", 64) == key("patches", "64") != key("patches6", 4)
    True
    """
    name = hashlib.blake2b(digest_size=DIGEST)
    for word in words:
        raw = str(word).encode("utf-8", "surrogateescape")
        name.update(b"%d:" % len(raw) + raw)  # the length keeps ("ab", "c") from ("a", "bc")
    return name.hexdigest()


def write_bytes(path: Path, data: bytes) -> None:
    """Write a small file in one step."""
    with on_disk(path.parent):
        write_atomically(path, data)


@contextlib.contextmanager
def on_disk(path: Path) -> Iterator[None]:
    """Turn what the disk says of the folder ``path`` into a sentence."""
    try:
        yield
    except OSError as error:
        raise cannot_write(error, path) from None


def cannot_write(error: OSError, path: Path) -> CannotWrite:
    """The sentence for a cache folder in which nothing can be written."""
    shown = printable(str(path))
    if error.errno in FULL:
        return CannotWrite(
            f"The disk that holds the cache folder '{shown}' is full. Make room, or set NEXTLABEL_CACHE to another "
            "disk."
        )
    return CannotWrite(
        f"The cache folder '{shown}' cannot be written to ({error.strerror}). Set NEXTLABEL_CACHE to one that can."
    )
