"""Among equals: the lowest position after one seeded shuffle."""

from functools import cached_property

import numpy as np

from nextlabel.pool import Floats, Ids


class Ties:
    """One shuffle of ``count`` candidates decides every tie of a query, whichever way the best are looked for."""

    def __init__(self, count: int, rng: np.random.Generator) -> None:
        """``rng`` serves nobody else: it is drawn from when the first tie is met, if any is."""
        self.count, self.rng = count, rng

    @cached_property
    def rank(self) -> Ids:
        """(count,) the lower, the sooner."""
        return self.rng.permutation(self.count)

    def best(self, scores: Floats, positions: Ids | None = None) -> int:
        """The position of the highest of ``scores`` (k,), which belong to ``positions`` (k,), or to all."""
        tied = np.flatnonzero(scores == scores.max())
        if positions is not None:  # ranks belong to positions in the pool, whatever part of it was scored
            tied = positions[tied]
        return int(tied[self.rank[tied].argmin()]) if len(tied) > 1 else int(tied[0])

    def top(self, scores: Floats, batch: int) -> Ids:
        """The positions (batch,) of the highest ``scores`` (count,), best first; O(count), whatever the batch."""
        # Only what may be in the batch is sorted: of a million scores that is not much more than the batch.
        least = np.partition(scores, len(scores) - batch)[len(scores) - batch]
        above, level = np.flatnonzero(scores > least), np.flatnonzero(scores == least)
        # Of those level with the last, the first in the shuffle; argpartition's own order hangs on numpy's version.
        if len(level) > batch - len(above):
            level = level[np.argpartition(self.rank[level], batch - len(above) - 1)[: batch - len(above)]]
        found = np.concatenate([above, level])
        order: Ids = found[np.lexsort((self.rank[found], -scores[found]))]
        return order
