"""Embedders as they stand in a classifier's file: by name and settings, and made again from them."""

from collections.abc import Callable, Mapping
from typing import Any

from nextlabel.embedders.base import Embedder
from nextlabel.embedders.efficientnet.embedder import EfficientNet
from nextlabel.embedders.onnx.embedder import Onnx
from nextlabel.embedders.patches import Patches
from nextlabel.embedders.pixels import Pixels
from nextlabel.embedders.reduction import Reduced
from nextlabel.errors import BadData
from nextlabel.models.recipe import need_torch
from nextlabel.text import printable

Settings = Mapping[str, Any]


def _network(settings: Settings, model: bytes | None) -> Embedder:
    need_torch()
    from nextlabel.classifiers.network import NetworkEmbedder  # torch takes seconds, and the others need none of it

    return NetworkEmbedder(**settings)


def _efficientnet(settings: Settings, model: bytes | None) -> Embedder:
    base = EfficientNet.of(settings["network"])
    return Reduced(base, int(settings["dims"])) if "dims" in settings else base


def _onnx(settings: Settings, model: bytes | None) -> Embedder:
    if model is None:
        raise ValueError("there is no ONNX model in it")
    return Onnx.restore(model, settings)


RESTORE: Mapping[str, Callable[[Settings, bytes | None], Embedder]] = {
    "pixels": lambda settings, model: Pixels(**settings),
    "patches": lambda settings, model: Patches(**settings),
    "efficientnet": _efficientnet,
    "cnn": _network,
    "onnx": _onnx,
    "dinov2": _onnx,
}


def kind_of(name: str) -> str:
    """The entry of the table that a name belongs to: without options, and without a file's name.

    >>> kind_of("efficientnet(size='lite2')"), kind_of("onnx:a.onnx")
    ('efficientnet', 'onnx')
    """
    return name.partition(":")[0].partition("(")[0]


def restore_embedder(name: str, settings: Settings, version: int, model: bytes | None) -> Embedder:
    """The embedder of a classifier's file.

    Raises `BadData` where this nextlabel has none of that name, or one whose features are others.
    """
    kind = kind_of(name)
    if kind not in RESTORE:
        raise BadData(
            f"The model was trained on features of '{printable(name)}', which this nextlabel does not know. "
            "Use a newer one."
        )
    made = RESTORE[kind](settings, model)
    if made.version != version:
        raise BadData(
            f"The model was trained on features of '{printable(name)}' in version {version}, and this nextlabel has "
            f"version {made.version}, whose features are others. Train the model again."
        )
    return made
