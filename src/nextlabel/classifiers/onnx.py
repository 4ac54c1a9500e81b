"""A classifier as one ONNX graph, for whoever runs it without nextlabel: samples in, probabilities out.

    import onnxruntime
    session = onnxruntime.InferenceSession("flowers.onnx")
    (probabilities,) = session.run(["probabilities"], {"pictures": squares})     # (N, size, size, 3) uint8, RGB
    json.loads(session.get_modelmeta().custom_metadata_map["classes"])           # ["daisy", …]

How a picture becomes such a square, and a table's row such a vector, stands in the metadata, under ``preprocessing``.
"""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nextlabel.classifiers.base import Classifier
from nextlabel.classifiers.embedders import kind_of
from nextlabel.classifiers.graphs import (
    Steps,
    draw_cnn,
    draw_efficientnet,
    draw_patches,
    draw_pixels,
    draw_pooling,
    draw_table,
)
from nextlabel.classifiers.pictures import PictureInput
from nextlabel.classifiers.tables import TableInput
from nextlabel.classifiers.texts import TextInput
from nextlabel.embedders.onnx.embedder import Onnx
from nextlabel.embedders.onnx.session import import_extra, open_session
from nextlabel.embedders.onnx.writing import field, graph, metadata_fields, model, value
from nextlabel.errors import Mistake
from nextlabel.files.atomic import write_atomically
from nextlabel.files.refusals import refusals
from nextlabel.text import printable, show_path

PROBABILITIES = "probabilities"
OURS = "nextlabel."  # before all names that join somebody else's model
DRAW: Mapping[str, Callable[[Steps, Any, Any], str]] = {
    "pixels": draw_pixels,
    "patches": draw_patches,
    "efficientnet": draw_efficientnet,
    "cnn": draw_cnn,
}
RESIZING = (
    "Decode the picture and turn it upright (EXIF). Lay what is transparent on white, and convert it to RGB. Resize "
    "the whole picture, whatever its proportions, to {size} x {size} with bicubic interpolation and antialiasing, as "
    "Pillow's Image.resize(({size}, {size}), Image.Resampling.BICUBIC, reducing_gap=3.0) does."
)


def export_onnx(classifier: Classifier, path: str | Path) -> None:
    """Write a classifier as one ONNX file; raises `CannotWrite` where the disk says no.

    >>> import tempfile
    >>> from nextlabel import export_onnx, load_dataset, train
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     export_onnx(train(load_dataset("digits")), Path(folder) / "digits.onnx")
    ...     os.path.getsize(Path(folder) / "digits.onnx") < 10_000
    True
    """
    shown, path = show_path(path), Path(os.path.realpath(os.path.expanduser(path)))
    raw = to_onnx(classifier)
    open_session(import_extra("onnxruntime", "An ONNX model"), raw, printable(path.name))  # what fails, fails here
    with refusals(shown, "Name another file with --onnx."):
        write_atomically(path, raw)


def to_onnx(classifier: Classifier) -> bytes:
    """The file, as bytes."""
    made, words = classifier.input, _metadata(classifier)
    if isinstance(made, PictureInput) and isinstance(made.embedder, Onnx):
        return _joined(classifier, made.embedder, made.model or b"", words)
    steps = Steps()
    if isinstance(made, TextInput):
        raise refuse_texts(made.name)
    if isinstance(made, TableInput):
        features = draw_table(steps, made)
    else:
        features = DRAW[kind_of(made.name)](steps, made.embedder, made.fits)
    _draw_head(steps, classifier, features)
    return model(steps.nodes, steps.inputs, _outputs(classifier), steps.tensors, words)


def refuse_texts(embedder: str) -> Mistake:
    """The error where a model of texts is to be written as ONNX."""
    return Mistake(
        f"A model of texts cannot be written as ONNX: what '{embedder}' does with letters is no step of it. Keep the "
        "model's own file."
    )


def _joined(classifier: Classifier, made: Onnx, raw: bytes, words: Mapping[str, str]) -> bytes:
    """Somebody's model with a head behind it: of two graphs in one file, protobuf makes one that holds both."""
    steps = Steps(prefix=OURS)
    array = made.net.try_outputs(made.size, [made.output])[made.output]
    _draw_head(steps, classifier, draw_pooling(steps, made, array.shape))
    more = graph(steps.nodes, [], _outputs(classifier), steps.tensors)
    return raw + field(7, more) + metadata_fields(words)


def _draw_head(steps: Steps, classifier: Classifier, features: str) -> None:
    """One product, and the softmax, with the temperature in the weights."""
    heat = classifier.calibration.temperature if classifier.calibration else 1.0
    weight = steps.weigh("head.weight", classifier.weight.T / heat)
    product = steps.add("MatMul", f"{features} {weight}", f"{steps.prefix}product")
    logits = steps.add("Add", f"{product} {steps.weigh('head.bias', classifier.bias / heat)}", f"{steps.prefix}logits")
    steps.add("Softmax", logits, PROBABILITIES, axis=1)


def _outputs(classifier: Classifier) -> list[bytes]:
    return [value(PROBABILITIES, "N", len(classifier.classes))]


def _describe_input(made: Onnx) -> dict[str, Any]:
    """What somebody's own model takes."""
    taken = made.net.input
    how: dict[str, Any] = {
        "input": taken.name,
        "layout": f"{'NHWC' if taken.last else 'NCHW'} {np.dtype(taken.kind).name}",
    }
    if taken.raw:
        return how | {"normalisation": "none: pixels, 0 to 255"}
    numbers = {"scale": made.scale, "mean": list(made.mean), "std": list(made.std)}
    return how | {"normalisation": "(pixel * scale - mean) / std"} | numbers


def _metadata(classifier: Classifier) -> dict[str, str]:
    made = classifier.input
    if isinstance(made, TextInput):
        return {}  # refused, in a moment
    how: dict[str, Any]
    if isinstance(made, TableInput):
        how = {"input": "rows", "columns": made.scheme.plain()["columns"], "missing": "NaN"}
    else:
        size = made.embedder.size
        how = {"size": size, "resizing": RESIZING.format(size=size), "decoding": made.decoding}
        if isinstance(made.embedder, Onnx):
            how |= _describe_input(made.embedder)
        else:
            how |= {"input": "pictures", "layout": "NHWC uint8 RGB"}
        how["scales_of_deep_greys"] = {kind: vars(scale) for kind, scale in made.scales.items()}
    return {
        "classes": json.dumps(list(classifier.classes), ensure_ascii=False),
        "preprocessing": json.dumps(how, ensure_ascii=False),
        "confidence": classifier.confidence,
        "made_with": json.dumps(dict(classifier.about.get("made_with", {}))),
    }
