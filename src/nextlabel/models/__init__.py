"""What learns. One name, one model; and any scikit-learn classifier by its dotted name."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from nextlabel.knobs.names import CPU
from nextlabel.models.base import ModelEntry
from nextlabel.models.linear import Linear
from nextlabel.models.recipe import Recipe, need_torch
from nextlabel.models.sklearn import Sklearn
from nextlabel.specifications import look_up, parse_call, refuse_options


def _linear() -> ModelEntry:
    return ModelEntry(lambda dataset, settings: Linear(settings))


def _cnn(**options: Any) -> ModelEntry:
    recipe = Recipe(**options)
    need_torch()
    from nextlabel.models.torch.cnn import Cnn  # torch takes seconds, and the other models need none of it

    return ModelEntry(lambda dataset, settings: Cnn(dataset, recipe), val=0.1, pictures=True, device=recipe.device)


# Each makes a `ModelEntry` from the options that stand behind its name: ``cnn(epochs=5)``.
MODELS: Mapping[str, Callable[..., ModelEntry]] = {"linear": _linear, "cnn": _cnn}
OPTIONS: Mapping[str, Callable[..., object]] = {"cnn": Recipe}  # what spells out a model's options


def model(text: str, device: str = CPU, here: bool = True) -> ModelEntry:
    """The model of that name, or the classifier that ``sklearn:dotted.Name(…)`` specifies.

    A network computes on ``device``, unless its options name another; ``here``: in this process, so it has to have one.
    Raises `UnknownName`, `BadSpecification`, `MissingExtra` or `CannotGo`, before anything is trained.
    """
    if text.startswith("sklearn:"):
        made = Sklearn(text)  # now, so that a bad name is told now
        return ModelEntry(lambda dataset, settings: made)
    name, options = parse_call(text)
    make = look_up(MODELS, name, "model")
    known = list(inspect.signature(OPTIONS.get(name, make)).parameters)
    refuse_options(f"The model '{name}'", options, known)
    entry = make(**({"device": device} if "device" in known else {}) | dict(options))
    if here and entry.device != CPU:
        from nextlabel.models.torch.training import device_of

        device_of(entry.device)
    return entry
