"""Files that are whole under their names, or not there at all.

Both functions raise the `OSError` of the disk: whoever calls them knows what to say of it, and what to do.
"""

import os
from contextlib import suppress
from pathlib import Path


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file in one step, in place of an older one if there is any; on the disk before this returns."""
    draft = _draft(path)
    try:
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)  # it has its name already, where all went well


def rehearse(path: Path) -> None:
    """Fail as `write_atomically` would, where the folder takes no new file; the file itself is left alone."""
    draft = _draft(path)
    draft.touch()
    draft.unlink()


def _draft(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.part")
