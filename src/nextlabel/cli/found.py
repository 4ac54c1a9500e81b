"""What a choice came to, however its samples are kept."""

from collections.abc import Sequence
from dataclasses import dataclass

from nextlabel.selection import Selection


@dataclass(frozen=True)
class Found:
    """What was chosen: by whom, from what, the ``paths`` (batch,) of the chosen if they have any; and ``notes``."""

    answer: Selection
    name: str
    seed: int
    paths: Sequence[str] | None = None
    notes: Sequence[str] = ()
    onward: bool = False  # is it somebody's first batch out of a folder? Then say what to do with it
