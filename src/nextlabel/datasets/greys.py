"""Numbers of more than 8 bits, greys or colours: one scale for all pictures of a folder that store them alike.

A file of 16 bits mostly does not say how many of them its camera used, and one picture's brightest pixel says less. So
each picture gives a `Sketch` of its values, and all of them together say what is white: the smallest depth that cameras
have (8, 10, 12, 14, 16 … bits) which holds 99.9 % of all pixels, or what the tags of a TIFF declare; fractions go up to
1, or 255, or as far as they do. Brighter pixels are clipped, so that a broken one darkens nobody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from nextlabel.files import cache

Values = npt.NDArray[Any]  # greys (h, w) or colours (h, w, 3), of any number type
Bytes = npt.NDArray[np.uint8]

CLIP = 0.001  # the share of pixels that may lie beyond white, and beyond black where black is not 0
KNOTS = np.array([0, 5e-4, CLIP, 0.002, 0.01, 0.1, 0.5, 0.9, 0.99, 0.998, 1 - CLIP, 0.9995, 1])
DEPTHS = tuple(2**bits - 1 for bits in (8, 10, 12, 14, 16, 20, 24, 31, 32))
SLACK = 1.1  # fractions may go this far beyond a white of 1 or 255: sharpening does so
SEEN = 2**20  # numbers of one picture that are looked at


class Sketch(NamedTuple):
    """What one picture says of its scale: how it is stored, its values at `KNOTS`, how many there are of them.

    ``declared`` is the white that its tags name, 0 where they name none; ``whole`` says that it holds no fractions.
    """

    kind: str
    values: tuple[float, ...]
    pixels: int
    declared: float = 0.0
    whole: bool = True


@dataclass(frozen=True)
class Scale:
    """Which value is black, and which is white."""

    black: float
    white: float

    def bytes_of(self, values: Values, inverted: bool = False) -> Bytes:
        """Numbers of any shape as bytes; with ``inverted``, small ones are bright."""
        wide = np.nan_to_num(values.astype(np.float64), posinf=self.white, neginf=self.black)
        scaled = np.clip(np.rint((wide - self.black) * (255 / (self.white - self.black))), 0, 255)
        out: Bytes = (255 - scaled if inverted else scaled).astype(np.uint8)
        return out


Scales = Mapping[str, Scale]  # by kind


def draw_sketch(kind: str, numbers: Values, declared: float = 0.0) -> Sketch:
    """What the ``numbers`` of one picture, of any shape, say of its scale."""
    flat = numbers.ravel()
    some = flat[:: max(1, len(flat) // SEEN)].astype(np.float64)
    some = some[np.isfinite(some)]
    values = np.quantile(some, KNOTS, method="lower") if len(some) else np.zeros(len(KNOTS))
    whole = not np.any(some % 1)
    return Sketch(kind, tuple(values.tolist()), len(flat), declared, bool(whole))


def find_scales(sketches: Sequence[Sketch]) -> Scales:
    """One scale for each way of storing numbers that is among the pictures; colours share one for all channels.

    >>> dark = Sketch("16 bits", tuple(np.linspace(0, 700, len(KNOTS))), 4096)
    >>> find_scales([dark, dark._replace(values=tuple(np.linspace(0, 1003, len(KNOTS))))])["16 bits"].white
    1023.0
    """
    kinds = sorted({sketch.kind for sketch in sketches})
    return {kind: _scale([sketch for sketch in sketches if sketch.kind == kind]) for kind in kinds}


def _scale(sketches: Sequence[Sketch]) -> Scale:
    low, high = _quantile(sketches, CLIP), _quantile(sketches, 1 - CLIP)
    declared = min(sketch.declared for sketch in sketches) and max(sketch.declared for sketch in sketches)
    if all(sketch.whole for sketch in sketches) and low >= 0 and (sketches[0].kind != "fractions" or high > 1):
        wanted = declared or high
        return Scale(0.0, float(next((depth for depth in DEPTHS if wanted <= depth), wanted)))
    if low >= -0.1 and high <= SLACK:
        return Scale(0.0, 1.0)
    if low >= -SLACK and high <= SLACK:
        return Scale(-1.0, 1.0)
    if low >= -0.1 and 100 < high <= 255 * SLACK:
        return Scale(0.0, 255.0)
    return Scale(low, high if high > low else low + 1)


def _quantile(sketches: Sequence[Sketch], share: float) -> float:
    """The value that ``share`` of the pixels of all pictures do not exceed."""
    edges = np.concatenate([[0], (KNOTS[1:] + KNOTS[:-1]) / 2, [1]])
    values = np.array([sketch.values for sketch in sketches])  # (n, knots)
    weights = np.array([sketch.pixels for sketch in sketches])[:, None] * np.diff(edges)
    order = np.argsort(values, axis=None, kind="stable")
    total = np.cumsum(weights.ravel()[order])
    return float(values.ravel()[order[np.searchsorted(total, share * total[-1])]])


def scaled_key(digest: str, scale: Scale) -> str:
    """The digest of a picture under a scale: on another one, the same bytes are another picture."""
    return cache.key(digest, scale.black, scale.white)


def describe_scales(scales: Scales, counts: Mapping[str, int]) -> list[str]:
    """A sentence on each scale, for whoever knows their camera."""
    stored = {
        "fractions": "greys stored as fractions",
        "16 bits a channel": "colours stored as numbers of 16 bits a channel",
    }
    return [
        f"{counts[kind]:,} pictures are {stored.get(kind, f'greys stored as numbers of {kind}')}; in all of them "
        f"{scale.black:,.6g} is black and {scale.white:,.10g} is white."
        for kind, scale in scales.items()
    ]
