"""Where a project lies: a folder of its own inside the folder of the samples, or wherever ``--project`` says."""

import os
import re
from pathlib import Path

from nextlabel.errors import BadData, Mistake
from nextlabel.labelling.settings import Settings
from nextlabel.labelling.sources import FolderSource, Source, TableSource
from nextlabel.store import FILE
from nextlabel.text import show_path

HOME = ".nextlabel"
ELSEWHERE = re.compile("(?:^|/)(s3|gs|gcs|https?):/", re.IGNORECASE)  # what is left of an address that became a path


def source_of(place: Path, settings: Settings) -> Source:
    """The samples at a place, as the settings of their project say."""
    if settings.text_column is not None:
        return TableSource(place, settings.text_column)
    return FolderSource(place, settings.kind, settings.follow_links)


def home_of(place: Path, project: Path | None = None) -> Path:
    """The folder of a project's own files: ``.nextlabel`` in a folder, ``NAME.nextlabel`` beside a table."""
    if project is not None:
        return Path(os.path.abspath(project.expanduser()))
    return place / HOME if place.is_dir() else place.with_name(place.name + HOME)


def is_project(place: Path, project: Path | None = None) -> bool:
    """Does somebody label here?"""
    return (home_of(place, project) / FILE).exists()


def check_place(place: Path) -> None:
    """Raise where nobody can label: nothing there, or the inside of a project."""
    if (address := ELSEWHERE.search(str(place))) and not place.exists():
        raise Mistake(
            f"'{show_path(str(place)[address.start(1) :])}' lies elsewhere, and a labelling keeps its answers beside "
            "samples on this disk. "
            "Embed them where they are (nextlabel embed), let 'nextlabel select' say which to label, and copy those."
        )
    if not place.exists():
        raise BadData(f"There is no folder or file '{show_path(place)}'. Is the path right, seen from '{os.getcwd()}'?")
    if HOME in place.parts:
        raise Mistake(f"'{show_path(place)}' lies in a project's own folder. Name the folder of the pictures.")


def find_outer(place: Path) -> Path | None:
    """The project whose folder a place lies in, if there is one."""
    return next((one for one in place.parents if (one / HOME / FILE).exists()), None)


def find_inner(place: Path) -> Path | None:
    """A project somewhere below a folder, if there is one."""
    if not place.is_dir():
        return None
    for folder, names, _ in os.walk(place):
        here = Path(folder)
        if here != place and (here / HOME / FILE).exists():
            return here
        names[:] = [name for name in names if not name.startswith(".")]
    return None
