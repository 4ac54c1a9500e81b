"""Weights in torch's old file format, read without torch and without running anything that the file asks for.

Such a file is four pickles (a magic number, a version, the machine, the tensors), one more with the names of the
storages, and then each storage: how many numbers it has, and the numbers. A pickle may name any function to call. This
reader knows five names, and whatever else a file asks for is refused.
"""

import io
import pickle
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from nextlabel.errors import BadData

Tensor = npt.NDArray[Any]
MAGIC = 0x1950A86A20F9469CFC6C
STORAGES: Mapping[str, Any] = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


class _Storage:
    """A stretch of numbers that tensors are views of; filled when all tensors are known."""

    def __init__(self, kind: np.dtype[Any], count: int) -> None:
        self.kind, self.count, self.numbers = kind, count, np.empty(0, kind)


class _View:
    """A tensor to be: which numbers of a storage, in which shape."""

    def __init__(self, storage: _Storage, start: int, shape: Sequence[int], strides: Sequence[int]) -> None:
        self.storage, self.start, self.shape, self.strides = storage, start, tuple(shape), tuple(strides)

    def tensor(self) -> Tensor:
        """The numbers; raises ValueError where they lie outside their storage."""
        steps = [(length - 1) * stride for length, stride in zip(self.shape, self.strides, strict=True)]
        # Without this check a file could have memory read that is not its own.
        if min((self.start, *self.shape, *self.strides), default=0) < 0 or (
            self.start + sum(steps) >= len(self.storage.numbers)
        ):
            raise ValueError("a tensor does not lie within its storage")
        numbers, width = self.storage.numbers[self.start :], self.storage.kind.itemsize
        return np.lib.stride_tricks.as_strided(numbers, self.shape, [width * stride for stride in self.strides])


def _rebuild(storage: Any, start: Any, shape: Any, strides: Any, *_: Any) -> _View:
    return _View(storage, start, shape, strides)


class _Reader(pickle.Unpickler):
    """An unpickler that can make an ordered dict, a storage and a view, and nothing else."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild
        if module == "torch" and name in STORAGES:
            return STORAGES[name]
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")

    def persistent_load(self, pid: Any) -> _Storage:
        what, kind, key, _, count, view = pid
        if what != "storage" or view is not None:
            raise pickle.UnpicklingError("it holds something else than storages")
        return self.storages.setdefault(key, _Storage(kind, count))


def read_checkpoint(raw: bytes, name: str) -> dict[str, Tensor]:
    """The tensors of a file of weights, by name; raises `BadData` where it is anything else, or cut short.

    >>> read_checkpoint(b"no weights", "notes.pth")
    Traceback (most recent call last):
    nextlabel.errors.BadData: 'notes.pth' holds no weights that can be read here (...). Install it again.
    """
    try:
        file = io.BytesIO(raw)
        if _Reader(file).load() != MAGIC:
            raise ValueError("it is in another format")
        for _ in ("version", "machine"):
            _Reader(file).load()
        reader = _Reader(file)
        views = reader.load()
        for key in _Reader(file).load():
            _fill(reader.storages[key], file)
        return {str(word): view.tensor() for word, view in views.items()}
    except (pickle.UnpicklingError, ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError) as error:
        raise BadData(f"'{name}' holds no weights that can be read here ({error}). Install it again.") from None


def _fill(storage: _Storage, file: io.BytesIO) -> None:
    head = file.read(8)
    if len(head) < 8 or int.from_bytes(head, "little") != storage.count:
        raise ValueError("a storage has another length than was said")
    numbers = file.read(storage.count * storage.kind.itemsize)
    storage.numbers = np.frombuffer(numbers, storage.kind, storage.count)
