"""`onnx:FILE`: any image model in an ONNX file, run by onnxruntime on the CPU.

A picture is run through the model by itself, on one core, while other cores run others. So its numbers depend neither
on its neighbours nor on the number of cores. It is no slower for it: on two cores, four blocks of a small vision
transformer took 0.8 times as long as in batches of 32 spread over both.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from nextlabel.datasets.base import Squares
from nextlabel.datasets.pictures import cores
from nextlabel.embedders.base import NO_FITS, Features32, Fits, Report, silent
from nextlabel.embedders.onnx.file import hash_model, read_model
from nextlabel.embedders.onnx.network import POOLS, Net, pool_output
from nextlabel.embedders.onnx.settings import ImageSettings, parse_onnx, read_settings_beside
from nextlabel.errors import BadData, Mistake
from nextlabel.text import printable

PICTURES_A_TASK = 32  # pictures per task
DEFAULT_SIZE = 224  # where neither the model nor anybody says
IMAGENET: ImageSettings = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225), "scale": 1 / 255}


@dataclass(frozen=True)
class Onnx:
    """Features from a model in a file: ``(pixels * scale - mean) / std`` goes in, ``output`` comes out.

    Vectors are taken as they are; of a sequence of tokens the first (``pool`` is class) or their mean; of a map its
    mean.
    ``digest`` is a hash of the model, so features are never mistaken for those of another file of that name.
    """

    source: str  # the file's name, or where it was fetched from
    digest: str
    size: int
    mean: tuple[float, ...]  # red, green, blue
    std: tuple[float, ...]
    scale: float
    output: str
    pool: str
    onnxruntime: str  # its version; another may round otherwise
    net: Net = field(repr=False)  # no setting

    version: ClassVar[int] = 1

    @classmethod
    def specified(cls, text: str) -> "Onnx":
        """The embedder that ``onnx:FILE`` or ``onnx:FILE(size=224, …)`` specifies.

        Raises `BadSpecification`, `MissingExtra`, and `BadData` where the file is no such model.
        """
        specification = parse_onnx(text)
        return cls.opened(specification.path, printable(specification.path.name), specification.settings)

    @classmethod
    def opened(cls, path: Path, source: str, settings: ImageSettings) -> "Onnx":
        """The model in a file, with these settings, then those beside it, then the usual ones."""
        digest, net = hash_model(path), Net(path)
        told = IMAGENET | read_settings_beside(path) | settings
        size = _size(net, told.pop("size", None))
        output, rank = net.chosen(size, told.pop("output", None))
        pool = _pool(net, output, rank, told.pop("pool", None))
        found = cls(source, digest, size, output=output, pool=pool, onnxruntime=net.runtime, net=net, **told)
        found.transform(
            np.random.default_rng(0).integers(0, 256, (1, size, size, 3), np.uint8)
        )  # what fails, fails early
        return found

    @classmethod
    def restored(cls, raw: bytes, settings: Mapping[str, Any]) -> "Onnx":
        """The embedder of these settings, as a classifier's file has them, whose model is at hand.

        Raises `BadData` where onnxruntime cannot open it.
        """
        net = Net(Path(settings["source"]), raw)
        plain: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()
        }
        return cls(**(plain | {"onnxruntime": net.runtime}), net=net)

    def model(self) -> bytes:
        """The file, whole; raises `BadData` where it was changed, or keeps weights in others."""
        return read_model(self.net.path, self.digest)

    def fit(self, sample: Squares, report: Report = silent) -> Fits:
        """Nothing: the model in the file has learned already."""
        return NO_FITS

    def transform(self, block: Squares, fits: Fits = NO_FITS, report: Report = silent) -> Features32:
        """Features (m, d)."""
        parts = []
        with ThreadPoolExecutor(cores()) as threads:
            for part in threads.map(
                lambda i: self._features(block[i : i + PICTURES_A_TASK]), range(0, len(block), PICTURES_A_TASK)
            ):
                parts.append(part)
                report(len(part))
        return np.concatenate(parts)

    def _features(self, pictures: Squares) -> Features32:
        found = np.concatenate(list(self._vectors(pictures)))
        if not np.isfinite(found).all():
            raise BadData(
                f"'{self.net.name}' gives features that are not numbers (NaN or infinite). It may be damaged, or want "
                "pictures on another scale: see size, mean, std and scale of onnx:FILE(…)."
            )
        return found

    def _vectors(self, pictures: Squares) -> Iterator[Features32]:
        """Vectors (1, d), one by one: a model whose batch is fixed gets it filled up with zeros.

        Two pictures in a batch might be rounded differently from the same two in others, and vectors are kept by
        picture. So a fixed batch of n takes n times as long; an export with a batch of 1, or of any length, does not.
        """
        filling = (self.net.batch or 1) - 1
        for i in range(len(pictures)):
            full = np.pad(self._normal(pictures[i : i + 1]), ((0, filling), (0, 0), (0, 0), (0, 0)))
            yield pool_output(self.net.run(full, [self.output])[0], self.pool)[:1]

    def _normal(self, pictures: Squares) -> Features32:
        scaled = pictures.astype(np.float32) * np.float32(self.scale)
        normal = (scaled - np.array(self.mean, np.float32)) / np.array(self.std, np.float32)
        return np.ascontiguousarray(normal.transpose(0, 3, 1, 2))


def _size(net: Net, told: int | None) -> int:
    if net.side is not None and told not in (None, net.side):
        raise Mistake(
            f"'{net.name}' takes pictures of {net.side} x {net.side} and no others, and size={told} was asked for, "
            f"by you or by the JSON beside it. Write onnx:FILE(size={net.side})."
        )
    return net.side or told or DEFAULT_SIZE


def _pool(net: Net, output: str, rank: int, told: str | None) -> str:
    if told is not None and told not in POOLS[rank]:
        what = "one vector a picture" if rank == 2 else "a map, of which only the mean is taken"
        raise Mistake(f"pool='{told}' would do nothing: output '{output}' of '{net.name}' is {what}. Leave it out.")
    return told or POOLS[rank][0]
