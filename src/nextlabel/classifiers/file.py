"""A classifier as one file in the safetensors format: weights, and words in JSON. Nothing in it could run.

Everything that is an array is a tensor of the file; all else stands in its metadata, in JSON. A file is read
as a whole and believed only where all of it fits together.
"""

import json
import os
import warnings
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as serialise

from nextlabel.classifiers.base import Calibration, Classifier, Input
from nextlabel.classifiers.embedders import restore_embedder, restore_text_embedder
from nextlabel.classifiers.pictures import PictureInput
from nextlabel.classifiers.tables import TableInput
from nextlabel.classifiers.texts import TextInput
from nextlabel.datasets.decoding import VERSION
from nextlabel.datasets.greys import Scale
from nextlabel.datasets.tables.schemes import Scheme
from nextlabel.embedders.reduction import settings_of
from nextlabel.errors import BadData, CannotWrite
from nextlabel.files.atomic import write_atomically
from nextlabel.files.refusals import refusals
from nextlabel.knobs.columns import Columns
from nextlabel.text import printable, show_path

WORDS = "nextlabel classifier"  # the one key of the metadata: of several the library writes now one first, now another
FORMAT_VERSION = 1  # raise when an older nextlabel could not read what is written
OTHER_PLACE = "Name another file with --out."
MOST_PIXELS_A_SIDE = 4096
# What Python, numpy and torch say of words and weights that are not what they should be.
UNFIT = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RuntimeError)
FITS = "fits."  # before the names of what an embedder learned
Arrays = dict[str, npt.NDArray[Any]]


def save_classifier(classifier: Classifier, path: str | Path) -> None:
    """Write a classifier; the file appears whole or not at all. Raises `CannotWrite` where the disk says no."""
    shown, path = show_path(path), Path(os.path.realpath(os.path.expanduser(path)))
    if os.path.isdir(path):
        raise CannotWrite(f"'{shown}' is a folder, so no model can be written there. Name a file in it.")
    if not os.path.isdir(path.parent):
        raise CannotWrite(f"There is no folder for '{shown}'. Make it first, or name another place.")
    raw = to_bytes(classifier)
    with refusals(shown, OTHER_PLACE):
        write_atomically(path, raw)


def to_bytes(classifier: Classifier) -> bytes:
    """The file, as bytes: the same classifier gives the same ones."""
    arrays: Arrays = {"head.weight": classifier.weight, "head.bias": classifier.bias}
    digests = b"".join(bytes.fromhex(digest) for digest in sorted(classifier.learned_from))
    arrays["digests"] = np.frombuffer(digests, np.uint8).reshape(-1, 16)
    words: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "classes": list(classifier.classes),
        "about": dict(classifier.about),
    }
    if classifier.calibration is not None:
        words["calibration"] = vars(classifier.calibration)
    more, kept = _write_input(classifier.input)
    arrays |= kept
    text = json.dumps(words | more, ensure_ascii=False, allow_nan=False, sort_keys=True)
    return serialise({name: np.ascontiguousarray(array) for name, array in arrays.items()}, {WORDS: text})


def _write_input(made: Input) -> tuple[dict[str, Any], Arrays]:
    if isinstance(made, PictureInput):
        return _write_pictures(made)
    return _write_texts(made) if isinstance(made, TextInput) else _write_table(made)


def _write_texts(made: TextInput) -> tuple[dict[str, Any], Arrays]:
    """Arrays of text are no tensors, and stand among the words."""
    spelled = {name: array.tolist() for name, array in made.fits.items() if array.dtype.kind == "U"}
    words = {
        "name": made.name,
        "settings": settings_of(made.embedder),
        "version": made.embedder.version,
        "columns": None if made.columns is None else asdict(made.columns),
        "spelled": spelled,
    }
    return {"texts": words}, {f"{FITS}{name}": array for name, array in made.fits.items() if name not in spelled}


def _write_pictures(made: PictureInput) -> tuple[dict[str, Any], Arrays]:
    settings = settings_of(made.embedder)
    settings.pop("device", None)  # whoever uses it may have no GPU, and needs none
    words = {
        "name": made.name,
        "settings": settings,
        "version": made.embedder.version,
        "decoding": made.decoding,
        "scales": {kind: [scale.black, scale.white] for kind, scale in made.scales.items()},
    }
    arrays = {f"{FITS}{name}": array for name, array in made.fits.items()}
    if made.model is not None:
        arrays["model"] = np.frombuffer(made.model, np.uint8)
    return {"pictures": words}, arrays


def _write_table(made: TableInput) -> tuple[dict[str, Any], Arrays]:
    return {"table": made.scheme.plain()}, {"medians": made.medians, "mean": made.mean, "spread": made.spread}


def load_classifier(path: str | Path) -> Classifier:
    """Read what `save_classifier` wrote.

    Raises `BadData` where the file is something else, cut short, or of another version, and `MissingExtra` where what
    embeds its pictures is not installed.

    >>> import tempfile
    >>> from nextlabel import load_dataset, save_classifier, train
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_classifier(train(load_dataset("digits")), Path(folder) / "digits.safetensors")
    ...     classifier = load_classifier(Path(folder) / "digits.safetensors")
    >>> len(classifier.classes), classifier.input.name
    (10, 'pixels')
    """
    path = Path(os.path.expanduser(path))
    arrays, metadata = _read(path)
    shown = show_path(path)
    if WORDS not in metadata:
        raise BadData(f"'{shown}' holds weights, but no model of nextlabel's. Was it written by `nextlabel train`?")
    try:
        words = json.loads(metadata[WORDS])
        if words["format_version"] != FORMAT_VERSION:
            found = printable(str(words["format_version"]))[:20]
            raise BadData(
                f"'{shown}' is written in version {found} of the format, and this "
                f"nextlabel reads version {FORMAT_VERSION}. Use the one that wrote it, or train the model again."
            )
        return _classifier(words, arrays)
    except UNFIT as error:
        why = printable(f"{type(error).__name__}: {error}")[:80]
        raise BadData(f"'{shown}' does not fit together ({why}). Was it edited? Train the model again.") from None


def _read(path: Path) -> tuple[Arrays, Mapping[str, str]]:
    shown = show_path(path)
    if os.path.isdir(path):
        raise BadData(f"'{shown}' is a folder, not a model. Name the file in it.")
    try:
        with safe_open(path, framework="np") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except OSError as error:
        why = printable(error.strerror or str(error))
        raise BadData(f"There is no model in '{shown}' ({why}). Is the path right?") from None
    except SafetensorError:
        raise BadData(f"'{shown}' is no model, or it is cut short. Copy it again, or train it again.") from None


def _classifier(words: Mapping[str, Any], arrays: Arrays) -> Classifier:
    classes, weight, bias = tuple(words["classes"]), arrays["head.weight"], arrays["head.bias"]
    if weight.ndim != 2 or len(weight) != len(classes) or bias.shape != (len(classes),):
        raise ValueError(f"a head {weight.shape} for {len(classes)} classes")
    if not all(isinstance(name, str) for name in classes) or not np.isfinite(weight).all():
        raise ValueError("classes that are no names, or weights that are no numbers")
    made = _read_input(words, arrays)
    _check_width(made, weight)
    return Classifier(
        classes,
        made,
        weight,
        bias,
        Calibration(**words["calibration"]) if "calibration" in words else None,
        frozenset(row.tobytes().hex() for row in arrays["digests"]),
        words["about"],
    )


def _read_input(words: Mapping[str, Any], arrays: Arrays) -> Input:
    if "pictures" in words:
        return _read_pictures(words["pictures"], arrays)
    return _read_texts(words["texts"], arrays) if "texts" in words else _read_table(words["table"], arrays)


def _read_texts(words: Mapping[str, Any], arrays: Arrays) -> TextInput:
    fits = {name.removeprefix(FITS): array for name, array in arrays.items() if name.startswith(FITS)}
    fits |= {name: np.array(texts, dtype=str) for name, texts in words["spelled"].items()}
    columns = None if words["columns"] is None else Columns(**words["columns"])
    made = restore_text_embedder(words["name"], words["settings"], words["version"])
    return TextInput(words["name"], made, fits, columns)


def _check_width(made: Input, weight: npt.NDArray[Any]) -> None:
    """ValueError where the head is not for such features: a blank picture is looked at, which also tries the input."""
    if isinstance(made, PictureInput):
        if not 0 < made.embedder.size <= MOST_PIXELS_A_SIDE:
            raise ValueError(f"pictures of {made.embedder.size} pixels a side")
        blank = np.zeros((1, made.embedder.size, made.embedder.size, 3), np.uint8)
        width = made.embedder.transform(blank, made.fits).shape[1]
    elif isinstance(made, TextInput):
        width = made.embedder.transform(["blank"], made.fits).shape[1]
    else:
        width = made.scheme.width + len(made.scheme.marks)
        if not all(array.shape == (width,) for array in (made.medians, made.mean, made.spread)):
            raise ValueError("columns that are not all filled in and scaled")
    if width != weight.shape[1]:
        raise ValueError(f"a head for {weight.shape[1]} features, and {width} of them")


def _read_pictures(words: Mapping[str, Any], arrays: Arrays) -> PictureInput:
    if _way(words["decoding"]) != _way(VERSION):
        warnings.warn(
            "The pictures that the model learned were made small in another way than this nextlabel has, so it may be "
            "less often right than it was. Train it again.",
            stacklevel=5,
        )
    fits = {name.removeprefix(FITS): array for name, array in arrays.items() if name.startswith(FITS)}
    model = arrays["model"].tobytes() if "model" in arrays else None
    return PictureInput(
        words["name"],
        restore_embedder(words["name"], words["settings"], words["version"], model),
        fits,
        {kind: Scale(float(black), float(white)) for kind, (black, white) in words["scales"].items()},
        words["decoding"],
        model,
    )


def _way(decoding: str) -> str:
    """How pictures become squares, whatever version of Pillow does it."""
    return decoding.partition(" Pillow")[0]


def _read_table(words: Mapping[str, Any], arrays: Arrays) -> TableInput:
    return TableInput(Scheme.read(words), arrays["medians"], arrays["mean"], arrays["spread"])
