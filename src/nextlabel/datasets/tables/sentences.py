"""What a person should know of how columns were read: one sentence for each kind of column."""

import shlex
from collections.abc import Callable, Mapping, Sequence

from nextlabel.datasets.tables.base import count_columns, verb
from nextlabel.datasets.tables.kinds import MOST_CATEGORIES, Encoded
from nextlabel.knobs.lists import write_names
from nextlabel.text import join_names, printable, several


def describe_kinds(columns: Sequence[Encoded]) -> list[str]:
    """The sentences, in a fixed order."""
    found = {kind: [one for one in columns if one.kind == kind] for kind in SENTENCES}
    marked = [one for one in columns if one.marks and one.X is not None]
    spaced = [one for one in marked if " " in one.marks]
    signs = sorted({one.marks.strip() for one in marked} - {""})
    return [
        *([_spaces(spaced)] if spaced else []),
        *(_signs([one for one in marked if one.marks.strip() == sign], sign) for sign in signs),
        *(SENTENCES[kind](some) for kind, some in found.items() if some),
    ]


def _names(some: Sequence[Encoded]) -> list[str]:
    return [one.name for one in some]


def _categories(some: Sequence[Encoded]) -> str:
    names = _names(some)
    total = sum(len(one.names) for one in some)
    rare = [one.detail for one in some if one.detail]
    shared = f" ({join_names(rare)} share one)" if rare else ""
    return f"{count_columns(names)} {verb(names, 'holds', 'hold')} text: {several(total, 'column')} of 0 and 1{shared}."


def _dates(some: Sequence[Encoded]) -> str:
    names = _names(some)
    forms = sorted({one.detail for one in some if one.detail})
    written = f", written as {join_names(forms)}" if forms else ""
    return f"{count_columns(names)} {verb(names, 'holds', 'hold')} dates{written}: they count days."


def _commas(some: Sequence[Encoded]) -> str:
    names = _names(some)
    return f"{count_columns(names)} {verb(names, 'is', 'are')} written with decimal commas: 1,5 is read as 1.5."


def _thousands(some: Sequence[Encoded]) -> str:
    names = _names(some)
    return f"{count_columns(names)} {verb(names, 'is', 'are')} written with commas at thousands: 1,234 is 1234."


def _spaces(some: Sequence[Encoded]) -> str:
    names = _names(some)
    return f"{count_columns(names)} {verb(names, 'is', 'are')} written with spaces at thousands: 1 234 is 1234."


def _signs(some: Sequence[Encoded], sign: str) -> str:
    names = _names(some)
    written = f"12{sign}" if sign == "%" else f"{sign}12"
    return f"{count_columns(names)} {verb(names, 'is', 'are')} written with {sign}: {written} is read as 12."


def _index(some: Sequence[Encoded]) -> str:
    names = _names(some)
    keep = shlex.quote(printable(write_names(names[:3])))  # to be pasted into a shell as it stands
    them = "them" if len(names) <= 3 else "these"
    return (
        f"{count_columns(names)} only {verb(names, 'numbers or names', 'number or name')} the rows, and "
        f"{verb(names, 'was', 'were')} left out. --keep {keep} takes {verb(names, 'it', them)} as "
        f"{verb(names, 'a feature', 'features')}."
    )


def _many(some: Sequence[Encoded]) -> str:
    counts = join_names([one.detail for one in some[:4]])
    names = _names(some)
    return (
        f"{count_columns(names)} {verb(names, 'holds', 'hold')} {counts} different texts, more than {MOST_CATEGORIES}, "
        f"and {verb(names, 'was', 'were')} left out."
    )


def _empty(some: Sequence[Encoded]) -> str:
    names = _names(some)
    return f"{count_columns(names)} {verb(names, 'holds', 'hold')} nothing, and {verb(names, 'was', 'were')} left out."


def _lists(some: Sequence[Encoded]) -> str:
    names = _names(some)
    return (
        f"{count_columns(names)} {verb(names, 'holds', 'hold')} lists or other things that are no single number or "
        f"text, and {verb(names, 'was', 'were')} left out."
    )


SENTENCES: Mapping[str, Callable[[Sequence[Encoded]], str]] = {
    "category": _categories,
    "date": _dates,
    "comma": _commas,
    "thousands": _thousands,
    "index": _index,
    "many": _many,
    "empty": _empty,
    "nested": _lists,
}
