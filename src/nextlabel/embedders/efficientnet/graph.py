"""EfficientNet-Lite (Tan & Le, 2019; Google's "Lite" variants without squeeze-and-excitation) as an ONNX graph.

Pictures go in as they are, (N, size, size, 3) bytes, and leave as square roots of the channels' shares in the mean of
the last map, (N, 1280). Batch normalisation after a convolution is one more factor and shift for each channel, so it is
folded into the weights.

Why roots: a head on these means follows the few channels that are large. Between roots of shares the Euclidean distance
is Hellinger's, which listens to small ones, too (Arandjelović and Zisserman, "Three things everyone should know to
improve object retrieval", CVPR 2012). On eight sets of pictures it brings 2.1 points of macro F1 at 3 labels per class,
0.8 at 10, 0.6 at 30 (benchmarks/root_features.py).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from nextlabel.embedders.efficientnet.checkpoint import Tensor
from nextlabel.embedders.onnx.writing import FLOAT, UINT8, model, node, tensor, value
from nextlabel.pool import Floats

WIDTH = 1280  # of the vectors, in every size
EPSILON = 1e-3  # that batch normalisation was trained with
LEAST = 1e-12  # level by which channels are divided: no picture is as dark as that
BLACK, RANGE = 127.0, 128.0  # pixels are (pixel - 127) / 128
FEATURES = "features"


class Stage(NamedTuple):
    """Blocks alike: how many, the side of their filters, and by how much the first of them shrinks the map."""

    repeats: int
    kernel: int
    stride: int


STAGES = (
    Stage(1, 3, 1),
    Stage(2, 3, 2),
    Stage(2, 5, 2),
    Stage(3, 3, 2),
    Stage(3, 5, 1),
    Stage(4, 5, 2),
    Stage(1, 3, 1),
)


def blocks(depth: float) -> Iterator[tuple[int, int]]:
    """Kernel and stride of each block; the deeper sizes repeat all stages but the first and the last more often.

    >>> len(list(blocks(1.0))), len(list(blocks(1.2)))
    (16, 21)
    """
    for stage in STAGES:
        edge = stage in (STAGES[0], STAGES[-1])
        for repeat in range(stage.repeats if edge else math.ceil(depth * stage.repeats)):
            yield stage.kernel, stage.stride if repeat == 0 else 1


@dataclass
class _Drawing:
    """A graph in the making: ``side`` of the map that the last step gives, and that map's name."""

    weights: Mapping[str, Tensor]
    side: int
    last: str = "centred"
    nodes: list[bytes] = field(default_factory=list)
    tensors: list[bytes] = field(default_factory=list)

    def convolve(self, convolution: str, norm: str, stride: int = 1, clipped: bool = True) -> None:
        """A convolution with its batch normalisation folded in, and ReLU6 where it is ``clipped``."""
        kernel, shift = fold(self.weights, convolution, norm)
        side, name = kernel.shape[-1], f"{convolution}_{len(self.nodes)}"
        self.tensors += [tensor(f"{name}.weight", kernel), tensor(f"{name}.bias", shift)]
        # A filter of one channel goes over each channel by itself.
        group = kernel.shape[0] if kernel.shape[1] == 1 else 1
        steps = f"{self.last} {name}.weight {name}.bias"
        pads = pad(self.side, side, stride)
        self.nodes.append(node("Conv", steps, name, strides=[stride] * 2, pads=pads, group=group))
        self.side, self.last = math.ceil(self.side / stride), name
        if clipped:
            self.nodes.append(node("Clip", f"{name} zero six", f"{name}.clipped"))
            self.last = f"{name}.clipped"

    def block(self, name: str, stride: int) -> None:
        """An inverted residual: widen, filter each channel, narrow; and add what came in where the shapes are alike."""
        before = self.last
        if f"{name}._expand_conv.weight" in self.weights:
            self.convolve(f"{name}._expand_conv", f"{name}._bn0")
        self.convolve(f"{name}._depthwise_conv", f"{name}._bn1", stride)
        self.convolve(f"{name}._project_conv", f"{name}._bn2", clipped=False)
        out = self.weights[f"{name}._project_conv.weight"].shape[0]
        first = f"{name}._expand_conv.weight" if f"{name}._expand_conv.weight" in self.weights else ""
        into = self.weights[first].shape[1] if first else self.weights[f"{name}._depthwise_conv.weight"].shape[0]
        if stride == 1 and into == out:
            self.nodes.append(node("Add", f"{before} {self.last}", f"{name}.sum"))
            self.last = f"{name}.sum"


def fold(weights: Mapping[str, Tensor], convolution: str, norm: str) -> tuple[Floats, Floats]:
    """A kernel (out, in, k, k) and a shift (out,) that do what the convolution and the normalisation after it did."""
    kernel, gain, shift, mean, variance = (
        weights[name].astype(np.float64)
        for name in (
            f"{convolution}.weight",
            *(f"{norm}.{of}" for of in ("weight", "bias", "running_mean", "running_var")),
        )
    )
    factor = gain / np.sqrt(variance + EPSILON)  # (out,)
    return (kernel * factor[:, None, None, None]).astype(np.float32), (shift - mean * factor).astype(np.float32)


def pad(side: int, kernel: int, stride: int) -> Sequence[int]:
    """Zeros before and after, as TensorFlow's SAME has them: where they are odd, one more after.

    >>> pad(224, 3, 2), pad(14, 5, 1)
    ([0, 0, 1, 1], [2, 2, 2, 2])
    """
    total = max((math.ceil(side / stride) - 1) * stride + kernel - side, 0)
    return [total // 2] * 2 + [total - total // 2] * 2


class Network(NamedTuple):
    """A graph up to its vectors: its steps, its weights, and what its input is."""

    nodes: list[bytes]
    tensors: list[bytes]
    inputs: list[bytes]

    def model(self) -> bytes:
        """The whole ONNX file."""
        return model(self.nodes, self.inputs, [value(FEATURES, "N", WIDTH)], self.tensors)


def draw_network(weights: Mapping[str, Tensor], side: int, depth: float) -> Network:
    """The network for pictures of ``side``; raises KeyError where the weights are of another one."""
    drawing = _Drawing(weights, side)
    drawing.tensors += [tensor(name, np.array(number, np.float32)) for name, number in _CONSTANTS.items()]
    drawing.nodes += [
        node("Cast", "pictures", "numbers", to=FLOAT),
        node("Transpose", "numbers", "channels", perm=[0, 3, 1, 2]),
        node("Sub", "channels black", "shifted"),
        node("Div", "shifted range", "centred"),
    ]
    drawing.convolve("_conv_stem", "_bn0", stride=2)
    for i, (_, stride) in enumerate(blocks(depth)):
        drawing.block(f"_blocks.{i}", stride)
    drawing.convolve("_conv_head", "_bn1")
    drawing.nodes += [
        node("GlobalAveragePool", drawing.last, "map"),
        node("Flatten", "map", "means"),  # none is below 0, after ReLU6
        node("ReduceMean", "means", "level", axes=[1], keepdims=1),
        node("Max", "level least", "divisor"),
        node("Div", "means divisor", "shares"),  # 1 on average, so that a vector's mean square is 1, too
        node("Sqrt", "shares", FEATURES),
    ]
    return Network(drawing.nodes, drawing.tensors, [value("pictures", "N", side, side, 3, kind=UINT8)])


_CONSTANTS: Mapping[str, float] = {"black": BLACK, "range": RANGE, "zero": 0.0, "six": 6.0, "least": LEAST}
