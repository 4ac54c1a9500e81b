"""How a network is trained: the knobs, without torch, so that a mistake is told before anything is loaded."""

from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np

from nextlabel.engines.environment import LARGE_PAGES, environment
from nextlabel.errors import BadNumber, BadSpecification, MissingExtra
from nextlabel.knobs.kinds import as_device
from nextlabel.knobs.names import CPU


@dataclass(frozen=True)
class Recipe:
    """AdamW on shuffled batches; the epoch with the best validation macro F1 is kept, the last one without validation.

    >>> Recipe(epochs=5).batch
    64
    """

    epochs: int = 30  # passes over the labelled set
    batch: int = 64  # samples per step
    rate: float = 1e-3  # learning rate
    decay: float = 1e-4  # weight decay
    augment: bool = True  # show pictures turned, shifted and mirrored at random
    device: str = CPU  # where it is computed; "cuda" is a GPU

    def __post_init__(self) -> None:
        for name in ("epochs", "batch"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < 1:
                raise BadNumber(f"{name} is {value!r}; it is a whole number, 1 or more.")
        for name, least in (("rate", 1e-12), ("decay", 0.0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, Real) or value < least or not value < 1e3:
                raise BadNumber(f"{name} is {value!r}; it is a number {'from 0 on' if not least else 'above 0'}.")
        if not isinstance(self.augment, bool | np.bool_):
            raise BadSpecification(f"augment is {self.augment!r}; it is True or False.")
        as_device(str(self.device))


def need_torch() -> None:
    """Raise `MissingExtra` where torch is not installed."""
    try:
        with environment(LARGE_PAGES):
            import torch

            torch.empty(1)  # torch reads them at its first allocation, and keeps to them
    except ImportError:
        raise MissingExtra(
            "Networks need torch, which is not installed. Run: pip install 'nextlabel[torch]'."
        ) from None
