"""ONNX models written without a library: protobuf is numbered fields, and a network needs few of them (onnx.proto).

steps = [node("GlobalAveragePool", "pictures", "map"), node("Flatten", "map", "features")]
raw = model(steps, [value("pictures", "N", 3, 224, 224)], [value("features", "N", 3)])
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

IR_VERSION, OPSET = 8, 13  # what onnxruntime has read since 2021
FLOAT, UINT8, INT64, FLOAT16 = 1, 2, 7, 10
KINDS = {np.dtype(kind): code for kind, code in ((np.float32, 1), (np.uint8, 2), (np.int64, 7), (np.float16, 10))}
Attribute = int | float | Sequence[int]


def varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; negative numbers as 64 bits."""
    number &= 2**64 - 1
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def field(number: int, content: int | str | bytes) -> bytes:
    """One field: a whole number, or text or a message with its length before it."""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    raw = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def fields(number: int, contents: Sequence[int | str | bytes]) -> bytes:
    """The same field several times."""
    return b"".join(field(number, content) for content in contents)


def tensor(name: str, array: npt.NDArray[Any]) -> bytes:
    """Weights that lie in the model."""
    return tensor_head(name, array) + field(9, np.ascontiguousarray(array).tobytes())


def tensor_head(name: str, array: npt.NDArray[Any]) -> bytes:
    """Name, shape and type of weights, wherever their numbers lie."""
    return fields(1, array.shape) + field(2, KINDS[array.dtype]) + field(8, name)


def value(name: str, *shape: int | str, kind: int = FLOAT) -> bytes:
    """An input or output; a text in its shape is a length that varies."""
    lengths = b"".join(field(1, field(1 if isinstance(each, int) else 2, each)) for each in shape)
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, lengths)))


def node(kind: str, inputs: str, outputs: str, **attributes: Attribute) -> bytes:
    """One step; names are separated by spaces."""
    words = b"".join(field(5, _attribute(name, each)) for name, each in attributes.items())
    return fields(1, inputs.split()) + fields(2, outputs.split()) + field(4, kind) + words


def _attribute(name: str, each: Attribute) -> bytes:
    if isinstance(each, int):
        return field(1, name) + field(3, each) + field(20, 2)
    if isinstance(each, float):
        return field(1, name) + varint(2 << 3 | 5) + np.float32(each).tobytes() + field(20, 1)
    return field(1, name) + fields(8, each) + field(20, 7)


def graph(
    nodes: Sequence[bytes], inputs: Sequence[bytes], outputs: Sequence[bytes], weights: Sequence[bytes] = ()
) -> bytes:
    """The steps of a model, in an order in which each finds its inputs."""
    return fields(1, nodes) + field(2, "nextlabel") + fields(5, weights) + fields(11, inputs) + fields(12, outputs)


def model(
    nodes: Sequence[bytes],
    inputs: Sequence[bytes],
    outputs: Sequence[bytes],
    weights: Sequence[bytes] = (),
    metadata: Mapping[str, str] | None = None,
) -> bytes:
    """A whole model; ``metadata`` is what onnxruntime gives back as ``custom_metadata_map``."""
    words = fields(14, [field(1, key) + field(2, text) for key, text in (metadata or {}).items()])
    head = field(1, IR_VERSION) + field(2, "nextlabel")
    return head + field(7, graph(nodes, inputs, outputs, weights)) + field(8, field(1, "") + field(2, OPSET)) + words
