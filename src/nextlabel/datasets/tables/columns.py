"""A sheet of columns becomes a table: the labels are found, the features chosen, and each column becomes numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nextlabel.datasets.base import Request
from nextlabel.datasets.labels import NULL_WORDS, NUMBER
from nextlabel.datasets.tables.base import BLOCK, Table
from nextlabel.datasets.tables.kinds import Encoded, Reading, encode
from nextlabel.datasets.tables.schemes import Scheme
from nextlabel.datasets.tables.sentences import describe_kinds
from nextlabel.errors import BadData
from nextlabel.knobs.columns import Columns
from nextlabel.text import did_you_mean, printable, shorten

if TYPE_CHECKING:
    import polars as pl

LABEL_COLUMNS = ("class", "target", "y")  # hold the labels where there is no "label", if just one of them is there
MOST_LISTED = 20


@dataclass
class Sheet:
    """What a file of columns holds: ``frame`` (n, d), whose columns are named by place, and their own ``names``.

    ``shown`` is the file in sentences; ``typed``: text in it is text, as in Parquet, and not numbers in writing.
    ``labels`` (n,) where they came apart from it, and no column holds them; ``text_labels``: these are text.
    """

    frame: "pl.DataFrame"
    names: list[str]
    shown: str
    typed: bool = False
    comma: str = ""
    notes: tuple[str, ...] = ()
    labels: Sequence[str | None] | None = None
    text_labels: bool = False


class SheetLabels(NamedTuple):
    """The labels of a sheet (n,) as they are written, None where one is missing.

    ``text``: they are text even if they look like numbers; ``place`` the column that holds them, None where none does.
    """

    labels: Sequence[str | None]
    text: bool
    place: int | None


def read_sheet(sheet: Sheet, request: Request) -> Table:
    """The table in a sheet; raises `BadData`, naming row and column, where it cannot be learned from."""
    page, names, shown = request.table, sheet.names, sheet.shown
    found, groups = find_labels(sheet, request), find_groups(sheet, request)
    chosen = choose_columns(names, page, shown)
    columns = [i for i in chosen if i != found.place and names[i] != request.group_column]
    nulls = NULL_WORDS if page.null_words is None else frozenset(page.null_words)
    reading = Reading(shown, nulls, frozenset(page.keep or ()), sheet.comma)
    encoded = _encode_all(sheet, columns, reading)
    blocks = [one.X for one in encoded if one.X is not None]
    if encoded and not blocks:  # why says more than that there are none
        raise BadData(f"'{shown}' has no features left. {' '.join(describe_kinds(encoded))}")
    X = np.column_stack([np.empty((len(found.labels), 0), np.float32), *blocks])
    names = [printable(name) for one in encoded for name in one.names]
    unnamed = [_say_no_labels(shown)] if found.place is None and sheet.labels is None else []
    notes = (*sheet.notes, *unnamed, *describe_kinds(encoded), *reading.told.sentences())
    scheme = Scheme.of(encoded, reading.told, page)
    return Table(X, found.labels, names, found.text, notes, scheme, groups=groups)


def find_labels(sheet: Sheet, request: Request) -> SheetLabels:
    """The labels of a sheet: those that came apart from it, or a column of it."""
    import polars as pl

    if sheet.labels is not None:
        return SheetLabels(sheet.labels, sheet.text_labels, None)
    place = label_place(sheet.names, request, sheet.shown)
    if place is None:
        return SheetLabels([None] * sheet.frame.height, False, None)
    column = sheet.frame.to_series(place)
    return SheetLabels(as_text(column), sheet.typed and column.dtype in (pl.String, pl.Categorical, pl.Enum), place)


def find_groups(sheet: Sheet, request: Request) -> Sequence[str | None] | None:
    """What the column of groups says of each row, None where its cell is empty; None where nobody named one."""
    if request.group_column is None:
        return None
    place = find_column(sheet.names, request.group_column, sheet.shown)
    return [(name or "").strip() or None for name in read_strings(sheet, place)]


def read_strings(sheet: Sheet, place: int) -> list[str | None]:
    """A column as text; `BadData` where its cells are lists, or other things that are no single value."""
    import polars as pl

    column = sheet.frame.to_series(place)
    if column.dtype.is_nested() or column.dtype in (pl.Object, pl.Binary):
        raise BadData(
            f"Column '{shorten(sheet.names[place])}' of '{sheet.shown}' holds {column.dtype}, not text. Write it as "
            "text, or name another column."
        )
    found: list[str | None] = column.cast(pl.String).to_list()
    return found


def _say_no_labels(shown: str) -> str:
    # A column of labels that goes by another name would be the best feature of all.
    return (
        f"'{shown}' has no column called 'label', so all of its columns are taken for features. If one of them holds "
        "the labels, name it with --label-column; leave it out with --drop."
    )


def _encode_all(sheet: Sheet, columns: Sequence[int], reading: Reading) -> list[Encoded]:
    """Every column, in order. Those that are all numbers are read many at a time, and let go."""
    encoded: list[Encoded] = []
    step = max(1, BLOCK // max(1, sheet.frame.height))
    for start in range(0, len(columns), step):
        some = columns[start : start + step]
        encoded += _encode_some(sheet, some, reading)
        sheet.frame = sheet.frame.drop([str(i) for i in some])
    return encoded


def _encode_some(sheet: Sheet, columns: Sequence[int], reading: Reading) -> list[Encoded]:
    import polars as pl

    frame = sheet.frame.select(str(i) for i in columns)
    texts = [name for name, kind in frame.schema.items() if kind == pl.String]
    casts = frame.select(pl.col(texts).cast(pl.Float64, strict=False)) if texts else frame.clear()
    plain = {name for name in texts if not casts[name].null_count()}
    return [encode(casts[str(i)] if str(i) in plain else frame[str(i)], sheet.names[i], reading) for i in columns]


def as_text(labels: "pl.Series") -> list[str | None]:
    """Labels of any kind as they would be written: True and 1.5, and text as it is."""
    import polars as pl

    if labels.dtype == pl.Boolean:
        return [None if value is None else str(value) for value in labels]
    if labels.dtype.is_nested() or labels.dtype in (pl.Object, pl.Binary):
        raise BadData(
            f"The labels are {labels.dtype}, which may be several: these are multi-label data, and nextlabel learns "
            "one label for each sample. Keep one, as text or a number."
        )
    found: list[str | None] = labels.cast(pl.String).to_list()
    return found


def choose_columns(names: Sequence[str], page: Columns, shown: str) -> list[int]:
    """Places of the columns that somebody wants as features, the labels' own perhaps among them."""
    for wanted in (*(page.columns or ()), *(page.drop or ()), *(page.keep or ())):
        if wanted not in names:
            raise BadData(f"'{shown}' has no column called '{printable(wanted)}'. {_advise(names, wanted)}")
    dropped = set(page.drop or ())
    chosen = range(len(names)) if page.columns is None else [i for i, name in enumerate(names) if name in page.columns]
    return [i for i in chosen if names[i] not in dropped]


def _advise(names: Sequence[str], wanted: str = "") -> str:
    listed = ", ".join(printable(name) for name in names[:MOST_LISTED])
    return (did_you_mean(wanted, names) if wanted else "") or (
        f"Its columns are {listed}{', …' if len(names) > MOST_LISTED else ''}."
    )


def find_column(names: Sequence[str], wanted: str, shown: str) -> int:
    """The place of the one column of that name."""
    if wanted not in names:
        raise BadData(f"'{shown}' has no column called '{printable(wanted)}'. {_advise(names, wanted)}")
    if names.count(wanted) > 1:
        raise BadData(f"'{shown}' has {names.count(wanted)} columns called '{printable(wanted)}'. Rename one.")
    return names.index(wanted)


def label_place(names: Sequence[str], request: Request, shown: str) -> int | None:
    """Which column holds the labels; None where there is none, and nobody needs one."""
    wanted = request.label_column
    if wanted is None:
        found = [name for name in names if name.lower() == "label"]
        found = found or [name for name in names if name.lower() in LABEL_COLUMNS]
    else:
        found = [name for name in names if name == wanted]
    if len(found) == 1:
        return names.index(found[0])
    if wanted is None and not found and not request.needs_labels:
        return None
    if request.table.no_header:
        raise BadData(
            f"Which column of '{shown}' holds the labels? Without a header they are called 0 to {len(names) - 1}: "
            f"choose with --label-column {len(names) - 1}, say."
        )
    if len(found) > 1:
        raise BadData(
            f"'{shown}' has {len(found)} columns that may hold the labels. {_advise(names)} Choose with --label-column."
        )
    if wanted is None:
        hint = " Is the first line a sample? Then use --no-header." if any(map(NUMBER.fullmatch, names)) else ""
        raise BadData(
            f"'{shown}' has no column called 'label'. {_advise(names)} Choose with --label-column, or give labels in a "
            f"file of their own: --labels answers.csv (id,label).{hint}"
        )
    raise BadData(f"'{shown}' has no column called '{printable(wanted)}'. {_advise(names, wanted)}")
