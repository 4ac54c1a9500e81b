"""Files and folders that are whole under their names, or not there at all. The one way to write what somebody keeps.

All of it raises the `OSError` of the disk; `nextlabel.files.refusals` turns it into a sentence, with what the
caller knows to do about it.
"""

import os
import re
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

STALE = 24 * 3600  # seconds after which a draft is nobody's: one takes moments, and clocks of shared disks differ
DRAFT = re.compile(r"\..+\.\d+-[0-9a-f]{8}\.part")


def write_atomically(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Write a file in one step, in place of an older one if there is any; on the disk before this returns.

    Many ``data`` come in pieces, which are written as they come.

    Several threads and processes may write the same file: each writes a draft of its own, and the last one's stays.
    Drafts that killed processes left in the folder are swept once they are a day old.
    """
    draft = _draft(path)
    try:
        with draft.open("xb") as file:  # never somebody else's; in binary, on Windows too
            file.writelines([data] if isinstance(data, bytes) else data)
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


@contextmanager
def write_folder(path: Path) -> Iterator[Path]:
    """A folder to fill, which stands as ``path`` when the block ends, in the place of what that held before.

    Where the block fails, nothing is left of it, and what was there is as it was.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     with write_folder(Path(place) / "new") as draft:
    ...         _ = (draft / "a").write_text("one")
    ...     os.listdir(Path(place) / "new")
    ['a']
    """
    # In a folder that is there: it may be a disk of its own, which cannot be renamed, or where somebody's shell stands.
    home = path if os.path.isdir(path) else path.parent
    draft = home / _draft(path).name
    draft.mkdir(parents=True)
    try:
        yield draft
        if home == path:
            _move_up(draft)
        else:
            draft.rename(path)
    finally:
        shutil.rmtree(draft, ignore_errors=True)  # it has its name already, where all went well
    sync_folder(home)
    _sweep(home)


def _move_up(draft: Path) -> None:
    """Put what a draft holds in the place of all that lies beside it, which goes with the draft."""
    new = list(draft.iterdir())
    (old := draft / _draft(draft).name).mkdir()
    for each in draft.parent.iterdir():
        if each != draft:
            each.rename(old / each.name)
    for each in new:
        each.rename(draft.parent / each.name)


def rehearse_folder(path: Path) -> None:
    """Fail as `write_folder` would, where no folder can be made; what is there is left alone."""
    home = next(each for each in (path, *path.absolute().parents) if os.path.lexists(each))
    rehearse(home / path.name)


def holds_anything(folder: Path) -> bool:
    """Is there more in a folder than what writers that were killed left in it?"""
    return not all(DRAFT.fullmatch(name) for name in os.listdir(folder))


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
                shutil.rmtree(entry.path) if entry.is_dir(follow_symlinks=False) else os.unlink(entry.path)
