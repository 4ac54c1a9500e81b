"""A .tgz whose SHA-256 was checked, unpacked: the files and folders below one root, so many and so large, nothing else.

That nothing leaves the folder is the business of tarfile's data filter. Its bytes are those that somebody looked at
when the SHA-256 was written down, so the bounds are there for whoever writes down another: they hold for what the
archive says of itself, member by member, before anything of that member is written.
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
from nextlabel.text import shorten

MOST_MEMBERS = 10_000
MOST_UNPACKED = 10**9
PLAIN = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE)  # no links, devices, pipes or files with holes
DAMAGES = (gzip.BadGzipFile, zlib.error, EOFError, tarfile.TarError, ValueError)
CLASHES = (FileExistsError, IsADirectoryError, NotADirectoryError)  # one name, as a file and as a folder
NOTHING_IN_PLACE = "Nothing of it was put in place."


def unpack(archive: Path, root: str, into: Path, renames: Mapping[str, str], progress: Progress = quiet) -> None:
    """Unpack what lies below ``root`` into the empty folder ``into``; ``renames`` gives sub-folders other names.

    Raises `CannotFetch` at the first member that is not as it should be. What came before it stays, so ``into`` should
    be a folder that can be thrown away.
    """
    size, done, seen = archive.stat().st_size, 0, set[PurePosixPath]()
    with _explain_damage(), archive.open("rb") as raw, tarfile.open(fileobj=raw, mode="r:gz") as tar:
        for member in tar:
            progress("Unpacking, in MB", raw.tell() // MB, size // MB)
            path, done = _place(member, root, renames), done + member.size
            if path in seen:
                raise CannotFetch(
                    f"The archive holds '{shorten(member.name)}' twice, so it is damaged. {NOTHING_IN_PLACE}"
                )
            seen.add(path)
            if len(seen) > MOST_MEMBERS or done > MOST_UNPACKED:
                raise CannotFetch(
                    f"The archive holds more than {MOST_MEMBERS:,} members or {MOST_UNPACKED:,} bytes, so it is not "
                    f"what it should be. {NOTHING_IN_PLACE}"
                )
            # set_attrs: dates and rights are ours to give; a date beyond what the clock knows would stop us, too
            tar.extract(member.replace(name=str(path), deep=False), into, set_attrs=False, filter="data")


def _place(member: tarfile.TarInfo, root: str, renames: Mapping[str, str]) -> PurePosixPath:
    """Where a member goes, seen from the folder that it is unpacked into."""
    path = PurePosixPath(member.name)
    below = path.parts[:1] == (root,) and (member.isdir() or len(path.parts) > 1)
    if not below or member.type not in PLAIN:
        raise CannotFetch(
            f"The archive's '{shorten(member.name)}' is no plain file or folder below '{root}', so it is not what it "
            f"should be. {NOTHING_IN_PLACE}"
        )
    first, *rest = path.parts[1:] or (".",)
    return PurePosixPath(renames.get(first, first), *rest)


@contextlib.contextmanager
def _explain_damage() -> Iterator[None]:
    """Turn what damaged bytes, or tarfile's data filter, raise into a sentence."""
    try:
        yield
    except (*DAMAGES, *CLASHES) as error:
        raise CannotFetch(
            f"The archive cannot be unpacked ({shorten(str(error))}): it is damaged. {NOTHING_IN_PLACE}"
        ) from None
