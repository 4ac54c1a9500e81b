"""Where a command may write: told before it begins, for what it writes may take hours."""

import os
from collections.abc import Iterable
from pathlib import Path

from nextlabel.errors import CannotWrite, Mistake
from nextlabel.files.atomic import rehearse
from nextlabel.files.refusals import refusals
from nextlabel.text import printable

OTHER_PLACE = "Name another place with --out."


def refuse_inputs(out: Path, read: Iterable[str | Path | None], option: str = "--out") -> None:
    """`Mistake` where a file would be written over one that is read for it, a sample of a folder among them."""
    for path in read:
        if path is not None and _would_lose(real(out), Path(os.path.realpath(os.path.expanduser(path)))):
            raise Mistake(
                f"{option} is '{printable(str(out))}', which is read too, and would be lost. Name another file."
            )


def _would_lose(out: Path, read: Path) -> bool:
    """Is it that file, or a picture or text that lies in that folder?"""
    if out == read:
        return True
    if not (out.is_relative_to(read) and os.path.isfile(out)):
        return False
    from nextlabel.datasets.formats import SUFFIXES  # here: whoever chooses from arrays waits for no reader of pictures

    # What we write ourselves, such as a table, may lie there from the last time, and be written anew.
    return out.suffix.lower() in {*SUFFIXES, ".txt"}


def refuse_place(out: Path) -> None:
    """`CannotWrite` where the file could not be written, before there is anything to write."""
    name, path = printable(str(out)), real(out)
    if not os.path.isdir(path.parent):
        raise CannotWrite(f"There is no folder for '{name}'. Make it first, or name another place with --out.")
    if os.path.exists(path) and not os.path.isfile(path):  # unlike Path's, they do not mind any name
        raise CannotWrite(f"'{name}' is no plain file. Name one with --out, or leave --out away to print the ids.")
    with refusals(out, OTHER_PLACE):
        rehearse(path)


def real(out: Path) -> Path:
    """What a link points to: it stays a link."""
    return Path(os.path.realpath(out))
