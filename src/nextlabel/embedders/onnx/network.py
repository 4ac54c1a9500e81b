"""An opened ONNX model: pictures in, arrays out, and arrays made vectors."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nextlabel.embedders.base import Features32
from nextlabel.embedders.onnx.file import ModelFile
from nextlabel.embedders.onnx.graph import expose
from nextlabel.embedders.onnx.pictures import read_input
from nextlabel.embedders.onnx.session import NO_FILES, describe_error, import_extra, open_session
from nextlabel.errors import BadData
from nextlabel.knobs.names import CPU

UNSURE = "It does not say where its channels are. Export it again with a shape that does, (N, 3, H, W) or (N, H, W, 3)"
POOLS: Mapping[int, tuple[str, ...]] = {2: ("none",), 3: ("class", "mean"), 4: ("mean",)}  # by rank, the usual first


class Net:
    """A model that takes pictures as its ``input`` says, and gives ``outputs``.

    It lies in the file ``path``, or its bytes are at hand (``raw``), and it is only called so.

    Raises `BadData` where it is no such model.
    """

    def __init__(self, file: ModelFile) -> None:
        self.path = file.path
        self.name, self._runtime = file.name, import_extra("onnxruntime", "An ONNX model")
        self.runtime = str(self._runtime.__version__)
        # Weights in other files are found by the path alone.
        self._model: tuple[str | bytes, str, Mapping[str, Path]] = (
            str(file.path) if file.weights else file.raw,
            self.name,
            NO_FILES,
        )
        self._sessions: dict[str, Any] = {}
        self.input = read_input(self.open(), self.name)
        self.outputs = [output.name for output in self.open().get_outputs()]

    @property
    def hint(self) -> str:
        """Why it may have failed: where channels are first is a guess, unless the model says so."""
        return UNSURE if self.input.unsure else ""

    def expose(self, file: ModelFile, tensor: str) -> None:
        """Open the model again, with one of its inner tensors as an output more; nothing is written anywhere."""
        self._model, self._sessions = (expose(file.raw, tensor), self.name, file.weights), {}
        self.open()

    def open(self, device: str = CPU) -> Any:
        """onnxruntime's session on a device; raises as `open_session`."""
        if device not in self._sessions:
            self._sessions[device] = open_session(self._runtime, *self._model, device=device)
        return self._sessions[device]

    def run(self, pictures: npt.NDArray[Any], outputs: Sequence[str], device: str = CPU) -> list[Any]:
        """The outputs for normalised pictures (n, size, size, 3), as many as its batch or fewer."""
        session = self.open(device)
        try:
            found: list[Any] = session.run(outputs, {self.input.name: self.input.arrange(pictures)})
        except Exception as error:  # as in `open_session`
            size = pictures.shape[1]
            hint = f" {self.hint}." if self.hint else ""
            raise BadData(
                f"'{self.name}' breaks down on pictures of {size} x {size} ({describe_error(error)}). "
                f"If it was made for another size, say so: onnx:FILE(size=…).{hint}"
            ) from None
        return found

    def try_outputs(self, size: int, names: Sequence[str]) -> dict[str, Any]:
        """What these outputs are for one picture of noise; channels are tried last where the model leaves that open."""
        self.input.check_size(size, self.name)
        noise = np.random.default_rng(0).uniform(size=(1, size, size, 3))
        trial = noise * 255 if self.input.raw else noise * 2 - 1
        try:
            return dict(zip(names, self.run(trial, names), strict=True))
        except BadData:
            if not self.input.unsure or self.input.last:
                raise
            first, self.input = self.input, replace(self.input, last=True)
            try:
                return dict(zip(names, self.run(trial, names), strict=True))
            except BadData:
                self.input = first
            raise

    def holds_features(self, array: Any) -> bool:
        """Does an output hold vectors, sequences of tokens or maps, one for each picture?"""
        if not (isinstance(array, np.ndarray) and array.dtype.kind == "f"):
            return False
        return array.ndim in POOLS and len(array) == (self.input.batch or 1) and array.size > 0

    def pool(self, array: npt.NDArray[Any], pool: str) -> Features32:
        """Vectors (n, d) of (n, d), (n, tokens, d), or a map (n, d, h, w), (n, h, w, d) as pictures may be."""
        if array.ndim == 4:
            array = array.mean(axis=(1, 2) if self.input.is_last(array.shape) else (2, 3), dtype=np.float32)
        elif array.ndim == 3:
            array = array[:, 0] if pool == "class" else array.mean(axis=1, dtype=np.float32)
        return array.astype(np.float32)
