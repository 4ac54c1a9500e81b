"""The inputs of classifiers as ONNX steps, for `nextlabel.classifiers.onnx`: each from its input to ``features``."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from nextlabel.classifiers.tables import TableInput
from nextlabel.embedders.base import Fits
from nextlabel.embedders.efficientnet.embedder import EfficientNet, read_network
from nextlabel.embedders.onnx.embedder import Onnx
from nextlabel.embedders.onnx.writing import FLOAT, INT64, UINT8, Attribute, node, tensor, value
from nextlabel.embedders.patches import CONTRAST, SHADES, Patches, regions
from nextlabel.embedders.pixels import Pixels
from nextlabel.embedders.reduction import Reduced

FEATURES = "features"
BATCH_NORM_EPSILON = 1e-5  # torch's own


@dataclass
class Steps:
    """A graph in the making: its steps, its weights, its inputs."""

    nodes: list[bytes] = field(default_factory=list)
    tensors: list[bytes] = field(default_factory=list)
    inputs: list[bytes] = field(default_factory=list)
    prefix: str = ""  # before the names of weights, where the graph is somebody's else, too

    def add(self, kind: str, inputs: str, output: str, **attributes: Attribute) -> str:
        """One more step; gives back the name of what comes out."""
        self.nodes.append(node(kind, inputs, output, **attributes))
        return output

    def weigh(self, name: str, array: Any, kind: Any = np.float32) -> str:
        """One more array of weights; gives back its name."""
        self.tensors.append(tensor(f"{self.prefix}{name}", np.array(array, dtype=kind)))
        return f"{self.prefix}{name}"


def bytes_in(steps: Steps, size: int) -> str:
    """Pictures (N, size, size, 3) as they are decoded, as numbers."""
    steps.inputs.append(value("pictures", "N", size, size, 3, kind=UINT8))
    return steps.add("Cast", "pictures", "numbers", to=FLOAT)


def draw_pixels(steps: Steps, made: Pixels, fits: Fits) -> str:
    """Every pixel, from 0 to 1."""
    seen = bytes_in(steps, made.size)
    if made.grey:
        seen = steps.add("Gather", f"{seen} {steps.weigh('red', 0, np.int64)}", "grey", axis=3)
    steps.add("Flatten", seen, "flat")
    return steps.add("Div", f"flat {steps.weigh('white', 255)}", FEATURES)


def draw_efficientnet(steps: Steps, made: EfficientNet | Reduced, fits: Fits) -> str:
    """The network as it is run everywhere, and its principal components, where those are what was learned on."""
    base = made.base if isinstance(made, Reduced) else made
    assert isinstance(base, EfficientNet)
    network = read_network(base.network)
    steps.nodes += network.nodes
    steps.tensors += network.tensors
    steps.inputs += network.inputs
    if not isinstance(made, Reduced):
        return FEATURES
    away = steps.add("Sub", f"{FEATURES} {steps.weigh('centre', fits['centre'])}", "away")
    return steps.add("MatMul", f"{away} {steps.weigh('axes', fits['axes'])}", "components")


def draw_cnn(steps: Steps, made: Any, fits: Fits) -> str:
    """Blocks of convolution, normalisation, pooling and ReLU, and the layer that the head sees."""
    from nextlabel.models.torch import cnn  # whoever has such a classifier has torch

    numbers = steps.add("Transpose", bytes_in(steps, cnn.SIZE), "channels", perm=[0, 3, 1, 2])
    spread = 255 * np.array(cnn.SPREAD)[:, None, None]
    scaled = steps.add("Div", f"{numbers} {steps.weigh('spread', spread)}", "scaled")
    shift = steps.weigh("shift", np.array(cnn.MEAN)[:, None, None] * 255 / spread)
    last = steps.add("Sub", f"{scaled} {shift}", "centred")
    for k in range(len(cnn.CHANNELS)):
        conv, norm = 4 * k, 4 * k + 1
        kernel = steps.weigh(f"{conv}.weight", fits[f"{conv}.weight"])
        last = steps.add("Conv", f"{last} {kernel}", f"conv_{k}", pads=[1, 1, 1, 1])
        parts = [
            steps.weigh(f"{norm}.{of}", fits[f"{norm}.{of}"])
            for of in ("weight", "bias", "running_mean", "running_var")
        ]
        last = steps.add("BatchNormalization", f"{last} {' '.join(parts)}", f"norm_{k}", epsilon=BATCH_NORM_EPSILON)
        last = steps.add("MaxPool", last, f"pool_{k}", kernel_shape=[2, 2], strides=[2, 2])
        last = steps.add("Relu", last, f"block_{k}")
    layer = 4 * len(cnn.CHANNELS) + 1  # behind the flattening
    last = steps.add("Flatten", last, "flat")
    weight, bias = (steps.weigh(f"{layer}.{of}", fits[f"{layer}.{of}"]) for of in ("weight", "bias"))
    last = steps.add("Gemm", f"{last} {weight} {bias}", "layer", transB=1)
    return steps.add("Relu", last, FEATURES)


def draw_patches(steps: Steps, made: Patches, fits: Fits) -> str:
    """Windows by a convolution with nothing but ones and zeros, then what `Patches` does with them, step by step."""
    numbers = bytes_in(steps, made.size)
    colours = _draw_colours(steps, made, numbers)
    side, width = made.patch, made.patch**2 * 3
    cut = np.eye(width, dtype=np.float32).reshape(width, side, side, 3).transpose(0, 3, 1, 2)
    channels = steps.add("Transpose", numbers, "channels", perm=[0, 3, 1, 2])
    windows = steps.add("Conv", f"{channels} {steps.weigh('cut', cut)}", "windows", strides=[made.stride] * 2)
    rows = steps.add("Transpose", windows, "rows", perm=[0, 2, 3, 1])  # (N, side, side, width)
    centred = steps.add("Sub", f"{rows} {steps.add('ReduceMean', rows, 'means', axes=[3])}", "centred")
    squares = steps.add("ReduceMean", steps.add("Mul", f"{centred} {centred}", "squared"), "spread", axes=[3])
    plus = steps.add("Add", f"{squares} {steps.weigh('contrast', CONTRAST)}", "softened")
    even = steps.add("Div", f"{centred} {steps.add('Sqrt', plus, 'depth')}", "contrasted")
    flat = steps.add(
        "Reshape", f"{even} {steps.weigh('all_places', [0, -1, width], np.int64)}", "places"
    )  # (N, L, width)
    seen = steps.add("MatMul", f"{flat} {steps.weigh('filters', fits['filters_0'])}", "compared")
    response = steps.add("Add", f"{seen} {steps.weigh('offset', fits['offset_0'])}", "response")
    cells = _draw_cells(steps, made, response, fits["filters_0"].shape[1])
    pooled = steps.add("Concat", f"{colours} {cells}", "pooled", axis=1)
    centre = steps.weigh("centre", fits["centre"])
    away = steps.add("Sub", f"{steps.add('Sqrt', pooled, 'roots')} {centre}", "away")
    return steps.add("MatMul", f"{away} {steps.weigh('axes', fits['axes'])}", FEATURES)


def _draw_cells(steps: Steps, made: Patches, response: str, filters: int) -> str:
    """What exceeds the threshold, for either sign, over the quadrants and the centre."""
    weights = regions((made.size - made.patch) // made.stride + 1)  # (5, L)
    # `Patches` pools first and subtracts later. As a region's weights sum to 1 but for some millionths, so much is left
    # where no filter speaks, and the square root makes thousandths of it: the head has learned them, too.
    with threadpool_limits(1):
        left = weights @ np.full((weights.shape[1], filters), made.threshold, np.float32) - np.float32(made.threshold)
    mean, rest = steps.weigh("regions", weights), steps.weigh("rest", left)
    threshold, ravel = steps.weigh("threshold", made.threshold), steps.weigh("ravel", [0, -1], np.int64)
    flat = []
    for sign, signed in (("above", response), ("below", steps.add("Neg", response, "negative"))):
        excess = steps.add("Relu", steps.add("Sub", f"{signed} {threshold}", f"{sign}_it"), f"{sign}_alone")
        pooled = steps.add("Add", f"{steps.add('MatMul', f'{mean} {excess}', f'{sign}_mean')} {rest}", f"{sign}_rest")
        flat.append(steps.add("Reshape", f"{steps.add('Relu', pooled, f'{sign}_cells')} {ravel}", f"{sign}_flat"))
    return steps.add("Concat", " ".join(flat), "cells", axis=1)


def _draw_colours(steps: Steps, made: Patches, numbers: str) -> str:
    """A histogram of colours for each quadrant: every pixel's code as ones and zeros, and their means."""
    many = SHADES**3
    shade = steps.add("Floor", steps.add("Div", f"{numbers} {steps.weigh('step', 256 // SHADES)}", "shades"), "shade")
    code = steps.add("MatMul", f"{shade} {steps.weigh('digits', [[SHADES**2], [SHADES], [1]])}", "code")
    whole = steps.add("Cast", code, "codes", to=INT64)  # (N, size, size, 1)
    same = steps.add("Equal", f"{whole} {steps.weigh('every_code', np.arange(many), np.int64)}", "same")
    ones = steps.add("Transpose", steps.add("Cast", same, "ones", to=FLOAT), "layers", perm=[0, 3, 1, 2])
    half = made.size // 2
    means = steps.add("AveragePool", ones, "quarters", kernel_shape=[half, half], strides=[half, half])
    quarters = steps.add("Transpose", means, "quadrants", perm=[0, 2, 3, 1])
    return steps.add("Reshape", f"{quarters} {steps.weigh('in_a_row', [0, -1], np.int64)}", "colours")


def draw_table(steps: Steps, made: TableInput) -> str:
    """Rows (N, width) of encoded columns, NaN where a value is missing: marked, filled in and scaled."""
    steps.inputs.append(value("rows", "N", made.scheme.width))
    row = "rows"
    if made.scheme.marks:
        gaps = steps.add("Cast", steps.add("IsNaN", "rows", "gaps"), "gap_numbers", to=FLOAT)
        marks = steps.add("Gather", f"{gaps} {steps.weigh('marked', made.scheme.marks, np.int64)}", "marks", axis=1)
        row = steps.add("Concat", f"rows {marks}", "marked_rows", axis=1)
    missing = steps.add("IsNaN", row, "missing")
    filled = steps.add("Where", f"{missing} {steps.weigh('medians', made.medians)} {row}", "filled")
    away = steps.add("Sub", f"{filled} {steps.weigh('mean', made.mean)}", "away")
    return steps.add("Div", f"{away} {steps.weigh('spread', made.spread)}", FEATURES)


def draw_pooling(steps: Steps, made: Onnx, shape: tuple[int, ...]) -> str:
    """Vectors of a model's output of that shape, by steps that are the same in every version of ONNX."""
    rank = len(shape)
    out = steps.add("Cast", made.output, f"{steps.prefix}output", to=FLOAT)
    if rank == 3 and made.pool == "class":
        first = steps.weigh("first", 0, np.int64)
        return steps.add("Gather", f"{out} {first}", f"{steps.prefix}{FEATURES}", axis=1)
    if rank == 3:
        out = steps.add("Transpose", out, f"{steps.prefix}tokens", perm=[0, 2, 1])
    elif rank == 4 and made.net.input.is_last(shape):
        out = steps.add("Transpose", out, f"{steps.prefix}map", perm=[0, 3, 1, 2])
    if rank > 2:
        out = steps.add("GlobalAveragePool", out, f"{steps.prefix}mean")
    return steps.add("Flatten", out, f"{steps.prefix}{FEATURES}")
