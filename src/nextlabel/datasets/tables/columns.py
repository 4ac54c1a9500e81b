"""A sheet of columns becomes a table: the labels are found, the features chosen, and each column becomes numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nextlabel.datasets.base import Request
from nextlabel.datasets.tables.base import BLOCK, Table
from nextlabel.datasets.tables.kinds import Encoded, Reading, encode
from nextlabel.datasets.tables.labels import NULL_WORDS, NUMBER
from nextlabel.datasets.tables.sentences import describe_kinds
from nextlabel.errors import BadData
from nextlabel.knobs.columns import Columns
from nextlabel.text import did_you_mean, printable

if TYPE_CHECKING:
    import polars as pl

LABEL_COLUMNS = ("class", "target", "y")  # hold the labels where there is no "label", if just one of them is there
MOST_LISTED = 20


@dataclass
class Sheet:
    """What a file of columns holds: ``frame`` (n, d), whose columns are named by place, and their own ``names``.

    ``shown`` is the file in sentences; ``typed``: text in it is text, as in Parquet, and not numbers in writing.
    """

    frame: "pl.DataFrame"
    names: list[str]
    shown: str
    typed: bool = False
    comma: str = ""
    notes: tuple[str, ...] = ()


def read_sheet(sheet: Sheet, request: Request) -> Table:
    """The table in a sheet; raises `BadData`, naming row and column, where it cannot be learned from."""
    import polars as pl

    page, names, shown = request.table, sheet.names, sheet.shown
    place = label_place(names, request, shown)
    labels = pl.Series([None] * sheet.frame.height, dtype=pl.String) if place is None else sheet.frame.to_series(place)
    as_text = sheet.typed and labels.dtype in (pl.String, pl.Categorical, pl.Enum)
    columns = [i for i in choose_columns(names, page, shown) if i != place]
    nulls = NULL_WORDS if page.null_words is None else frozenset(page.null_words)
    reading = Reading(shown, nulls, frozenset(page.keep or ()), sheet.comma)
    encoded = _encode_all(sheet, columns, reading)
    blocks = [one.X for one in encoded if one.X is not None]
    X = np.column_stack([np.empty((len(labels), 0), np.float32), *blocks])
    names = [printable(name) for one in encoded for name in one.names]
    notes = (*sheet.notes, *describe_kinds(encoded), *reading.told.sentences())
    return Table(X, _as_text(labels), names, as_text, notes)


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


def _as_text(labels: "pl.Series") -> list[str | None]:
    """Labels of any kind as they would be written: True and 1.5, and text as it is."""
    import polars as pl

    if labels.dtype == pl.Boolean:
        return [None if value is None else str(value) for value in labels]
    if labels.dtype.is_nested() or labels.dtype in (pl.Object, pl.Binary):
        raise BadData("The labels are lists, so a sample may have several: nextlabel learns one class a sample.")
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
    if wanted is None and not request.needs_labels:
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
