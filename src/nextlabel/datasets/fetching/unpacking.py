"""A .tgz that is unpacked with suspicion: files and folders below one root, so many and so large, and nothing else.

The archive is read once, front to back. Nothing about it is believed: every member is looked at before it is written,
and both bounds hold for what really comes out, not for what the headers say.
"""

import contextlib
import gzip
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from nextlabel.datasets.fetching.download import MB
from nextlabel.errors import CannotFetch
from nextlabel.progress import Progress, quiet
from nextlabel.text import printable

MOST_MEMBERS = 10_000
MOST_BYTES = 10**9
PLAIN = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE)  # no links, devices, pipes or files with holes
CLASHES = (FileExistsError, IsADirectoryError, NotADirectoryError)  # one name, as a file and as a folder


def unpack(archive: Path, root: str, into: Path, renamed: Mapping[str, str], progress: Progress = quiet) -> None:
    """Unpack what lies below ``root`` into the empty folder ``into``; ``renamed`` gives sub-folders other names.

    Raises `CannotFetch` at the first member that is not as it should be. What came before it stays, so ``into`` should
    be a folder that can be thrown away.
    """
    seen: set[PurePosixPath] = set()
    with _readable(), archive.open("rb") as raw, _Bounded(fileobj=raw) as plain, _stream(plain) as tar:
        size = archive.stat().st_size
        for member in tar:
            progress("Unpacking, in MB", raw.tell() // MB, size // MB)
            path = _place(member, root, renamed)
            if path in seen:
                raise _hostile(member, "there twice")
            if len(seen) >= MOST_MEMBERS:
                raise _hostile(member, f"one of more than {MOST_MEMBERS:,} members")
            seen.add(path)
            # set_attrs: dates and rights are ours to give; a date beyond what the clock knows would stop us, too
            tar.extract(member.replace(name=str(path), deep=False), into, set_attrs=False, filter="data")


def _stream(plain: gzip.GzipFile) -> tarfile.TarFile:
    return tarfile.open(fileobj=plain, mode="r|")  # never goes back, so what is counted is all that is read


class _Bounded(gzip.GzipFile):
    """A .gz file that stops giving: a few kilobytes of it can become a disk full of zeros."""

    given = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.given += len(data)
        if self.given > MOST_BYTES:
            raise CannotFetch(
                f"The archive holds more than {MOST_BYTES:,} bytes, so it is not what it should be. "
                "Nothing of it was put in place."
            )
        return data


def _place(member: tarfile.TarInfo, root: str, renamed: Mapping[str, str]) -> PurePosixPath:
    """Where a member goes, seen from the folder that it is unpacked into."""
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts:
        raise _hostile(member, "a path that leads out of the folder")
    if path.parts[:1] != (root,) or (len(path.parts) == 1 and not member.isdir()):
        raise _hostile(member, f"not below '{root}'")
    if member.type not in PLAIN:
        raise _hostile(member, "neither a file nor a folder")
    first, *rest = path.parts[1:] or (".",)
    return PurePosixPath(renamed.get(first, first), *rest)


def _hostile(member: tarfile.TarInfo, what: str) -> CannotFetch:
    return CannotFetch(
        f"The archive's '{printable(member.name)[:80]}' is {what}, so it is not what it should be. "
        "Nothing of it was put in place."
    )


@contextlib.contextmanager
def _readable() -> Iterator[None]:
    """Turn what damaged bytes raise into a sentence."""
    try:
        yield
    except (gzip.BadGzipFile, zlib.error, EOFError, tarfile.TarError, ValueError, *CLASHES) as error:
        raise CannotFetch(
            f"The archive cannot be unpacked ({printable(str(error))[:80]}): it is damaged. "
            "Nothing of it was put in place."
        ) from None
