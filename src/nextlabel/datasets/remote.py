"""Pictures and texts in a bucket (s3://, gs://), in class folders as on a disk: listed, then read one by one.

Nothing is copied to this disk but what becomes of them. An object's bytes have a digest, as any file's; which digest an
address had is remembered by what the store says of it (ETag, size, time), so a second look reads what changed since.
"""

import os
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import NamedTuple

from nextlabel.datasets.base import Dataset, Request, Skipped
from nextlabel.datasets.decoding import NO_ROOM, Passing
from nextlabel.datasets.folder import PLAIN_NAMES, found_in
from nextlabel.datasets.formats import SUFFIXES
from nextlabel.datasets.listing import Listing, is_ignored
from nextlabel.datasets.pictures import MOST_BYTES, File
from nextlabel.datasets.scanning import read_found
from nextlabel.datasets.text_files import ENDING
from nextlabel.errors import BadData
from nextlabel.files import cache, remote
from nextlabel.files.remote import Entry, without_secrets
from nextlabel.text import printable


class RemoteFile(NamedTuple):
    """A file behind an address; small, so that it travels. ``mark`` changes with its bytes, empty: nobody knows."""

    address: str
    mark: str = ""

    def read(self) -> bytes:
        """Its bytes; raises `Unreadable` where they are not to be had, and `CannotFetch` where nothing is."""
        try:
            return remote.read(self.address)
        except MemoryError:
            raise Passing(NO_ROOM) from None
        except FileNotFoundError:
            raise Passing("is not there") from None
        except PermissionError:
            raise Passing("may not be read") from None

    @property
    def signature(self) -> str:
        """By what the store says of it."""
        return cache.key(without_secrets(self.address), self.mark) if self.mark else ""

    @property
    def far(self) -> bool:
        """It is."""
        return True

    def __str__(self) -> str:
        return without_secrets(self.address)


def load_bucket(request: Request) -> Dataset:
    """Read a folder of a bucket as if it lay here; raises `BadData` where there is nothing to learn from."""
    root = without_secrets(request.source).rstrip("/")
    entries = remote.find(request.source)
    if not entries:
        raise BadData(
            f"Nothing lies below '{printable(root)}'. Is the folder's name right, capitals too? Buckets have no empty "
            "folders."
        )
    return read_found(request, found_in(root, list_entries(root, entries), name_of_address(root), request))


def list_entries(root: str, entries: Iterable[Entry]) -> Listing:
    """What lies below an address, but for what is hidden. What is a picture is told by its ending alone: a look at its
    first bytes would cost a request for each."""
    found, texts, folders = Listing([], [], [], [], []), list[tuple[str, File]](), dict[str, None]()
    for entry in entries:
        name = entry.address[len(root) + 1 :]
        parts = name.split("/")
        if not name or any(is_ignored(part) for part in parts):
            continue
        if len(parts) > 1:
            folders[printable(parts[0])] = None
        file = RemoteFile(entry.address, entry.mark)
        if entry.size > MOST_BYTES:
            found.skipped.append(Skipped(printable(name), "is larger than 2 GB"))
        elif os.path.splitext(name)[1].lower() in SUFFIXES:
            found.pictures.append((name, file))
        else:
            found.others.append(printable(name))
            texts += [(name, file)] if name.lower().endswith(ENDING) else []
    return found._replace(texts=texts, folders=list(folders))


def name_of_address(address: str) -> str:
    """What the data behind an address are called.

    >>> name_of_address("s3://bucket/flowers/train/"), name_of_address("https://example.org/birds.csv")
    ('flowers', 'birds')
    """
    parts = [part for part in address.partition("://")[2].split("/") if part]
    telling = [PurePosixPath(part).stem if i == len(parts) - 1 and i else part for i, part in enumerate(parts)]
    return printable(next((part for part in reversed(telling) if part.lower() not in PLAIN_NAMES), "pictures"))
