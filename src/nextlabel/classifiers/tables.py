"""Rows of a table as a classifier sees them: encoded, filled in and scaled as those of the training were."""

import hashlib
from dataclasses import dataclass

import numpy as np

from nextlabel.datasets.tables.schemes import Scheme
from nextlabel.embedders.base import Features32
from nextlabel.pool import Floats


@dataclass(frozen=True)
class TableInput:
    """How rows become features: which columns are read and how, and what was learned from the rows of the training.

    ``medians`` (d,) stand where a value is missing; ``mean`` and ``spread`` (d,) are taken off, and divided by.
    """

    scheme: Scheme
    medians: Floats
    mean: Floats
    spread: Floats

    @classmethod
    def learn(cls, scheme: Scheme, X: Floats) -> "TableInput":
        """What the rows (n, d) of the training say, NaN where a value is missing."""
        columns = np.asarray(X, dtype=np.float64)
        some = np.where(np.isnan(columns).all(axis=0), 0.0, columns)  # a column without any value has no median
        medians = np.nanmedian(some, axis=0)
        filled = np.where(np.isnan(columns), medians, columns)
        spread = filled.std(axis=0)
        return cls(scheme, medians, filled.mean(axis=0), np.where(spread > 0, spread, 1.0))

    def features(self, X: Floats) -> Features32:
        """Features (n, d) of encoded rows (n, d), NaN where a value is missing."""
        filled = np.where(np.isnan(X), self.medians, X)
        return ((filled - self.mean) / self.spread).astype(np.float32)


def digest_rows(X: Floats) -> list[str]:
    """A hash of each encoded row (n, d), 32 hexadecimal digits: the same values give the same one, NaN too.

    >>> one, other, same = digest_rows(np.array([[0.0, np.nan], [1.0, 2.0], [-0.0, np.nan]], np.float32))
    >>> one == same != other
    True
    """
    plain = np.ascontiguousarray(X, dtype="<f4") + np.float32(0)  # -0 becomes 0
    plain[np.isnan(plain)] = np.nan  # of which there are many
    return [hashlib.blake2b(row.tobytes(), digest_size=16).hexdigest() for row in plain]
