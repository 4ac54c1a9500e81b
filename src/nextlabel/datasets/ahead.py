"""Files that lie far away, asked for before they are needed: a store answers late, but many questions at once."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock
from typing import NamedTuple, Protocol

AHEAD = 256  # files that are under way, or wait to be taken
ROOM = 2**28  # bytes that may wait: large files are asked for later


class Far(Protocol):
    """A file that is far away, and reads itself."""

    def read(self) -> bytes:
        """Its bytes."""


class Coming(NamedTuple):
    """A file that has been asked for, or will have been when it is its turn."""

    ahead: "ReadAhead"
    place: int

    def read(self) -> bytes:
        """Its bytes; raises as the file itself does."""
        return self.ahead.take(self.place)

    @property
    def signature(self) -> str:
        """Nothing: who remembers files asks the file itself."""
        return ""

    @property
    def lies_in(self) -> str:
        """Nowhere yet."""
        return ""

    @property
    def far(self) -> bool:
        """No: it is on its way, and need not be asked for early again."""
        return False

    def __str__(self) -> str:
        return str(self.ahead.files[self.place])


class ReadAhead:
    """Reads files in the order in which they are wanted, some ahead of whoever takes them.

    >>> class Slow:
    ...     def read(self): return b"abc"
    >>> with reading_ahead([Slow(), Slow()]) as ahead:
    ...     [ahead.take(i) for i in (1, 0)]
    [b'abc', b'abc']
    """

    def __init__(self, files: Sequence[Far], threads: ThreadPoolExecutor) -> None:
        self.files, self.threads, self.lock = files, threads, Lock()
        self.asked, self.bytes = 0, 0
        self.waiting = dict[int, Future[bytes]]()

    def take(self, place: int) -> bytes:
        """The bytes of the file at a place; each is taken once, more or less in order."""
        with self.lock:
            while self.asked <= place or (self.asked < self._end(place) and self.bytes < ROOM):
                self.waiting[self.asked] = self.threads.submit(self._read, self.asked)
                self.asked += 1
            future = self.waiting.pop(place)
        raw = future.result()
        with self.lock:
            self.bytes -= len(raw)
        return raw

    def _end(self, place: int) -> int:
        return min(len(self.files), place + 1 + AHEAD)

    def _read(self, place: int) -> bytes:
        raw = self.files[place].read()
        with self.lock:
            self.bytes += len(raw)
        return raw


@contextmanager
def reading_ahead(files: Sequence[Far], at_once: int = 16) -> Iterator[ReadAhead]:
    """What reads these files ahead, ``at_once`` at a time, until the block ends; then what was not taken is let go."""
    threads = ThreadPoolExecutor(at_once)
    try:
        yield ReadAhead(files, threads)
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
