"""From the bytes of a picture to a square of RGB, whatever its format, mode and orientation.

Resizing squashes: every picture becomes size x size whatever its proportions. Numbers of more than 8 bits
(`nextlabel.datasets.deep`) need a scale, which is a whole folder's (`nextlabel.datasets.greys`).
"""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress

import numpy as np
import PIL
from PIL import Image, ImageOps

from nextlabel.datasets.base import Squares
from nextlabel.datasets.deep import Deep, may_be_deep
from nextlabel.datasets.formats import HEAD, formats_of
from nextlabel.datasets.greys import Scale, Scales, Sketch, find_scales
from nextlabel.errors import MissingExtra
from nextlabel.text import printable

MOST_PIXELS = 178_956_970  # where Pillow, too, refuses by default: 2 * Image.MAX_IMAGE_PIXELS
LARGE_PICTURE = 20_000_000  # pixels; larger ones are decoded one at a time, so that memory holds one of them
FIT = "squash"  # or "crop": the largest square in the middle
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # by EXIF orientation
NO_ROOM = "does not fit into memory"
VERSION = f"3 {FIT} Pillow {PIL.__version__}"

_one_large = threading.Lock()


class Unreadable(Exception):
    """Why a file cannot be used, in a few words that complete the sentence "this file …"."""


class Passing(Unreadable):
    """A trouble of this machine at this moment; the file may well be whole."""


def square(raw: bytes, size: int, scale: Scale | None = None) -> Squares:
    """The picture in these bytes as (size, size, 3) RGB, upright, on white; raises `Unreadable`.

    ``scale`` is that of numbers of more than 8 bits; without one, a picture is its own folder.
    """
    with _explain(raw), _open(raw) as picture:
        return _square(picture, size, _deep(raw, picture), scale)
    raise AssertionError("what is not read is explained")


def fit_within(raw: bytes, side: int, scales: Scales | None = None) -> Image.Image:
    """The picture in these bytes as RGB, upright, on white, no side longer than ``side``; raises `Unreadable`.

    Proportions are kept and nothing is enlarged; what is returned carries pixels alone, and no metadata. ``scales``
    are those of its folder, where it has any.
    """
    with _explain(raw), _open(raw) as picture:
        deep = _deep(raw, picture)
        return _fit_within(picture, side, deep, None if deep is None else (scales or {}).get(deep.kind))
    raise AssertionError("what is not read is explained")


def read_sketch(raw: bytes, scales: Scales | None = None) -> Sketch | Scale | None:
    """What numbers of more than 8 bits say of their scale, or the one of ``scales`` that they are on; None for others.

    Raises `Unreadable`.
    """
    if not may_be_deep(raw):  # then its header is not even read
        return None
    with _explain(raw), _open(raw) as picture:
        deep = _deep(raw, picture)
        if deep is None:
            return None
        if scales is not None and deep.kind in scales:
            return scales[deep.kind]
        _check_size(picture)
        return deep.sketch()
    raise AssertionError("what is not read is explained")


def _open(raw: bytes) -> Image.Image:
    if not raw:
        raise Unreadable("is empty")
    return Image.open(io.BytesIO(raw), formats=formats_of(raw[:HEAD]))


def _deep(raw: bytes, picture: Image.Image) -> Deep | None:
    return Deep.of(raw, picture) if may_be_deep(raw) else None


@contextmanager
def _explain(raw: bytes) -> Iterator[None]:
    """Turn whatever Pillow raises over a picture's bytes into `Unreadable`."""
    try:
        yield
    except Unreadable:
        raise
    except MissingExtra as error:
        raise Passing(str(error)) from None
    except MemoryError:
        raise Passing(NO_ROOM) from None
    except Image.DecompressionBombError:
        raise Unreadable(_too_large(raw)) from None
    except PIL.UnidentifiedImageError:
        raise Unreadable("is not a picture, or its header is damaged") from None
    except Exception as error:  # Pillow's readers raise nearly anything on damaged bytes: struct.error, IndexError, …
        if "out of memory" in str(error):  # its decoders' own MemoryError, an OSError
            raise Passing(NO_ROOM) from None
        what = "is truncated" if "truncated" in str(error) else f"is damaged ({printable(str(error))[:80]})"
        raise Unreadable(what) from None


def _too_large(raw: bytes) -> str:
    for name in formats_of(raw[:HEAD]):  # the plugin alone mostly reads the header without judging it
        factory, accept = Image.OPEN[name]
        if accept is None or accept(raw[:16]) is True:
            with suppress(Exception), factory(io.BytesIO(raw), "") as picture:
                return _more_than(picture)
    return f"has more than {MOST_PIXELS:,} pixels"


def _more_than(picture: Image.Image) -> str:
    return f"{picture.width} x {picture.height} pixels is more than {MOST_PIXELS:,}"


def _check_size(picture: Image.Image) -> int:
    pixels = picture.width * picture.height
    if pixels > MOST_PIXELS:
        raise Unreadable(_more_than(picture))
    return pixels


def _square(picture: Image.Image, size: int, deep: Deep | None, scale: Scale | None) -> Squares:
    pixels = _check_size(picture)
    picture.draft("RGB", (2 * size, 2 * size))  # JPEG: decode at 1/2, 1/4 or 1/8, but never below twice the size
    with _one_large if pixels > LARGE_PICTURE else nullcontext():
        picture.load()
        small = _resize(_to_rgb(picture, deep, scale), size)
    turn = TURNS.get(_orientation(picture))
    upright = small if turn is None else small.transpose(turn)
    return np.asarray(_on_white(upright))


def _fit_within(picture: Image.Image, side: int, deep: Deep | None, scale: Scale | None) -> Image.Image:
    pixels = _check_size(picture)
    picture.draft("RGB", (side, side))
    with _one_large if pixels > LARGE_PICTURE else nullcontext():
        picture.load()
        small = _to_rgb(picture, deep, scale).copy()
        small.thumbnail((side, side), Image.Resampling.BICUBIC, reducing_gap=2.0)
    turn = TURNS.get(_orientation(picture))
    upright = _on_white(small if turn is None else small.transpose(turn))
    upright.info.clear()  # Pillow writes a comment of the old file into the new one
    return upright


def _orientation(picture: Image.Image) -> int:
    """The EXIF orientation; asked after loading, since Pillow itself turns TIFFs, and PNGs may say it at the end."""
    try:
        return int(picture.getexif().get(0x0112, 1))
    except MemoryError:  # whole metadata, perhaps
        raise
    except Exception:  # damaged metadata is no reason to lose a picture
        return 1


def _resize(picture: Image.Image, size: int) -> Image.Image:
    if FIT == "crop":
        return ImageOps.fit(picture, (size, size), Image.Resampling.BICUBIC)
    return picture.resize((size, size), Image.Resampling.BICUBIC, reducing_gap=3.0)


def _to_rgb(picture: Image.Image, deep: Deep | None, scale: Scale | None) -> Image.Image:
    """The picture in a mode that can be resized: L, RGB or RGBA."""
    if deep is not None:
        return deep.show(scale or find_scales([deep.sketch()])[deep.kind])
    if picture.has_transparency_data:
        return picture.convert("RGBA")
    return picture if picture.mode in ("L", "RGB") else picture.convert("RGB")


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture.convert("RGB")
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture).convert("RGB")
