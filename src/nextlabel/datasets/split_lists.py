"""A folder for each side of a split, and in each a list of its pictures: how Hugging Face's imagefolder has labels.

    train/metadata.csv       file_name,label, paths seen from train/
    test/metadata.csv

The sides of the split are the folders'. Where there is a training folder, lists of the others may lack labels.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from nextlabel.datasets.base import Dataset, Request
from nextlabel.datasets.folder import lists_inside, name_of
from nextlabel.datasets.layout import TRAIN, side_of
from nextlabel.datasets.listed_paths import tidy_path
from nextlabel.datasets.listing import list_folder
from nextlabel.datasets.picture_manifest import find_listed
from nextlabel.datasets.scanning import Found, read_found
from nextlabel.errors import BadData
from nextlabel.text import printable, quote_few, several


def load_split_lists(request: Request) -> Dataset:
    """The pictures of all lists; raises as `load_manifest` does, and `BadData` where two of them name one picture."""
    root = Path(os.path.abspath(os.path.expanduser(request.source)))
    lists = lists_inside(root)
    training = any(side_of(name) == TRAIN for name in lists)
    sides = {
        name: _find(name, path, request, request.needs_labels and (not training or side_of(name) == TRAIN))
        for name, path in lists.items()
    }
    _refuse_shared(sides)
    return read_found(request, _join(root, sides, [*_notes(root, lists)]))


def _find(name: str, path: Path, request: Request, needs_labels: bool) -> Found:
    """What the list of one folder names, its paths seen from the folder around it."""
    found = find_listed(path, f"{name}/{path.name}", request, needs_labels)
    return replace(
        found,
        paths=[tidy_path(f"{name}/{one}") for one in found.paths],
        sides=[side_of(name)] * len(found.paths),
        skipped=[replace(file, path=f"{printable(name)}/{file.path}") for file in found.skipped],
    )


def _refuse_shared(sides: Mapping[str, Found]) -> None:
    """A picture on two sides of a split would be learned from and tested on."""
    first: dict[str, str] = {}
    for name, found in sides.items():
        for path in found.paths:
            other = first.setdefault(path, name)
            if other != name:
                raise BadData(
                    f"The lists in {quote_few([other, name])} both name '{printable(path)}', and a picture lies on one "
                    "side of a split. Take it out of one of them."
                )


def _join(root: Path, sides: Mapping[str, Found], notes: Sequence[str]) -> Found:
    every = list(sides.values())
    return Found(
        root,
        name_of(root),
        [path for one in every for path in one.paths],
        [file for one in every for file in one.files],
        [label for one in every for label in one.labels],
        sides=[side for one in every for side in one.sides or ()],
        groups=None if every[0].groups is None else [group for one in every for group in one.groups or ()],
        skipped=[file for one in every for file in one.skipped],
        notes=[*notes, *(note for one in every for note in one.notes)],
        numbers=True,
    )


def _notes(root: Path, lists: Mapping[str, Path]) -> Iterator[str]:
    are, files = ("are splits" if len(lists) > 1 else "is a split"), sorted({path.name for path in lists.values()})
    yield f"{quote_few(list(lists))} {are}, and labels are read from {quote_few(files)} in each."
    others = [path for path, _ in list_folder(root).pictures if path.split("/", 1)[0] not in lists]
    if others:
        lie = "lies" if len(others) == 1 else "lie"
        yield (
            f"{several(len(others), 'picture')} {lie} outside of these and {'was' if len(others) == 1 else 'were'} "
            f"left out, e.g. '{printable(others[0])}'."
        )
