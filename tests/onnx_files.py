"""ONNX models of a few hundred bytes, written by hand: protobuf is numbered fields, and these models need few of them.

write(path, pooled())                     # a picture's mean colour, times a matrix
write(path, model([node("Relu", "pictures", "out")], outputs=[value("out", "N", 3)]))
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from nextlabel.embedders.onnx.embedder import IMAGENET, Onnx

FLOAT, INT64 = 1, 7
TYPES = {np.dtype(np.float32): FLOAT, np.dtype(np.int64): INT64}
MATRIX = np.random.default_rng(5).normal(size=(3, 4)).astype(np.float32)
PICTURES = np.random.default_rng(3).integers(0, 256, (70, 12, 12, 3), dtype=np.uint8)
TOKENS = np.random.default_rng(6).normal(size=(1, 3)).astype(np.float32)


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


def tensor(name: str, array: np.ndarray) -> bytes:
    """Weights that lie in the model."""
    return _tensor(name, array) + field(9, array.tobytes())


def outside(name: str, array: np.ndarray, location: str) -> bytes:
    """Weights that lie in another file."""
    entry = field(1, "location") + field(2, location)
    return _tensor(name, array) + field(13, entry) + field(14, 1)


def _tensor(name: str, array: np.ndarray) -> bytes:
    return fields(1, array.shape) + field(2, TYPES[array.dtype]) + field(8, name)


def value(name: str, *shape: int | str, kind: int = FLOAT) -> bytes:
    """An input or output; a text in its shape is a length that varies."""
    lengths = b"".join(field(1, field(1 if isinstance(each, int) else 2, each)) for each in shape)
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, lengths)))


def node(kind: str, inputs: str, outputs: str, **attributes: int | Sequence[int]) -> bytes:
    """One step; names are separated by spaces."""
    said = b"".join(field(5, _attribute(name, each)) for name, each in attributes.items())
    return fields(1, inputs.split()) + fields(2, outputs.split()) + field(4, kind) + said


def _attribute(name: str, each: int | Sequence[int]) -> bytes:
    if isinstance(each, int):
        return field(1, name) + field(3, each) + field(20, 2)
    return field(1, name) + fields(8, each) + field(20, 7)


def model(
    nodes: Sequence[bytes],
    inputs: Sequence[bytes] = (value("pictures", "N", 3, "H", "W"),),
    outputs: Sequence[bytes] = (value("features", "N", 4),),
    weights: Sequence[bytes] = (),
) -> bytes:
    """A whole model, opset 13."""
    graph = fields(1, nodes) + field(2, "tiny") + fields(5, weights) + fields(11, inputs) + fields(12, outputs)
    return field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 13))


MEAN_COLOUR = (node("GlobalAveragePool", "pictures", "map"), node("Flatten", "map", "colour"))


def pooled(side: int | str = "S", batch: int | str = "N", weights: bytes | None = None) -> bytes:
    """Features (N, 4): the mean colour times MATRIX."""
    return model(
        [*MEAN_COLOUR, node("MatMul", "colour matrix", "features")],
        [value("pictures", batch, 3, side, side)],
        [value("features", batch, 4)],
        [weights or tensor("matrix", MATRIX)],
    )


def tokens() -> bytes:
    """Tokens (N, 2, 3): the mean colour plus TOKENS, then the mean colour itself."""
    return model(
        [
            *MEAN_COLOUR,
            node("Add", "colour shift", "first"),
            node("Unsqueeze", "first one", "a"),
            node("Unsqueeze", "colour one", "b"),
            node("Concat", "a b", "last_hidden_state", axis=1),
        ],
        outputs=[value("last_hidden_state", "N", "T", 3)],
        weights=[tensor("shift", TOKENS), tensor("one", np.array([1]))],
    )


def write(path: Path, raw: bytes) -> Path:
    """Put a file there, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
    return path


def dinov2_files(side: int = 14) -> dict[str, bytes]:
    """What the hub holds for DINOv2, with a model that gives two tokens of three numbers."""
    size = {"size": {"shortest_edge": 256}, "crop_size": {"height": side, "width": side}, "do_center_crop": True}
    values = {"image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.3, 0.4], "rescale_factor": 1 / 255}
    return {"onnx/model.onnx": tokens(), "preprocessor_config.json": json.dumps(size | values).encode()}


def hub_cache(root: Path, repository: str, revision: str, files: Mapping[str, bytes]) -> Path:
    """A cache as huggingface_hub keeps it: files under their hashes, and links to them under their names."""
    home = root / f"models--{repository.replace('/', '--')}"
    write(home / "refs" / "main", revision.encode())
    for name, raw in files.items():
        blob = write(home / "blobs" / hashlib.sha256(raw).hexdigest(), raw)
        link = home / "snapshots" / revision / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(os.path.relpath(blob, link.parent))
    return home


def several(*names: str) -> bytes:
    """A model whose outputs are the mean colour, under these names, times 1, 2, …"""
    factors = [tensor(f"f{i}", np.array([i + 1], np.float32)) for i in range(len(names))]
    steps = [node("Mul", f"colour f{i}", name) for i, name in enumerate(names)]
    return model([*MEAN_COLOUR, *steps], outputs=[value(name, "N", 3) for name in names], weights=factors)


def with_weights(location: str) -> bytes:
    """The model of `pooled`, with its matrix in another file."""
    return pooled(weights=outside("matrix", MATRIX, location))


def opened(path: Path, raw: bytes, settings: str = "") -> Onnx:
    """The embedder of a model that is written to this file."""
    return Onnx.specified(f"onnx:{write(path, raw)}{settings}")


def colours(pictures=PICTURES, mean=IMAGENET["mean"], std=IMAGENET["std"], scale=1 / 255):
    """What the tiny models begin with, in plain numpy: each picture's mean colour, normalised. (N, 3)"""
    return (pictures.mean(axis=(1, 2)) * scale - np.array(mean)) / np.array(std)
