"""Files that are whole under their names, or not there at all. The one way to write a file that somebody keeps.

Both functions raise the `OSError` of the disk; `nextlabel.files.refusals` turns it into a sentence, with what the
caller knows to do about it.
"""

import os
import re
import secrets
import time
from contextlib import suppress
from pathlib import Path

STALE = 24 * 3600  # seconds after which a draft is nobody's: one takes moments, and clocks of shared disks differ
DRAFT = re.compile(r"\..+\.\d+-[0-9a-f]{8}\.part")


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file in one step, in place of an older one if there is any; on the disk before this returns.

    Several threads and processes may write the same file: each writes a draft of its own, and the last one's stays.
    Drafts that killed processes left in the folder are swept once they are a day old.
    """
    draft = _draft(path)
    try:
        with draft.open("xb") as file:  # never somebody else's; in binary, on Windows too
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)  # it has its name already, where all went well
    sync_folder(path.parent)
    _sweep(path.parent)


def rehearse(path: Path) -> None:
    """Fail as `write_atomically` would, where the folder takes no new file; the file itself is left alone."""
    draft = _draft(path)
    draft.touch(exist_ok=False)
    draft.unlink()


def _draft(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")


def sync_folder(folder: Path) -> None:
    """Have a new name on the disk, too. Where folders cannot be synced (Windows, some shares), the file itself is."""
    if hasattr(os, "O_DIRECTORY"):
        with suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _sweep(folder: Path) -> None:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if DRAFT.fullmatch(entry.name) and time.time() - entry.stat().st_mtime > STALE:
                os.unlink(entry.path)
