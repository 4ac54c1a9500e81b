"""Where the samples of a labelling come from: a folder of pictures or texts, or a column of a table.

``list_files`` is quick, for the page that opens; ``read`` opens every sample, for those who learn.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from nextlabel.datasets import load
from nextlabel.datasets.base import Dataset, Request
from nextlabel.datasets.decoding import Unreadable
from nextlabel.datasets.first_look import Opener
from nextlabel.datasets.listing import Listing, list_folder
from nextlabel.datasets.pictures import File as Opened
from nextlabel.datasets.pictures import digest_of
from nextlabel.datasets.scanning import PICTURE, TEXT, Found, read_found, recall_digests
from nextlabel.datasets.text_files import decode_text
from nextlabel.errors import BadData, Outside
from nextlabel.files.confine import confine
from nextlabel.knobs.columns import Columns
from nextlabel.pool import Ids
from nextlabel.progress import Progress
from nextlabel.store import File
from nextlabel.text import show_path

Kind = str  # `PICTURE` or `TEXT`
MOST_LETTERS = 100_000  # of a text that a page is sent


class Listed(NamedTuple):
    """What lies there: ``files`` in their order, sentences on what was left out, and paths that are ``links`` out."""

    files: Sequence[File]
    notes: Sequence[str] = ()
    links: frozenset[str] = frozenset()


class Opening(NamedTuple):
    """Samples that were read: a dataset, whose row i is ``files[i]``, the sample ``ids[i]``."""

    dataset: Dataset
    ids: Ids
    files: Sequence[File]


class Source(Protocol):
    """Where samples come from."""

    @property
    def root(self) -> Path:
        """The folder that paths are relative to."""

    @property
    def kind(self) -> Kind:
        """What its samples are."""

    def list_files(self) -> Listed:
        """All there are, none of them opened; raises `BadData` where there are none."""

    def read(self, paths: Sequence[tuple[int, str]], opener: Opener | None, progress: Progress) -> Opening:
        """Open these samples, of which ids and paths are given; ``opener`` as in a `Request`."""

    def text(self, path: str, may_link_out: bool = False) -> str | None:
        """A text, where samples are texts."""

    def digest(self, path: str) -> str | None:
        """The digest of one sample, as `read` gives it; None where it is not there."""


@dataclass
class FolderSource:
    """Every picture below a folder; where there is none, every text."""

    root: Path
    kind: Kind = PICTURE
    follow_links: bool = False

    def list_files(self) -> Listed:
        listing = list_folder(self.root)
        rows = listing.pictures if self.kind == PICTURE else listing.texts
        paths = [path for path, _ in rows]
        inside = leave_out_links(self.root, paths)
        if self.follow_links and paths:
            return Listed([File(path) for path in paths], links=frozenset(paths).difference(inside))
        left = len(paths) - len(inside)
        if not inside:
            raise BadData(_nothing(self.root, listing, left))
        notes = [f"{left} links lead out of the folder and are left out: --follow-links takes them in."] if left else []
        return Listed([File(path) for path in inside], notes)

    def read(self, paths: Sequence[tuple[int, str]], opener: Opener | None, progress: Progress) -> Opening:
        files: list[Opened] = [os.path.join(self.root, path) for _, path in paths]
        found = Found(
            self.root,
            self.root.name or "pictures",
            [path for _, path in paths],
            files,
            [None] * len(files),
            kind=self.kind,
        )
        request = Request(str(self.root), progress=progress, sink=opener, unlabelled=True)
        dataset = read_found(request, found)
        places, digests = recall_digests(found, dataset)
        ids = np.array([paths[place][0] for place in places], dtype=np.int64)
        return Opening(dataset, ids, [File(paths[i][1], one) for i, one in zip(places, digests, strict=True)])

    def text(self, path: str, may_link_out: bool = False) -> str | None:
        if self.kind != TEXT:
            return None
        return decode_text(confine(self.root, path, may_link_out).read_bytes())[0][:MOST_LETTERS]

    def digest(self, path: str) -> str | None:
        try:
            raw = confine(self.root, path, self.follow_links).read_bytes()
            return digest_of(decode_text(raw)[0].encode("utf-8", "replace") if self.kind == TEXT else raw)
        except (OSError, Outside, Unreadable):
            return None


@dataclass
class TableSource:
    """A column of a table, each row a text: its path is its number."""

    path: Path
    column: str
    kind: Kind = TEXT
    _held: Dataset | None = field(default=None, repr=False)

    @property
    def root(self) -> Path:
        return self.path.parent

    def _dataset(self) -> Dataset:
        if self._held is None:
            page = Columns(text_column=self.column)
            self._held = load(Request(str(self.path), table=page, unlabelled=True))
        return self._held

    def list_files(self) -> Listed:
        dataset = self._dataset()
        assert dataset.texts is not None, "a text column was named"
        return Listed([File(str(i), one) for i, one in enumerate(dataset.texts.digests)], dataset.warnings)

    def read(self, paths: Sequence[tuple[int, str]], opener: Opener | None, progress: Progress) -> Opening:
        dataset = self._dataset()
        assert dataset.texts is not None, "a text column was named"
        rows = [int(path) for _, path in paths]
        digests = [dataset.texts.digests[row] for row in rows]
        whole = rows == list(range(len(dataset)))
        texts = dataset.texts if whole else type(dataset.texts).of([dataset.texts[row] for row in rows])
        some = replace(dataset, texts=texts, y=np.full(len(rows), -1, dtype=np.int64), classes=(), duplicates=())
        ids = np.array([one for one, _ in paths], dtype=np.int64)
        return Opening(some, ids, [File(path, one) for (_, path), one in zip(paths, digests, strict=True)])

    def text(self, path: str, may_link_out: bool = False) -> str | None:
        dataset = self._dataset()
        assert dataset.texts is not None, "a text column was named"
        row = int(path)
        return dataset.texts[row][:MOST_LETTERS] if row < len(dataset) else None

    def digest(self, path: str) -> str | None:
        dataset = self._dataset()
        assert dataset.texts is not None, "a text column was named"
        return dataset.texts.digests[int(path)] if int(path) < len(dataset) else None


def leave_out_links(root: Path, paths: Sequence[str]) -> list[str]:
    """The paths that stay within a folder, links followed."""
    real, linked = os.path.join(os.path.realpath(root), ""), dict[str, bool]()

    def is_linked(path: str) -> bool:
        """Does a link lie on the way? Asked once of each folder: to resolve every file would take a minute for many."""
        if path not in linked:
            above = os.path.dirname(path)
            linked[path] = os.path.islink(os.path.join(root, path)) or (above != "" and is_linked(above))
        return linked[path]

    return [
        path for path in paths if not is_linked(path) or os.path.realpath(os.path.join(root, path)).startswith(real)
    ]


def kind_of(root: Path) -> Kind:
    """What a folder holds: pictures where there are any, else texts."""
    listing = list_folder(root)
    return PICTURE if listing.pictures or not listing.texts else TEXT


def _nothing(root: Path, listing: Listing, links: int) -> str:
    shown = show_path(root)
    if links:
        return f"All {links} pictures in '{shown}' are links that lead out of it. Take them in with --follow-links."
    if not listing.others and not listing.skipped:
        return f"The folder '{shown}' is empty. Put pictures into it, in sub-folders or not, and start again."
    count = len(listing.others) + len(listing.skipped)
    return f"The folder '{shown}' holds {count} files, but no pictures or texts (.txt). Is it the right folder?"
