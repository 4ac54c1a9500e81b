"""Kernel values that still count, written down: those above what is covered, for each candidate."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nextlabel.pool import Floats, Ids


@dataclass(frozen=True)
class Piece:
    """What counts of one tile of the kernel, or of more, by candidate: ``counts`` (k,) values each."""

    counts: Ids
    ground: Any  # (e,) where in the ground: 16 bits each where these are enough
    values: Floats  # (e,)


def select_above(values: Floats, covered: Floats, start: int, kind: Any) -> Piece:
    """The ``values`` (k, t) of k candidates above ``covered`` (t,), which begins at ``start`` in the ground."""
    flat = np.flatnonzero(values > covered)
    counts = np.diff(np.searchsorted(flat, np.arange(len(values) + 1) * values.shape[1]))
    return Piece(counts, (flat % values.shape[1] + start).astype(kind), values.ravel()[flat])


def join(pieces: list[Piece]) -> Piece:
    """Pieces of the same candidates, put together by candidate; the list is emptied, since memory may be short."""
    counts = np.stack([one.counts for one in pieces])  # (p, k)
    rows = np.tile(np.arange(counts.shape[1], dtype=np.uint16), len(pieces))
    order = np.argsort(np.repeat(rows, counts.ravel()), kind="stable")
    ground, values = np.concatenate([one.ground for one in pieces]), np.concatenate([one.values for one in pieces])
    pieces.clear()
    return Piece(counts.sum(axis=0), ground[order], values[order])


class Columns:
    """Strips of ``side`` candidates each, in order, as `join` makes them.

    What is covered only ever grows, so a value that does not count any more never will again: gains from what was
    written down once are those from all values.
    """

    def __init__(self, strips: Iterable[Piece], side: int) -> None:
        self.side = side
        self.strips = [(np.concatenate([[0], np.cumsum(one.counts)]), one.ground, one.values) for one in strips]

    def gains(self, asked: Ids, covered: Floats, weight: Floats | None) -> Floats:
        """Sums (k,) over the ground of what ``asked`` (k,) have above ``covered`` (g,), by ``weight`` (g,) if any."""
        found = np.empty(len(asked))
        for k, (strip, row) in enumerate(zip(*divmod(asked, self.side), strict=True)):
            starts, ground, values = self.strips[strip]
            place = slice(starts[row], starts[row + 1])
            at = ground[place]
            above = values[place] - covered[at]
            np.maximum(above, 0, out=above)
            found[k] = above.sum() if weight is None else above @ weight[at]
        return found
