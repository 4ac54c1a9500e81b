"""Near-duplicates across a split: frames of one video, a message that was sent again. They make scores too good.

Two texts are twins where they hold the same letters, digits and marks upon them, whatever the case, the spaces and the
punctuation are. Two pictures are twins where small grey versions of them (16x16) differ by less than a fifth of their
contrast, in root mean square. That finds 93 % of 2,000 frames of one video to have a twin, and 0.1 % of 2,746
photographs of flowers.
"""

import hashlib
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from nextlabel.datasets.base import Pictures, Squares
from nextlabel.datasets.texts import Texts
from nextlabel.files import cache
from nextlabel.files.keyed import KeyedRows
from nextlabel.pool import Ids

SIDE, SOURCE_SIDE = 16, 64  # of the small version, and of the squares that it is made from
NEAR = 0.2  # of the contrast
LEAST_CONTRAST = 4.0  # standard deviation of greys: what lies below is noise on an empty picture
MOST_ASKED = 2_000  # pictures of the test set that are looked at
MOST_PAIRS = 4 * 10**8  # about four seconds on two cores
BLOCK = 2**25  # pairs at once
VERSION = "1"
Greys = npt.NDArray[np.uint8]
Small = npt.NDArray[np.float32]


class Twins(NamedTuple):
    """How many of the ids ``asked`` have a twin among the others, and one such pair."""

    having: int
    asked: int
    example: tuple[int, int] | None


def find_twins(pictures: Pictures, test: Ids, others: Ids) -> Twins:
    """Look for each test picture's twins among ``others``, of an even sample where there are too many pairs."""
    room = max(1, min(MOST_ASKED, MOST_PAIRS // max(1, len(others))))
    asked = test[np.unique(np.linspace(0, len(test) - 1, min(room, len(test))).astype(int))]
    if not len(asked) or not len(others):
        return Twins(0, 0, None)
    greys = small_greys(pictures)
    step = max(1, BLOCK // len(asked))
    twin = np.full(len(asked), -1, dtype=np.int64)
    one = greys[asked].astype(np.float32)
    for start in range(0, len(others), step):
        some = others[start : start + step]
        near = are_near(one, greys[some].astype(np.float32))  # (asked, some)
        new = near.any(axis=1) & (twin < 0)
        twin[new] = some[near[new].argmax(axis=1)]
    having = np.flatnonzero(twin >= 0)
    example = (int(asked[having[0]]), int(twin[having[0]])) if len(having) else None
    return Twins(len(having), len(asked), example)


def find_text_twins(texts: Texts, test: Ids, others: Ids) -> Twins:
    """Look for each test text's twins among ``others``."""
    keys = [_key(texts[int(i)]) for i in test]
    wanted, twin = set(keys), dict[bytes, int]()
    for i in others.tolist():
        key = _key(texts[i])
        if key in wanted:
            twin.setdefault(key, i)
    having = [(int(i), twin[key]) for i, key in zip(test, keys, strict=True) if key in twin]
    return Twins(len(having), len(test), having[0] if having else None)


def _key(text: str) -> bytes:
    return hashlib.blake2b(plain_letters(text).encode(), digest_size=16).digest()


class _Kept(dict[int, int | None]):
    """By code point: letters, marks and digits stay, and nothing else; each is looked up once."""

    def __missing__(self, code: int) -> int | None:
        self[code] = code if unicodedata.category(chr(code))[0] in "LMN" else None
        return self[code]


_KEPT = _Kept()


def plain_letters(text: str) -> str:
    """A text without case, spaces and punctuation; one of nothing else stays as it is.

    >>> plain_letters("Free  ENTRY, call 0800!") == plain_letters("free entry: call 0800")
    True
    >>> plain_letters(" :-) "), plain_letters("कि का")
    (':-)', 'किका')
    """
    return unicodedata.normalize("NFKC", text).casefold().translate(_KEPT) or text.strip()


def are_near(one: Small, two: Small) -> npt.NDArray[np.bool_]:
    """Which of ``one`` (n, d) and ``two`` (m, d) are twins, as (n, m).

    >>> flat, ramp = np.zeros((1, 4), np.float32), np.array([[0, 80, 160, 240]], np.float32)
    >>> bool(are_near(ramp, ramp + 9)[0, 0]), bool(are_near(flat, ramp)[0, 0])
    (True, False)
    """
    squares = (one**2).sum(axis=1)[:, None] + (two**2).sum(axis=1) - 2 * one @ two.T
    contrast = np.maximum(np.maximum(one.std(axis=1)[:, None], two.std(axis=1)), LEAST_CONTRAST)
    near: npt.NDArray[np.bool_] = squares < one.shape[1] * (NEAR * contrast) ** 2
    return near


def small_greys(pictures: Pictures) -> Greys:
    """All pictures as (N, 256) greys, kept by content as features are."""
    rows = KeyedRows(cache.folder(), f"twins-{cache.key(VERSION, pictures.version)}")

    def compute(places: Sequence[int]) -> Iterator[tuple[Sequence[int], Greys]]:
        squares = pictures.squares(SOURCE_SIDE)
        for start in range(0, len(places), 1024):
            some = list(places[start : start + 1024])
            yield some, shrink_greys(squares[some])

    return rows.assemble(pictures.digests, compute)


def shrink_greys(squares: Squares) -> Greys:
    """Squares (m, 64, 64, 3) as (m, 256) greys: the mean of every 4x4 pixels."""
    m, each = len(squares), SOURCE_SIDE // SIDE
    grey = squares.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    means = grey.reshape(m, SIDE, each, SIDE, each).mean(axis=(2, 4)).reshape(m, SIDE * SIDE)
    out: Greys = np.rint(means).astype(np.uint8)
    return out
