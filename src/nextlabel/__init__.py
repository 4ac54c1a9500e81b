"""Label less, and know how much less."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nextlabel.comparison import compare
    from nextlabel.experiment import Experiment
    from nextlabel.models.torch.classifier import TorchClassifier
    from nextlabel.plan import Plan
    from nextlabel.selection import select
    from nextlabel.simulation import iter_simulate, record, simulate

__version__ = "0.1.0"

__all__ = ["Experiment", "Plan", "TorchClassifier", "compare", "iter_simulate", "record", "select", "simulate"]

_HOMES = {
    "Experiment": "experiment",
    "Plan": "plan",
    "TorchClassifier": "models.torch.classifier",
    "compare": "comparison",
    "iter_simulate": "simulation",
    "record": "simulation",
    "select": "selection",
    "simulate": "simulation",
}


def __getattr__(name: str) -> Any:
    """Import a public name at its first use: scikit-activeml alone takes seconds, and ``--help`` needs none of it."""
    if name not in _HOMES:
        raise AttributeError(f"module 'nextlabel' has no attribute '{name}'")
    if name == "TorchClassifier":
        importlib.import_module("nextlabel.models.recipe").need_torch()
    return getattr(importlib.import_module(f"nextlabel.{_HOMES[name]}"), name)
