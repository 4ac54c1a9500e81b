"""Tables that have types of their own: Parquet, Arrow, JSON lines, Excel; and frames of pandas and polars."""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nextlabel.datasets.base import Request
from nextlabel.datasets.tables.columns import Sheet
from nextlabel.errors import BadData, MissingExtra
from nextlabel.text import printable

if TYPE_CHECKING:
    import polars as pl


def _read(path: Path, reader: "Callable[[], pl.DataFrame]", what: str) -> Sheet:
    shown = printable(path.name)
    try:
        frame = reader()
    except OSError:
        raise
    except Exception as error:  # polars panics and raises in many kinds on damaged bytes
        why = printable(str(error).splitlines()[0][:120]) if str(error) else type(error).__name__
        raise BadData(f"'{shown}' cannot be read as {what} ({why}). Is it damaged, or cut short?") from None
    return sheet_of_frame(frame, shown)


def read_parquet(path: Path, request: Request) -> Sheet:
    import polars as pl

    return _read(path, lambda: pl.read_parquet(path, glob=False), "Parquet")


def read_arrow(path: Path, request: Request) -> Sheet:
    """Arrow's file format, which Feather 2 is too, or its stream."""
    import polars as pl

    with path.open("rb") as file:
        stream = not file.read(6).startswith(b"ARROW1")
    reader = pl.read_ipc_stream if stream else pl.read_ipc
    return _read(path, lambda: reader(path), "Arrow")


def read_json_lines(path: Path, request: Request) -> Sheet:
    """One object a line; all lines have a say in what a column holds."""
    import polars as pl

    return _read(path, lambda: pl.read_ndjson(path, infer_schema_length=None), "JSON lines")


def read_excel(path: Path, request: Request) -> Sheet:
    """The first sheet of a workbook."""
    import polars as pl

    if importlib.util.find_spec("fastexcel") is None:
        raise MissingExtra(
            f"'{printable(path.name)}' is a workbook, and what reads those is not installed. "
            "Install it with pip install 'nextlabel[excel]', or save the sheet as .csv."
        )
    header = not request.table.no_header
    sheet = _read(path, lambda: pl.read_excel(path, has_header=header, infer_schema_length=None), "a workbook")
    if not header:
        sheet.names = [str(i) for i in range(len(sheet.names))]
    return sheet


def sheet_of_frame(frame: "pl.DataFrame", shown: str) -> Sheet:
    """A frame of polars as a sheet."""
    names = [name or f"Unnamed: {i}" for i, name in enumerate(frame.columns)]
    frame = frame.rename({name: str(i) for i, name in enumerate(frame.columns)})
    return Sheet(frame, names, shown, typed=True)


def is_frame(given: Any) -> bool:
    """Is it a frame of pandas or polars? Neither is imported for it: whoever has one has done so."""
    kinds = (getattr(sys.modules.get(name), "DataFrame", None) for name in ("pandas", "polars"))
    return any(kind is not None and isinstance(given, kind) for kind in kinds)


def read_frame(given: Any) -> Sheet:
    """A frame of pandas or polars as a sheet; the index of pandas is left aside."""
    import polars as pl

    if isinstance(given, pl.DataFrame):
        return sheet_of_frame(given, "the frame")
    columns = {str(i): _series_of_pandas(given.iloc[:, i]) for i in range(given.shape[1])}
    names = [str(name) or f"Unnamed: {i}" for i, name in enumerate(given.columns)]
    return Sheet(pl.DataFrame(columns), names, "the frame", typed=True)


def _series_of_pandas(column: Any) -> "pl.Series":
    """A column of pandas, without pyarrow: numbers, booleans and dates as arrays, all else as text."""
    import polars as pl

    if column.dtype.kind in "biufM" and isinstance(column.dtype, np.dtype):
        return pl.Series(column.to_numpy())
    missing = column.isna().to_numpy()
    if column.dtype.kind in "biuf":  # with gaps of pandas' own
        return pl.Series(column.to_numpy(dtype=np.float64, na_value=np.nan))
    values = [None if gone else value for gone, value in zip(missing, column.tolist(), strict=True)]
    if all(isinstance(value, bool | None) for value in values):
        return pl.Series(values, dtype=pl.Boolean)
    if all(isinstance(value, int | float | None) for value in values):
        return pl.Series(values, dtype=pl.Float64, strict=False)
    return pl.Series([None if value is None else str(value) for value in values], dtype=pl.String)
