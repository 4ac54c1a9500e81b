"""Embedders as they stand in a classifier's file: by name and settings, and made again from them."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from nextlabel.embedders.base import Embedder, TextEmbedder
from nextlabel.embedders.efficientnet.embedder import EfficientNet
from nextlabel.embedders.onnx.embedder import Onnx
from nextlabel.embedders.patches import Patches
from nextlabel.embedders.pixels import Pixels
from nextlabel.embedders.reduction import Reduced
from nextlabel.embedders.tfidf import Tfidf
from nextlabel.embedders.use import Use
from nextlabel.errors import BadData
from nextlabel.models.recipe import need_torch
from nextlabel.text import printable

T = TypeVar("T")
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


RESTORE_FOR_TEXTS: Mapping[str, Callable[[Settings], TextEmbedder]] = {
    "tfidf": lambda settings: Tfidf(**settings),
    "use": lambda settings: replace(Use.load(), characters=settings["characters"]),
}


def restore_embedder(name: str, settings: Settings, version: int, model: bytes | None) -> Embedder:
    """The embedder of a classifier's file, which takes pictures.

    Raises `BadData` where this nextlabel has none of that name, or one whose features are others.
    """
    made = _look_up(RESTORE, name)(settings, model)
    _check_version(name, made.version, version)
    return made


def restore_text_embedder(name: str, settings: Settings, version: int) -> TextEmbedder:
    """The same, of one that takes texts."""
    made = _look_up(RESTORE_FOR_TEXTS, name)(settings)
    _check_version(name, made.version, version)
    return made


def _look_up(table: Mapping[str, T], name: str) -> T:
    if kind_of(name) not in table:
        raise BadData(
            f"The model was trained on features of '{printable(name)}', which this nextlabel does not know. "
            "Use a newer one."
        )
    return table[kind_of(name)]


def _check_version(name: str, ours: int, theirs: int) -> None:
    if ours != theirs:
        raise BadData(
            f"The model was trained on features of '{printable(name)}' in version {theirs}, and this nextlabel has "
            f"version {ours}, whose features are others. Train the model again."
        )
