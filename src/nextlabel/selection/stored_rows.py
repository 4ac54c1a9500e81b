"""What `select` reads of vectors that are larger than memory: the candidates, and what a model says of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from skactiveml.base import SkactivemlClassifier

from nextlabel.files.shards import Shards
from nextlabel.pool import Floats, Ids
from nextlabel.selection.arrays import refuse_gaps, refuse_other_than_probabilities
from nextlabel.selection.scaling import Moments
from nextlabel.strategies.badge import residuals
from nextlabel.strategies.kit.blocks import pieces

CELLS = 1 << 21  # numbers that are read at a time: 4 MB of float16, and 8 MB of float32


@dataclass(frozen=True)
class Candidates:
    """The rows of a store that have no label, by position 0 … m-1; small when pickled.

    ``known`` (l,) numbers of the labelled rows, ascending; ``moments`` scale the rows, None leaves them as they are.
    """

    shards: Shards
    known: Ids
    moments: Moments | None = None

    def __len__(self) -> int:
        return len(self.shards) - len(self.known)

    @property
    def width(self) -> int:
        """How many numbers a row holds: d."""
        return self.shards.width

    @property
    def kind(self) -> np.dtype[Any]:
        """In which precision rows come."""
        wide = self.moments is None and self.shards.dtype == np.float64
        return np.dtype(np.float64 if wide else np.float32)

    def numbers(self, positions: Ids) -> Ids:
        """Row numbers (k,) of positions (k,)."""
        return positions + np.searchsorted(self._before, positions, side="right")

    @cached_property
    def _before(self) -> Ids:
        """(l,) how many candidates stand before each labelled row."""
        return self.known - np.arange(len(self.known))

    def at(self, positions: Ids) -> Floats:
        """The rows at these positions (k, d)."""
        return self._prepare(self.shards.at(self.numbers(positions)))

    def block(self, start: int, stop: int) -> Floats:
        """The rows at positions ``start`` to ``stop`` (k, d)."""
        return self._prepare(read_numbers(self.shards, self.numbers(np.arange(start, stop))))

    def pieces(self, start: int, stop: int) -> Iterator[slice]:
        """Positions from ``start`` to ``stop``, as many at a time as are read at once."""
        for place in pieces(stop - start, max(1, CELLS // self.width)):
            yield slice(start + place.start, start + place.stop)

    def _prepare(self, rows: Floats) -> Floats:
        return rows.astype(self.kind, copy=False) if self.moments is None else self.moments.scale(rows)


def read_numbers(shards: Shards, numbers: Ids) -> Floats:
    """Rows with ascending numbers, nearly all of a range: read in one go, and the others left out."""
    first, last = int(numbers[0]), int(numbers[-1]) + 1
    rows = shards.read(first, last)
    return rows if last - first == len(numbers) else rows[numbers - first]


class Foreteller(Protocol):
    """What says how likely which class is."""

    reads_rows: bool  # or can it do without the features?

    @property
    def classes(self) -> int: ...
    def foretell(self, numbers: Ids, rows: Floats | None) -> Floats:
        """Probabilities (k, C) float32 or float64 of ``rows`` (k, d), whose numbers are (k,)."""


@dataclass(frozen=True)
class HeadForeteller:
    """A head that was trained on the labels."""

    head: SkactivemlClassifier
    reads_rows = True

    @property
    def classes(self) -> int:
        """C."""
        return len(self.head.classes_)

    def foretell(self, numbers: Ids, rows: Floats | None) -> Floats:
        """Its probabilities; `BadArray` names the row that holds NaN or infinity."""
        try:
            P: Floats = self.head.predict_proba(rows).astype(np.float32)  # as they are kept in memory elsewhere
        except ValueError:  # it says of gaps that there are some, and not where
            refuse_gaps(np.asarray(rows), numbers)
            raise
        return P


@dataclass(frozen=True)
class TableForeteller:
    """Probabilities (n, C) of somebody's own model, in a file."""

    table: Shards
    reads_rows = False

    @property
    def classes(self) -> int:
        """C."""
        return self.table.width

    def foretell(self, numbers: Ids, rows: Floats | None) -> Floats:
        """What the file holds; `BadArray` where it is no probability."""
        ascending = len(numbers) > 1 and bool((np.diff(numbers) > 0).all()) and rows is None
        P = read_numbers(self.table, numbers) if ascending else self.table.at(numbers)
        refuse_other_than_probabilities(P, numbers)
        return P.astype(np.float32) if P.dtype == np.float16 else P


@dataclass
class StoredGradients:
    """Gradient embeddings of candidates, made anew of what is read: `kit.gradient_draws.Factors`."""

    rows: Candidates
    model: Foreteller
    length: Floats

    @property
    def classes(self) -> int:
        """C."""
        return self.model.classes

    @property
    def width(self) -> int:
        """D."""
        return self.rows.width

    @property
    def kind(self) -> np.dtype[Any]:
        """In which precision rows come."""
        return self.rows.kind

    def at(self, positions: Ids) -> tuple[Floats, Floats]:
        """The factors a (k, C) and h (k, D) at these positions, in float64."""
        rows = self.rows.at(positions)
        return self._factor(self.rows.numbers(positions), rows), rows.astype(np.float64)

    def block(self, place: slice) -> tuple[Floats, Floats]:
        """The factors of a block, in the precision of the features."""
        rows = self.rows.block(place.start, place.stop)
        numbers = self.rows.numbers(np.arange(place.start, place.stop))
        return self._factor(numbers, rows).astype(self.kind), rows

    def _factor(self, numbers: Ids, rows: Floats) -> Floats:
        P = self.model.foretell(numbers, rows)
        return residuals(P, P.astype(np.float64).argmax(axis=1))
