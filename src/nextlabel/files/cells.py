"""Cells of a CSV file may be whole books: Python's reader stops at 131,072 characters unless it is told otherwise."""

import csv
import threading
from collections.abc import Iterator
from contextlib import contextmanager

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
