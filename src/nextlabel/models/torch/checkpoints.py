"""A trained network as one file, and pictures told apart by it.

The file is in the safetensors format: weights and a few words of text, nothing that could run.

    Checkpoint.of(network, dataset).save(Path("flowers.safetensors"))
    Checkpoint.load(Path("flowers.safetensors")).predict(Path("garden/"))    # one Prediction per picture
"""

import json
import math
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialise
from scipy.special import softmax
from torch import Tensor, nn

from nextlabel.datasets.base import Dataset, Squares
from nextlabel.datasets.greys import Scale, Scales
from nextlabel.datasets.listing import Listing, list_folder
from nextlabel.datasets.pictures import FolderPictures, read_each
from nextlabel.errors import BadData, CannotWrite, Mistake
from nextlabel.files.atomic import write_atomically
from nextlabel.models.predictions import Prediction
from nextlabel.models.torch import cnn
from nextlabel.models.torch.training import blas_threads, infer
from nextlabel.pool import Floats
from nextlabel.progress import Progress, quiet
from nextlabel.text import printable

ARCHITECTURE = "nextlabel cnn 1"  # raise when old weights no longer fit


@dataclass(frozen=True)
class Checkpoint:
    """A network, the names of its classes by code, and the scales of pictures of more than 8 bits that it learned on.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Checkpoint(cnn.network(2), ("daisy", "rose")).save(Path(folder) / "flowers.safetensors")
    ...     again = Checkpoint.load(Path(folder) / "flowers.safetensors")
    >>> again.classes, again.probabilities(np.zeros((3, 64, 64, 3), dtype=np.uint8)).shape
    (('daisy', 'rose'), (3, 2))
    """

    network: nn.Sequential
    classes: tuple[str, ...]
    scales: Scales = field(default_factory=dict)

    @classmethod
    def of(cls, network: nn.Sequential, dataset: Dataset) -> Self:
        """A network that learned from the pictures of a dataset, with all that it takes to show it others."""
        scales = dataset.pictures.scales if isinstance(dataset.pictures, FolderPictures) else {}
        return cls(network, dataset.classes, scales)

    def save(self, path: Path) -> None:
        """Write network and names; the file appears whole or not at all.

        Raises `Mistake` for what `load` would refuse, and `CannotWrite` where the disk says no.
        """
        where, names = printable(str(path)), list(self.classes)
        weights = {name: tensor.detach().cpu().contiguous() for name, tensor in self.network.state_dict().items()}
        wrong = _wrong_names(names) or _misfit(weights, len(names))
        if wrong:
            raise Mistake(f"Nothing is written to '{where}', since nobody could load it: {wrong}.")
        if os.path.isdir(path):  # unlike Path's, it does not mind any name
            raise CannotWrite(f"'{where}' is a folder, so no network can be written there. Name a file in it.")
        if not os.path.isdir(path.parent):
            raise CannotWrite(f"There is no folder for '{where}'. Make it first, or name another place.")
        # As bytes, since a file that safetensors writes itself may be read by its owner alone.
        scales = {kind: [scale.black, scale.white] for kind, scale in self.scales.items()}
        about = {"architecture": ARCHITECTURE, "classes": json.dumps(names), "scales": json.dumps(scales)}
        _write(serialise(weights, about), path, where)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote; raises `BadData` where the file is something else, another architecture, or cut
        short.

        Nothing is drawn from torch's generator.
        """
        where = printable(str(path))
        weights, about = _read(path, where)
        classes, scales = _read_classes(about, where), _read_scales(about, where)
        wrong = _misfit(weights, len(classes))
        if wrong:
            raise BadData(f"The weights in '{where}' do not fit this network ({wrong}). Train it again.")
        network = _skeleton(len(classes)).to_empty(device="cpu")  # fresh weights would be drawn, only to be replaced
        network.load_state_dict(weights)
        return cls(network.eval(), classes, scales)

    def predict(self, where: Path, progress: Progress = quiet) -> list[Prediction]:
        """What the network says of one picture, or of every picture in a folder and below, in the order of their paths.

        Pictures of more than 8 bits are put on the scale that the network learned on: on one of their own, a folder of
        dark pictures would look bright. Hidden files are left out and links followed, as where a folder is learned
        from. Raises `BadData` where there is no picture.
        """
        found = _pictures(where)
        readings = read_each([file for _, file in found.pictures], cnn.SIZE, progress, self.scales)
        squares = [reading.square for reading in readings if reading.square is not None]
        # Only what could be read was stacked, so rows of probabilities are taken one by one as readings have a square.
        proba: Iterator[Floats] = iter(self.probabilities(np.stack(squares)) if squares else ())
        said = [
            _unread(name, reading.reason or "") if reading.square is None else _prediction(name, self, next(proba))
            for (name, _), reading in zip(found.pictures, readings, strict=True)
        ]
        said += [_unread(one.path, one.reason) for one in found.skipped]  # links to nothing, folders that are locked
        return sorted(said, key=lambda prediction: prediction.path)

    def probabilities(self, squares: Squares) -> Floats:
        """Probabilities (n, C) for pictures (n, 64, 64, 3)."""
        with blas_threads():
            logits = infer(self.network, cnn.as_inputs(squares))[0]  # (n, C)
        proba: Floats = softmax(logits.astype(np.float64), axis=1)
        return proba


def _write(content: bytes, path: Path, where: str) -> None:
    try:
        write_atomically(path, content)
    except OSError as error:
        raise CannotWrite(
            f"'{where}' cannot be written ({error.strerror}). Make room, or name another place."
        ) from None


def _read(path: Path, where: str) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Weights by name, and what the file says of itself."""
    if os.path.isdir(path):  # unlike Path's, it does not mind any name
        raise BadData(f"'{where}' is a folder, not a checkpoint. Name the file in it.")
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except OSError as error:
        why = printable(error.strerror or str(error))
        raise BadData(f"There is no network in '{where}' ({why}). Is the path right?") from None
    except SafetensorError:
        raise BadData(f"'{where}' is no checkpoint, or it is cut short. Save the network again.") from None


def _read_classes(about: dict[str, str], where: str) -> tuple[str, ...]:
    if about.get("architecture") != ARCHITECTURE:
        found = about.get("architecture", "one that does not say what it is")
        raise BadData(
            f"'{where}' holds another network ({printable(found)}), not '{ARCHITECTURE}'. Train this one again."
        )
    try:
        names = json.loads(about.get("classes", "null"))
    except (ValueError, RecursionError):
        names = None
    wrong = _wrong_names(names)
    if wrong:
        raise BadData(f"'{where}' does not say what its classes are called: {wrong}. Save the network again.")
    return tuple(names)


def _read_scales(about: dict[str, str], where: str) -> Scales:
    """None in files from before scales were kept."""
    try:
        found = json.loads(about.get("scales", "{}"))
        scales = {str(kind): Scale(float(black), float(white)) for kind, (black, white) in found.items()}
    except (ValueError, TypeError, AttributeError, RecursionError):
        scales = {"": Scale(0.0, 0.0)}
    if not all(math.isfinite(scale.white - scale.black) and scale.black < scale.white for scale in scales.values()):
        raise BadData(f"'{where}' does not say which greys are black and white. Save the network again.")
    return scales


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
            return (
                f"'{name}' is {_describe_kind(*found)}, and for {classes} classes it would be {_describe_kind(*kind)}"
            )
        if not weights[name].isfinite().all():
            return f"'{name}' holds what is no number"
    return None


def _describe_kind(shape: tuple[int, ...], kind: str) -> str:
    return f"{shape} of {kind}"


def _skeleton(classes: int) -> nn.Sequential:
    """The network without memory for its weights, however many there would be."""
    with torch.device("meta"):
        return cnn.network(classes)


def _unread(name: str, reason: str) -> Prediction:
    return Prediction(printable(name), None, {}, printable(reason))


def _prediction(name: str, checkpoint: Checkpoint, row: Floats) -> Prediction:
    shares = {word: float(share) for word, share in zip(checkpoint.classes, row, strict=True)}
    return Prediction(printable(name), checkpoint.classes[int(row.argmax())], shares)


def _pictures(where: Path) -> Listing:
    if os.path.isdir(where):
        found = list_folder(where)
        if not found.pictures:
            raise BadData(f"There is no picture in the folder '{printable(str(where))}'. Is it the right one?")
        return found
    if not os.path.exists(where):
        raise BadData(f"There is no picture or folder '{printable(str(where))}'. Is the path right?")
    return Listing([(where.name, str(where))], [], [], [], [])
