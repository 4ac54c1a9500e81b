"""Colours of 16 bits look as their 8-bit twins; Pillow writes none, so their files are made by hand."""

import struct
import zlib
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from nextlabel.datasets.decoding import square

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
