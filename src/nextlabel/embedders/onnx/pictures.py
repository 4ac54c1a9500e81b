"""Which input of an ONNX model takes pictures, and how it wants them: as which numbers, how large, channels where.

Read are float32, float16 and uint8; channels first, (N, 3, H, W), and last, (N, H, W, 3).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nextlabel.embedders.onnx.fields import MOST_PIXELS_A_SIDE
from nextlabel.errors import BadData
from nextlabel.text import printable

KINDS: Mapping[str, type] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(uint8)": np.uint8,
}
MOST_FED = 2**29  # bytes of one batch: 1.7 pictures of the largest side that there may be, or 891 of 224 x 224
Shape = Sequence[int | None]


@dataclass(frozen=True)
class PictureInput:
    """The input: ``batch`` pictures at a time and squares of ``side``, None where these may be any."""

    name: str
    kind: type  # of numpy's numbers
    batch: int | None
    side: int | None
    last: bool  # are channels last?
    unsure: bool = False  # it does not say where the channels are

    @property
    def raw(self) -> bool:
        """Does it take pixels as they are, 0 to 255?"""
        return self.kind is np.uint8

    def arrange(self, pictures: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Pictures (n, H, W, 3) in the order and the numbers of the model, filled up with zeros to its batch."""
        missing = max((self.batch or 1) - len(pictures), 0)
        full = np.pad(pictures, ((0, missing), (0, 0), (0, 0), (0, 0))) if missing else pictures
        placed = full if self.last else full.transpose(0, 3, 1, 2)
        return np.ascontiguousarray(placed, dtype=self.kind)

    def is_last(self, shape: tuple[int, ...]) -> bool:
        """Are channels last in a map of that shape, too? A converted model may have either kind."""
        _, one, two, three = shape
        return self.last and one == two != three

    def check_size(self, size: int, name: str) -> None:
        """Raises `BadData` where one batch of that size would fill the memory."""
        bytes_fed = (self.batch or 1) * size * size * 3 * np.dtype(self.kind).itemsize
        if bytes_fed > MOST_FED:
            raise BadData(
                f"'{name}' wants {self.batch} pictures of {size} x {size} at a time, {bytes_fed / 2**30:,.1f} GiB. "
                "Export it with a batch of 1."
            )


def refuse_model(name: str, found: str) -> BadData:
    """That it is no image model, and what it is instead."""
    return BadData(
        f"'{name}' is no image model that can be used here: {found}. Use one that takes square pictures as float32, "
        "float16 or uint8, (N, 3, H, W) or (N, H, W, 3), and gives each a vector, a sequence of tokens or a map."
    )


def read_input(session: Any, name: str) -> PictureInput:
    """The one input of a model; raises `BadData` where it takes no pictures."""
    inputs = session.get_inputs()
    described = ", ".join(f"'{printable(each.name)}' {describe_kind(each)}" for each in inputs)
    if len(inputs) != 1:
        raise refuse_model(name, f"it takes {len(inputs)} inputs ({described})" if inputs else "it takes no input")
    shape = [length if isinstance(length, int) and length > 0 else None for length in inputs[0].shape]
    if inputs[0].type not in KINDS or len(shape) != 4 or (last := _channels_last(shape)) is None:
        raise refuse_model(name, f"it takes {described}")
    height, width = shape[1:3] if last else shape[2:]
    if height and width and height != width:
        raise refuse_model(name, f"it takes pictures that are {width} wide and {height} high")
    side = height or width
    if side and side > MOST_PIXELS_A_SIDE:
        raise refuse_model(name, f"it takes pictures of {side} x {side}, and {MOST_PIXELS_A_SIDE} a side are the most")
    return PictureInput(inputs[0].name, KINDS[inputs[0].type], shape[0], side, last, shape[1] is shape[3] is None)


def _channels_last(shape: Shape) -> bool | None:
    """Is a shape (N, ?, ?, ?) that of channels last? None where it is that of no pictures in colour.

    Where neither end says 3, they are taken to come first, if they may be three there.
    """
    _, one, two, three = shape
    if one == 3:
        return False
    if three == 3:
        return True
    of_other_channels = one is two is None and three in (1, 4)
    return False if one is None and not of_other_channels else None


def describe_kind(value: Any) -> str:
    """Type and shape of an input or of what came out, e.g. ``float32 (N, 3, 224, 224)``."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape}"
    if not hasattr(value, "shape"):
        return f"a {type(value).__name__}"
    kind = re.sub(r"^tensor\((.*)\)$", r"\1", value.type)
    return f"{'float32' if kind == 'float' else kind} ({', '.join(str(length or '?') for length in value.shape)})"
