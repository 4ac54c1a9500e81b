"""Looking through the folder: what joined, what is gone."""

import random
from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from nextlabel.errors import Mistake
from nextlabel.labelling.project import Project, new_client
from nextlabel.labelling.sources import Listed
from nextlabel.store import Entry, Sample
from nextlabel.store.files import ranges, spread
from nextlabel.text import several, show_path

Found = TypeVar("Found")
SOME = 100  # files that are looked at to know a folder again


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
        _keep_links(project, listed)
        return Scanned(0, 0, tuple(listed.notes))  # nobody's answer waits while the store is compared with the folder
    event = project.register(listed.files, whole=True)
    _keep_links(project, listed)
    found = (event.data or {}) if event is not None else {}
    new, gone = (len(list(spread(found.get(name, ())))) for name in ("joined", "gone"))
    back = len(list(spread(found.get("back", ()))))
    return Scanned(new + back, gone, tuple(listed.notes))


def _keep_links(project: Project, listed: Listed) -> None:
    """Which samples are links out of the folder: those alone may be followed, until somebody looks again."""
    with project.lock:
        links = {one.id for one in project.samples if one.gone is None and one.path in listed.links}
        if links != project.state.files.links:
            project.append(Entry(new_client(), "scan", data={"links": ranges(links)}))


def check_folder(project: Project) -> None:
    """Raise `Mistake` where a project that lies elsewhere is about another folder: all that it knows would be gone.

    A folder that was moved holds what it held, by the same names or by others: some of it is looked for.
    """
    there = sorted(project.state.files.there)
    if not there or _is_known(project, [project.samples[one] for one in _choose_some(there)]):
        return
    raise Mistake(
        f"This project is about another folder: of its {several(len(there), 'sample')} none was found in "
        f"'{show_path(project.place)}'. Name that folder, or begin a project of its own for this one with another "
        "--project DIR or --store URL."
    )


def _is_known(project: Project, some: Sequence[Sample]) -> bool:
    """Is one of these there? Names alone tell little: IMG_0001.jpg is in many a folder."""
    source = project.source
    found = ((one.digest, source.digest(one.path)) for one in some)
    if any(now is not None and before in (None, now) for before, now in found):
        return True
    digests = {one.digest for one in project.samples if one.digest is not None}
    return any(source.digest(file.path) in digests for file in _choose_some(source.list_files().files))


def _choose_some(found: Sequence[Found]) -> list[Found]:
    return random.Random(0).sample(found, min(SOME, len(found)))
