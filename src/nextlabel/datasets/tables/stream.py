"""A table from standard input: spooled into a file, and read by what its first bytes say that it is.

Only the process that was started reads it. Workers are handed the dataset, as they are with any other.
"""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nextlabel.errors import BadData, Mistake

STANDARD_INPUT = "-"
NAME = "standard input"
# The first bytes of files that are no text, and the ending that they would have.
MAGIC = {b"PAR1": ".parquet", b"ARROW1": ".arrow", b"\x1f\x8b": ".csv.gz", b"{": ".jsonl"}
ZIPPED = b"PK\x03\x04"
ENTRIES = {b".npy": ".npz", b"[Content_Types].xml": ".xlsx"}  # names of files inside an archive


@contextmanager
def spool() -> Iterator[tuple[Path, str]]:
    """Standard input in a file, which is gone afterwards, and the ending that its content has."""
    if sys.stdin is None or sys.stdin.isatty():
        raise Mistake("Nothing is sent to standard input, which '-' reads. Pipe a table into it: cat table.csv | …")
    with tempfile.TemporaryDirectory(prefix="nextlabel-") as folder:
        path = Path(folder) / NAME
        with path.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        with path.open("rb") as file:
            head = file.read(4096)
        if not head:
            raise BadData("Standard input is empty. Did the command before the pipe fail?")
        yield path, sniff(head)


def sniff(head: bytes) -> str:
    """The ending of a file that begins so.

    >>> sniff(b"a,label"), sniff(b"PAR1..."), sniff(b'{"a": 1}')
    ('.csv', '.parquet', '.jsonl')
    """
    if head.startswith(ZIPPED):
        return next((ending for entry, ending in ENTRIES.items() if entry in head), ".xlsx")
    return next((ending for magic, ending in MAGIC.items() if head.startswith(magic)), ".csv")
