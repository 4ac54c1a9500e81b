"""A .zip of a tree of class folders: read where it lies, never unpacked, and bounded, for archives may be bombs."""

import os
import threading
import zipfile
import zlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from nextlabel.datasets.base import Dataset, Request, Skipped
from nextlabel.datasets.decoding import Passing, Unreadable
from nextlabel.datasets.folder import found_in, name_of
from nextlabel.datasets.formats import HEAD, SUFFIXES, is_picture
from nextlabel.datasets.listing import Listing, is_ignored
from nextlabel.datasets.pictures import File
from nextlabel.datasets.remote_file import name_of_address
from nextlabel.datasets.scanning import read_found
from nextlabel.datasets.text_files import ENDING
from nextlabel.errors import BadData
from nextlabel.files import cache
from nextlabel.files.remote import OpenFile, is_remote, stat, without_secrets
from nextlabel.text import printable

MOST_MEMBERS = 2_000_000
MOST_SIZE = 2**29  # bytes of one picture, unpacked
MOST_RATIO = 200  # of a member's bytes to those that it takes; pictures are packed already
_opening = threading.Lock()


class ZipMember(NamedTuple):
    """A file in an archive; small, so that it travels."""

    archive: str
    name: str
    mark: str = ""  # of an archive in a bucket: what changes with its bytes

    def read(self) -> bytes:
        """Its bytes; raises `Unreadable`."""
        try:
            return _open(self.archive).read(self.name)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise Unreadable(f"is damaged in its archive ({printable(str(error))[:60]})") from None
        except (OSError, KeyError) as error:
            raise Passing(f"cannot be read from its archive ({printable(str(error))[:60]})") from None

    @property
    def signature(self) -> str:
        """By the mark of an archive in a bucket; of one on this disk nothing is remembered."""
        return cache.key(without_secrets(self.archive), self.mark, self.name) if self.mark else ""

    @property
    def lies_in(self) -> str:
        """The archive."""
        return self.archive

    @property
    def far(self) -> bool:
        """Is the archive far away?"""
        return is_remote(self.archive)

    def __str__(self) -> str:
        return self.name


@lru_cache(maxsize=4)
def _open_once(archive: str) -> zipfile.ZipFile:
    # It stays open while pictures are read; its own lock keeps threads apart.
    return zipfile.ZipFile(OpenFile(archive) if is_remote(archive) else archive)


def _open(archive: str) -> zipfile.ZipFile:
    with _opening:
        return _open_once(archive)


def load_archive(request: Request) -> Dataset:
    """Read an archive of pictures or texts as if it were a folder; raises `BadData` where nothing can be learned."""
    if is_remote(request.source):
        root = without_secrets(request.source)
        return read_found(request, found_in(root, open_archive(request.source), name_of_address(root), request))
    path = Path(os.path.abspath(os.path.expanduser(request.source)))
    return read_found(request, found_in(path, open_archive(path), name_of(path.with_suffix("")), request))


def open_archive(place: Path | str) -> Listing:
    """What an archive at a path, or an address, holds; raises `BadData` where it is none."""
    archive, far = str(place), is_remote(str(place))
    shown = printable(without_secrets(archive) if far else os.path.basename(archive))
    try:
        mark = stat(archive).mark if far else ""
        _open_once.cache_clear()  # the file may be another one by now
        members = _open(archive).infolist()
    except PermissionError:
        raise BadData(f"'{shown}' may not be read. Ask its owner.") from None
    except FileNotFoundError:
        raise BadData(f"There is no file '{shown}'. Is it spelled right?") from None
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise BadData(f"'{shown}' is no whole .zip file ({printable(str(error))[:80]}).") from None
    if len(members) > MOST_MEMBERS:
        raise BadData(f"'{shown}' holds more than {MOST_MEMBERS:,} files. Unpack it, and name the folder.")
    return list_archive(archive, members, mark)


def list_archive(archive: str, members: list[zipfile.ZipInfo], mark: str = "") -> Listing:
    """What an archive holds, but for what is hidden."""
    found, texts = Listing([], [], [], [], []), list[tuple[str, File]]()
    for info in sorted(members, key=lambda info: info.filename):
        name = info.filename.replace("\\", "/").removeprefix("./")
        if info.is_dir() or any(is_ignored(part) for part in _parts(name)):
            continue
        reason = next(_reasons(info, name), None)
        if reason is not None:
            found.skipped.append(Skipped(printable(name), reason))
        elif os.path.splitext(name)[1].lower() in SUFFIXES or _sniff(archive, info):
            found.pictures.append((name, ZipMember(archive, info.filename, mark)))
        else:
            found.others.append(printable(name))
            texts += [(name, ZipMember(archive, info.filename, mark))] if name.lower().endswith(ENDING) else []
    return found._replace(texts=texts)


def _parts(name: str) -> list[str]:
    return [part for part in name.split("/") if part not in ("", ".", "..")]


def _reasons(info: zipfile.ZipInfo, name: str) -> Iterator[str]:
    """Why a member is not read."""
    if name.startswith("/") or ".." in name.split("/") or name[1:2] == ":":
        yield "leads out of the archive"
    if info.flag_bits & 1:
        yield "is locked with a password"
    if info.file_size > MOST_SIZE:
        yield f"would be larger than {MOST_SIZE // 2**20} MB"
    if info.file_size > 2**20 and info.file_size > MOST_RATIO * max(1, info.compress_size):
        yield f"would grow more than {MOST_RATIO} times when it is unpacked"


def _sniff(archive: str, info: zipfile.ZipInfo) -> bool:
    try:
        with _open(archive).open(info) as raw:
            return is_picture(raw.read(HEAD))
    except (OSError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError):
        return False
