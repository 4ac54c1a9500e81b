"""One sample shown to somebody's module before it is trained, so that what does not fit is told in a sentence."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

from nextlabel.errors import BadArray, Mistake
from nextlabel.models.torch.training import Inputs, head_of, infer


def probe(module: nn.Module, inputs: Inputs, classes: int, head: str | None) -> str:
    """The name of the layer whose input is the embedding: ``head``, or the linear layer that a sample reaches last.

    The order in which layers are called is what counts: that in which they were written down may be another. Raises
    `Mistake` where module, samples and classes do not fit together.
    """
    head_of(module, head)
    called, logits = _trace(module, inputs)
    if not isinstance(logits, torch.Tensor):
        raise Mistake(
            f"The module gives a {type(logits).__name__}, and a tensor of logits (b, {classes}) is needed. Wrap it in "
            "a module that returns the logits alone."
        )
    if logits.shape != (1, classes):
        raise Mistake(
            f"The module gives {tuple(logits.shape[1:])} numbers per sample, and there are {classes} classes: its last "
            "layer should give one logit per class. Where some classes have no label yet, name all in classes=[…]."
        )
    if head is None and not called:
        raise Mistake(
            "The module calls none of its linear layers, so it is not clear what its embedding is. Name head."
        )
    name = called[-1] if head is None else head
    embeddings = infer(module, inputs, name)[1]
    if len(embeddings) != 1:
        raise Mistake(
            f"The layer '{name}' sees {len(embeddings)} rows per sample, so its input is no embedding. Name another as "
            "head: an nn.Identity, say, where there is one row per sample."
        )
    return name


def _trace(module: nn.Module, inputs: Inputs) -> tuple[list[str], Any]:
    """Names of the linear layers in the order in which a sample reaches them, and what comes out in the end."""
    called: list[str] = []  # with repeats, where a layer is called several times
    hooks = [
        layer.register_forward_pre_hook(lambda layer, given, name=name: called.append(name))
        for name, layer in module.named_modules()
        if isinstance(layer, nn.Linear)
    ]
    try:
        with torch.no_grad():  # as in `nextlabel.models.torch.training.forward`
            return called, module.eval()(inputs.batch(np.arange(1)).to(next(module.parameters()).device))
    finally:
        for hook in hooks:
            hook.remove()


@contextmanager
def explain_misfit(shape: tuple[int, ...]) -> Iterator[None]:
    """Turn what a module says of samples of a shape that it was not made for into a sentence."""
    try:
        yield
    except (RuntimeError, ValueError, IndexError, TypeError, AttributeError) as error:
        why = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise BadArray(f"The module cannot be shown samples of shape {shape}: {why}.") from error
