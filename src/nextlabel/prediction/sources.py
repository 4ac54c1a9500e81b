"""Which pictures are meant: one file, a folder, an archive, a list in a table, or paths one by one."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from nextlabel.datasets.archive import open_archive
from nextlabel.datasets.base import Skipped
from nextlabel.datasets.listing import Listing, list_folder
from nextlabel.datasets.picture_manifest import list_manifest, lists_pictures
from nextlabel.datasets.tables import READERS, ending
from nextlabel.errors import BadData, Mistake
from nextlabel.files.remote import is_remote
from nextlabel.text import show_path


def list_pictures(where: Any) -> Listing:
    """The pictures of a path, or of a sequence of paths; raises `BadData` where there are none."""
    if isinstance(where, str | os.PathLike):
        found = _list_path(Path(os.path.expanduser(where)))
    elif isinstance(where, Sequence):
        found = list_paths([os.fspath(path) for path in where])
    else:
        raise Mistake(f"Pictures are named by a path, or by a list of paths, not by a {type(where).__name__}.")
    if not found.pictures and not found.skipped:
        what = f"'{show_path(os.fspath(where))}'" if isinstance(where, str | os.PathLike) else "the list of paths"
        raise BadData(f"There is no picture in {what}. Is it the right one?")
    return found


def _list_path(path: Path) -> Listing:
    if os.path.isdir(path):  # unlike Path's, it does not mind any name
        return list_folder(path)
    if not os.path.exists(path) and is_remote(str(path).replace(":/", "://", 1)):
        raise Mistake(
            f"'{show_path(path)}' lies elsewhere, and predict reads pictures on this disk. Copy them here, or embed "
            "them where they are (nextlabel embed), and train on what that writes."
        )
    if not os.path.exists(path):
        raise BadData(f"There is no picture or folder '{show_path(path)}'. Is the path right?")
    if path.suffix.lower() == ".zip":
        return open_archive(Path(os.path.abspath(path)))
    if lists_pictures(path):
        return list_manifest(path)
    if ending(path.name) in READERS:
        raise BadData(
            f"'{show_path(path)}' is no list of pictures: it has no column of paths, such as 'path'. Name a folder, or "
            "train on such tables."
        )
    return Listing([(path.name, str(path))], [], [], [], [])


def list_paths(paths: Iterable[str]) -> Listing:
    """Pictures by their paths, each as it was written; whatever is not there is skipped, with the reason."""
    found = Listing([], [], [], [], [])
    for path in dict.fromkeys(path for path in paths if path.strip()):
        place = os.path.expanduser(path)
        if os.path.isfile(place):
            found.pictures.append((path, place))
        else:
            found.skipped.append(Skipped(path, "is a folder" if os.path.isdir(place) else "is not there"))
    return found
