"""Pictures small enough to be made on the spot: real files, in the format that their names say."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image


def paint(path: Path, colour: object = (200, 30, 30), size: tuple[int, int] = (24, 20), mode: str = "RGB") -> Path:
    """Write one picture of one colour, in the format that its name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path)
    return path


def noise(path: Path, seed: int, size: int = 24) -> Path:
    """Write one picture that no other seed gives, and that does not compress to nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype=np.uint8)
    Image.fromarray(values).save(path)
    return path


def folder_of(root: Path, counts: Mapping[str, int]) -> Path:
    """Write so many different pictures per class."""
    for code, (name, count) in enumerate(counts.items()):
        for i in range(count):
            noise(root / name / f"{i:03}.png", seed=1000 * code + i)
    return root
