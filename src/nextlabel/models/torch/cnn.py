"""`cnn`: a small convolutional network, trained anew in every round on the pictures themselves.

Three blocks of 3x3 convolution, batch norm, ReLU and 2x2 max-pooling; a layer of 256, which is what the head and the
strategies see; dropout; a linear head. About 2.2 million weights for five classes.
"""

import copy
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from nextlabel.datasets.base import Dataset, Squares
from nextlabel.models.base import Fitted, Settings
from nextlabel.models.head import Committee, Head, LinearHead
from nextlabel.models.recipe import Recipe
from nextlabel.models.torch.training import History, Inputs, Lesson, blas_threads, device_of, infer, seed_torch, train
from nextlabel.pool import Floats, Ids, Pool
from nextlabel.seeds import number

Doubles = npt.NDArray[np.float64]
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
    room = (SIZE >> len(CHANNELS)) ** 2 * CHANNELS[-1]  # 8 x 8 x 128: each block halves the sides
    layers += [nn.Flatten(), nn.Linear(room, WIDTH), nn.ReLU(), nn.Dropout(DROPOUT), nn.Linear(WIDTH, classes)]
    made = nn.Sequential(*layers)
    return made.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def as_inputs(squares: Squares) -> Inputs:
    """Pictures (N, 64, 64, 3) as the network sees them: normalised, channels first in shape and last in memory."""
    # (x / 255 - mean) / spread, as x / (255 spread) - mean / spread: two passes in place rather than four copies.
    spread = 255 * torch.tensor(SPREAD).view(3, 1, 1)
    mean = torch.tensor(MEAN).view(3, 1, 1) * 255 / spread

    def batch(rows: Ids) -> Tensor:
        bytes_ = torch.from_numpy(np.ascontiguousarray(squares[rows]))  # (b, 64, 64, 3)
        return bytes_.permute(0, 3, 1, 2).float().div_(spread).sub_(mean)

    return Inputs(len(squares), batch)


@dataclass(frozen=True)
class Training:
    """A trained network, and how it got there: every epoch, and which was kept.

    >>> Training(network(2), History([], kept=0)).network[-1]
    Linear(in_features=256, out_features=2, bias=True)
    """

    network: nn.Sequential
    history: History


def train_network(squares: Squares, pool: Pool, recipe: Recipe, seed: int) -> Training:
    """Train a fresh network on the labelled samples of ``pool``, in id order; watch its validation samples."""
    ids = pool.labelled()
    watch = pool.watch[pool.y[pool.watch] >= 0]  # an oracle may have had no answer for some
    with seed_torch(seed, device_of(recipe.device)), blas_threads():
        made = network(pool.classes)  # within the seed: the weights hang on it, and on no earlier round
        # Copied, as `squares` may be a memory map, and every epoch reads these again.
        known, watched = (as_inputs(np.array(squares[some])) for some in (ids, watch))
        lesson = Lesson(known, pool.y[ids], watched, pool.y[watch])
        return Training(made, train(made, lesson, recipe))


class Cnn:
    """The network as a model of the loop; ``recipe`` says how it is trained.

    >>> from nextlabel import load_dataset
    >>> digits = load_dataset("digits")
    >>> y = np.where(np.arange(len(digits)) < 20, digits.y, -1)  # the first 20 are labelled
    >>> pool = Pool(np.zeros((len(y), 1)), y, np.ones(len(y), dtype=bool), classes=10)  # it learns features of its own
    >>> training = Cnn(digits, Recipe(epochs=1)).train(pool, seed=0)
    >>> training.network[-1], training.history.kept
    (Linear(in_features=256, out_features=10, bias=True), 1)
    """

    def __init__(self, dataset: Dataset, recipe: Recipe) -> None:
        assert dataset.pictures is not None, "who asks for a network has looked whether there are pictures"
        self.squares = dataset.pictures.squares(SIZE)
        self.recipe = recipe

    def fit(self, pool: Pool, rng: np.random.Generator) -> Fitted:
        """Train on the labelled pictures in id order, with fresh weights; features are what the last layer sees."""
        return self.represent(self.train(pool, number(rng)).network, pool, rng)

    @staticmethod
    def build(classes: int) -> nn.Sequential:
        """The network with fresh weights, drawn from torch's global generator."""
        return network(classes)

    def train(self, pool: Pool, seed: int) -> Training:
        """Train a fresh network on the labelled pictures; the epoch with the best validation macro F1 is kept."""
        return train_network(self.squares, pool, self.recipe, seed)

    def represent(self, network: nn.Sequential, pool: Pool, rng: np.random.Generator) -> Fitted:
        """A trained network as the loop wants it: what its last layer sees of every sample, and that layer."""
        with blas_threads():
            features = infer(network, as_inputs(self.squares))[1]  # (N, 256)
        head = extract_head(network, features, pool.classes, number(rng))
        return Fitted(features, head, dropout_committee(head, number(rng)))

    def tune(self, pool: Pool, asked: bool = False) -> Settings:
        """Nothing: the recipe says it all."""
        return {}


def extract_head(network: nn.Sequential, features: Floats, classes: int, seed: int) -> LinearHead:
    """The network's last layer as a classifier over its features (N, 256)."""
    last = network[-1]
    assert isinstance(last, nn.Linear)
    # Fitted on nothing, so that scikit-activeml knows classes and width; then it is given the network's own weights.
    head = LinearHead(classes=range(classes), random_state=seed).fit(features[:1], np.array([-1]))
    weights: list[Doubles] = [part.detach().cpu().numpy().astype(np.float64) for part in (last.weight, last.bias)]
    return _set_weights(head, *weights)


def _set_weights(head: LinearHead, coef: Doubles, intercept: Doubles) -> LinearHead:
    head.known_ = np.arange(len(intercept))
    head.coef_, head.intercept_ = coef, intercept
    return head


def dropout_committee(head: LinearHead, seed: int) -> Committee:
    """A committee by dropout (Gal & Ghahramani, 2016): the same head, each with other features left out."""

    def committee(size: int) -> list[Head]:
        rng = np.random.default_rng(seed)  # anew at each call, so that asking twice gives the same heads
        # Scaled up as dropout does while it learns, so that the mean of many members is the head itself.
        masks = (rng.random((size, head.coef_.shape[1])) >= DROPOUT) / (1 - DROPOUT)  # (T, 256)
        return [_member(head, mask) for mask in masks]

    return committee


def _member(head: LinearHead, mask: Floats) -> LinearHead:
    return _set_weights(copy.copy(head), head.coef_ * mask, head.intercept_)
