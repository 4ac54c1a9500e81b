"""A folder of pictures with one sub-folder per class.

The class is mostly the first part of a picture's path; what lies deeper belongs to it, and pictures at the top are
unlabelled. `nextlabel.datasets.layout` knows what else folders may mean.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from nextlabel.datasets.base import Dataset, Request
from nextlabel.datasets.formats import SUFFIXES
from nextlabel.datasets.layout import Layout, read_layout
from nextlabel.datasets.listing import Listing, list_folder
from nextlabel.datasets.scanning import Found, read_found
from nextlabel.errors import BadData
from nextlabel.text import printable, quote_few, several, show_path

PLAIN_NAMES = ("train", "data", "images", "pictures")  # folders whose parent says more


def load_folder(request: Request) -> Dataset:
    """Read a folder of pictures; raises `BadData` where there is nothing to learn from."""
    root = Path(os.path.abspath(os.path.expanduser(request.source)))
    return read_found(request, found_in(root, list_folder(root), name_of(root), request.needs_labels))


def found_in(root: Path, listing: Listing, name: str, needs_labels: bool = True) -> Found:
    """The pictures of a listing, with what their folders say of them; raises `BadData` where there are none.

    Those without a class are told where somebody ``needs_labels``: else labels come from elsewhere, or from nowhere.
    """
    if not listing.pictures:
        raise BadData(_no_pictures(root, listing))
    layout = read_layout([path for path, _ in listing.pictures])
    used = [
        (path, file, place) for (path, file), place in zip(listing.pictures, layout.places, strict=True) if place.used
    ]
    return Found(
        root,
        name,
        [path for path, _, _ in used],
        [file for _, file, _ in used],
        [place.label for _, _, place in used],
        sides=[place.side for _, _, place in used],
        skipped=listing.skipped,
        notes=list(_notes(listing, layout, needs_labels)),
    )


def _no_pictures(root: Path, listing: Listing) -> str:
    hidden = f" {_say_hidden(listing.hidden)}" if listing.hidden else ""
    if not listing.others and not listing.skipped:
        return f"The folder '{show_path(root)}' is empty. Put one sub-folder of pictures per class into it.{hidden}"
    return (
        f"The folder '{show_path(root)}' holds {len(listing.others) + len(listing.skipped)} files, but no pictures. "
        f"Pictures end in {', '.join(sorted(suffix[1:] for suffix in SUFFIXES))}.{hidden}"
    )


def _say_hidden(names: Sequence[str]) -> str:
    return f"{quote_few(names)} is hidden, for its name begins with a dot, so it is no class. Rename it if it is one."


def _notes(listing: Listing, layout: Layout, needs_labels: bool) -> Iterator[str]:
    """What a person should know of a folder, beside the pictures in it that cannot be read."""
    yield from layout.notes
    loose = [path for path, _ in listing.pictures if "/" not in path]
    if loose and needs_labels:
        yield (
            f"{len(loose)} pictures lie in no class folder, so they are unlabelled and take no part in a simulation, "
            f"e.g. '{printable(loose[0])}'."
        )
    if listing.hidden:
        yield _say_hidden(listing.hidden)
    if listing.others:
        are = "is no picture and was" if len(listing.others) == 1 else "are no pictures and were"
        yield f"{several(len(listing.others), 'file')} {are} left out, e.g. '{listing.others[0]}'."
    held = {path.split("/", 1)[0] for path, _ in listing.pictures}
    if bare := [folder for folder in listing.folders if folder not in {printable(name) for name in held}]:
        yield f"No picture lies in {quote_few(bare)}, so that is no class."


def name_of(root: Path) -> str:
    """What a folder is called: ``flowers`` for ``…/flowers/train``."""
    telling = (path.name for path in (root, *root.parents) if path.name and path.name.lower() not in PLAIN_NAMES)
    return printable(next(telling, root.name) or "pictures")
