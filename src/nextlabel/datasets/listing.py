"""What lies below a folder, before any file is opened: pictures, texts, what is neither, what is hidden.

What the system or another program put there (thumbnails, waste bins) is neither sample nor class, and not told.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from nextlabel.datasets.base import Skipped
from nextlabel.datasets.formats import SUFFIXES, looks_like_a_picture
from nextlabel.datasets.pictures import File
from nextlabel.datasets.text_files import ENDING
from nextlabel.errors import BadData
from nextlabel.text import printable, show_path

SYSTEM_FOLDERS = frozenset(
    {"@eadir", "$recycle.bin", "recycler", "#recycle", "@recycle", "system volume information", "__macosx"}
    | {"lost+found", "__pycache__"}
)  # of Synology, Windows, QNAP, macOS, Linux, Python; in lower case
SYSTEM_FILES = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"})
# Hidden folders of programs: whoever has one of these does not miss a class.
OWN = "git svn hg thumb trash cache ipynb fsevents spotlight temporaryitems idea vscode dvc huggingface venv tmp"
OWN_HIDDEN = tuple(f".{name}" for name in OWN.split())
PLAIN_NAMES = ("train", "data", "images", "pictures")  # folders whose parent says more


class Listing(NamedTuple):
    """A folder before anything was opened.

    ``pictures`` as (relative POSIX path, path to open), sorted; ``others`` the files that are no pictures, ``folders``
    those at the top, ``hidden`` the folders at the top whose names begin with a dot and that hold pictures. ``texts``
    are those of the others that end in .txt, as (path, path to open).
    """

    pictures: list[tuple[str, File]]
    skipped: list[Skipped]
    others: list[str]
    folders: list[str]
    hidden: list[str]
    texts: Sequence[tuple[str, File]] = ()


def list_folder(root: Path) -> Listing:
    """What lies below a folder, but for what is hidden; links are followed. Raises `BadData` if it may not be read."""
    try:
        entries = sorted(os.scandir(root), key=lambda entry: entry.name)
    except PermissionError:
        raise BadData(f"The folder '{show_path(root)}' may not be read. Ask its owner, or copy it.") from None
    except OSError as error:
        raise BadData(f"The folder '{show_path(root)}' cannot be read ({error.strerror}).") from None
    inside = [entry for entry in entries if os.path.isdir(entry.path)]
    folders = [printable(entry.name) for entry in inside if not is_ignored(entry.name)]
    hidden = [printable(entry.name) for entry in inside if _is_hidden_class(entry)]
    found, texts = Listing([], [], [], folders, hidden), list[tuple[str, File]]()
    for path, file in _walk_folder(str(root), "", ()):
        if isinstance(file, Skipped):
            found.skipped.append(file)
        elif looks_like_a_picture(path, file):
            found.pictures.append((path, file))
        else:
            found.others.append(printable(path))
            texts += [(path, file)] if path.lower().endswith(ENDING) else []
    found.pictures.sort(key=lambda row: row[0])
    found.others.sort()
    return found._replace(texts=sorted(texts, key=lambda row: row[0]))


def is_ignored(name: str) -> bool:
    """Is that the name of a file or folder that no person put there, or that is hidden?

    >>> is_ignored("@eaDir"), is_ignored("._0001.jpg"), is_ignored("daisy")
    (True, True, False)
    """
    return name.startswith(".") or name.lower() in SYSTEM_FOLDERS or name.lower() in SYSTEM_FILES


def _is_hidden_class(entry: os.DirEntry[str]) -> bool:
    """A folder whose name begins with a dot, as ``.net`` does, and that holds pictures: perhaps meant for a class."""
    if not entry.name.startswith(".") or entry.name.lower().startswith(OWN_HIDDEN):
        return False
    try:
        return any(os.path.splitext(name)[1].lower() in SUFFIXES for name in os.listdir(entry.path))
    except OSError:  # a folder that may not be looked into holds no class of anybody here
        return False


def _walk_folder(folder: str, path: str, above: tuple[tuple[int, int], ...]) -> Iterator[tuple[str, str | Skipped]]:
    """Every file below, as (relative path, path to open); links to folders are followed unless they lead back up."""
    try:
        about = os.stat(folder)
        entries = list(os.scandir(folder))
    except OSError:
        yield path, Skipped(printable(path), "is a folder that may not be read")
        return
    here = (about.st_dev, about.st_ino)
    if here in above:
        return
    for entry in entries:
        if is_ignored(entry.name):
            continue
        name = f"{path}/{entry.name}" if path else entry.name
        if os.path.isdir(entry.path):  # unlike entry.is_dir(), never an OSError: a link to itself is just not one
            yield from _walk_folder(entry.path, name, (*above, here))
        elif os.path.isfile(entry.path):
            yield name, entry.path
        elif entry.is_symlink():
            yield name, Skipped(printable(name), "is a link to nothing")
