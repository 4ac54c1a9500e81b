"""One column of a table becomes numbers: what kind it is of, and how that kind is written as numbers.

    encode(pl.Series(["red", "blue", None]), "colour", reading)      # three columns of 0 and 1

Whatever is said here of a column follows from how its cells are written, never from labels.
"""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from nextlabel.datasets.labels import NULL_WORDS, normalise
from nextlabel.datasets.numerals import find_commas, find_marks, take_commas, take_marks
from nextlabel.datasets.tables.base import Column32, Narrowed, narrow, quote
from nextlabel.datasets.tables.dates import read_dates
from nextlabel.errors import BadData
from nextlabel.text import shorten

if TYPE_CHECKING:
    import polars as pl

MOST_CATEGORIES = 50
RARE = 0.01  # of the rows: categories in fewer share a column, where there are two such
LEAST_ROWS = 10  # in fewer rows, counting up or being different from each other is no wonder
INDEX_NAME = re.compile(r"(?:.*[ _.-])?(?:id|ids|idx|index|uuid|guid|rowid|rownames?|key)", re.IGNORECASE)
CAMEL_ID = re.compile(r".*[a-z]I[Dd]")  # PassengerId, customerID
# As pandas calls what has no name: in CSV (and there what was saved twice), in Parquet, and in a frame.
UNNAMED = re.compile(r"Unnamed: \d+(\.\d+)?|__index_level_\d+__|level_\d+")


class Encoded(NamedTuple):
    """A column as numbers: ``X`` (n, k) float32 with names, or None where it is left out; ``kind`` says why or how."""

    name: str
    kind: str
    X: Column32 | None = None
    names: tuple[str, ...] = ()
    detail: str = ""
    pattern: str = ""  # of dates in text, as strptime has it
    marks: str = ""  # beside numbers in text: a sign, and a space where spaces part thousands


@dataclass
class Reading:
    """How the columns of one table are read: ``shown`` the file's name, ``keep`` columns that are not left out."""

    shown: str
    null_words: frozenset[str] = NULL_WORDS
    keep: frozenset[str] = frozenset()
    comma: str = ""  # what a comma in a number is, where the file itself says so: "decimal" or "thousands"
    told: Narrowed = field(default_factory=Narrowed)


def encode(column: "pl.Series", name: str, reading: Reading) -> Encoded:
    """The column as numbers; `BadData` names the cell that is none where most are."""
    import polars as pl

    if isinstance(column.dtype, pl.Categorical | pl.Enum):
        column = column.cast(pl.String)
    if column.null_count() == len(column):
        return Encoded(name, "empty")
    if column.dtype == pl.String:
        return _encode_text(clean(column, reading.null_words), name, reading)
    if column.dtype == pl.Boolean or column.dtype.is_numeric():
        return encode_numbers(column.cast(pl.Float64).to_numpy(), name, reading)
    if column.dtype.is_temporal():
        return _dates(column, name, reading)
    return Encoded(name, "nested", detail=str(column.dtype))


def clean(column: "pl.Series", null_words: frozenset[str]) -> "pl.Series":
    """Text without spaces around it, null where it says missing."""
    column = column.str.strip_chars()
    return column.set(column.is_in(["", *null_words]), None)


def encode_numbers(values: npt.NDArray[np.float64], name: str, reading: Reading, kind: str = "number") -> Encoded:
    """Numbers (n,), NaN where one is missing; left out where they only number the rows."""
    if name not in reading.keep and is_index(values, name):
        return Encoded(name, "index")
    return Encoded(name, kind, narrow(values[:, None], [name], reading.shown, reading.told), (name,))


def is_index(values: npt.NDArray[np.float64], name: str) -> bool:
    """Do numbers (n,) number the rows?

    They do where they count up or down row by row, are 0 to n - 1 or 1 to n in any order, or have the name of an index
    and no value twice.
    """
    if len(values) < LEAST_ROWS or not (np.diff(values[:LEAST_ROWS]) != 0).all():
        return False
    if (values != np.floor(values)).any():  # so has NaN
        return False
    steps = np.diff(values)
    if (steps == 1).all() or (steps == -1).all():
        return True
    from_start = values.min() in (0, 1) and np.ptp(values) == len(values) - 1
    named = INDEX_NAME.fullmatch(name) or CAMEL_ID.fullmatch(name) or UNNAMED.fullmatch(name)
    return bool(from_start or named) and len(np.unique(values)) == len(values)


def _encode_text(column: "pl.Series", name: str, reading: Reading) -> Encoded:
    import polars as pl

    known = column.drop_nulls()
    if not len(known):
        return Encoded(name, "empty")
    numbers = column.cast(pl.Float64, strict=False)
    if numbers.null_count() == column.null_count():
        return encode_numbers(numbers.to_numpy(), name, reading)
    if known.str.to_lowercase().is_in(["true", "false"]).all():
        truths = column.str.to_lowercase() == "true"
        return encode_numbers(truths.cast(pl.Float64).to_numpy(), name, reading)
    marks = find_marks(known)
    bare = take_marks(column, marks)
    kind = _kind_of_commas(bare, column, name, reading)
    numbers = take_commas(bare, kind).cast(pl.Float64, strict=False) if kind else bare.cast(pl.Float64, strict=False)
    failed = numbers.null_count() - column.null_count()
    if not failed:
        return encode_numbers(numbers.to_numpy(), name, reading, kind or "number")._replace(marks=marks)
    if (dates := read_dates(column)) is not None:
        return _dates(dates.days, name, reading, dates.form)._replace(pattern=dates.pattern)
    if 2 * failed <= len(known):
        raise BadData(_describe_fault(column, numbers, name, reading.shown))
    return _encode_categories(column, known, name, reading)


def _kind_of_commas(bare: "pl.Series", column: "pl.Series", name: str, reading: Reading) -> str:
    """What commas in numbers are: ``comma``, the decimal mark, or ``thousands``; "" where not all cells are such."""
    decimal, thousands = find_commas(bare.drop_nulls())
    if decimal and thousands:
        if not reading.comma:
            raise BadData(_describe_comma(column, name, reading.shown))
        decimal = reading.comma == "decimal"
    return "comma" if decimal else "thousands" if thousands else ""


def _describe_comma(column: "pl.Series", name: str, shown: str) -> str:
    row = int((column.str.contains(",", literal=True).fill_null(False)).arg_max() or 0)
    return (
        f"Row {row + 1} of '{shown}' holds '{shorten(column[row])}' in column {quote(name)}, which is a thousand to "
        "some and a decimal to others, and no other number in the column says which. Write it without the comma."
    )


def _describe_fault(column: "pl.Series", numbers: "pl.Series", name: str, shown: str) -> str:
    row = int((numbers.is_null() & column.is_not_null()).arg_max() or 0)
    return (
        f"Row {row + 1} of '{shown}' holds '{shorten(column[row])}' in column {quote(name)}, and features must be "
        f"numbers where most of their column are. Correct it, name it with --null-words if it says missing, "
        "or leave the column out with --drop."
    )


def _dates(column: "pl.Series", name: str, reading: Reading, form: str = "") -> Encoded:
    return encode_numbers(days_of(column).to_numpy(), name, reading, "date")._replace(detail=form)


def days_of(column: "pl.Series") -> "pl.Series":
    """Dates, times and durations (n,) in days; numbers are days already."""
    import polars as pl

    if column.dtype in (pl.Date, pl.Datetime):
        return column.cast(pl.Datetime("us")).cast(pl.Int64).cast(pl.Float64) / 86_400_000_000
    if column.dtype == pl.Duration:
        return column.dt.total_microseconds(fractional=True) / 86_400_000_000
    if column.dtype == pl.Time:
        return column.cast(pl.Int64).cast(pl.Float64) / 86_400_000_000_000
    return column


def _encode_categories(column: "pl.Series", known: "pl.Series", name: str, reading: Reading) -> Encoded:
    """One column of 0 and 1 for each category (of two, for the second), for the rare ones together, and for none."""
    import polars as pl

    names = pl.Series([normalise(text) for text in known.unique().sort().to_list()])
    column = column.replace_strict(known.unique().sort(), names, default=None, return_dtype=pl.String)
    counts = dict(column.drop_nulls().value_counts().iter_rows())
    if name not in reading.keep and len(counts) == len(known) >= LEAST_ROWS:
        return Encoded(name, "index")
    if len(counts) > MOST_CATEGORIES:
        return Encoded(name, "many", detail=f"{len(counts):,}")
    rare = [category for category, count in counts.items() if count < RARE * len(column)]
    rare = rare if len(rare) > 1 and len(counts) - len(rare) > 1 else []
    plain = sorted(counts.keys() - set(rare))
    parts = [(f"{name}={category}", column == category) for category in plain]
    parts += [(f"{name}=other", column.is_in(rare))] if rare else []
    if column.null_count():
        parts.append((f"{name} is missing", column.is_null()))
    parts = parts[1:] if len(parts) == 2 else parts  # the second of two says it all
    X = np.column_stack([one.fill_null(False).to_numpy() for _, one in parts]).astype(np.float32)
    detail = f"{len(rare)} rare ones of '{shorten(name)}'" if rare else ""
    return Encoded(name, "category", X, tuple(called for called, _ in parts), detail)
