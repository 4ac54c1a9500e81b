"""Greys of more than 8 bits look as their 8-bit twins do, to 1 of 255: one scale for a whole folder."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from nextlabel.datasets import load
from nextlabel.datasets.base import Request
from nextlabel.datasets.greys import KNOTS, Sketch, find_scales


def scene(seed: int, brightest: int) -> np.ndarray:
    """Greys (48, 48) of 8 bits, up to ``brightest``."""
    values = np.random.default_rng(seed).integers(0, brightest + 1, (48, 48)).astype(np.uint8)
    values[0, :8] = brightest
    return values


def as_bits(bits: int, kind: type = np.uint16):
    return lambda grey: Image.fromarray(np.rint(grey * ((2**bits - 1) / 255)).astype(kind)), {}


def white_is_zero(grey):
    return Image.fromarray((65_535 - grey.astype(np.uint16) * 257).astype(np.uint16))


def hot(grey):
    values = (grey / np.float32(255)).astype(np.float32)
    values[5, 5] = 1.02
    return Image.fromarray(values)


def with_a_broken_pixel(grey):
    values = np.rint(grey * (1023 / 255)).astype(np.uint16)
    values[7, 7] = 65_535
    return Image.fromarray(values)


def unsigned(grey):  # Pillow writes no unsigned ones: the bits are the same
    return Image.fromarray((grey.astype(np.uint32) * 16_843_009).view(np.int32))


WAYS = {
    "10 bits in a .tif": (*as_bits(10), ".tif"),
    "10 bits in a .png": (*as_bits(10), ".png"),
    "12 bits": (*as_bits(12), ".tif"),
    "16 bits": (*as_bits(16), ".tif"),
    "a broken pixel": (with_a_broken_pixel, {}, ".tif"),
    "fractions": (lambda grey: Image.fromarray((grey / np.float32(255)).astype(np.float32)), {}, ".tif"),
    "one pixel beyond 1": (hot, {}, ".tif"),
    "fractions up to 255": (lambda grey: Image.fromarray(grey.astype(np.float32) + np.float32(0.25)), {}, ".tif"),
    "white is zero": (white_is_zero, {262: 0}, ".tif"),
    "32 bits, unsigned": (unsigned, {}, ".tif"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_scene_looks_as_its_8_bit_twin(way: str, tmp_path: Path) -> None:
    made, tags, ending = WAYS[way]
    for i, brightest in enumerate((250, 90, 240, 30)):  # a dark picture stays dark beside a bright one
        for root, save in (("deep", made), ("plain", Image.fromarray)):
            path = tmp_path / root / "ab"[i % 2] / f"{i}{ending if root == 'deep' else '.png'}"
            path.parent.mkdir(parents=True, exist_ok=True)
            save(scene(i, brightest)).save(path, **({"tiffinfo": ifd(tags)} if tags and root == "deep" else {}))
            if way == "32 bits, unsigned" and root == "deep":
                signed, not_so = (b"\x53\x01\x03\x00\x01\x00\x00\x00%c\x00" % form for form in (2, 1))
                path.write_bytes(path.read_bytes().replace(signed, not_so))
    deep, plain = (load(Request(str(tmp_path / root))) for root in ("deep", "plain"))
    assert deep.skipped == ()
    there = deep.pictures.squares(48).astype(int), plain.pictures.squares(48).astype(int)
    away = np.abs(there[0] - there[1])
    if way in ("one pixel beyond 1", "a broken pixel"):
        away = np.sort(away.reshape(4, -1))[:, :-3]  # that pixel itself
    assert away.max() <= 1
    assert "is white" in deep.warnings[0]
    again = load(Request(str(tmp_path / "deep")))  # from what is kept
    assert (again.content, again.fingerprint) == (deep.content, deep.fingerprint)


def ifd(tags):
    found = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, value in tags.items():
        found[tag] = value
    return found


@pytest.mark.parametrize(
    ("low", "high", "declared", "scale"),
    [
        (0, 800, 0, (0, 1023)),
        (0, 3000, 0, (0, 4095)),
        (0, 16_000, 16_383, (0, 16_383)),
        (0, 90, 4095, (0, 4095)),
        (-1000, 2000, 0, (-1000, 2000)),
        (0, 2**32 - 1, 0, (0, 2**32 - 1)),
    ],
)
def test_white_is_the_next_depth_or_what_tags_say(low, high, declared, scale) -> None:
    sketch = Sketch("32 bits", tuple([float(low)] * 4 + [0.0] * (len(KNOTS) - 7) + [float(high)] * 3), 10_000, declared)
    (found,) = find_scales([sketch]).values()
    assert (found.black, found.white) == scale


def test_white_may_be_zero_and_nan_is_black() -> None:
    (scale,) = find_scales([Sketch("fractions", tuple(np.linspace(0, 1, len(KNOTS))), 9, 0.0, False)]).values()
    assert scale.bytes_of(np.array([[0, 1, np.nan, np.inf]])).tolist() == [[0, 255, 0, 255]]
    assert scale.bytes_of(np.array([[0.0, 1.0]]), inverted=True).tolist() == [[255, 0]]
