"""An ONNX file as bytes: what it hashes to, with the files beside it that hold weights of its own.

A model may keep weights in other files, and names them by paths of its own choosing. onnxruntime refuses a path that
leads out of the model's folder from 1.24 on, and so does this module: it must find those files anyway, since other
weights make another model, and it says what to do.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nextlabel.embedders.onnx.graph import Graph, read_graph
from nextlabel.embedders.onnx.reading import read_fields
from nextlabel.errors import BadData
from nextlabel.files import cache
from nextlabel.text import printable

# Which numbered fields lead to a tensor's list of external data, message by message (onnx.proto).
INSIDE: Mapping[str, Mapping[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: "entry"},
}


@dataclass(frozen=True)
class ModelFile:
    """A model as it lies there, with its ``weights`` in other files by the names that it has for these.

    ``digest`` is a hash of all of it.
    """

    path: Path
    raw: bytes = field(repr=False)
    weights: Mapping[str, Path]
    digest: str
    graph: Graph = field(repr=False)

    @property
    def name(self) -> str:
        """What errors and notes call it."""
        return printable(self.path.name)


def read_model(path: Path) -> ModelFile:
    """The model in a file, with a hash of it and of every file that it takes weights from.

    Raises `BadData` where one of them is missing, or lies outside the model's own folder.
    """
    try:
        raw = path.read_bytes()
        locations = sorted(set(_locations(memoryview(raw))))
        weights = {location: _find_weights(path, location) for location in locations}
        digest = cache.key(hashlib.blake2b(raw).hexdigest(), *weights, *map(_hash_file, weights.values()))
        return ModelFile(path, raw, weights, digest, read_graph(raw))
    except FileNotFoundError:
        raise BadData(f"There is no file '{printable(str(path))}'. Is the path right?") from None
    except OSError as error:
        raise BadData(f"'{printable(str(path))}' cannot be read ({error.strerror}). Name an ONNX file.") from None
    except (ValueError, IndexError, RuntimeError):  # too deep, or a link that leads to itself
        raise BadData(
            f"'{printable(path.name)}' is no ONNX model, or it is cut short. Export it or download it again."
        ) from None


def read_again(path: Path, digest: str) -> bytes:
    """A model that is one file, and hashes to ``digest``; raises `BadData` where it is another by now, or several."""
    file = read_model(path)
    if file.digest != digest:
        raise BadData(f"'{file.name}' was changed while it was in use. Run again.")
    if file.weights:
        raise BadData(
            f"'{file.name}' keeps weights in other files, and a trained model is to be one. Save it with its weights "
            "inside (onnx.save without save_as_external_data)."
        )
    return file.raw


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=cache.DIGEST)).hexdigest()


def _find_weights(path: Path, location: str) -> Path:
    """The file of weights that a model at ``path`` names; raises `BadData` where it is missing or somebody else's."""
    file, name = path.parent / location, printable(path.name)
    homes = path.parent.resolve(), path.resolve().parent  # two: in the hub's cache, model and weights are links
    if os.path.isabs(location) or not any(file.resolve().is_relative_to(home) for home in homes):
        raise BadData(
            f"'{name}' takes weights from '{printable(location)}', which is not in the model's own folder, and no "
            "other file is read for it. Export it with its weights beside it."
        )
    if not file.is_file():
        raise BadData(f"'{name}' keeps weights in '{printable(location)}', which is missing. Put it beside the model.")
    return file


def _locations(message: memoryview, kind: str = "model") -> Iterator[str]:
    """The files that the tensors of a message name."""
    for number, content in read_fields(message):
        inner = INSIDE[kind].get(number)
        if inner == "entry":
            entry = dict(read_fields(content))  # 1: a key, 2: its value
            if bytes(entry.get(1, b"")) == b"location":
                yield str(entry.get(2, b""), "utf-8")
        elif inner is not None:
            yield from _locations(content, inner)
