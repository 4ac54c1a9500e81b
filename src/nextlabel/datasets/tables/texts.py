"""One column of a table holds the samples: texts, as they are written. Its other columns are no features."""

from collections.abc import Sequence
from typing import NamedTuple

from nextlabel.datasets.base import Request
from nextlabel.datasets.tables.base import count_columns, verb
from nextlabel.datasets.tables.columns import Sheet, find_column, find_groups, find_labels, read_strings
from nextlabel.datasets.texts import Texts
from nextlabel.errors import BadData, Mistake
from nextlabel.text import several, shorten


class TextTable(NamedTuple):
    """What a sheet of texts holds: one of them, a label (None: missing) and a group a row.

    ``written``: labels are text even if they look like numbers; ``notes`` what a person should know.
    """

    texts: Texts
    labels: Sequence[str | None]
    written: bool
    groups: Sequence[str | None] | None
    notes: tuple[str, ...]


def read_texts(sheet: Sheet, request: Request) -> TextTable:
    """The texts of a sheet; raises `BadData` where there are none, and `Mistake` where features are asked for, too."""
    page, names, shown = request.table, sheet.names, sheet.shown
    if page.columns is not None or page.drop is not None or page.keep is not None:
        raise Mistake(
            "With --text-column the texts alone are looked at, and no other column is a feature. Leave out --columns, "
            "--drop and --keep, or --text-column."
        )
    wanted, found = find_column(names, page.text_column or "", shown), find_labels(sheet, request)
    if wanted == found.place:
        raise Mistake(f"Column '{shorten(names[wanted])}' cannot hold both the texts and the labels.")
    texts = [text or "" for text in read_strings(sheet, wanted)]
    empty = sum(not text.strip() for text in texts)
    if texts and empty == len(texts):
        raise BadData(f"Column '{shorten(names[wanted])}' of '{shown}' holds no text. Was another one meant?")
    others = [name for i, name in enumerate(names) if i not in (wanted, found.place) and name != request.group_column]
    return TextTable(
        Texts.of(texts),
        found.labels,
        found.text,
        find_groups(sheet, request),
        (*sheet.notes, *_say_empty(empty, shown), *_say_others(others)),
    )


def _say_empty(count: int, shown: str) -> list[str]:
    if not count:
        return []
    hold = "holds" if count == 1 else "hold"
    return [f"{several(count, 'row')} of '{shown}' {hold} no text: all of them count, as texts that say nothing."]


def _say_others(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    return [f"{count_columns(names)} {verb(names, 'is', 'are')} left out, for the texts alone are looked at."]
