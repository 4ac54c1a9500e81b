"""What server and worker say to each other: one line of JSON each, never a pickle."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Message = Mapping[str, Any]


def pack(message: Message) -> bytes:
    """A message as a line."""
    return json.dumps(message, allow_nan=False).encode("ascii") + b"\n"


def unpack(line: bytes) -> dict[str, Any]:
    """The message in a line."""
    found: dict[str, Any] = json.loads(line)
    return found


def pack_array(array: npt.NDArray[Any]) -> str:
    """An array of numbers as text: a list of a hundred thousand would hold the server up for a tenth of a second.

    >>> unpack_array(pack_array(np.array([1, 2], dtype=np.int32)), np.int32).tolist()
    [1, 2]
    """
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")


def unpack_array(text: str, kind: npt.DTypeLike) -> npt.NDArray[Any]:
    """The array in a text."""
    return np.frombuffer(base64.b64decode(text), dtype=kind)
