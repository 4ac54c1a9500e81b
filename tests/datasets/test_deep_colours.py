"""Colours of 16 bits look as their 8-bit twins; Pillow writes none, so their files are made by hand."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from nextlabel.datasets import load
from nextlabel.datasets.base import Request
from nextlabel.datasets.decoding import square
from nextlabel.datasets.greys import draw_sketch, find_scales

Scene = npt.NDArray[np.uint16]  # (h, w, 3), or 4 with alpha


def png(scene: Scene) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width, channels = scene.shape
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in scene)
    header = struct.pack(">IIBBBBB", width, height, 16, {2: 4, 3: 2, 4: 6}[channels], 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def tiff(order: str, deflate: bool) -> Callable[[Scene], bytes]:
    def write(scene: Scene) -> bytes:
        height, width, channels = scene.shape
        data = scene.astype(f"{order}u2").tobytes()
        data = zlib.compress(data) if deflate else data
        bits = struct.pack(f"{order}{channels}H", *[16] * channels)
        tags = [(256, width), (257, height), (258, 0), (259, 8 if deflate else 1), (262, 2), (273, 0), (277, channels)]
        tags += [(278, height), (279, len(data)), (284, 1)] + [(338, 2)] * (channels == 4)
        after = 8 + 2 + 12 * len(tags) + 4
        values = dict(tags) | {258: after, 273: after + len(bits)}
        out = {"<": b"II", ">": b"MM"}[order] + struct.pack(f"{order}HI", 42, 8) + struct.pack(f"{order}H", len(tags))
        for tag, value in values.items():  # 3: two bytes, at the left of four; 4: four bytes
            if tag in (273, 279):
                out += struct.pack(f"{order}HHII", tag, 4, 1, value)
            elif tag == 258:
                out += struct.pack(f"{order}HHII", tag, 3, channels, value)
            else:
                out += struct.pack(f"{order}HHIHH", tag, 3, 1, value, 0)
        return out + struct.pack(f"{order}I", 0) + bits + data

    return write


def folder(root: Path, write: Callable[[npt.NDArray[np.uint8]], bytes], channels: int = 3) -> npt.NDArray[np.int64]:
    """Squares of four scenes of 8 bits, two of them dark, as ``write`` puts them into files."""
    for i, brightest in enumerate((255, 40, 250, 9)):
        scene = np.random.default_rng(i).integers(0, brightest + 1, (24, 24, channels)).astype(np.uint8)
        path = root / "ab"[i % 2] / f"{i}.png"  # by content, whatever the name says
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(write(scene))
    found = load(Request(str(root)))
    assert found.skipped == ()
    return found.pictures.squares(24).astype(int)


def plain(scene: npt.NDArray[np.uint8]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(scene[..., 0] if scene.shape[2] == 1 else scene).save(out, "PNG")
    return out.getvalue()


def deepen(scene: npt.NDArray[np.uint8], bits: int) -> Scene:
    return np.rint(scene * ((2**bits - 1) / 255)).astype(np.uint16)


FORMATS = {"png": png} | {f"tiff {o}{' deflate' * d}": tiff(o, d) for o in "<>" for d in (False, True)}


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("kind", FORMATS)
def test_colours_of_16_bits_look_as_their_8_bit_twins(kind: str, alpha: bool) -> None:
    rng = np.random.default_rng(0)
    scene = rng.integers(0, 65_536, (8, 8, 3)).astype(np.uint16)
    scene[:4] //= 16  # deep shadows, where a lost byte is most of the picture
    shown = np.concatenate([scene, np.full((8, 8, 1), 65_535, np.uint16)], axis=2) if alpha else scene
    away = square(FORMATS[kind](shown), 8).astype(int) - np.rint(scene / 257).astype(int)
    assert np.abs(away).max() <= 1


@pytest.mark.parametrize("bits", [10, 12, 16])
@pytest.mark.parametrize("kind", FORMATS)
def test_colours_of_a_folder_share_a_scale_and_look_as_their_8_bit_twins(kind: str, bits: int, tmp_path: Path) -> None:
    deep = folder(tmp_path / "deep", lambda scene: FORMATS[kind](deepen(scene, bits)))
    assert np.abs(deep - folder(tmp_path / "plain", plain)).max() <= 1


@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_transparent_is_white_and_says_nothing_of_the_scale(channels: int, tmp_path: Path) -> None:
    def write(scene: npt.NDArray[np.uint8]) -> bytes:
        alpha = np.full((24, 24, 1), 65_535, np.uint16)
        alpha[:3] = 0
        seen = np.where(alpha > 0, deepen(scene, 12), 65_535).astype(np.uint16)
        return png(np.concatenate([seen, alpha], axis=2))

    deep = folder(tmp_path / "deep", write, channels)
    assert (deep[:, :3] == 255).all()
    assert np.abs(deep - folder(tmp_path / "plain", plain, channels))[:, 3:].max() <= 1


def test_white_is_named_for_colours(tmp_path: Path) -> None:
    folder(tmp_path, lambda scene: png(deepen(scene, 12)))
    assert load(Request(str(tmp_path))).warnings[0] == (
        "4 pictures are colours stored as numbers of 16 bits a channel; in all of them 0 is black and 4,095 is white."
    )


def test_a_picture_that_is_shown_alone_is_on_the_scale_that_it_is_given() -> None:
    dark = deepen(np.full((8, 8, 3), 20, np.uint8), 12)
    (scale,) = find_scales([draw_sketch("16 bits a channel", np.arange(4000))]).values()
    assert np.abs(square(png(dark), 8, scale).astype(int) - 20).max() <= 1
