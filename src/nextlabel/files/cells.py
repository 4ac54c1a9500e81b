"""Text files of cells: some may be whole books, and whole files may be larger than what their first rows need.

Python's reader stops at 131,072 characters of a cell unless it is told otherwise, and polars reads all of a file for
its first rows unless it is handed no more than these.
"""

import csv
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
