"""How the columns of one table became numbers, kept so that those of another table become the same ones.

    scheme = Scheme.of(encoded, told, page)          # after a table was read
    scheme.encode(sheet)                             # (n, d) float32 of another sheet, NaN where a value is missing

Columns are found by name, in any order; others are left aside. What was said of a column then is believed now: dates
are read in the form that they had, and a category that nobody has seen is one of the rare ones, or none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nextlabel.datasets.labels import NULL_WORDS, normalise
from nextlabel.datasets.numerals import take_commas, take_marks
from nextlabel.datasets.tables.base import Column32, Narrowed, check_finite, quote
from nextlabel.datasets.tables.dates import parse_dates
from nextlabel.datasets.tables.kinds import Encoded, clean, days_of
from nextlabel.errors import BadData
from nextlabel.knobs.columns import Columns
from nextlabel.text import did_you_mean, printable, shorten

if TYPE_CHECKING:
    import polars as pl

    from nextlabel.datasets.tables.columns import Sheet

Numbers = npt.NDArray[np.float64]
GAP = " is missing"  # behind the name of a column: whether its value is missing, as 0 and 1


@dataclass(frozen=True)
class ColumnScheme:
    """How one column becomes the features ``names``; ``kind`` as `Encoded` has it.

    ``pattern`` is the form of dates in text, ``offset`` what was taken off large numbers that lie close together;
    ``other``: the last category's feature holds the rare ones; ``marks`` what stood beside numbers in text.
    """

    name: str
    kind: str
    names: tuple[str, ...]
    pattern: str = ""
    offset: float = 0.0
    other: bool = False
    marks: str = ""

    @classmethod
    def of(cls, encoded: Encoded, told: Narrowed) -> "ColumnScheme":
        """How a column was encoded."""
        other = encoded.kind == "category" and bool(encoded.detail)
        offset = told.offsets.get(encoded.name, 0.0)
        return cls(encoded.name, encoded.kind, encoded.names, encoded.pattern, offset, other, encoded.marks)

    def encode(self, column: "pl.Series", null_words: frozenset[str], shown: str) -> Column32:
        """Features (n, k) of a column; `BadData` names the cell that cannot be read as the others were."""
        import polars as pl

        if isinstance(column.dtype, pl.Categorical | pl.Enum):
            column = column.cast(pl.String)
        if column.dtype == pl.String:
            column = clean(column, null_words)
        if self.kind == "category":
            return self._categories(column.cast(pl.String))
        numbers = self._numbers(column, shown) - self.offset
        with np.errstate(over="ignore", invalid="ignore"):
            narrowed = numbers[:, None].astype(np.float32)
        check_finite(numbers[:, None], narrowed, [self.name], shown)
        return narrowed

    def _numbers(self, column: "pl.Series", shown: str) -> Numbers:
        import polars as pl

        if column.dtype != pl.String:
            numbers = days_of(column) if column.dtype.is_temporal() else column.cast(pl.Float64, strict=False)
        elif self.kind == "date":
            numbers = parse_dates(column, self.pattern)
        elif self.marks or self.kind in ("comma", "thousands"):
            bare = take_marks(column, self.marks)
            bare = bare if self.kind == "number" else take_commas(bare, self.kind)
            numbers = bare.cast(pl.Float64, strict=False)
        else:
            numbers = column.cast(pl.Float64, strict=False)
            truths = column.str.to_lowercase().replace_strict(
                {"true": 1.0, "false": 0.0}, default=None, return_dtype=pl.Float64
            )
            numbers = numbers.fill_null(truths)
        lost = numbers.is_null() & column.is_not_null()
        if lost.any():
            row = int(lost.arg_max() or 0)
            what = {"date": "a date in the form of those"}.get(self.kind, "a number, as those were")
            raise BadData(
                f"Row {row + 1} of '{shown}' holds '{shorten(str(column[row]))}' in column {quote(self.name)}, which "
                f"is not {what} that the model learned from. Correct it, or leave the cell empty."
            )
        found: Numbers = numbers.cast(pl.Float64).to_numpy().astype(np.float64)
        return found

    def _categories(self, column: "pl.Series") -> Column32:
        cells = [None if text is None else normalise(text) for text in column.to_list()]
        prefix, known = f"{self.name}=", {name.removeprefix(f"{self.name}=") for name in self._plain()}
        features = []
        for name in self.names:
            if name == f"{self.name}{GAP}":
                features.append([cell is None for cell in cells])
            elif self.other and name == f"{prefix}other":
                features.append([cell is not None and cell not in known for cell in cells])
            else:
                features.append([cell == name.removeprefix(prefix) for cell in cells])
        return np.array(features, dtype=np.float32).reshape(len(self.names), len(cells)).T

    def _plain(self) -> Sequence[str]:
        """The features of single categories."""
        own = [name for name in self.names if name != f"{self.name}{GAP}"]
        return own[:-1] if self.other else own


@dataclass(frozen=True)
class Scheme:
    """How a whole table is encoded: ``columns`` by name, or None, where they are told by their place alone.

    ``width`` features come of them, and then one of 0 and 1 for the gaps of each feature in ``marks``.
    """

    width: int
    columns: tuple[ColumnScheme, ...] | None = None
    marks: tuple[int, ...] = ()
    null_words: tuple[str, ...] | None = None
    no_header: bool = False

    @classmethod
    def of(cls, encoded: Sequence[Encoded], told: Narrowed, page: Columns) -> "Scheme":
        """How a table's columns were encoded."""
        columns = tuple(ColumnScheme.of(one, told) for one in encoded if one.X is not None)
        width = sum(len(one.names) for one in columns)
        return cls(width, columns, (), page.null_words, page.no_header)

    def with_marks(self, names: Sequence[str]) -> "Scheme":
        """The same with the marks that `mark_gaps` has added behind the features' own ``names``."""
        own = names[: self.width]
        return replace(self, marks=tuple(own.index(name.removesuffix(GAP)) for name in names[self.width :]))

    def encode(self, sheet: "Sheet") -> Column32:
        """Features (n, d) of a sheet, NaN where a value is missing; `BadData` names what is amiss."""
        assert self.columns is not None, "a sheet has columns with names"
        nulls = NULL_WORDS if self.null_words is None else frozenset(self.null_words)
        blocks = [np.empty((sheet.frame.height, 0), np.float32)]
        for one in self.columns:
            if one.name not in sheet.names:
                near = did_you_mean(one.name, sheet.names)
                raise BadData(
                    f"'{sheet.shown}' has no column called '{printable(one.name)}', which the model learned from. "
                    f"{near or 'Give it all columns of the table that it was trained on.'}"
                )
            column = sheet.frame.to_series(sheet.names.index(one.name))
            blocks.append(one.encode(column, nulls, sheet.shown))
        return self.mark(np.column_stack(blocks))

    def mark(self, X: Column32) -> Column32:
        """Encoded rows (n, width) with their marks."""
        return np.column_stack([X, *(np.isnan(X[:, place]).astype(np.float32) for place in self.marks)])

    def plain(self) -> dict[str, Any]:
        """As JSON holds it; `read` is the way back."""
        return asdict(self)

    @classmethod
    def read(cls, words: Mapping[str, Any]) -> "Scheme":
        """A scheme out of JSON."""
        columns = words["columns"]
        return cls(
            int(words["width"]),
            None
            if columns is None
            else tuple(ColumnScheme(**{**one, "names": tuple(one["names"])}) for one in columns),
            tuple(int(place) for place in words["marks"]),
            None if words["null_words"] is None else tuple(words["null_words"]),
            bool(words["no_header"]),
        )
