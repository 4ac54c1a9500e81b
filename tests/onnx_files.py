"""ONNX models of a few hundred bytes, by the package's own writer, and what they should give.

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
from nextlabel.embedders.onnx.writing import field, node, tensor, tensor_head, value
from nextlabel.embedders.onnx.writing import model as write_model

MATRIX = np.random.default_rng(5).normal(size=(9, 8)).astype(np.float32)
PICTURES = np.random.default_rng(3).integers(0, 256, (70, 12, 12, 3), dtype=np.uint8)
TOKENS = np.random.default_rng(6).normal(size=(1, 9)).astype(np.float32)


PICTURE_INPUT = value("pictures", "N", 3, "H", "W")


def model(
    nodes: Sequence[bytes],
    inputs: Sequence[bytes] = (PICTURE_INPUT,),
    outputs: Sequence[bytes] = (value("features", "N", 8),),
    weights: Sequence[bytes] = (),
) -> bytes:
    """A whole model, that takes pictures of any size and gives eight features, unless it says otherwise."""
    return write_model(nodes, inputs, outputs, weights)


def outside(name: str, array: np.ndarray, location: str) -> bytes:
    """Weights that lie in another file."""
    entry = field(1, "location") + field(2, location)
    return tensor_head(name, array) + field(13, entry) + field(14, 1)


# Three times over: fewer than eight numbers a picture are refused.
MEAN_COLOUR = (
    node("GlobalAveragePool", "pictures", "map"),
    node("Flatten", "map", "once"),
    node("Concat", "once once once", "colour", axis=1),
)


def pooled(side: int | str = "S", batch: int | str = "N", weights: bytes | None = None) -> bytes:
    """Features (N, 8): the mean colour times MATRIX."""
    return model(
        [*MEAN_COLOUR, node("MatMul", "colour matrix", "features")],
        [value("pictures", batch, 3, side, side)],
        [value("features", batch, 8)],
        [weights or tensor("matrix", MATRIX)],
    )


def tokens() -> bytes:
    """Tokens (N, 2, 9): the mean colour plus TOKENS, then the mean colour itself."""
    return model(
        [
            *MEAN_COLOUR,
            node("Add", "colour shift", "first"),
            node("Unsqueeze", "first one", "a"),
            node("Unsqueeze", "colour one", "b"),
            node("Concat", "a b", "last_hidden_state", axis=1),
        ],
        outputs=[value("last_hidden_state", "N", "T", 9)],
        weights=[tensor("shift", TOKENS), tensor("one", np.array([1]))],
    )


def write(path: Path, raw: bytes) -> Path:
    """Put a file there, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
    return path


def dinov2_files(side: int = 14) -> dict[str, bytes]:
    """What the hub holds for DINOv2, with a model that gives two tokens of nine numbers."""
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
    return model([*MEAN_COLOUR, *steps], outputs=[value(name, "N", 9) for name in names], weights=factors)


def with_weights(location: str) -> bytes:
    """The model of `pooled`, with its matrix in another file."""
    return pooled(weights=outside("matrix", MATRIX, location))


def open_onnx(path: Path, raw: bytes, settings: str = "") -> Onnx:
    """The embedder of a model that is written to this file."""
    return Onnx.parse(f"onnx:{write(path, raw)}{settings}")


def colours(pictures=PICTURES, mean=IMAGENET["mean"], std=IMAGENET["std"], scale=1 / 255):
    """What the tiny models begin with, in plain numpy: a picture's mean colour, normalised, three times over. (N, 9)"""
    return np.tile((pictures.mean(axis=(1, 2)) * scale - np.array(mean)) / np.array(std), (1, 3))
