"""What a process does without: packages that others would load although nobody asks for them."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any


class _Absent:
    """A finder to which certain packages are not installed."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """None, so that others look; of a package that is hidden, the error of one that is not there."""
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Let imports in here do as if the packages ``names`` were not installed; afterwards they are there again.

    scikit-activeml loads torch and skorch wherever they are, in 1.5 of the 5 seconds that a command takes to start;
    pandas is loaded by scikit-learn, to look whether a table is one of its own. What is loaded already stays.

    >>> with without("turtledemo"):
    ...     import turtledemo
    Traceback (most recent call last):
    ...
    ModuleNotFoundError: No module named 'turtledemo'
    """
    finder = _Absent([name for name in names if name not in sys.modules])
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
