"""The audit side: samples, and questions, that no strategy ever sees, so that accuracy can be estimated on them.

Labels that a strategy chose are no sample of anything: an estimate from them alone is off by 5 to 11 points. So a hash
puts a share q of the samples on a side of its own, and a share q of the questions goes there, in the order of the
hashes: at any time those asked are a simple random sample of the side.

    places = draws(["a.jpg", "b.jpg", …], seed=7)       # (N,), for good
    side = order_side(places, ids, share=0.2)           # who is on the audit side, in asking order
    count_due(0.2, n=31)                                # 7 of the first 31 questions are the audit's
"""

import hashlib
import math
from collections.abc import Iterable, Sequence
from fractions import Fraction

import numpy as np

from nextlabel.pool import Floats, Ids

BITS = 53  # of a hash: as many as a double holds exactly, so that a draw is below 1, and is kept to the bit


def draw(seed: int, key: str) -> float:
    """The draw of one sample, in [0, 1): BLAKE2b (8 bytes) of ``seed:key`` in UTF-8, its first 53 bits as a fraction.

    ``key`` is the sample's POSIX path relative to its folder, as it was when the sample was first seen; of a table's
    row its number. A hash rather than a generator: another file that joins, or goes, moves nobody else, and every
    platform and version gives the same.

    >>> draw(7, "roses/001.jpg")
    0.1888264372552383
    """
    text = f"{seed}:{key}".encode("utf-8", "surrogateescape")  # a name may hold bytes that are no UTF-8
    digest = hashlib.blake2b(text, digest_size=8).digest()
    return float((int.from_bytes(digest, "big") >> (64 - BITS)) / 2**BITS)


def draws(keys: Sequence[str], seed: int, copies: Iterable[Sequence[int]] = ()) -> Floats:
    """The draws (N,) of samples by their keys; of ``copies``, groups of ids of the same bytes, each has its first's.

    >>> found = draws(["a.jpg", "b.jpg", "copy of a.jpg"], seed=0, copies=[(0, 2)])
    >>> bool(found[2] == found[0] == draw(0, "a.jpg"))
    True
    """
    found = np.array([draw(seed, key) for key in keys], dtype=np.float64)
    for group in copies:
        # Else a picture could be on both sides: asked on one, and the truth about its twin on the other.
        found[list(group)] = found[min(group)]
    return found


def order_side(places: Floats, ids: Ids, share: float) -> Ids:
    """Those of ``ids`` whose draws, ``places`` (N,), put them on the audit side, in the order in which it is asked."""
    order = ids[np.argsort(places[ids], kind="stable")]  # stable: equal draws, by id
    # For its own place alone, not for its rank: whoever joins later moves nobody to the other side.
    side: Ids = order[places[order] < share]
    return side


def count_due(share: float, n: int) -> int:
    """How many of the first ``n`` questions are the audit's: ``share`` of them, rounded up, in whole numbers.

    >>> [count_due(0.2, n) for n in (0, 1, 5, 6, 10)], count_due(0.07, 100)  # .07 * 100 is 7.000000000000001 in floats
    ([0, 1, 1, 2, 2], 7)
    """
    return math.ceil(Fraction(str(share)) * n)  # 0.2 is the 1/5 that somebody wrote, not the double beside it
