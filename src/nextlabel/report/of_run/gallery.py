"""The pictures, or texts, that each strategy asked for first."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from nextlabel.datasets.base import Dataset, Squares
from nextlabel.datasets.pictures import FolderPictures
from nextlabel.errors import BadData
from nextlabel.runs.reading import Run
from nextlabel.text import printable

MOST_THUMBNAILS = 12  # samples per strategy
THUMBNAIL_SIDE = 144  # pixels of a thumbnail, shown at half of that or a little more
LONGEST_EXCERPT = 240  # letters of a text
TURNING = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])


@dataclass(frozen=True)
class Thumbnail:
    """One picture as a data address, with its class and, where it has one, its path."""

    source: str
    word: str
    path: str


@dataclass(frozen=True)
class Excerpt:
    """How one text begins, in one line, with its class and, where it has one, its path."""

    text: str
    word: str
    path: str


@dataclass(frozen=True)
class Shelf:
    """The first samples of one strategy: all of them pictures, or all texts."""

    strategy: str
    thumbnails: Sequence[Thumbnail] = ()
    excerpts: Sequence[Excerpt] = ()


def gallery(run: Run, dataset: Dataset) -> list[Shelf]:
    """One shelf per strategy: its first batch under the first seed. Empty for a table."""
    if dataset.table is not None:
        return []
    batches: dict[str, list[int]] = {}
    for pick in run.picks:
        # setdefault below keeps the first batch, for picks come round by round.
        if pick["seed"] == run.splits[0]["seed"] and pick["ids"]:
            batches.setdefault(pick["strategy"], pick["ids"][:MOST_THUMBNAILS])
    if dataset.texts is not None:
        return [
            Shelf(name, excerpts=[_excerpt(dataset, dataset.texts[i], i) for i in ids]) for name, ids in batches.items()
        ]
    wanted = sorted({i for ids in batches.values() for i in ids})
    found = dict(zip(wanted, _squares(dataset, wanted), strict=True))
    return [Shelf(name, [_thumbnail(dataset, i, found[i]) for i in ids]) for name, ids in batches.items()]


def thumbnails(dataset: Dataset, ids: Sequence[int]) -> list[Thumbnail]:
    """The samples with these ids, as pictures with their classes; none for a table."""
    found = dict(zip(sorted(ids), _squares(dataset, sorted(ids)), strict=False))
    return [_thumbnail(dataset, i, found[i]) for i in ids if i in found]


def _excerpt(dataset: Dataset, text: str, i: int) -> Excerpt:
    return Excerpt(excerpt(text), *_caption(dataset, i))


def excerpt(text: str) -> str:
    r"""How a text begins, in one line: of any length and with any letters in the data, short and harmless here.

    >>> excerpt(" two\n\tlines \u202e"), excerpt("a" * 1_000) == "a" * LONGEST_EXCERPT + "…"
    ('two lines', True)
    """
    # Few of them are looked at: a text may be a book. Marks that turn the writing round would turn what follows, too.
    words = " ".join(text[: 20 * LONGEST_EXCERPT].translate(TURNING).split())
    return printable(words if len(words) <= LONGEST_EXCERPT else f"{words[:LONGEST_EXCERPT].rstrip()}…")


def _squares(dataset: Dataset, ids: Sequence[int]) -> Sequence[Squares]:
    """The pictures with these ids, sharp where their files can still be read."""
    pictures = dataset.pictures
    if pictures is None or not len(ids):
        return []
    if isinstance(pictures, FolderPictures):
        try:
            return [square for _, squares in pictures.blocks(THUMBNAIL_SIDE, ids) for square in squares]
        except BadData:
            pass  # a report can be written long after the pictures moved; small ones are in the cache
    return list(pictures.squares(pictures.grey_side or 64)[list(ids)])


def _thumbnail(dataset: Dataset, i: int, pixels: Squares) -> Thumbnail:
    return Thumbnail(_address(pixels), *_caption(dataset, i))


def _caption(dataset: Dataset, i: int) -> tuple[str, str]:
    """The class of a sample, and its path."""
    return dataset.classes[dataset.y[i]] if dataset.y[i] >= 0 else "?", dataset.paths[i] if dataset.paths else ""


def _address(pixels: Squares) -> str:
    """Few pixels as PNG, which the page enlarges without smoothing; more as JPEG."""
    small, out = pixels.shape[0] < 64, io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(out, "PNG" if small else "JPEG", quality=82)
    return f"data:image/{'png' if small else 'jpeg'};base64,{base64.b64encode(out.getvalue()).decode()}"
