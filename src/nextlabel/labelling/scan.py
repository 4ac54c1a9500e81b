"""Looking through the folder: what joined, what is gone."""

from typing import NamedTuple

from nextlabel.labelling.project import Project
from nextlabel.store.files import spread


class Scanned(NamedTuple):
    """What a look found: how many files joined, and how many are gone; sentences on what was left out."""

    new: int
    gone: int
    notes: tuple[str, ...] = ()


def scan(project: Project) -> Scanned:
    """Take in the folder as it is now; nothing in it is opened. Raises `BadData` where nothing is left."""
    listed = project.source.list_files()
    event = project.register(listed.files, whole=True)
    found = (event.data or {}) if event is not None else {}
    new, gone = (len(list(spread(found.get(name, ())))) for name in ("joined", "gone"))
    back = len(list(spread(found.get("back", ()))))
    return Scanned(new + back, gone, tuple(listed.notes))
