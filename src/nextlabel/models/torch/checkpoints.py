"""A trained network as one file, and pictures told apart by it.

The file is in the safetensors format: weights and a few words of text, nothing that could run.

    save(found.network, dataset.classes, Path("flowers.safetensors"))
    predict(load(Path("flowers.safetensors")), Path("garden/"))    # one Prediction per picture
"""

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialised
from scipy.special import softmax
from torch import Tensor, nn

from nextlabel.datasets.folder import Listing, listed
from nextlabel.datasets.pictures import read_all
from nextlabel.errors import BadData, CannotWrite, Mistake
from nextlabel.files.atomic import write_atomically
from nextlabel.models.torch import cnn
from nextlabel.models.torch.training import look, threads_of_blas
from nextlabel.pool import Floats
from nextlabel.progress import Progress, quiet
from nextlabel.text import printable

ARCHITECTURE = "nextlabel cnn 1"  # raise when old weights no longer fit


@dataclass(frozen=True)
class Checkpoint:
    """A network, and the names of its classes by code."""

    network: nn.Sequential
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Prediction:
    """What a network says of one picture: ``probabilities`` by class; or why the file cannot be read."""

    path: str
    label: str | None
    probabilities: dict[str, float]
    reason: str | None = None


def save(network: nn.Sequential, classes: Sequence[str], path: Path) -> None:
    """Write a network and the names of its classes; the file appears whole or not at all.

    Raises `Mistake` for what `load` would refuse, and `CannotWrite` where the disk says no.
    """
    shown, names = printable(str(path)), list(classes)
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    wrong = _wrong_names(names) or _misfit(weights, len(names))
    if wrong:
        raise Mistake(f"Nothing is written to '{shown}', since nobody could load it: {wrong}.")
    if os.path.isdir(path):  # unlike Path's, it does not mind any name
        raise CannotWrite(f"'{shown}' is a folder, so no network can be written there. Name a file in it.")
    if not os.path.isdir(path.parent):
        raise CannotWrite(f"There is no folder for '{shown}'. Make it first, or name another place.")
    # As bytes, since a file that safetensors writes itself may be read by its owner alone.
    _write(serialised(weights, {"architecture": ARCHITECTURE, "classes": json.dumps(names)}), path, shown)


def _write(content: bytes, path: Path, shown: str) -> None:
    try:
        write_atomically(path, content)
    except OSError as error:
        raise CannotWrite(
            f"'{shown}' cannot be written ({error.strerror}). Make room, or name another place."
        ) from None


def load(path: Path) -> Checkpoint:
    """Read what `save` wrote; raises `BadData` where the file is something else, another architecture, or cut short.

    Nothing is drawn from torch's generator.
    """
    shown = printable(str(path))
    if os.path.isdir(path):  # unlike Path's, it does not mind any name
        raise BadData(f"'{shown}' is a folder, not a checkpoint. Name the file in it.")
    try:
        with safe_open(path, framework="pt") as file:
            about = file.metadata() or {}
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except OSError as error:
        why = printable(error.strerror or str(error))
        raise BadData(f"There is no network in '{shown}' ({why}). Is the path right?") from None
    except SafetensorError:
        raise BadData(f"'{shown}' is no checkpoint, or it is cut short. Save the network again.") from None
    classes = _classes(about, shown)
    wrong = _misfit(weights, len(classes))
    if wrong:
        raise BadData(f"The weights in '{shown}' do not fit this network ({wrong}). Train it again.")
    network = _skeleton(len(classes)).to_empty(device="cpu")
    network.load_state_dict(weights)
    return Checkpoint(network.eval(), classes)


def _classes(about: dict[str, str], shown: str) -> tuple[str, ...]:
    if about.get("architecture") != ARCHITECTURE:
        found = about.get("architecture", "one that does not say what it is")
        raise BadData(
            f"'{shown}' holds another network ({printable(found)}), not '{ARCHITECTURE}'. Train this one again."
        )
    try:
        names = json.loads(about.get("classes", "null"))
    except (ValueError, RecursionError):
        names = None
    wrong = _wrong_names(names)
    if wrong:
        raise BadData(f"'{shown}' does not say what its classes are called: {wrong}. Save the network again.")
    return tuple(names)


def _wrong_names(names: object) -> str | None:
    """Why these cannot be the names of classes, if they cannot."""
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        return "they should be a list of names"
    name, times = Counter(names).most_common(1)[0]
    if times > 1:
        return f"{times} of them are '{printable(name)}'"
    odd = [printable(name) for name in names if printable(name) != name]
    return f"there are control characters in '{odd[0]}'" if odd else None


def _misfit(weights: dict[str, Tensor], classes: int) -> str | None:
    """Why these weights are none of a network for so many classes, if they are none."""
    wanted = _skeleton(classes).state_dict()
    for name in dict.fromkeys([*reversed(wanted), *weights]):  # the head first: whether the classes are right
        if name not in weights or name not in wanted:
            return f"'{printable(name)}' is {'absent' if name in wanted else 'unknown'}"
        found, kind = ((tuple(tensor.shape), str(tensor.dtype)) for tensor in (weights[name], wanted[name]))
        if found != kind:
            return f"'{name}' is {_told(*found)}, and for {classes} classes it would be {_told(*kind)}"
        if not weights[name].isfinite().all():
            return f"'{name}' holds what is no number"
    return None


def _told(shape: tuple[int, ...], kind: str) -> str:
    return f"{shape} of {kind}"


def _skeleton(classes: int) -> nn.Sequential:
    """The network without memory for its weights, however many there would be."""
    with torch.device("meta"):
        return cnn.network(classes)


def predict(checkpoint: Checkpoint, where: Path, progress: Progress = quiet) -> list[Prediction]:
    """What the network says of one picture, or of every picture in a folder and below, in the order of their paths.

    Hidden files are left out and links followed, as where a folder is learned from. Raises `BadData` where there is no
    picture.
    """
    found = _pictures(where)
    readings = list(read_all([file for _, file in found.pictures], cnn.SIZE, {}, progress))
    squares = [reading.square for reading in readings if reading.square is not None]
    proba: Iterator[Floats] = iter(probabilities(checkpoint, np.stack(squares)) if squares else ())
    told = [
        _refused(name, reading.reason or "") if reading.square is None else _said(name, checkpoint, next(proba))
        for (name, _), reading in zip(found.pictures, readings, strict=True)
    ]
    told += [_refused(one.path, one.reason) for one in found.skipped]  # links to nothing, folders that may not be read
    return sorted(told, key=lambda prediction: prediction.path)


def _refused(name: str, reason: str) -> Prediction:
    return Prediction(printable(name), None, {}, printable(reason))


def _said(name: str, checkpoint: Checkpoint, row: Floats) -> Prediction:
    told = {word: float(share) for word, share in zip(checkpoint.classes, row, strict=True)}
    return Prediction(printable(name), checkpoint.classes[int(row.argmax())], told)


def probabilities(checkpoint: Checkpoint, squares: np.ndarray[Any, Any]) -> Floats:
    """Probabilities (n, C) for pictures (n, 64, 64, 3)."""
    with threads_of_blas():
        logits = look(checkpoint.network, cnn.shown(squares))[0]
    proba: Floats = softmax(logits.astype(np.float64), axis=1)
    return proba


def _pictures(where: Path) -> Listing:
    if os.path.isdir(where):
        found = listed(where)
        if not found.pictures:
            raise BadData(f"There is no picture in the folder '{printable(str(where))}'. Is it the right one?")
        return found
    if not os.path.exists(where):
        raise BadData(f"There is no picture or folder '{printable(str(where))}'. Is the path right?")
    return Listing([(where.name, str(where))], [], 0, [])
