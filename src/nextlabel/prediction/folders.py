"""Pictures sorted by what they were taken for: a folder per class, with links or copies, and the source left alone."""

import os
import re
import shutil
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

from nextlabel.datasets.decoding import Unreadable
from nextlabel.datasets.pictures import File
from nextlabel.errors import CannotWrite, Mistake
from nextlabel.files.atomic import holds_anything, rehearse_folder, write_folder
from nextlabel.files.refusals import refusals
from nextlabel.text import printable, show_path

ODD = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\ud800-\udfff]')  # what some file system refuses in a name
DEVICES = frozenset(["con", "prn", "aux", "nul", *(f"{port}{k}" for port in ("com", "lpt") for k in "0123456789¹²³")])
LONGEST = 120  # bytes of a name: file systems take 255, encrypted ones 143
OTHER_PLACE = "Name another folder with --to folders."


def sort_into_folders(
    labels: Sequence[str | None], pictures: Sequence[tuple[str, File]], place: Path, copy: bool = False
) -> int:
    """Put each picture that has a label below ``place``, under its class and its own relative path; how many.

    ``labels`` are those of the ``pictures``, in order; what comes behind these has none. They are linked, or copied,
    where ``copy`` says so or nothing can be linked. The folders appear when all is in them. Raises `CannotWrite` as the
    disk does.
    """
    names = folder_names({label for label in labels if label is not None})
    put = 0
    with refusals(place, OTHER_PLACE), write_folder(Path(os.path.realpath(place))) as draft:
        for label, (path, file) in zip(labels, pictures, strict=False):
            if label is not None:
                target = draft / names[label] / _inside(path)
                target.parent.mkdir(parents=True, exist_ok=True)
                put_file(file, _free(target), copy)
                put += 1
    return put


def check_place(place: Path, source: str | Path | None, other: str = OTHER_PLACE) -> None:
    """`Mistake` where ``place`` lies in the source or around it; `CannotWrite` where it is not empty, or not ours."""
    shown, real = show_path(place), os.path.realpath(place)
    if os.path.exists(place) and (not os.path.isdir(place) or holds_anything(place)):
        raise CannotWrite(f"'{shown}' is not an empty folder, and nothing there is to be mixed up. {other}")
    with refusals(place, other):
        rehearse_folder(Path(real))
    if source is None:
        return
    home = os.path.realpath(os.path.expanduser(source))
    home = home if os.path.isdir(home) else os.path.dirname(home)
    # A folder of pictures that grows while it is sorted would be read anew, the next time, with all its links.
    if os.path.isdir(os.path.expanduser(source)) and os.path.commonpath([home, real]) in (home, real):
        raise Mistake(f"'{shown}' and the pictures lie in one another. Name a folder outside '{show_path(source)}'.")


def folder_names(classes: Iterable[str], taken: Iterable[str] = ()) -> Mapping[str, str]:
    """A folder's name for each class, that every file system takes; no two are the same, nor one that is ``taken``.

    >>> folder_names(["rose", "Rose", "a/b", "a:b", "..", "con"])
    {'..': '_', 'Rose': 'Rose', 'a/b': 'a_b', 'a:b': 'a_b 2', 'con': '_con', 'rose': 'rose 2'}
    """
    names: dict[str, str] = {}
    used = {_fold(name) for name in taken}
    for word in sorted(classes):
        plain = _plain(word)
        name, k = plain, 2
        while _fold(name) in used:
            name, k = f"{plain} {k}", k + 1
        used.add(_fold(name))
        names[word] = name
    return names


def _fold(name: str) -> str:
    """To some file systems Rose is rose, and an accent is an accent however it is written."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _plain(word: str) -> str:
    """The word as a folder's name: no way up, no hidden folder, no device of Windows, no formula."""
    plain = ODD.sub("_", word)
    plain = plain.encode()[:LONGEST].decode(errors="ignore").rstrip(" .")  # never half a letter
    plain = re.sub(r"^[.=+\-@\s\uff1d\uff0b\uff0d\uff20']", "_", plain) or "_"
    return f"_{plain}" if plain.partition(".")[0].rstrip().lower() in DEVICES else plain


def _inside(path: str) -> Path:
    """A path as one below any folder: without a root, and without ways up."""
    parts = [part for part in PurePosixPath(path.replace("\\", "/")).parts if part not in ("/", "..", ".")]
    return Path(*parts)


def _free(path: Path) -> Path:
    """The path, or one with a number where that is taken: '../a.jpg' and 'a.jpg' come to lie in one folder."""
    free, k = path, 2
    while os.path.lexists(free):  # nor through a link, to somebody's own picture
        free, k = path.with_name(f"{path.stem} {k}{path.suffix}"), k + 1
    return free


def put_file(file: File, target: Path, copy: bool) -> None:
    """Link or copy one picture; a copy too where nothing can be linked."""
    if not isinstance(file, str):
        try:
            target.write_bytes(file.read())
        except Unreadable as error:
            raise CannotWrite(f"'{printable(str(file))}' {error}, so it cannot be copied. Run again.") from None
        return
    if not copy:
        with suppress(OSError, NotImplementedError):  # Windows without rights, and disks that know no links
            os.symlink(os.path.abspath(file), target)
            return
    try:
        shutil.copyfile(file, target)
    except FileNotFoundError:
        raise CannotWrite(f"'{show_path(file)}' vanished before it could be copied. Run again.") from None
