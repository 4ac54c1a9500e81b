"""A file behind an address, as a dataset has it, and what data behind an address are called."""

from pathlib import PurePosixPath
from typing import NamedTuple

from nextlabel.datasets.decoding import NO_ROOM, Passing
from nextlabel.datasets.listing import PLAIN_NAMES
from nextlabel.files import cache, remote
from nextlabel.files.remote import without_secrets
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
    def lies_in(self) -> str:
        """It is by itself."""
        return self.address

    @property
    def far(self) -> bool:
        """It is."""
        return True

    def __str__(self) -> str:
        return without_secrets(self.address)


def name_of_address(address: str) -> str:
    """What the data behind an address are called.

    >>> name_of_address("s3://bucket/flowers/train/"), name_of_address("https://example.org/birds.csv")
    ('flowers', 'birds')
    """
    parts = [part for part in address.partition("://")[2].split("/") if part]
    telling = [PurePosixPath(part).stem if i == len(parts) - 1 and i else part for i, part in enumerate(parts)]
    return printable(next((part for part in reversed(telling) if part.lower() not in PLAIN_NAMES), "pictures"))
