"""What native libraries read from the environment, there while it is read and taken back afterwards."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

# A worker keeps the memory that it has had. By default glibc hands large blocks back and fetches them anew, page by
# page, a twelfth of the time that the guide's network trains. Read when a process starts; elsewhere unknown, no harm.
KEEP_MEMORY = {
    "GLIBC_TUNABLES": "glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=1099511627776:glibc.malloc.hugetlb=1"
}
# Large pages, where the system has them: a block of activations is otherwise 8,000 page faults, anew at every step.
# Read by torch at its first allocation. No number changes by it.
LARGE_PAGES = {"THP_MEM_ALLOC_ENABLE": "1"}


@contextmanager
def environment(settings: Mapping[str, str]) -> Iterator[None]:
    """Set variables for a while, those that somebody has set already excepted.

    A process started in here keeps them for its life; this process has what it had when the block ends.
    """
    ours = {name: value for name, value in settings.items() if name not in os.environ}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            os.environ.pop(name, None)  # two threads may have been in here at once
