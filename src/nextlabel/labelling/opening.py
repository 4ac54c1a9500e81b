"""Opening a project: made where there is none, and what was wished for put into it."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nextlabel.errors import CannotWrite, Mistake
from nextlabel.labelling.classes import LabelClasses
from nextlabel.labelling.imports import import_labels
from nextlabel.labelling.places import check_place, find_inner, find_outer, home_of, source_of
from nextlabel.labelling.project import Project, new_client
from nextlabel.labelling.scan import check_folder, scan
from nextlabel.labelling.settings import read_settings
from nextlabel.labelling.sources import Listed, kind_of
from nextlabel.store import FILE, Entry, Store, open_store
from nextlabel.store.classes import fold_name
from nextlabel.store.postgresql import is_address
from nextlabel.text import shorten, show_path

FIXED = ("seed", "kind", "text_column", "side", "embedder")  # what a project begins with, and stays


@dataclass(frozen=True)
class Wish:
    """What somebody wants to label: a ``place``, and whatever else was said; ``settings`` those that were named."""

    place: Path
    project: Path | None = None
    store: str | None = None
    classes: Sequence[str] = ()
    labels: Sequence[str] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Opened:
    """An open project: ``address`` of its store, and sentences for a person."""

    project: Project
    address: str
    notes: Sequence[str] = ()


def open_project(wish: Wish) -> Opened:
    """Open the project of a place, or begin one; raises what `open_store` raises, `BadData` and `Mistake`.

    Nothing is written where there is nothing to label.
    """
    place = wish.place
    check_place(place)
    home = home_of(place, wish.project)
    address = wish.store or str(home / FILE)
    # What a database holds, it alone can say; a file that is not there holds nothing, and is not made for nothing.
    begun = None if is_address(address) or Path(address).exists() else _beginning(wish)
    _make_home(home)
    store = open_store(address)
    try:
        project, notes = _fill(store, wish, home, begun)
    except BaseException:
        store.close()
        raise
    return Opened(project, address, notes)


def _beginning(wish: Wish) -> tuple[dict[str, Any], Listed]:
    """The settings that a new project begins with, and its samples; raises where there is nothing to label."""
    place, given = wish.place, dict(wish.settings)
    if place.is_dir():
        given.setdefault("kind", kind_of(place))
    elif given.get("text_column") is None:
        raise Mistake(
            f"'{show_path(place)}' is a file. Name a folder of pictures or texts, or say which column of a table holds "
            "texts: --text-column NAME."
        )
    else:
        given["kind"] = "text"
    begun = {"project": secrets.token_hex(8), "seed": secrets.randbelow(2**31), **given}
    return begun, source_of(place, read_settings(begun)).list_files()


def _neighbours(place: Path, home: Path) -> list[str]:
    """A project around this one, or in it: which of them is meant?"""
    notes = []
    if home.parent == place and (outer := find_outer(place)) is not None:
        notes.append(f"'{show_path(outer)}', around this folder, is a project too. Answers here are not in it.")
    if (inner := find_inner(place)) is not None:
        notes.append(f"'{show_path(inner)}', in this folder, is a project too. Its answers are not in this one.")
    return notes


def _make_home(home: Path) -> None:
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWrite(
            f"The folder '{show_path(home)}' cannot be made ({error.strerror}). Where the pictures' folder may not be "
            "written to, keep the project elsewhere: --project DIR."
        ) from None


def _fill(
    store: Store, wish: Wish, home: Path, begun: tuple[dict[str, Any], Listed] | None
) -> tuple[Project, list[str]]:
    project, notes = Project(store, wish.place, home), list[str]()
    if not project.state.settings:
        settings, listed = begun or _beginning(wish)
        project.append(Entry(new_client(), "settings", data=settings))
        notes += [*_neighbours(wish.place, home), *scan(project, listed).notes]
    else:
        if wish.store is not None or wish.project is not None:
            check_folder(project)
        _change(project, wish.settings)
        if wish.labels:  # they may be about files that joined; else the page need not wait for a look at all
            notes += scan(project).notes
    for name in wish.classes:
        # The same command goes on, also where a class was renamed or merged since.
        if fold_name(name) not in project.past.names:
            LabelClasses(project).add(None, name)
    if wish.labels:
        notes += import_labels(project, wish.labels)
    return project, notes


def _change(project: Project, wanted: Mapping[str, Any]) -> None:
    """Settings that were named are changed; some never are."""
    changes = {name: value for name, value in wanted.items() if getattr(project.settings, name) != value}
    if fixed := [name for name in changes if name in FIXED]:
        name = fixed[0].replace("_", "-")
        was = shorten(str(getattr(project.settings, fixed[0])))
        raise Mistake(
            f"This project began with another --{name} ({was}), and keeps it: what was asked so far hangs on it. Leave "
            "it out, or begin a second project with --project DIR."
        )
    if changes:
        project.append(Entry(new_client(), "settings", data=changes))
