"""Pictures of more than 8 bits a channel: greys of 16 or 32 bits or of fractions, colours of 16 bits.

Of colours Pillow keeps the upper byte of each number, and drops the lower: all that a camera of 12 bits has to say of
the shadows. Which of two bytes is the upper one is a part of the name by which it unpacks them. So such a file is
opened twice, the second time as if its bytes stood the other way round, and what is kept then is the lower one.
"""

import io
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile

from nextlabel.datasets.greys import Scale, Sketch, Values, draw_sketch

GREYS, COLOURS = "16 bits", "16 bits a channel"
GREY_AND_ALPHA = "LA;16B"
TURNED = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}  # the order of bytes, the other way round
PHOTOMETRIC, BITS, FORM = 262, 258, 339  # tags of a TIFF
MOST_TAGS = (341, 281)  # SMaxSampleValue, MaxSampleValue


@dataclass(frozen=True)
class Deep:
    """A picture whose numbers want a `Scale`: how it stores them, ``kind``, and the white that it ``declared``.

    ``lower`` is the same picture with the lower bytes of colours, or with all four of a grey and its alpha; None where
    Pillow keeps whole numbers. Both are loaded when their ``numbers`` are asked for.
    """

    picture: Image.Image
    kind: str
    declared: float
    lower: Image.Image | None = None

    @classmethod
    def of(cls, raw: bytes, picture: Image.Image) -> Self | None:
        """That of a picture just opened from these bytes, and not yet loaded; None where it has 8 bits."""
        raw_mode = _raw_mode(picture)
        turned = _turn(raw_mode)
        if turned:
            again = Image.open(io.BytesIO(raw), formats=[picture.format or ""])
            again.tile = [
                tile._replace(args=turned if isinstance(tile.args, str) else (turned, *(tile.args or ())[1:]))
                for tile in again.tile
            ]
            kind = GREYS if raw_mode == GREY_AND_ALPHA else COLOURS
            return cls(picture, kind, declared_white(picture), again)
        kind = kind_of_greys(picture)
        return cls(picture, kind, declared_white(picture)) if kind else None

    @cached_property
    def numbers(self) -> Values:
        """Greys (h, w) as they are meant, or colours (h, w, 3)."""
        if self.lower is None:
            return _greys(self.picture)
        low = np.asarray(self.lower)
        if self.kind == COLOURS:
            high, low = np.asarray(self.picture)[..., :3], low[..., :3]
        else:  # grey, its lower byte, alpha, its lower byte
            high, low = low[..., 0], low[..., 1]
        found: Values = high.astype(np.uint16) << 8
        found |= low
        return found

    def sketch(self) -> Sketch:
        """What the picture says of its scale: what is to be seen of it."""
        seen = self.numbers
        if self.picture.mode == "RGBA":
            shown = np.asarray(self.picture)[..., 3] > 0
            seen = seen[shown] if shown.any() else seen
        return draw_sketch(self.kind, seen, self.declared)

    def show(self, scale: Scale) -> Image.Image:
        """The picture with 8 bits: L or RGB, or RGBA where it has an alpha."""
        if self.lower is None:
            return Image.fromarray(scale.bytes_of(self.numbers, _is_inverted(self.picture)))
        table = scale.bytes_of(np.arange(2**16))  # of a large picture, wider numbers would not fit into memory
        shown = Image.fromarray(table[self.numbers]).convert("RGB")
        if self.picture.mode == "RGBA":
            shown.putalpha(self.picture.getchannel("A"))
        return shown


def may_be_deep(raw: bytes) -> bool:
    """Could these be more than 8 bits a channel? Their headers are read only where they could."""
    if raw[:4] == b"\x89PNG":
        return raw[24:25] == b"\x10"  # 16 bits
    return raw[:2] in (b"II", b"MM", b"P5") or raw[:4] in (b"\x00\x00\x00\x0c", b"\xff\x4f\xff\x51")


def kind_of_greys(picture: Image.Image) -> str:
    """How a picture stores its greys: nothing where they have 8 bits, which need no scale.

    >>> kind_of_greys(Image.new("I;16", (2, 2))), kind_of_greys(Image.new("L", (2, 2)))
    ('16 bits', '')
    """
    if picture.mode.startswith("I;16"):
        return GREYS
    return {"I": "32 bits", "F": "fractions"}.get(picture.mode, "")


def declared_white(picture: Image.Image) -> float:
    """The white that a picture's own header names, 0 where it names none; asked before it is loaded."""
    tile = getattr(picture, "tile", None)
    if picture.format == "JPEG2000" or (picture.format == "PPM" and tile and tile[0][0] == "ppm"):
        return 65_535.0  # whatever depth they have, Pillow has stretched them to 16 bits
    tags = getattr(picture, "tag_v2", {})
    bits = int(_first(tags.get(BITS)) or 16)
    most = next((float(_first(tags[tag])) for tag in MOST_TAGS if tag in tags), 0.0)
    if 0 < most < 2**bits - 1:
        return most
    return 0.0 if bits in (16, 32, 64) else 2.0**bits - 1  # 16 and 32 are what files have, not what cameras give


def _raw_mode(picture: Image.Image) -> str:
    """The name by which Pillow unpacks the numbers of a file: ``RGB;16B``."""
    args: Any = picture.tile[0].args if isinstance(picture, ImageFile) and picture.tile else ""
    return str(args if isinstance(args, str) else args[0] if args else "")


def _turn(raw_mode: str) -> str:
    """What to unpack for the lower bytes; nothing where none are lost, or where what is kept was computed of both.

    >>> _turn("RGB;16B"), _turn("RGBA;16L"), _turn("RGB"), _turn("RGBa;16B")
    ('RGB;16L', 'RGBA;16B', '', '')
    """
    if raw_mode == GREY_AND_ALPHA:
        return "RGBA"  # as many bytes: each of them is kept
    mode, _, order = raw_mode.partition(";16")
    return f"{mode};16{TURNED[order]}" if mode in ("RGB", "RGBA", "RGBX") and order in TURNED else ""


def _greys(picture: Image.Image) -> Values:
    """Greys (h, w) as they are meant: Pillow reads 32 unsigned bits as signed ones."""
    values = np.asarray(picture)
    tags = getattr(picture, "tag_v2", {})
    unsigned = picture.mode == "I" and _first(tags.get(BITS)) == 32 and _first(tags.get(FORM, 1)) == 1
    return values.astype(np.int32).view(np.uint32) if unsigned else values


def _is_inverted(picture: Image.Image) -> bool:
    """Is 0 white? Pillow turns such pictures around where they have 8 bits, and only there."""
    return bool(_first(getattr(picture, "tag_v2", {}).get(PHOTOMETRIC, 1)) == 0)


def _first(tag: Any) -> Any:
    return (tag[0] if tag else None) if isinstance(tag, tuple) else tag
