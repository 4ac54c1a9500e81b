"""`onnx:FILE`: any image model in an ONNX file, run by onnxruntime on every core, or on a GPU.

On cores a picture is run through the model by itself, on one of them, while the others run others. So its numbers
depend neither on its neighbours nor on the number of cores. It is no slower for it: on two cores, four blocks of a
small vision transformer took 0.8 times as long as in batches of 32 spread over both.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from nextlabel.datasets.base import Squares
from nextlabel.embedders.base import NO_FITS, Features32, Fits, Report, silent
from nextlabel.embedders.onnx.batches import batch_on, run_batches
from nextlabel.embedders.onnx.file import ModelFile, read_again, read_model
from nextlabel.embedders.onnx.graph import read_graph
from nextlabel.embedders.onnx.network import POOLS, Net
from nextlabel.embedders.onnx.note import Use
from nextlabel.embedders.onnx.outputs import Choosing, Output
from nextlabel.embedders.onnx.settings import ImageSettings, parse_onnx, read_settings_beside
from nextlabel.errors import BadData, Mistake
from nextlabel.knobs.names import CPU
from nextlabel.text import join_names, printable

DEFAULT_SIZE = 224  # where neither the model nor anybody says
IMAGENET: ImageSettings = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225), "scale": 1 / 255}
UNCHANGED: ImageSettings = {"mean": (0.0,) * 3, "std": (1.0,) * 3, "scale": 1.0}  # for models that take bytes


@dataclass(frozen=True)
class Onnx:
    """Features from a model in a file: ``(pixels * scale - mean) / std`` goes in, ``output`` comes out.

    Vectors are taken as they are; of a sequence of tokens the first (``pool`` is class) or their mean; of a map its
    mean. A model that takes uint8 gets the pixels as they are.
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
    note: str = field(repr=False, default="")  # what is used, and what of it was assumed, for a person
    device: str = CPU

    version: ClassVar[int] = 1

    @classmethod
    def parse(cls, text: str, device: str = CPU) -> "Onnx":
        """The embedder that ``onnx:FILE`` or ``onnx:FILE(size=224, …)`` specifies, on that device if it names none.

        Raises `BadSpecification`, `MissingExtra`, and `BadData` where the file is no such model.
        """
        specification = parse_onnx(text)
        return cls.load(
            specification.path, printable(specification.path.name), {"device": device} | specification.settings
        )

    @classmethod
    def load(cls, path: Path, source: str, settings: ImageSettings) -> "Onnx":
        """The model in a file, with these settings, then those beside it, then the usual ones."""
        file = read_model(path)
        net, known = Net(file), read_settings_beside(path) | settings
        size = _size(net, known.get("size"))
        output = Choosing(net, file, size).choose(known.get("output"))
        pool, numbers = _pool(net, output, known.get("pool")), _numbers(net, settings, known)
        use = Use(net.name, size, output=output, raw=net.input.raw, assumed=_assumed(net, output, known), **numbers)
        found = cls(
            source,
            file.digest,
            size,
            output=output.name,
            pool=pool,
            onnxruntime=net.runtime,
            net=net,
            note=use.describe(),
            **numbers,
        )
        # What fails, fails early; on this processor, for it may be a worker that has the device.
        found.transform(np.random.default_rng(0).integers(0, 256, (1, size, size, 3), np.uint8))
        return replace(found, device=known.get("device", CPU))

    @classmethod
    def restore(cls, raw: bytes, settings: Mapping[str, Any]) -> "Onnx":
        """The embedder of these settings, as a classifier's file has them, whose model is at hand.

        Raises `BadData` where onnxruntime cannot open it.
        """
        return cls._open(ModelFile(Path(settings["source"]), raw, {}, settings["digest"], read_graph(raw)), settings)

    @classmethod
    def reopen(cls, path: Path, settings: Mapping[str, Any]) -> "Onnx":
        """The embedder of these settings, by a worker that sees the same file; raises `BadData` where it is another."""
        file = read_model(path)
        if file.digest != settings["digest"]:
            raise BadData(
                f"'{file.name}' is another model for a worker than it is here. Give all of them the same file."
            )
        return cls._open(file, settings)

    def __reduce__(self) -> tuple[Any, tuple[Path, dict[str, Any]]]:
        """It travels as the path of its model and what is made of it: sessions do not."""
        words = {field.name: getattr(self, field.name) for field in fields(self) if field.repr or field.name == "note"}
        return Onnx.reopen, (Path(os.path.abspath(self.net.path)), words)

    @classmethod
    def _open(cls, file: ModelFile, settings: Mapping[str, Any]) -> "Onnx":
        net, output = Net(file), settings["output"]
        if output not in net.outputs:
            net.expose(file, output)
        net.try_outputs(settings["size"], [output])  # settles where channels are, too
        plain: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()
        }
        return cls(**(plain | {"onnxruntime": net.runtime}), net=net)

    def model(self) -> bytes:
        """The file, whole; raises `BadData` where it was changed, or keeps weights in others."""
        return read_again(self.net.path, self.digest)

    def fit(self, sample: Squares, report: Report = silent) -> Fits:
        """Nothing: the model in the file has learned already."""
        return NO_FITS

    def transform(self, block: Squares, fits: Fits = NO_FITS, report: Report = silent) -> Features32:
        """Features (m, d)."""
        self.net.open(self.device)  # once, before there are threads
        together = 1 if self.device == CPU else self.net.input.batch or batch_on(self.device)
        return run_batches(self._features, block, together, self.device, report)

    def _features(self, pictures: Squares) -> Features32:
        """Vectors (n, d): a model whose batch is fixed gets it filled up with zeros.

        Two pictures in a batch might be rounded differently from the same two in others, and vectors are kept by
        picture. So on cores a fixed batch of n takes n times as long; an export with a batch of 1, or of any length,
        does not.
        """
        outputs = self.net.run(self._scale(pictures), [self.output], self.device)
        found = self.net.pool(outputs[0], self.pool)[: len(pictures)]
        if not np.isfinite(found).all():
            raise BadData(
                f"'{self.net.name}' gives features that are not numbers (NaN or infinite). It may be damaged, or want "
                "pictures on another scale: see size, mean, std and scale of onnx:FILE(…)."
            )
        return found

    def _scale(self, pictures: Squares) -> npt.NDArray[Any]:
        """Pixels (n, size, size, 3) as the model was trained on them."""
        if self.net.input.raw:
            return pictures
        scaled = pictures.astype(np.float32) * np.float32(self.scale)
        return (scaled - np.array(self.mean, np.float32)) / np.array(self.std, np.float32)


def _size(net: Net, wanted: int | None) -> int:
    side = net.input.side
    if side is not None and wanted not in (None, side):
        raise Mistake(
            f"'{net.name}' takes pictures of {side} x {side} and no others, and size={wanted} was asked for, "
            f"by you or by the JSON beside it. Write onnx:FILE(size={side})."
        )
    return side or wanted or DEFAULT_SIZE


def _pool(net: Net, output: Output, wanted: str | None) -> str:
    if wanted is not None and wanted not in POOLS[output.rank]:
        what = "one vector a picture" if output.rank == 2 else "a map, of which only the mean is taken"
        raise Mistake(
            f"pool='{wanted}' would do nothing: output '{printable(output.name)}' of '{net.name}' is {what}. "
            "Leave it out."
        )
    return wanted or POOLS[output.rank][0]


def _numbers(net: Net, settings: ImageSettings, known: ImageSettings) -> ImageSettings:
    """Mean, std and scale; what a JSON says of them holds for numbers, and not for a model that takes bytes."""
    useless = [name for name in IMAGENET if name in settings]
    if net.input.raw and useless:
        raise Mistake(
            f"{join_names(useless)} would do nothing: '{net.name}' takes pixels as they are, as uint8. Leave it out."
        )
    return UNCHANGED if net.input.raw else {name: known.get(name, usual) for name, usual in IMAGENET.items()}


def _assumed(net: Net, output: Output, known: ImageSettings) -> list[str]:
    """Which of size, output, mean and std neither the model, nor the JSON beside it, nor anybody said."""
    several = len(net.outputs) > 1 or output.scores or output.instead != ""
    open_ones = {
        "size": net.input.side is None,
        "output": several,
        "mean": not net.input.raw,
        "std": not net.input.raw,
    }
    return [name for name, is_open in open_ones.items() if is_open and name not in known]
