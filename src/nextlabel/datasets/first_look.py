"""What a first look at the samples can tell, before any of them is read: who takes them, and whether that is of use.

A mistake that shows at first sight should be told before hours of embedding. But some files may prove unreadable, and
then it may be none: so nobody takes the pictures, they are read, and whoever asked for them is told what is wrong then.
"""

from collections.abc import Callable

from nextlabel.datasets.base import Dataset, Sink
from nextlabel.errors import NextlabelError

Opener = Callable[[Dataset], Sink | None]  # is shown the samples, and says who takes their pictures


def open_after(look: Callable[[Dataset], Dataset], opener: Opener | None) -> Opener | None:
    """An opener that is shown what ``look`` makes of the samples; where that raises, nobody takes the pictures."""
    if opener is None:
        return None

    def open_sink(dataset: Dataset) -> Sink | None:
        try:
            known = look(dataset)
        except NextlabelError:
            return None
        return opener(known)

    return open_sink
