"""Training a network, epoch by epoch, and looking at what it has learned.

    with seed_torch(7), blas_threads():
        history = train(network, Lesson(inputs, y, watch, y_watch), Recipe())
        logits, embeddings = infer(network, inputs)

A network is any module that maps a batch of samples to logits (B, C). Its embedding is what its head sees: the input
of its last linear layer.
"""

import copy
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.metrics import f1_score
from threadpoolctl import threadpool_info
from torch import Tensor, nn
from torch.nn import functional

from nextlabel.errors import CannotGo, Mistake, TrainingFailed
from nextlabel.models.recipe import Recipe
from nextlabel.models.torch.augmentation import augment
from nextlabel.pool import Floats, Ids, Labels

CPU = torch.device("cpu")
BATCH_OF_INFERENCE = 64  # samples per batch where nothing is learned: more would not fit into the cache of a processor


@dataclass(frozen=True)
class Inputs:
    """Samples as a network sees them: ``batch(rows)`` is a float tensor (b, …) of those at positions ``rows``.

    A batch is made when it is needed: all pictures at once, as floats, would be twelve times the memory of their bytes.
    """

    count: int
    batch: Callable[[Ids], Tensor]

    def at(self, ids: Ids) -> "Inputs":
        """Some of them, in that order."""
        return Inputs(len(ids), lambda rows: self.batch(ids[rows]))


@dataclass(frozen=True)
class Lesson:
    """What is trained on, ``inputs`` with codes ``y`` (n,) and weights (n,) if any; and what to ``watch``.

    Weights are 0 or more, and not all 0. They count against their mean over all n, not over a batch, in which they
    would cancel.
    """

    inputs: Inputs
    y: Labels
    watch: Inputs
    y_watch: Labels
    weight: Floats | None = None


@dataclass(frozen=True)
class Epoch:
    """How one epoch went. Training figures are of batches as they were learned, augmented and with dropout."""

    epoch: int
    train_loss: float
    train_accuracy: float
    train_f1: float
    val_loss: float | None = None
    val_accuracy: float | None = None
    val_f1: float | None = None


@dataclass(frozen=True)
class History:
    """Every epoch, and the number of the one whose weights were kept (from 1 on)."""

    epochs: list[Epoch]
    kept: int


@contextmanager
def seed_torch(seed: int, device: torch.device = CPU) -> Iterator[None]:
    """Torch's draws, on the processor and on ``device``, follow from ``seed`` in here.

    Outside they go on as if nothing had been drawn; other devices are neither seeded nor woken.
    """
    mps = torch.mps.get_rng_state() if device.type == "mps" else None
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would begin anew on every GPU there is
        if device.type == "cuda":
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        elif mps is not None:
            torch.mps.manual_seed(seed)
        try:
            yield
        finally:
            if mps is not None:
                torch.mps.set_rng_state(mps)


@contextmanager
def blas_threads() -> Iterator[None]:
    """Torch computes with as many threads as numpy may: the same number, the same bits."""
    before = torch.get_num_threads()
    allowed = [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]
    torch.set_num_threads(min(allowed, default=before))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def device_of(name: str) -> torch.device:
    """The device of that name; raises `CannotGo` where that device is not here."""
    kind, _, place = str(name).partition(":")
    here: dict[str, Callable[[], int]] = {
        "cuda": lambda: torch.cuda.device_count() if torch.cuda.is_available() else 0,
        "mps": torch.backends.mps.is_available,
    }
    count = int(here[kind]()) if kind in here else math.inf  # the processor always is, under any number
    if not count:
        raise CannotGo(
            f"Torch finds no '{kind}' device on this machine, so nothing can be computed on it. Leave the device out, "
            "or look at the drivers and at which build of torch is installed."
        )
    if int(place or 0) >= count:
        raise CannotGo(
            f"Torch finds {count} '{kind}' devices on this machine, counted from 0, and none is '{name}'. "
            f"Name another, or '{kind}' for the first."
        )
    return torch.device(name)


def train(network: nn.Module, lesson: Lesson, recipe: Recipe) -> History:
    """Train in place; afterwards the network holds the best epoch's weights, and is ready to be looked at.

    Draws from torch's global generator: see `seed_torch`. Raises `TrainingFailed` where the loss is no number any
    more, or memory runs out.
    """
    device = device_of(recipe.device)
    epochs: list[Epoch] = []
    best, kept, weights = -math.inf, 0, dict[str, Any]()
    with _explain_memory(f"was trained in batches of {recipe.batch}. Use a smaller batch, or fewer --jobs."):
        network.to(device)
        optimizer = torch.optim.AdamW(network.parameters(), lr=float(recipe.rate), weight_decay=float(recipe.decay))
        for number in range(1, int(recipe.epochs) + 1):
            epochs.append(Epoch(number, *_run_epoch(network, lesson, recipe, optimizer), *_validate(network, lesson)))
            score = epochs[-1].val_f1
            # Strictly better: of equal epochs the first is kept, which has had the least time to learn by heart.
            if score is not None and score > best:
                best, kept, weights = score, number, copy.deepcopy(network.state_dict())
    if weights:
        network.load_state_dict(weights)
    network.eval()
    return History(epochs, kept or len(epochs))


def _run_epoch(
    network: nn.Module, lesson: Lesson, recipe: Recipe, optimizer: torch.optim.Optimizer
) -> tuple[float, float, float]:
    """One pass over the labelled set in random order: loss, accuracy and macro F1."""
    network.train()
    device = next(network.parameters()).device
    order = torch.randperm(len(lesson.y)).numpy()  # drawn on the processor, so that it is the same on every device
    loss_sum, guesses = 0.0, []
    for rows in batches(order, recipe.batch):
        X, y = lesson.inputs.batch(rows).to(device), torch.from_numpy(lesson.y[rows]).to(device)
        with _lone_norms(network, len(rows)):
            logits = network(augment(X) if recipe.augment else X)  # (b, C)
        loss = _loss(logits, y, lesson.weight, rows)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        loss_sum += float(loss.detach()) * len(rows)
        guesses.append(logits.detach().argmax(1).cpu().numpy())
        # One wait for the device a step, on purpose: a loss that is no number never becomes one again.
        if not math.isfinite(loss_sum):
            raise TrainingFailed(
                "The loss is no number any more, so the network learns nothing. Most likely the learning rate is too "
                f"high ({recipe.rate:g}) or the samples hold huge values: lower the rate, or scale the samples."
            )
    return loss_sum / len(order), *_scores(lesson.y[order], np.concatenate(guesses), logits.shape[1])


@contextmanager
def _lone_norms(network: nn.Module, count: int) -> Iterator[None]:
    """In a batch of one, batch norms that would see a single value per channel normalise by what they have seen so far.

    Torch refuses such a batch: the value is its own mean, and the difference from it always 0.
    """
    rested: list[nn.Module] = []

    def rest(layer: nn.Module, given: tuple[Tensor, ...]) -> None:
        if layer.training and given[0].numel() == given[0].size(1):
            rested.append(layer.eval())

    norms = [layer for layer in network.modules() if count == 1 and isinstance(layer, nn.modules.batchnorm._BatchNorm)]
    hooks = [layer.register_forward_pre_hook(rest) for layer in norms]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
        for layer in rested:
            layer.train()


def _loss(logits: Tensor, y: Tensor, weight: Floats | None, rows: Ids) -> Tensor:
    if weight is None:
        return functional.cross_entropy(logits, y)
    scale = torch.from_numpy(weight[rows] / weight.mean()).to(logits)  # (b,), 1 on average over all n
    return (functional.cross_entropy(logits, y, reduction="none") * scale).mean()


def _validate(network: nn.Module, lesson: Lesson) -> tuple[float, float, float] | tuple[None, None, None]:
    """Loss, accuracy and macro F1 on what is watched; None without."""
    if not len(lesson.y_watch):
        return None, None, None
    logits = infer(network, lesson.watch)[0]
    loss = float(functional.cross_entropy(torch.from_numpy(logits), torch.from_numpy(lesson.y_watch)))
    return loss, *_scores(lesson.y_watch, logits.argmax(1), logits.shape[1])


def _scores(y: Labels, guess: Labels, classes: int) -> tuple[float, float]:
    """Accuracy, and macro F1 over all classes as `nextlabel.scoring.holdout` has it: an absent one counts as 0."""
    f1 = f1_score(y, guess, labels=np.arange(classes), average="macro", zero_division=0)
    return float((y == guess).mean()), float(f1)


def batches(order: Ids, size: int) -> list[Ids]:
    """Cut an order into batches; one sample left over joins the batch before, since batch norm needs two."""
    cuts = list(range(int(size), len(order), int(size)))  # where a new batch begins
    if cuts and len(order) - cuts[-1] == 1:
        cuts.pop()
    return np.split(order, cuts)


def infer(network: nn.Module, inputs: Inputs, head: str | None = None) -> tuple[Floats, Floats]:
    """Logits (n, C) and embeddings (n, d) of samples, float32; the network is put into evaluation mode.

    ``head`` names the layer whose input is the embedding; without it, the last linear one.
    """
    network.eval()
    return forward(network, inputs, head)


def forward(network: nn.Module, inputs: Inputs, head: str | None = None) -> tuple[Floats, Floats]:
    """`infer` in whatever mode the network is in."""
    taken: list[Tensor] = []

    def take(layer: nn.Module, given: tuple[Tensor, ...], named: dict[str, Tensor]) -> None:
        taken[:] = [*given, *named.values()][:1]  # of a layer called several times, the last time

    hook = head_of(network, head).register_forward_pre_hook(take, with_kwargs=True)
    device, logits, embeddings = next(network.parameters()).device, [], []
    try:
        # Not inference_mode: what a module makes at first use, it must be able to learn with.
        with _explain_memory(f"looked at {BATCH_OF_INFERENCE} samples at a time. Use fewer --jobs."), torch.no_grad():
            for rows in np.split(np.arange(inputs.count), range(BATCH_OF_INFERENCE, inputs.count, BATCH_OF_INFERENCE)):
                logits.append(network(inputs.batch(rows).to(device)).float().cpu().numpy())
                if not taken:
                    which = "last linear layer" if head is None else f"layer '{head}'"
                    raise Mistake(f"The network never calls its {which}. Name the layer that makes its logits as head.")
                embeddings.append(taken.pop().float().flatten(1).cpu().numpy())
    finally:
        hook.remove()
    return np.concatenate(logits), np.concatenate(embeddings)


def head_of(network: nn.Module, name: str | None = None) -> nn.Module:
    """The layer of that name, or the last linear one."""
    layers: dict[str, nn.Module] = dict(network.named_modules())
    if name is not None:
        if name not in layers:
            raise Mistake(f"The network has no layer called '{name}'. It has: {', '.join(filter(None, layers))}.")
        return layers[name]
    linear = [layer for layer in layers.values() if isinstance(layer, nn.Linear)]
    if not linear:
        raise Mistake("The network has no linear layer, so it is not clear what its embedding is. Name its head.")
    return linear[-1]


@contextmanager
def _explain_memory(doing: str) -> Iterator[None]:
    """Turn what torch and its libraries say when memory runs out into a sentence."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        # Torch has no type of error for it: on the processor it is a RuntimeError that speaks of the allocator.
        spent = any(words in str(error) for words in ("allocate memory", "out of memory", "ALLOC_FAILED"))
        if spent or isinstance(error, MemoryError | torch.OutOfMemoryError):
            raise TrainingFailed(f"Memory ran out while the network {doing}") from None
        raise
