"""How well centres cover a ground, and what one more would add: the core of `maxherding` and `uherding`."""

import itertools
from functools import partial
from typing import Any

import numpy as np

from nextlabel.pool import Floats, Ids
from nextlabel.strategies.kit.blocks import Blocks, pieces
from nextlabel.strategies.kit.columns import Columns, Piece, join, select_above
from nextlabel.strategies.kit.kernels import Kernel, bound_means
from nextlabel.strategies.kit.progress import report
from nextlabel.strategies.kit.threads import Spread

TILE = 1 << 18  # kernel values in a tile: small enough to stay in a core's cache while they are worked on
SIDE = 256  # candidates in a strip
SHARE = 256  # candidates for one thread
PAST = 1 << 25  # numbers of the past to remember: 128 MB of float32
ENTRIES = 42_000_000  # kernel values to write down: 250 MB of float32 with their places
PROBE = 64  # candidates that tell how many there would be


class Coverage:
    """f(S) = mean over the ground of weight_j max over s in S of k(x_j, s): monotone and submodular.

    ``pool`` the candidates; ``ground`` positions (g,) of those that are to be covered, None for all of them; ``weight``
    (g,) or None for 1 each. While there is no centre a gain is the mean kernel value.
    """

    def __init__(self, pool: Blocks, kernel: Kernel, ground: Ids | None = None, weight: Floats | None = None) -> None:
        self.pool, self.kernel, self.whole = pool, kernel, ground is None
        self.ground = np.arange(len(pool)) if ground is None else ground
        self.even = weight is None
        rows = pool.at(self.ground)
        self.right = kernel.right(rows)  # (g, d or d + 2)
        self.weight = np.ones(len(rows), rows.dtype) if weight is None else weight.astype(rows.dtype)
        self.covered: Floats | None = None  # (g,) the best kernel value so far
        self.time = 0  # how many centres came one by one
        self.changed = np.zeros(len(rows), dtype=np.int64)  # (g,) when `covered` last did
        self.past: dict[int, Floats] = {}  # `covered` as it was, for as many times as there is room for
        self.columns: Columns | None = None  # what counts of the kernel, once there is room for it
        self.spent = 0  # kernel values computed since everybody's gains were
        self._probe: Floats | None = None
        self._gathered: tuple[tuple[int, int], Ids, Floats] | None = None

    def add(self, centres: Blocks) -> None:
        """Take more centres into account."""
        old = np.zeros(len(self.right), dtype=self.right.dtype) if self.covered is None else self.covered
        best = old.copy()
        for _, rows in centres.blocks(max(1, TILE // 256)):
            left = self.kernel.left(rows)
            for place in pieces(len(best), max(256, TILE // len(rows))):
                np.maximum(best[place], self.kernel(left, self.right[place]).max(axis=0), out=best[place])
        # A gain computed at time t is renewed from what was covered at t; the oldest go when memory runs out, and gains
        # of that age are computed anew.
        self.past[self.time] = old
        self.past.pop(self.time - max(2, PAST // len(old)), None)
        self.time += 1
        self.changed[best > old] = self.time
        self.covered = best

    def gains(self, asked: Ids) -> Floats:
        """What each of the positions ``asked`` (k,) would add to f: (k,) float64."""
        left, total = self._left(asked), np.zeros(len(asked))
        for place in pieces(len(self.right), max(1, TILE // len(asked))):
            values = self.kernel(left, self.right[place])  # (k, t)
            total += self._above(values, self.covered, place) @ self.weight[place]
        return total / len(self.right)

    def _left(self, asked: Ids) -> Floats:
        """The positions ``asked`` (k,), made ready for the left: (k, d or d + 2)."""
        # Where the pool is the ground they stand on the right already, of length 1 if they have to be.
        return self.kernel.turn(self.right[asked]) if self.whole else self.kernel.left(self.pool.at(asked))

    def bounds(self) -> tuple[Floats, Floats] | None:
        """Between what (m,) and what (m,) the gains of the whole pool lie while there is no centre, or None."""
        if self.covered is not None:
            return None
        return bound_means(self.kernel, self.pool, self.pool.at(self.ground), self.weight)

    def everybody(self, spread: Spread = map, keep: bool = False) -> Floats:
        """Gains (m,) of the whole pool in one blocked pass; half of the products where the pool is the ground.

        With ``keep``, what counts of the kernel is written down if there is room: no gain needs the kernel after that.
        """
        count, total = len(self.pool), np.zeros(len(self.pool))
        kept: list[list[Piece]] | None = [[] for _ in pieces(count, SIDE)] if keep and self._fits() else None
        strips = list(pieces(count, SIDE))[::-1]  # the longest come first, so that threads end together
        # Added up here and in order: the sums are the same on however many threads.
        done = 0
        for one, (own, before, written) in zip(
            strips, spread(partial(self._strip, kept is not None), strips), strict=True
        ):
            report(done, count, "measuring coverage")
            done += len(own)
            total[one] += own
            total[: len(before)] += before
            for strip, piece in written:
                if kept is not None:
                    kept[strip].append(piece)
        if kept is not None:
            self.columns, self.past = Columns(spread(join, kept), SIDE), {}
        self.spent = 0
        return total / len(self.right)

    def pays(self) -> bool:
        """Is one more pass over everybody, which writes down what counts, cheaper than to go on renewing gains?

        Nobody knows how much is to come; who buys once the rent paid is the price pays twice the least at most.
        """
        if self.columns is not None or self.covered is None or not self.whole:
            return False
        return self.spent >= len(self.pool) * len(self.right) / 2 and self._fits()

    def _fits(self) -> bool:
        if self.covered is None:
            return False
        if self._probe is None:
            some = np.linspace(0, len(self.pool) - 1, min(PROBE, len(self.pool))).astype(np.int64)
            self._probe = self.kernel(self._left(some), self.right)  # (p, g)
        return float(np.mean(self._probe > self.covered)) * len(self.pool) * len(self.right) <= ENTRIES

    def _strip(self, keep: bool, one: slice) -> tuple[Floats, Floats, list[tuple[int, Piece]]]:
        """Sums (k,) over the ground of the candidates ``one``, and what is kept of their values, by strip.

        Where the pool is the ground, only over the ground up to them, and what they add to those before: (start,).
        """
        own, before = np.zeros(one.stop - one.start), np.zeros(one.start if self.whole else 0)
        written: list[tuple[int, Piece]] = []

        def add_up(values: Floats, candidates: slice, place: slice) -> Floats:
            if keep and self.covered is not None:
                kind = np.uint16 if len(self.right) <= 1 << 16 else np.int32
                written.append((candidates.start // SIDE, select_above(values, self.covered[place], place.start, kind)))
            return self._above(values, self.covered, place) @ self.weight[place]

        left = self._left(np.arange(one.start, one.stop))
        for other in pieces(one.stop if self.whole else len(self.right), SIDE):
            values = self.kernel(left, self.right[other])  # (k, l)
            if self.whole and other.start < one.start:  # the same values serve those of the other block
                before[other] += add_up(np.ascontiguousarray(values.T), other, one)
            own += add_up(values, one, other)
        return own, before, written

    def renew_gains(self, asked: Ids, gains: Floats, since: Ids, spread: Spread = map) -> Floats:
        """Gains (k,) now of the positions ``asked``, which were ``gains`` (k,) at the times ``since`` (k,).

        Only the ground that came to be covered better since then matters, which soon is little of it; a gain that was
        never computed is of the time -1.
        """
        if self.columns is not None and self.covered is not None:
            return self.columns.gains(asked, self.covered, None if self.even else self.weight) / len(self.right)
        found = np.empty(len(asked))
        later = len(self.changed) - np.cumsum(np.bincount(self.changed, minlength=self.time + 1))
        much = np.where(since < 0, len(self.right), later[since])  # (k,) how many came to be covered better
        fresh = (4 * much > 3 * len(self.right)) | ~np.isin(since, list(self.past))
        self.spent += int(np.where(fresh, len(self.right), much).sum())
        # Rows of like age are renewed together, by powers of two of the ground that changed: a block takes as long as
        # its oldest row.
        level = np.where(fresh, -1, np.log2(np.maximum(much, 1)).astype(int))
        for one in np.unique(level):
            few = np.flatnonzero(level == one)
            few = few[np.argsort(since[few], kind="stable")]
            shares = [few[part] for part in pieces(len(few), SHARE)]
            ground = None if one < 0 else self._gather(int(since[few[0]]))
            work = partial(self._renew, asked, gains, since, ground)
            for share, values in zip(shares, spread(work, shares), strict=True):
                found[share] = values
        return found

    def _gather(self, since: int) -> tuple[Ids, Floats]:
        """Where the ground came to be covered better since then (t,), and its rows: the same for many who are asked."""
        if self._gathered is None or self._gathered[0] != (since, self.time):
            where = np.flatnonzero(self.changed > since)
            self._gathered = (since, self.time), where, self.right.take(where, axis=0)
        return self._gathered[1:]

    def _renew(self, asked: Ids, gains: Floats, since: Ids, ground: Any, share: Ids) -> Floats:
        if ground is None:
            return self.gains(asked[share])
        return gains[share] - self._lost(asked[share], since[share], *ground)

    def _lost(self, asked: Ids, since: Ids, where: Ids, right: Floats) -> Floats:
        """By how much the gains of ``asked`` (k,) have shrunk since the times ``since`` (k,), which ascend.

        ``where`` (t,) the ground that came to be covered better since the first of them, ``right`` (t, …) its rows.
        """
        assert self.covered is not None  # something has come to be covered better
        times, starts = np.unique(since, return_index=True)
        parts = [slice(*pair) for pair in itertools.pairwise([*starts.tolist(), len(since)])]
        left, lost = self._left(asked), np.zeros(len(asked))
        for place in pieces(len(where), max(1, TILE // len(asked))):
            at = where[place]
            now = self.kernel(left, right[place])  # (k, t)
            # What lay between what was covered then and what is covered now.
            np.minimum(now, self.covered[at], out=now)
            for rows_then, then in zip(parts, times.tolist(), strict=True):
                now[rows_then] -= self.past[then][at]
            lost += _positive(now) @ self.weight[at]
        return lost / len(self.right)

    @staticmethod
    def _above(values: Floats, covered: Floats | None, place: Any) -> Floats:
        """What ``values`` (k, t) have above what is covered there; they are overwritten."""
        if covered is not None:
            values -= covered[place]
            _positive(values)
        return values


def _positive(values: Floats) -> Floats:
    """The larger of each value and 0, in place; three times faster with zeros in an array than with one zero."""
    zeros = np.zeros(values.shape[1], dtype=values.dtype)
    positive: Floats = np.maximum(values, zeros, out=values)
    return positive
