"""Do all workers compute with the same versions? With others, rows would differ, or work could not even be read."""

import platform
from collections.abc import Callable, Mapping
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any

# Functions of the standard library alone: a worker that has no nextlabel can answer, too.
SAME = {
    "Python": partial(platform.python_version),
    **{name: partial(version, name) for name in ("nextlabel", "numpy", "scipy", "scikit-learn", "scikit-activeml")},
}


def find_other(ask_workers: Callable[[partial[str]], Mapping[str, Any]]) -> str | None:
    """A sentence on the first worker that has another version of something than this process; None where none has.

    ``ask_workers`` calls a function at all workers: answers by worker, an exception among them where one was raised.

    >>> find_other(lambda ask: {"tcp://a:1": ask()}) is None
    True
    >>> print(find_other(lambda ask: {"tcp://a:1": "2.0"}).partition(".")[0])
    The worker at tcp://a:1 has Python 2
    """
    for name, ask in SAME.items():
        for worker, theirs in ask_workers(ask).items():
            if isinstance(theirs, OSError):  # it ended meanwhile
                continue
            if theirs != ask():
                has = f"no {name}" if isinstance(theirs, PackageNotFoundError) else f"{name} {theirs}"
                return (
                    f"The worker at {worker} has {has}, and this process {ask()}: rows would not be the same. Install "
                    "the same versions on all machines, with one lock file or one container, and start it again."
                )
    return None
