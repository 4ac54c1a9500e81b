"""Numbers as people write them: 1,5 and 1.234,5; 1,234.5; 1 234,5; 12 % and $3.50.

    marks = find_marks(column)                      # "%", "€ ", …: what stands beside the digits of most cells
    take_marks(column, marks)                       # the column without them
    take_commas(column, "comma")                    # as Python reads it: "1.234,5" as "1234.5"

A column is read so only where all of it is written so; what is said of it here follows from its cells alone.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import polars as pl

DECIMAL_COMMA = r"^[+-]?([0-9]+|[0-9]{1,3}(\.[0-9]{3})+)?,[0-9]+(e[+-]?[0-9]+)?$|^[+-]?[0-9]+(\.[0-9]{3})*$"
THOUSANDS = r"^[+-]?[0-9]{1,3}(,[0-9]{3})*(\.[0-9]*)?$|^[+-]?[0-9]+(\.[0-9]*)?$"
SIGNS = "%$€£¥₹₽₩₺₴₪฿₫₦₱"
SPACES = " \u00a0\u2009\u202f"  # also those that no line breaks at, as French and spreadsheets have them
SPACED = rf"^[+-]?[0-9]{{1,3}}([{SPACES}][0-9]{{3}})+([.,][0-9]+)?$"
PLAIN = re.compile(rf"[-+0-9eE.,{SPACES}{re.escape(SIGNS)}]*[0-9][-+0-9eE.,{SPACES}{re.escape(SIGNS)}]*")


def find_marks(known: "pl.Series") -> str:
    """The sign that stands beside the number in most cells, and a space where spaces part thousands; "" for neither.

    >>> import polars as pl
    >>> find_marks(pl.Series(["12 %", "7%"])), find_marks(pl.Series(["1 234 €", "5 €"])), find_marks(pl.Series(["$$"]))
    ('%', '€ ', '')
    """
    signs = known.str.extract(rf"^[+-]?([{SIGNS}])[{SPACES}]?[+-]?[.,]?[0-9]|[0-9][.,]?[{SPACES}]?[{SIGNS}]$", 0)
    counts = signs.str.extract(rf"([{SIGNS}])").drop_nulls().value_counts(sort=True)
    sign = str(counts.to_series(0)[0]) if len(counts) and 2 * counts.to_series(1)[0] > len(known) else ""
    return sign + " " * bool(take_marks(known, sign).str.contains(SPACED).any())


def take_marks(column: "pl.Series", marks: str) -> "pl.Series":
    """The column without its marks; a cell that lacks the sign of the others is "", which is no number.

    >>> import polars as pl
    >>> take_marks(pl.Series(["-$1 234.5", "7", None]), "$ ").to_list()
    ['-1234.5', '', None]
    """
    import polars as pl

    if sign := marks.strip():
        sign = rf"[{sign}]"  # of a regular expression `$` is the end
        bare = column.str.replace(rf"^([+-]?){sign}[{SPACES}]?", "${1}").str.replace(rf"[{SPACES}]?{sign}$", "")
        frame = pl.DataFrame({"cell": column, "bare": bare})
        cell = pl.col("cell")
        column = frame.select(
            pl.when(cell.is_null() | cell.str.contains(sign)).then(pl.col("bare")).otherwise(pl.lit(""))
        ).to_series()
    if " " in marks:
        spaced = column.str.contains(SPACED).fill_null(False)
        column = column.zip_with(~spaced, column.str.replace_all(rf"[{SPACES}]", ""))
    return column


def find_commas(known: "pl.Series") -> tuple[bool, bool]:
    """May commas in numbers be decimal marks; may they part thousands? Both are False where few cells are numbers."""
    decimal, thousands = known.str.contains(DECIMAL_COMMA), known.str.contains(THOUSANDS)
    number = decimal | thousands
    if 2 * number.sum() < len(known) or not known.filter(number).str.contains(",", literal=True).any():
        return False, False
    return bool(decimal.filter(number).all()), bool(thousands.filter(number).all())


def take_commas(column: "pl.Series", kind: str) -> "pl.Series":
    """Numbers in text as Python reads them: 1.234,5 (``comma``), or 1,234.5 (``thousands``), as 1234.5."""
    if kind == "comma":
        return column.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    return column.str.replace_all(",", "", literal=True)


def read_numerals(texts: Sequence[str]) -> npt.NDArray[np.float64] | None:
    """The numbers (n,) that texts are, in any one of these ways; None where some text is none.

    >>> read_numerals(["0,12", "3"]).tolist(), read_numerals(["$3.50", "$1,200"]).tolist(), read_numerals(["b12"])
    ([0.12, 3.0], [3.5, 1200.0], None)
    """
    if not all(map(PLAIN.fullmatch, texts)):  # mostly names, for which nobody waits for polars
        return None
    import polars as pl

    column = pl.Series(texts, dtype=pl.String)
    column = take_marks(column, find_marks(column))
    decimal, thousands = find_commas(column)
    if decimal or thousands:  # where it could be either it is a number all the same
        column = take_commas(column, "comma" if decimal else "thousands")
    numbers = column.cast(pl.Float64, strict=False)
    return None if numbers.null_count() else numbers.to_numpy().astype(np.float64)
