"""A process to kill: for each line that it reads it forks a child, which opens a store and appends at full speed.

``python appender.py PLACE``. A line of input is the first number to append. What a child was acknowledged it writes to
standard output, one number a line. Forked, so that libraries are imported once and not for each kill.
"""

import os
import sys
from itertools import count

from nextlabel.store import Entry, open_store


def entry(number: int) -> Entry:
    """The entry of that number, always the same."""
    return Entry(f"{number}", "label", 1, sample_id=number % 4, class_id=number % 2, how="key")


def append_for_ever(place: str, first: int) -> None:
    store = open_store(place)
    for number in count(first):
        store.append(entry(number))
        os.write(1, f"{number}\n".encode())  # in one piece, and not held back in this process


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if not child:
            append_for_ever(sys.argv[1], int(line))
        os.write(1, f"pid {child}\n".encode())
        os.waitpid(child, 0)
        os.write(1, b"dead\n")


if __name__ == "__main__":
    main()
