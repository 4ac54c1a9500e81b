"""Text files of cells: some may be whole books, and whole files may be larger than what their first rows need.

Python's reader stops at 131,072 characters of a cell unless it is told otherwise, and polars reads all of a file for
its first rows unless it is handed no more than these.
"""

import csv
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# What spreadsheets take for the beginning of a formula, wide forms too, with marks before it that say it is none.
FORMULA = re.compile(r"('*)[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
MOST_CHARACTERS = 2**31 - 1  # what a C long holds everywhere
_one_at_a_time = threading.RLock()  # the limit is one for the whole process


@contextmanager
def long_cells() -> Iterator[None]:
    """Python's csv reads cells of any length within this block, and of what length it did before after it.

    >>> with long_cells():
    ...     [[cell]] = csv.reader(["x" * 200_000])
    >>> len(cell)
    200000
    """
    with _one_at_a_time:
        before = csv.field_size_limit(MOST_CHARACTERS)
        try:
            yield
        finally:
            csv.field_size_limit(before)


def harmless_cell(text: str) -> str:
    """A cell of somebody else's text: where a spreadsheet would take it for a formula, a quote stands before it.

    >>> harmless_cell("=1+2"), harmless_cell(" @SUM(A1)"), harmless_cell("rose-red")
    ("'=1+2", "' @SUM(A1)", 'rose-red')
    """
    return f"'{text}" if text.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠")) else text


def read_start(path: Path, size: int) -> bytes:
    """The first whole lines of a file, ``size`` bytes at most; all of it where it is smaller, or one line is larger."""
    with path.open("rb") as file:
        start = file.read(size)
        if len(start) < size:
            return start
        return start[: start.rfind(b"\n") + 1] or start + file.read()


def quote_cell(text: str) -> str:
    """A text as a cell that no spreadsheet runs: ``'`` before what begins like a formula. Numbers stay.

    >>> quote_cell("=1+1"), quote_cell("-1"), quote_cell("rose"), unquote_cell("'=1+1")
    ("'=1+1", '-1', 'rose', '=1+1')
    """
    return f"'{text}" if FORMULA.match(text) and not NUMBER.fullmatch(text) else text


def unquote_cell(cell: str) -> str:
    """The text that `quote_cell` made a cell of."""
    found = FORMULA.match(cell)
    return cell[1:] if found and found[1] else cell


def quote_path(path: str) -> str:
    """The same of a relative path, which stays one that leads to its file.

    >>> quote_path("=1.jpg"), quote_path("roses/1.jpg")
    ('./=1.jpg', 'roses/1.jpg')
    """
    return f"./{path}" if FORMULA.match(path) else path
