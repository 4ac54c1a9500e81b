"""Lists in one text: names between commas, and seeds."""

import re
from collections.abc import Iterable

from nextlabel.errors import BadNumber
from nextlabel.text import shorten

MOST_SEEDS = 10_000


def split_names(text: str) -> tuple[str, ...]:
    """Split at the commas that stand outside brackets and quotes. Quotes around a whole name are not of it.

    >>> split_names("random, skactiveml:ProbCover(alpha=0.9, deltas=[1, 2])")
    ('random', 'skactiveml:ProbCover(alpha=0.9, deltas=[1, 2])')
    >>> split_names("age, 'height, in cm'")
    ('age', 'height, in cm')
    """
    parts, depth, quote = [""], 0, ""
    for char in text:
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        # A comma in deltas=[1, 2] or in a quoted text is none between names.
        depth += 0 if quote else (char in "([{") - (char in ")]}")
        if char == "," and depth == 0 and not quote:
            parts.append("")
        else:
            parts[-1] += char
    return tuple(_unquote(part.strip()) for part in parts if part.strip())


def _unquote(part: str) -> str:
    quoted = len(part) > 1 and part[0] in "'\"" and part.find(part[0], 1) == len(part) - 1
    return part[1:-1] if quoted else part


def write_names(names: Iterable[str]) -> str:
    """Names as `split_names` reads them: in quotes where they hold what it would not take as it is.

    >>> write_names(["age", "height, in cm"])
    'age,"height, in cm"'
    """
    return ",".join(_quote(name) for name in names)


def _quote(name: str) -> str:
    if split_names(f"{name},x") == (name, "x"):  # whatever stands behind it
        return name
    return f"'{name}'" if '"' in name else f'"{name}"'


def parse_seeds(text: str) -> tuple[int, ...]:
    """``10`` is 0 … 9; ``3,7`` are those; ``3,`` is 3 alone; ``10-99`` are all from 10 to 99, in a list too.

    >>> parse_seeds("3"), parse_seeds("3,"), parse_seeds("10-12"), parse_seeds("0-2,7")
    ((0, 1, 2), (3,), (10, 11, 12), (0, 1, 2, 7))
    """
    try:
        return tuple(_first_seeds(int(text)))
    except ValueError:  # a list, or a range
        found = [_between(part.strip(), text) for part in text.split(",") if part.strip()]
    # Counted before the seeds are made: 0-999999999999 would fill the memory.
    _not_too_many(text, sum(last - first + 1 for first, last in found))
    return tuple(seed for first, last in found for seed in range(first, last + 1))


def _first_seeds(count: int) -> range:
    if count < 1:
        raise BadNumber(f"{shorten(str(count))} seeds are none at all. Write 10 for seeds 0 to 9.")
    if count > MOST_SEEDS:
        shown = shorten(str(count))
        raise BadNumber(
            f"{shown} would be {shorten(f'{count:,}')} seeds, 0 and up. For seed {shown} alone write {shown},"
        )
    return range(count)


def _between(part: str, text: str) -> tuple[int, int]:
    """First and last seed of one part of a list: ``7`` or ``10-99``."""
    ends = re.fullmatch(r"(\d+) *- *(\d+)", part)
    try:
        first, last = (int(end) for end in (ends.groups() if ends else (part, part)))
    except ValueError:
        raise BadNumber(
            f"'{shorten(text)}' is no list of seeds. Write 10 for seeds 0 to 9, 3,7 for those two, or 10-99 for those "
            "from 10 to 99."
        ) from None
    if last < first:
        low, high = shorten(str(last)), shorten(str(first))
        raise BadNumber(f"'{shorten(part)}' runs backwards. Write {low}-{high} for the seeds from {low} to {high}.")
    return first, last


def _not_too_many(text: str, count: int) -> None:
    if count > MOST_SEEDS:
        many = shorten(f"{count:,}")
        raise BadNumber(
            f"'{shorten(text)}' would be {many} seeds, and {MOST_SEEDS:,} are the most. Did you mistype one?"
        )
