"""What a disk refuses, in a sentence: the one way from an `OSError` to a `CannotWrite`."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nextlabel.errors import CannotWrite
from nextlabel.text import printable

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
MAKE_ROOM = "Make room, then try again."
OPEN_ELSEWHERE = (5, 32)  # Windows' numbers: access denied, sharing violation


@contextmanager
def refusals(
    path: Path | str, elsewhere: str = "Choose another place.", full: str = MAKE_ROOM, what: str = ""
) -> Iterator[None]:
    """Turn an `OSError` into a `CannotWrite` that names ``path`` (and ``what`` it is), the reason, and what to do.

    ``elsewhere`` is what to do where the place may not be written to, ``full`` where the disk is full.

    >>> with refusals("/proc/none/file", "Name another file with --out."):
    ...     open("/proc/none/file", "w")
    Traceback (most recent call last):
    nextlabel.errors.CannotWrite: '/proc/none/file' cannot be written (...). Name another file with --out.
    """
    try:
        yield
    except OSError as error:
        raise refusal(error, path, elsewhere, full, what) from error


def refusal(error: OSError, path: Path | str, elsewhere: str, full: str, what: str = "") -> CannotWrite:
    """The error to raise for ``error``; see `refusals`."""
    shown = f"{what} '{printable(str(path))}'".strip()
    why = error.strerror or str(error) or type(error).__name__
    if error.errno in FULL:
        return CannotWrite(f"The disk that holds {shown} is full ({why}). {full}")
    if getattr(error, "winerror", None) in OPEN_ELSEWHERE:  # replacing a file that is mapped, or shown by a program
        elsewhere = f"Another program may have it open: close it there, and try again. Otherwise: {elsewhere}"
    return CannotWrite(f"{shown[:1].upper()}{shown[1:]} cannot be written ({why}). {elsewhere}")
