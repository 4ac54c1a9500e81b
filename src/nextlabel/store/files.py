"""Which samples are there, as the scans so far found them; a part of the state."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Files:
    """``there``: samples whose file is there; ``read``: those whose bytes are known; ``copies``: the same bytes again.

    A copy, by its first sample's id, shares its answer and is never asked.

    >>> files = Files()
    >>> files.add({"joined": [[0, 3]], "read": [[0, 1]]})
    >>> files.add({"read": [[2, 3]], "copies": [[3, 1]], "gone": [[0, 0]]})
    >>> files.first(3), files.same(3), files.askable()
    (1, [1, 3], {1, 2})
    """

    there: set[int] = field(default_factory=set)
    read: set[int] = field(default_factory=set)
    copies: dict[int, int] = field(default_factory=dict)
    links: set[int] = field(default_factory=set)  # that led out of the folder when it was last looked through
    _copies_of: dict[int, list[int]] = field(default_factory=dict)

    def add(self, found: Mapping[str, Any]) -> None:
        """Follow one scan: ranges ``joined``, ``read``, ``gone``, ``back``, ``links``, and pairs of ``copies``."""
        self.there.update(spread(found.get("joined", ())))
        self.there.difference_update(spread(found.get("gone", ())))
        self.there.update(spread(found.get("back", ())))
        self.read.update(spread(found.get("read", ())))
        if "links" in found:  # all there are
            self.links = set(spread(found["links"]))
        for copy, first in found.get("copies", ()):
            self.copies[copy] = first
            self._copies_of.setdefault(first, []).append(copy)

    def is_there(self, sample_id: int) -> bool:
        """Is its file there?"""
        return sample_id in self.there

    def first(self, sample_id: int) -> int:
        """The sample that answers for this one: itself, or the one that it is a copy of."""
        return self.copies.get(sample_id, sample_id)

    def same(self, sample_id: int) -> list[int]:
        """All samples with the bytes of this one, their first in front."""
        first = self.first(sample_id)
        return [first, *self._copies_of.get(first, ())]

    def askable(self) -> set[int]:
        """Samples that are there, were read, and are nobody's copy."""
        return (self.there & self.read).difference(self.copies)


def ranges(ids: Iterable[int]) -> list[list[int]]:
    """Ids as ranges, both ends in them: a hundred thousand that join at once are one line in the log.

    >>> ranges([4, 0, 1, 2]), list(spread([[0, 2], [4, 4]]))
    ([[0, 2], [4, 4]], [0, 1, 2, 4])
    """
    found: list[list[int]] = []
    for one in sorted(ids):
        if found and one == found[-1][1] + 1:
            found[-1][1] = one
        else:
            found.append([one, one])
    return found


def spread(pairs: Iterable[Iterable[int]]) -> Iterator[int]:
    """The ids in ranges."""
    for first, last in pairs:
        yield from range(first, last + 1)
