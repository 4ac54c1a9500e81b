"""The trained network `cnn` as an embedder: what its last layer sees of a picture, by weights that training fitted."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from nextlabel.datasets.base import Squares
from nextlabel.embedders.base import Features32, Fits, Report, silent
from nextlabel.models.torch import cnn
from nextlabel.models.torch.training import blas_threads, infer
from nextlabel.pool import Floats

SOME_CLASSES = 2  # of a head that nobody asks: the classifier has it


@dataclass(frozen=True)
class NetworkEmbedder:
    """Features (m, 256) of `cnn`; its ``fits`` are all weights below the head.

    >>> embedder, fits = NetworkEmbedder(), take_apart(cnn.network(3))[0]
    >>> embedder.transform(np.zeros((2, 64, 64, 3), np.uint8), fits).shape
    (2, 256)
    """

    size: int = cnn.SIZE

    version: ClassVar[int] = 1

    def fit(self, sample: Squares, report: Report = silent) -> Fits:
        """Nothing: it was trained, with labels, before it was made an embedder."""
        raise AssertionError("the weights of a network come from `train`")

    def transform(self, block: Squares, fits: Fits, report: Report = silent) -> Features32:
        """What the last layer sees of pictures (m, 64, 64, 3)."""
        with blas_threads():
            found = infer(put_together(fits), cnn.as_inputs(block))[1]
        report(len(block))
        return np.asarray(found, dtype=np.float32)


def take_apart(network: nn.Sequential) -> tuple[Fits, Floats, Floats]:
    """The weights of a trained network below its head, and the head's own: (C, 256) and (C,)."""
    weights = {name: tensor.detach().cpu().contiguous().numpy() for name, tensor in network.state_dict().items()}
    head = f"{len(network) - 1}."
    below = {name: array for name, array in weights.items() if not name.startswith(head)}
    return below, weights[f"{head}weight"].astype(np.float64), weights[f"{head}bias"].astype(np.float64)


def put_together(fits: Fits) -> nn.Sequential:
    """The network of these weights, with some head."""
    with torch.device("meta"):
        network = cnn.network(SOME_CLASSES)
    weights: dict[str, Tensor] = {name: torch.from_numpy(np.array(array)) for name, array in fits.items()}
    lacking = {
        name: torch.zeros(one.shape) for name, one in network[-1].state_dict(prefix=f"{len(network) - 1}.").items()
    }
    network = network.to_empty(device="cpu")
    network.load_state_dict(weights | lacking)
    return network.eval()
