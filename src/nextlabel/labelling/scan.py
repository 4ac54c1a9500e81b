"""Looking through the folder: what joined, what is gone."""

from typing import NamedTuple

from nextlabel.labelling.project import Project
from nextlabel.labelling.sources import Listed
from nextlabel.store.files import spread


class Scanned(NamedTuple):
    """What a look found: how many files joined, and how many are gone; sentences on what was left out."""

    new: int
    gone: int
    notes: tuple[str, ...] = ()


def scan(project: Project, listed: Listed | None = None) -> Scanned:
    """Take in the folder as it is now, or as it was ``listed``; nothing in it is opened.

    Raises `BadData` where nothing is left.
    """
    listed = listed or project.source.list_files()
    known = {one.path: one.digest for one in project.samples if one.gone is None}
    seen = {file.path: file.digest for file in listed.files}
    if seen.keys() == known.keys() and all(digest in (None, known[path]) for path, digest in seen.items()):
        return Scanned(0, 0, tuple(listed.notes))  # nobody's answer waits while the store is compared with the folder
    event = project.register(listed.files, whole=True)
    found = (event.data or {}) if event is not None else {}
    new, gone = (len(list(spread(found.get(name, ())))) for name in ("joined", "gone"))
    back = len(list(spread(found.get("back", ()))))
    return Scanned(new + back, gone, tuple(listed.notes))
