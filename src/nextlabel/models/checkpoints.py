"""A trained network as one file, and pictures told apart by it.

The file is in the safetensors format: weights and a few words of text, nothing that could run.

    save(found.network, dataset.classes, Path("flowers.safetensors"))
    predict(load(Path("flowers.safetensors")), Path("garden/"))    # one Prediction per picture
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from scipy.special import softmax
from torch import nn

from nextlabel.datasets.base import Progress, printable, quiet
from nextlabel.datasets.pictures import SUFFIXES, read_all
from nextlabel.errors import BadData
from nextlabel.models import cnn
from nextlabel.models.training import look, threads_of_blas
from nextlabel.pool import Floats

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
    """Write a network and the names of its classes; the file appears whole or not at all."""
    about = {"architecture": ARCHITECTURE, "classes": json.dumps(list(classes))}
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    draft = path.with_name(f".{path.name}.draft")
    save_file(weights, draft, metadata=about)
    draft.replace(path)


def load(path: Path) -> Checkpoint:
    """Read what `save` wrote; raises `BadData` where the file is something else, another architecture, or cut short."""
    shown = printable(str(path))
    try:
        with safe_open(path, framework="pt") as file:
            about = file.metadata() or {}
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except OSError as error:
        raise BadData(f"There is no network in '{shown}' ({error.strerror or error}). Is the path right?") from None
    except SafetensorError:
        raise BadData(f"'{shown}' is no checkpoint, or it is cut short. Save the network again.") from None
    classes = _classes(about, shown)
    network = cnn.network(len(classes))
    _fill(network, weights, shown)
    return Checkpoint(network.eval(), classes)


def _classes(about: dict[str, str], shown: str) -> tuple[str, ...]:
    if about.get("architecture") != ARCHITECTURE:
        found = about.get("architecture", "one that does not say what it is")
        raise BadData(
            f"'{shown}' holds another network ({printable(found)}), not '{ARCHITECTURE}'. Train this one again."
        )
    return tuple(json.loads(about["classes"]))


def _fill(network: nn.Sequential, weights: dict[str, Any], shown: str) -> None:
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        why = str(error).splitlines()[-1].strip()
        raise BadData(f"The weights in '{shown}' do not fit this network ({why}). Train it again.") from None


def predict(checkpoint: Checkpoint, where: Path, progress: Progress = quiet) -> list[Prediction]:
    """What the network says of one picture, or of every picture in a folder and below, in the order of their paths."""
    files = _pictures(where)
    readings = list(read_all([str(file) for file in files], cnn.SIZE, {}, progress))
    squares = [reading.square for reading in readings if reading.square is not None]
    proba: Iterator[Floats] = iter(probabilities(checkpoint, np.stack(squares)) if squares else ())
    names = [printable(file.relative_to(where).as_posix() if where.is_dir() else file.name) for file in files]
    return [
        Prediction(name, None, {}, reading.reason) if reading.square is None else _said(name, checkpoint, next(proba))
        for name, reading in zip(names, readings, strict=True)
    ]


def _said(name: str, checkpoint: Checkpoint, row: Floats) -> Prediction:
    told = {word: float(share) for word, share in zip(checkpoint.classes, row, strict=True)}
    return Prediction(name, checkpoint.classes[int(row.argmax())], told)


def probabilities(checkpoint: Checkpoint, squares: np.ndarray[Any, Any]) -> Floats:
    """Probabilities (n, C) for pictures (n, 64, 64, 3)."""
    with threads_of_blas():
        logits = look(checkpoint.network, cnn.shown(squares))[0]
    proba: Floats = softmax(logits.astype(np.float64), axis=1)
    return proba


def _pictures(where: Path) -> list[Path]:
    if where.is_dir():
        found = [path for path in where.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file()]
        if not found:
            raise BadData(f"There is no picture in the folder '{printable(str(where))}'. Is it the right one?")
        return sorted(found, key=lambda path: path.relative_to(where).as_posix())
    if not where.exists():
        raise BadData(f"There is no picture or folder '{printable(str(where))}'. Is the path right?")
    return [where]
