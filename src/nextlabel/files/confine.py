"""The one way to a file that somebody else named: it stays within its folder, links included."""

import os
from pathlib import Path

from nextlabel.errors import Outside
from nextlabel.text import show_path


def confine(root: Path, relative: str, may_link_out: bool = False) -> Path:
    """The real path of a file within ``root``; raises `Outside` where it leaves it, by ``..`` or by a link.

    With ``may_link_out`` a link may lead elsewhere, but the name itself still stays within ``root``.

    >>> confine(Path("pictures"), "../secret")
    Traceback (most recent call last):
    nextlabel.errors.Outside: '../secret' is outside the folder 'pictures'.
    """
    # A sibling with the same beginning ("pictures-old") is outside: whole parts are compared, not letters.
    named = Path(os.path.normpath(os.path.join(root, relative)))
    inside = "\0" not in relative and named.is_relative_to(os.path.normpath(root)) and not os.path.isabs(relative)
    if inside and may_link_out:
        return Path(os.path.realpath(named))
    if inside and (real := Path(os.path.realpath(named))).is_relative_to(os.path.realpath(root)):
        return real
    raise Outside(f"'{show_path(relative)}' is outside the folder '{show_path(root)}'.")
