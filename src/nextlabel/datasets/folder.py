"""A folder of pictures with one sub-folder per class.

The class is the first part of a picture's path; what lies deeper belongs to it. Pictures at the top are unlabelled.
Every file is decoded once, so that what cannot be read is known before anybody builds on it; verdicts are kept by the
digest of the bytes, so a second load only hashes.
"""

import json
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nextlabel.datasets.base import Dataset, Request, Skipped, Squares
from nextlabel.datasets.pictures import SUFFIXES, VERSION, FolderPictures, Reading, kept_squares, read_all
from nextlabel.errors import BadData
from nextlabel.files import cache
from nextlabel.files.keyed import STEP, KeyedRows
from nextlabel.pool import Labels
from nextlabel.progress import Progress
from nextlabel.text import printable, show_path

SCAN_SIZE = 64  # squares of this size are made while the folder is scanned: what `patches` asks for
PLAIN_NAMES = ("train", "data", "images", "pictures")  # folders whose parent says more
SPLIT_FOLDERS = {"train", "training", "test", "testing", "val", "valid", "validation"}

Readability = dict[str, str | None]  # digest -> why it cannot be read, None where it can


class Listing(NamedTuple):
    """A folder before anything was opened: pictures as (relative POSIX path, path to open), sorted, and the rest."""

    pictures: list[tuple[str, str]]
    skipped: list[Skipped]
    others: int
    folders: list[str]


def load_folder(request: Request) -> Dataset:
    """Read a folder of pictures; raises `BadData` where there is nothing to learn from."""
    root = Path(os.path.abspath(os.path.expanduser(request.source)))
    listing = list_folder(root)
    if not listing.pictures:
        raise BadData(_no_pictures(root, listing))
    folder = cache.folder()
    readings = _scan(folder, root, [file for _, file in listing.pictures], request.progress)
    return _dataset(request, root, listing, readings, folder)


def list_folder(root: Path) -> Listing:
    """What lies below a folder, but for what is hidden; links are followed. Raises `BadData` if it may not be read."""
    try:
        found = Listing([], [], 0, [])
        entries = sorted(os.scandir(root), key=lambda entry: entry.name)
    except PermissionError:
        raise BadData(f"The folder '{show_path(root)}' may not be read. Ask its owner, or copy it.") from None
    except OSError as error:
        raise BadData(f"The folder '{show_path(root)}' cannot be read ({error.strerror}).") from None
    folders = [
        printable(entry.name) for entry in entries if os.path.isdir(entry.path) and not entry.name.startswith(".")
    ]
    pictures, others = [], 0
    for path, file in _walk_folder(str(root), "", ()):
        if isinstance(file, Skipped):
            found.skipped.append(file)
        elif os.path.splitext(path)[1].lower() in SUFFIXES:
            pictures.append((path, file))
        else:
            others += 1
    return Listing(sorted(pictures), found.skipped, others, folders)


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
        if entry.name.startswith("."):
            continue
        name = f"{path}/{entry.name}" if path else entry.name
        if os.path.isdir(entry.path):  # unlike entry.is_dir(), never an OSError: a link to itself is just not one
            yield from _walk_folder(entry.path, name, (*above, here))
        elif os.path.isfile(entry.path):
            yield name, entry.path
        elif entry.is_symlink():
            yield name, Skipped(printable(name), "is a link to nothing")


def _no_pictures(root: Path, listing: Listing) -> str:
    if not listing.others and not listing.skipped:
        return f"The folder '{show_path(root)}' is empty. Put one sub-folder of pictures per class into it."
    return (
        f"The folder '{show_path(root)}' holds {listing.others + len(listing.skipped)} files, but no pictures. "
        f"Pictures end in {', '.join(sorted(suffix[1:] for suffix in SUFFIXES))}."
    )


def _scan(folder: Path, root: Path, files: Sequence[str], progress: Progress) -> list[Reading]:
    """Read all files, and decode those whose bytes are new; their squares are kept, since they are at hand."""
    store, squares = folder / f"scan-{cache.key(VERSION, root)}.json", kept_squares(folder, SCAN_SIZE)
    before = _verdicts(store)
    # What has a square can be read, also where it lay in another folder then, or where that scan was interrupted.
    known = dict.fromkeys(squares.known()) | before
    readings: list[Reading] = []
    new: dict[str, Squares] = {}
    try:
        for reading in read_all(files, SCAN_SIZE, known, progress):
            readings.append(reading._replace(square=None))
            if reading.square is not None and reading.digest is not None:
                new[reading.digest] = reading.square
            if len(new) == STEP:
                _keep(squares, new)
    finally:
        _keep(squares, new)
    verdicts = {reading.digest: reading.reason for reading in readings if reading.digest}
    if verdicts != before:
        cache.write_bytes(store, json.dumps(verdicts).encode())
    return readings


def _keep(squares: KeyedRows, new: dict[str, Squares]) -> None:
    if new:
        squares.add(list(new), np.stack(list(new.values())))
        new.clear()


def _verdicts(store: Path) -> Readability:
    try:
        found = json.loads(store.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _dataset(request: Request, root: Path, listing: Listing, readings: Sequence[Reading], folder: Path) -> Dataset:
    rows = list(zip(listing.pictures, readings, strict=True))
    skipped = listing.skipped + [Skipped(printable(p), r.reason) for (p, _), r in rows if r.reason is not None]
    good = [(path, file, r.digest) for (path, file), r in rows if r.reason is None and r.digest is not None]
    paths = tuple(printable(path) for path, _, _ in good)
    digests = tuple(digest for _, _, digest in good)
    labels = [path.split("/", 1)[0] if "/" in path else None for path in paths]
    classes = tuple(sorted({label for label in labels if label is not None}))
    _check_classes(root, paths, skipped, classes)
    codes = {label: code for code, label in enumerate(classes)}
    y: Labels = np.array([-1 if label is None else codes[label] for label in labels], dtype=np.int64)
    same = _duplicates(digests)
    return Dataset(
        name=request.name or name_of(root),
        y=y,
        classes=classes,
        fingerprint=cache.key(*(word for row in zip(paths, digests, labels, strict=True) for word in row)),
        pictures=FolderPictures(tuple(file for _, file, _ in good), digests, folder),
        paths=paths,
        root=str(root),
        skipped=tuple(sorted(skipped, key=lambda file: file.path)),
        duplicates=same,
        warnings=tuple(_warnings(y, paths, classes, same, listing)),
    )


def _check_classes(root: Path, paths: Sequence[str], skipped: Sequence[Skipped], classes: Sequence[str]) -> None:
    if not paths:
        raise BadData(
            f"None of the {len(skipped)} pictures in '{show_path(root)}' can be read; the first, '{skipped[0].path}', "
            f"{_clause(skipped[0].reason)}. Are they whole?"
        )
    if not classes:
        raise BadData(
            f"The {len(paths)} pictures in '{show_path(root)}' lie in no class folder. "
            "Put those whose class you know into one sub-folder per class."
        )
    if len(classes) < 2:
        raise BadData(
            f"'{show_path(root)}' holds one class only, '{classes[0]}', so there is nothing to tell apart. "
            "Name the folder that holds one sub-folder per class."
        )


def _clause(reason: str) -> str:
    return f"is unusable: {reason}" if reason[0].isdigit() else reason


def _duplicates(digests: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """Groups of ids with the same bytes, in the order of their first ids."""
    groups: Mapping[str, list[int]] = defaultdict(list)
    for i, digest in enumerate(digests):
        groups[digest].append(i)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def _warnings(
    y: Labels, paths: Sequence[str], classes: Sequence[str], same: Sequence[tuple[int, ...]], listing: Listing
) -> Iterator[str]:
    torn = [group for group in same if len({int(code) for code in y[list(group)]} - {-1}) > 1]
    if torn:
        named = "; ".join(" and ".join(f"'{paths[i]}'" for i in group[:3]) for group in torn[:3])
        more = f"; and {len(torn) - 3} more" if len(torn) > 3 else ""
        yield f"The same picture lies in two classes: {named}{more}. One of them is labelled wrongly."
    alone = int((y < 0).sum())
    if alone:
        yield (
            f"{alone} pictures lie in no class folder, so they are unlabelled and take no part in a simulation, "
            f"e.g. '{paths[int(np.argmin(y))]}'."
        )
    if bare := [folder for folder in listing.folders if folder not in classes]:
        yield f"No picture that can be read lies in {_few(bare)}, so that is no class."
    if {name.lower() for name in classes} <= SPLIT_FOLDERS:
        inside = next((name for name in classes if name.lower().startswith("train")), classes[0])
        yield f"The classes are called {_few(classes)}. Did you mean the folder '{inside}' inside?"


def _few(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def name_of(root: Path) -> str:
    """What a folder is called: ``flowers`` for ``…/flowers/train``."""
    telling = (path.name for path in (root, *root.parents) if path.name and path.name.lower() not in PLAIN_NAMES)
    return printable(next(telling, root.name) or "pictures")
