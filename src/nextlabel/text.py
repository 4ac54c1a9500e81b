"""Words and names, made fit to be shown."""

import difflib
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path


def printable(text: str) -> str:
    r"""The text with control characters and undecodable bytes written as escapes; any other name stays as it is.

    >>> printable("naïve\n\udcff")
    'naïve\\n\\udcff'
    """
    if text.isprintable():
        return text
    return "".join(ascii(c)[1:-1] if unicodedata.category(c) in ("Cc", "Cs") else c for c in text)


def did_you_mean(wanted: str, names: Iterable[str]) -> str:
    """The question "Did you mean …?", or nothing where no name comes near."""
    near = difflib.get_close_matches(wanted, list(names), 1)
    return f"Did you mean '{printable(near[0])}'?" if near else ""


def several(count: int, word: str) -> str:
    """A count of things in prose.

    >>> several(1, "seed"), several(1000, "label"), several(2, "family"), several(5, "day"), several(3, "class")
    ('1 seed', '1,000 labels', '2 families', '5 days', '3 classes')
    """
    many = f"{word[:-1]}ies" if word.endswith("y") and word[-2] not in "aeou" else f"{word}s"
    many = f"{word}es" if word.endswith("s") else many
    return f"{count:,} {word if count == 1 else many}"


def join_names(names: Sequence[str]) -> str:
    """Names in prose.

    >>> join_names(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def quote_few(names: Sequence[str]) -> str:
    """The first three names, and how many more there are.

    >>> quote_few(["a", "b", "c", "d"]), quote_few(["a", "b"])
    ("'a', 'b', 'c' and 1 more", "'a' and 'b'")
    """
    shown = [f"'{printable(name)}'" for name in names[:3]]
    return f"{', '.join(shown)} and {len(names) - 3} more" if len(names) > 3 else join_names(shown)


def show_path(path: str | Path) -> str:
    """A path in an error."""
    return printable(str(path))


def shorten(text: str, length: int = 60) -> str:
    """A name or a cell in an error: of any length and with any letters in a file, short and printable here."""
    return printable(text if len(text) <= length else f"{text[:length]}…")


def ordinal(place: int) -> str:
    """A place in prose.

    >>> ordinal(1), ordinal(2), ordinal(11), ordinal(23)
    ('1st', '2nd', '11th', '23rd')
    """
    ending = "th" if place % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{ending}"
