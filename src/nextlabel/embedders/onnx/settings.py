"""What an ONNX model is fed with: ``onnx:FILE(size=224, …)``, and the JSON beside the model.

The file's name ends in ``.onnx``; whatever stands before that belongs to it, brackets, quotes and spaces too. Settings
follow in one pair of brackets, as plain values. What they leave open is looked up in one JSON: ``model.onnx.json``,
``model.json``, or the ``preprocessor_config.json`` of the model's folder or the one above. The rest are defaults.
"""

import ast
import json
import math
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from nextlabel.errors import BadData, BadSpecification
from nextlabel.specifications import look_up, read_literal
from nextlabel.text import printable

LIKE = "onnx:model.onnx, or like onnx:model.onnx(size=224, mean=[0.5, 0.5, 0.5])"
MOST = 4096  # pixels a side
LONG = 80  # letters of a value that an error shows
HUB = "preprocessor_config.json"
THEIRS = (("mean", "image_mean"), ("std", "image_std"), ("scale", "rescale_factor"))  # in HUB's words

Settings = dict[str, Any]


class Named(NamedTuple):
    """A specification in its parts: the file, its settings as text, and as values."""

    file: str
    call: str
    settings: Settings

    @property
    def path(self) -> Path:
        """Where the file is: absolute, so that it has a folder above it, but with its links unresolved."""
        return Path(os.path.abspath(Path(self.file).expanduser()))

    @property
    def called(self) -> str:
        """What rows and reports call it, the same in whatever folder the file lies."""
        return printable(f"onnx:{os.path.basename(self.file)}{self.call}")


def specified(text: str) -> Named:
    """Read ``onnx:FILE.onnx`` or ``onnx:FILE.onnx(name=literal, …)``; nothing is ever evaluated.

    >>> specified("onnx:my models (new)/a.onnx(size=64, pool='mean')").settings
    {'size': 64, 'pool': 'mean'}
    """
    rest = text.partition(":")[2]
    if rest.lower().endswith(".onnx"):
        return Named(rest, "", {})
    for found in re.finditer(r"\.onnx(?=\()", rest, re.IGNORECASE):
        file, call = rest[: found.end()], rest[found.end() :]
        if (tree := _call(call)) is not None:
            words = {str(word.arg): read_literal(word.value, printable(text)) for word in tree.keywords}
            return Named(file, call, checked(words))
    raise BadSpecification(
        f"'{printable(text)}' names no file that ends in .onnx, or its settings cannot be read. Write it like {LIKE}."
    )


def _call(text: str) -> ast.Call | None:
    """The text as the arguments of one call, each with its name; None where it is anything else."""
    try:
        tree = ast.parse(f"f{text}", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not (isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name)) or tree.args:
        return None
    return tree if all(word.arg for word in tree.keywords) else None


def beside(model: Path) -> Settings:
    """The settings that a JSON beside the model gives, or none."""
    own = (model.with_name(f"{model.name}.json"), model.with_suffix(".json"))
    places = (*own, model.parent / HUB, model.parent.parent / HUB)
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        return {}
    try:
        return checked(_in_our_words(_read(path)))
    except (BadSpecification, ValueError) as error:
        raise BadData(f"'{printable(path.name)}' beside the model cannot be used: {error} Mend or remove it.") from None


def _read(path: Path) -> Mapping[str, Any]:
    try:
        told = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        raise ValueError("it is damaged, or no JSON.") from None
    if not isinstance(told, dict):
        raise ValueError("it is a list or a single value, and names no settings.")
    return told


def _in_our_words(told: Mapping[str, Any]) -> Settings:
    """Hugging Face's words and ours; what neither knows concerns somebody else."""
    if told.get("do_flip_channel_order"):
        raise ValueError("it wants blue before red, and pictures come as red, green, blue.")
    said = {ours: told[theirs] for ours, theirs in THEIRS if told.get(theirs) is not None}
    said |= {name: told[name] for name in WANTED if told.get(name) is not None}
    if told.get("crop_size") is not None and told.get("do_center_crop", True):
        said["size"] = told["crop_size"]  # what the model sees; ``size`` is then what is cut from
    if "size" in said:
        said["size"] = _edge(said["size"])
    if told.get("do_normalize") is False:
        said |= {"mean": 0, "std": 1}
    return said | {"scale": 1} if told.get("do_rescale") is False else said


def _edge(size: Any) -> Any:
    """``{"height": 224, "width": 224}`` and ``{"shortest_edge": 224}`` as 224."""
    if not isinstance(size, dict):
        return size
    edges = [size[name] for name in ("height", "width", "shortest_edge") if name in size]
    return edges[0] if edges and all(edge == edges[0] for edge in edges) else size


def checked(told: Mapping[str, Any]) -> Settings:
    """Settings with values of the right kind; raises `UnknownName` or `BadSpecification`."""
    out = {}
    for name, value in told.items():
        read, wanted = look_up(WANTED, name, "setting of an ONNX model")
        try:
            out[name] = read(value)
        except (TypeError, ValueError, OverflowError):  # a whole number may be too large for any float
            raise BadSpecification(f"{name} is {_shown(value)}; it takes {wanted}.") from None
    return out


def _shown(value: Any) -> str:
    """The value as it was written, unless that is very long."""
    try:
        text = repr(value)
    except ValueError:  # Python writes out no number of more than 4,300 digits
        return "a number of thousands of digits"
    return printable(text if len(text) <= LONG else f"{text[:LONG]}…")


def _side(value: Any) -> int:
    return value if type(value) is int and 1 <= value <= MOST else _no()


def _number(value: Any) -> float:
    return float(value) if type(value) in (int, float) and math.isfinite(value) else _no()


def _positive(value: Any) -> float:
    return found if (found := _number(value)) > 0 else _no()


def _three(read: Callable[[Any], float]) -> Callable[[Any], tuple[float, ...]]:
    def three(value: Any) -> tuple[float, ...]:
        found = tuple(map(read, value if isinstance(value, (list, tuple)) else [value] * 3))
        return found if len(found) == 3 else _no()

    return three


def _output(value: Any) -> str:
    return value if isinstance(value, str) else _no()


def _pool(value: Any) -> str:
    return str(value) if value in ("class", "mean") else _no()


def _no() -> Any:
    raise ValueError


WANTED: Mapping[str, tuple[Callable[[Any], Any], str]] = {
    "size": (_side, f"a whole number from 1 to {MOST}, the side of a square"),
    "mean": (_three(_number), "one number, or three for red, green and blue"),
    "std": (_three(_positive), "one number above 0, or three for red, green and blue"),
    "scale": (_positive, "a number above 0, which pixels (0 to 255) are multiplied by"),
    "output": (_output, "the name of one of the model's outputs"),
    "pool": (_pool, "'class' or 'mean'"),
}
