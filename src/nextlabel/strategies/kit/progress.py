"""How far a choice is: told from deep inside a strategy to whoever watches, without an argument in every signature.

Whoever asks says who is to be told; the core of a strategy reports, and knows of nobody:

    with watch(progress):
        answer = entry.ask(question, rng)                   # … report(7, 100): progress("choosing", 7, 100)
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from nextlabel.progress import Progress, quiet

# A context variable rather than a global one: two threads that choose at the same time each have their own watcher.
_WATCHER: ContextVar[Progress] = ContextVar("watcher", default=quiet)


@contextmanager
def watch(progress: Progress) -> Iterator[None]:
    """Tell ``progress`` what strategies report in here."""
    token = _WATCHER.set(progress)
    try:
        yield
    finally:
        _WATCHER.reset(token)


def report(done: int, total: int, what: str = "choosing") -> None:
    """Say how many of ``total`` picks, or of the rows of some pass, are done; a fraction of a microsecond.

    >>> with watch(lambda what, done, total: print(what, done, "of", total)):
    ...     report(1, 3)
    choosing 1 of 3
    """
    _WATCHER.get()(what, done, total)
