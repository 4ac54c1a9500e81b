"""A folder of pictures, or of texts (.txt), with one sub-folder per class.

The class is mostly the first part of a sample's path; what lies deeper belongs to it, and what lies at the top is
unlabelled. Where pictures and texts lie together, the pictures are the samples.
`nextlabel.datasets.layout` knows what else folders may mean.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from nextlabel.datasets.base import Dataset, Request
from nextlabel.datasets.formats import SUFFIXES
from nextlabel.datasets.layout import Layout, read_layout, side_of
from nextlabel.datasets.listing import PLAIN_NAMES, Listing, is_ignored, list_folder
from nextlabel.datasets.picture_manifest import ENDINGS, lists_pictures
from nextlabel.datasets.pictures import File
from nextlabel.datasets.scanning import PICTURE, TEXT, Found, read_found
from nextlabel.errors import BadData
from nextlabel.text import printable, quote_few, several, show_path


def load_folder(request: Request) -> Dataset:
    """Read a folder of pictures or texts; raises `BadData` where there is nothing to learn from."""
    root = Path(os.path.abspath(os.path.expanduser(request.source)))
    return read_found(request, found_in(root, list_folder(root), name_of(root), request))


def list_inside(root: Path) -> Path | None:
    """The list of pictures at the top of a folder whose sub-folders are no classes, as Hugging Face's ``metadata.csv``.

    None where classes are folders, or where there is no list, or several and none of that name.
    """
    # The few files at the top first: whoever has no list there does not pay for a second walk through the folder.
    found = list_at(root)
    return found if found is not None and not _has_classes([path for path, _ in list_folder(root).pictures]) else None


def list_at(root: Path) -> Path | None:
    """The one list of pictures right in a folder, or the one called ``metadata``; None where there is no such one."""
    tables = [path for path in sorted(root.glob("*")) if path.suffix.lower() in ENDINGS and not is_ignored(path.name)]
    lists = [path for path in tables if lists_pictures(path)]
    named = [path for path in lists if path.stem.lower() == "metadata"] or lists
    return named[0] if len(named) == 1 else None


def lists_inside(root: Path) -> dict[str, Path]:
    """The lists of pictures in folders of which each is one side of a split, as ``train`` and ``test``, by folder.

    Empty where a folder of any other name has one, or where classes are folders: in them, or around them.
    """
    lists = {path.name: found for path in _folders(root) if (found := list_at(path)) is not None}
    if not lists or any(side_of(name) < 0 for name in lists):
        return {}
    inside = [path.split("/", 1) for path, _ in list_folder(root).pictures]
    held = {name: [rest[0] for first, *rest in inside if first == name and rest] for name in lists}
    return {} if any(map(_has_classes, held.values())) else lists


def _folders(root: Path) -> list[Path]:
    """Those that may be sides of a split, if any of them is named for one."""
    found = [path for path in sorted(root.glob("*")) if path.is_dir() and not is_ignored(path.name)]
    return found if any(side_of(path.name) >= 0 for path in found) else []


def _has_classes(paths: Sequence[str]) -> bool:
    return len({label for label in read_layout(paths).labels if label is not None}) > 1


def found_in(root: Path | str, listing: Listing, name: str, request: Request) -> Found:
    """The samples of a listing, with what their folders say of them; raises `BadData` where there are none.

    Those without a class are told where somebody needs labels: else these come from elsewhere, or from nowhere.
    """
    kind, rows = _samples(listing, request.needs_labels)
    if not rows:
        raise BadData(_no_samples(root, listing))
    layout = read_layout([path for path, _ in rows], kind)
    used = [(path, file, place) for (path, file), place in zip(rows, layout.places, strict=True) if place.used]
    return Found(
        root,
        name,
        [path for path, _, _ in used],
        [file for _, file, _ in used],
        [place.label for _, _, place in used],
        sides=[place.side for _, _, place in used],
        skipped=listing.skipped,
        notes=list(_notes(listing, layout, request)),
        kind=kind,
    )


def _samples(listing: Listing, needs_labels: bool) -> tuple[str, Sequence[tuple[str, File]]]:
    """Pictures where there are any; else texts, unless folders must be classes, and all lie at the top."""
    loose = needs_labels and all("/" not in path for path, _ in listing.texts)  # one of them would say what is there
    if listing.pictures or loose or not listing.texts:
        return PICTURE, listing.pictures
    return TEXT, listing.texts


def _no_samples(root: Path | str, listing: Listing) -> str:
    hidden = f" {_say_hidden(listing.hidden)}" if listing.hidden else ""
    if not listing.others and not listing.skipped:
        return f"The folder '{show_path(root)}' is empty. Put one sub-folder of pictures per class into it.{hidden}"
    return (
        f"The folder '{show_path(root)}' holds {len(listing.others) + len(listing.skipped)} files, but no pictures. "
        f"Pictures end in {', '.join(sorted(suffix[1:] for suffix in SUFFIXES))}; texts in txt, and lie in one "
        f"sub-folder per class.{hidden}"
    )


def _say_hidden(names: Sequence[str]) -> str:
    if len(names) > 1:
        return (
            f"{quote_few(names)} are hidden, for their names begin with a dot, so they are no classes. Rename those "
            "that are."
        )
    return f"{quote_few(names)} is hidden, for its name begins with a dot, so it is no class. Rename it if it is one."


def _notes(listing: Listing, layout: Layout, request: Request) -> Iterator[str]:
    """What a person should know of a folder, beside the samples in it that cannot be read."""
    yield from layout.notes
    kind, rows = _samples(listing, request.needs_labels)
    if request.needs_labels:
        yield from _say_loose([rows[i][0] for i in layout.loose], _class_parents(rows, layout), kind, request)
    if listing.hidden:
        yield _say_hidden(listing.hidden)
    texts = {printable(path) for path, _ in rows} if kind == TEXT else set()
    if others := [path for path in listing.others if path not in texts]:
        are = f"is no {kind} and was" if len(others) == 1 else f"are no {kind}s and were"
        yield f"{several(len(others), 'file')} {are} left out, e.g. '{others[0]}'."
    held = {path.split("/", 1)[0] for path, _ in rows}
    if bare := [folder for folder in listing.folders if folder not in {printable(name) for name in held}]:
        yield f"No {kind} lies in {quote_few(bare)}, so that is no class."


def _class_parents(rows: Sequence[tuple[str, File]], layout: Layout) -> set[str]:
    """All folders around samples that have a class: of ``train/cat/1.png`` these are ``train/cat`` and ``train``."""
    folders = {path.rpartition("/")[0] for (path, _), label in zip(rows, layout.labels, strict=True) if label}
    return {"/".join(parts[:i]) for folder in folders for parts in [folder.split("/")] for i in range(len(parts) + 1)}


def _say_loose(paths: Sequence[str], around: set[str], kind: str, request: Request) -> Iterator[str]:
    """Says what lies in no class: right at the top, beside the classes of a split, or in a folder without any."""
    top = [path for path in paths if "/" not in path]
    beside = {path: folder for path in paths if (folder := path.rpartition("/")[0]) and folder in around}
    rest = {path: _outermost(path, around) for path in paths if "/" in path and path not in beside}
    if top:
        lie, example = "lies" if len(top) == 1 else "lie", printable(top[0])
        yield f"{several(len(top), kind)} {lie} in no class folder{request.say_fate(len(top))}, e.g. '{example}'."
    for found in filter(None, (beside, rest)):
        folders = sorted(set(found.values()))
        itself = "" if found is rest else " itself" if len(folders) == 1 else " themselves"
        lie, are = ("lies", "it is") if len(found) == 1 else ("lie", "they are")
        yield (
            f"{several(len(found), kind)} {lie} in {quote_few(folders)}{itself}, in no class: {are} unlabelled"
            f"{request.say_fate(len(found))}, e.g. '{printable(next(iter(found)))}'."
        )


def _outermost(path: str, around: set[str]) -> str:
    """The outermost folder of a path that is not around any class."""
    parts = path.split("/")[:-1]
    folders = ["/".join(parts[:i]) for i in range(1, len(parts) + 1)]
    return next((folder for folder in folders if folder not in around), folders[-1])


def name_of(root: Path) -> str:
    """What a folder is called: ``flowers`` for ``…/flowers/train``."""
    telling = (path.name for path in (root, *root.parents) if path.name and path.name.lower() not in PLAIN_NAMES)
    return printable(next(telling, root.name) or "pictures")
