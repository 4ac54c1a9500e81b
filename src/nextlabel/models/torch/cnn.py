"""`cnn`: a small convolutional network, trained anew in every round on the pictures themselves.

Three blocks of 3x3 convolution, batch norm, ReLU and 2x2 max-pooling; a layer of 256, which is what the head and the
strategies see; dropout; a linear head. About 2.2 million weights for five classes.
"""

import copy
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from nextlabel.datasets.base import Dataset, Squares
from nextlabel.models.base import Fitted, Settings
from nextlabel.models.head import Committee, Head, LinearHead
from nextlabel.models.recipe import Recipe
from nextlabel.models.torch.training import Learned, Lesson, Shown, device_of, look, seeded, threads_of_blas, train
from nextlabel.pool import Floats, Ids, Pool
from nextlabel.seeds import number

SIZE = 64  # side of the pictures it sees
CHANNELS = (32, 64, 128)
WIDTH = 256
DROPOUT = 0.3
MEAN, SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's red, green and blue, from 0 to 1


def network(classes: int) -> nn.Sequential:
    """The network with fresh weights, drawn from torch's global generator; (B, 3, 64, 64) in, logits (B, C) out."""
    layers: list[nn.Module] = []
    for before, after in zip((3, *CHANNELS), CHANNELS, strict=False):
        # A bias would be taken out again by the batch norm; ReLU after the pooling gives the same numbers as before it,
        # on a quarter of them.
        layers += [
            nn.Conv2d(before, after, 3, padding=1, bias=False),
            nn.BatchNorm2d(after),
            nn.MaxPool2d(2),
            nn.ReLU(),
        ]
    room = (SIZE >> len(CHANNELS)) ** 2 * CHANNELS[-1]
    layers += [nn.Flatten(), nn.Linear(room, WIDTH), nn.ReLU(), nn.Dropout(DROPOUT), nn.Linear(WIDTH, classes)]
    made = nn.Sequential(*layers)
    return made.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def shown(squares: Squares) -> Shown:
    """Pictures (N, 64, 64, 3) as the network sees them: normalised, channels first in shape and last in memory."""
    spread = 255 * torch.tensor(SPREAD).view(3, 1, 1)
    mean = torch.tensor(MEAN).view(3, 1, 1) * 255 / spread

    def batch(rows: Ids) -> Tensor:
        bytes_ = torch.from_numpy(np.ascontiguousarray(squares[rows]))  # (b, 64, 64, 3)
        return bytes_.permute(0, 3, 1, 2).float().div_(spread).sub_(mean)

    return Shown(len(squares), batch)


@dataclass(frozen=True)
class Trained:
    """A network with its class names' codes behind it, and how it got there."""

    network: nn.Sequential
    learned: Learned


def trained(squares: Squares, pool: Pool, recipe: Recipe, seed: int) -> Trained:
    """A network trained on the labelled samples of ``pool`` (in id order), watched on its validation samples."""
    ids = pool.labelled()
    watch = pool.watch[pool.y[pool.watch] >= 0]  # an oracle may have had no answer for some
    with seeded(seed, device_of(recipe)), threads_of_blas():
        made = network(pool.classes)
        lesson = Lesson(shown(np.array(squares[ids])), pool.y[ids], shown(np.array(squares[watch])), pool.y[watch])
        return Trained(made, train(made, lesson, recipe))


class Cnn:
    """The network as a model of the loop; ``recipe`` says how it is trained."""

    def __init__(self, dataset: Dataset, recipe: Recipe) -> None:
        assert dataset.pictures is not None, "who asks for a network has looked whether there are pictures"
        self.squares = dataset.pictures.squares(SIZE)
        self.recipe = recipe

    def fit(self, pool: Pool, rng: np.random.Generator) -> Fitted:
        """Train on the labelled pictures in id order, with fresh weights; features are what the last layer sees."""
        return self.seen(trained(self.squares, pool, self.recipe, number(rng)).network, pool, rng)

    def seen(self, network: nn.Sequential, pool: Pool, rng: np.random.Generator) -> Fitted:
        """A trained network as the loop wants it: what its last layer sees of every sample, and that layer."""
        with threads_of_blas():
            features = look(network, shown(self.squares))[1]  # (N, 256)
        head = linear_head(network, features, pool.classes, number(rng))
        return Fitted(features, head, dropped(head, number(rng)))

    def tune(self, pool: Pool) -> Settings:
        """Nothing: the recipe says it all."""
        return {}


def linear_head(network: nn.Sequential, features: Floats, classes: int, seed: int) -> LinearHead:
    """The network's last layer as a classifier over its features (N, 256)."""
    last = network[-1]
    assert isinstance(last, nn.Linear)
    head = LinearHead(classes=range(classes), random_state=seed).fit(features[:1], np.array([-1]))
    weights: list[Floats] = [part.detach().cpu().numpy().astype(np.float64) for part in (last.weight, last.bias)]
    return _with(head, *weights)


def _with(head: LinearHead, coef: Floats, intercept: Floats) -> LinearHead:
    head.known_ = np.arange(len(intercept))
    head.coef_, head.intercept_ = coef, intercept
    return head


def dropped(head: LinearHead, seed: int) -> Committee:
    """A committee by dropout (Gal & Ghahramani, 2016): the same head, each with other features left out."""

    def committee(size: int) -> list[Head]:
        rng = np.random.default_rng(seed)  # anew at each call, so that asking twice gives the same heads
        masks = (rng.random((size, head.coef_.shape[1])) >= DROPOUT) / (1 - DROPOUT)  # (T, 256)
        return [_member(head, mask) for mask in masks]

    return committee


def _member(head: LinearHead, mask: Floats) -> LinearHead:
    return _with(copy.copy(head), head.coef_ * mask, head.intercept_)
