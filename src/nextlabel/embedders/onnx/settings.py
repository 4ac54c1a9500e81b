"""What an ONNX model is fed with: ``onnx:FILE(size=224, …)``, and the JSON beside the model.

The file's name ends in ``.onnx``; whatever stands before that belongs to it, brackets, quotes and spaces too. Settings
follow in one pair of brackets, as plain values. What they leave open is looked up in one JSON: ``model.onnx.json``,
``model.json``, or, in the model's folder or the one above, the ``preprocessor_config.json`` of transformers or the
``config.json`` of timm. The rest are defaults.
"""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from nextlabel.errors import BadData, BadSpecification
from nextlabel.specifications import look_up, parse_options
from nextlabel.text import printable, shorten

LIKE = "onnx:model.onnx, or like onnx:model.onnx(size=224, mean=[0.5, 0.5, 0.5])"
LONGEST_VALUE = 80  # letters of a value that an error shows
HUB = "preprocessor_config.json"
TIMM = "config.json"  # transformers has a file of that name, too, which says nothing of pictures
THEIRS = (("mean", "image_mean"), ("std", "image_std"), ("scale", "rescale_factor"))  # in HUB's words

ImageSettings = dict[str, Any]


class OnnxSpecification(NamedTuple):
    """``onnx:FILE(…)`` in its parts: the file, its settings as they were written, and as values."""

    file: str
    brackets: str
    settings: ImageSettings

    @property
    def path(self) -> Path:
        """Where the file is: absolute, so that it has a folder above it, but with its links unresolved."""
        return Path(os.path.abspath(os.path.expanduser(self.file)))

    @property
    def name(self) -> str:
        """What rows and reports call it, the same in whatever folder the file lies."""
        return printable(f"onnx:{os.path.basename(self.file)}{self.brackets}")


def parse_onnx(text: str) -> OnnxSpecification:
    """Read ``onnx:FILE.onnx`` or ``onnx:FILE.onnx(name=literal, …)``; nothing is ever evaluated.

    Raises `UnknownName` or `BadSpecification`.

    >>> parse_onnx("onnx:my models (new)/a.onnx(size=64, pool='mean')").settings
    {'size': 64, 'pool': 'mean'}
    """
    rest = text.partition(":")[2]
    if rest.lower().endswith(".onnx"):
        return OnnxSpecification(rest, "", {})
    for found in re.finditer(r"\.onnx(?=\()", rest, re.IGNORECASE):  # a folder, too, may be called x.onnx(1)
        file, brackets = rest[: found.end()], rest[found.end() :]
        if (options := parse_options(brackets, text)) is not None:
            return OnnxSpecification(file, brackets, check_settings(options))
    raise BadSpecification(
        f"'{printable(text)}' names no file that ends in .onnx, or its settings cannot be read. Write it like {LIKE}."
    )


def check_settings(options: Mapping[str, Any]) -> ImageSettings:
    """Settings with values of the right kind; raises `UnknownName` or `BadSpecification`."""
    from pydantic import ValidationError  # here, as it takes 0.1 s to load, and few runs use ONNX

    from nextlabel.embedders.onnx.fields import OnnxSettings

    try:
        return OnnxSettings.model_validate(dict(options)).model_dump(exclude_unset=True)
    except ValidationError as error:
        name = str(error.errors(include_url=False, include_input=False, include_context=False)[0]["loc"][0])
    takes = look_up(OnnxSettings.model_fields, name, "setting of an ONNX model").description
    raise BadSpecification(f"{name} is {_show(options[name])}; it takes {takes}.")


def _show(value: Any) -> str:
    """The value as it was written, unless that is very long."""
    try:
        return shorten(repr(value), LONGEST_VALUE)
    except ValueError:  # Python writes out no number of more than 4,300 digits
        return "a number of thousands of digits"


def read_settings_beside(model: Path) -> ImageSettings:
    """The settings that a JSON beside the model gives, or none; raises `BadData` where it cannot be used."""
    own = (model.with_name(f"{model.name}.json"), model.with_suffix(".json"))
    shared = (folder / name for folder in (model.parent, model.parent.parent) for name in (HUB, TIMM))
    for path in (*own, *shared):
        if path.is_file() and (settings := _read_settings(path)) is not None:
            return settings
    return {}


def _read_settings(path: Path) -> ImageSettings | None:
    """What a JSON says, None where it is of somebody who says nothing of pictures."""
    try:
        words = _read_json(path)
        if path.name == TIMM:
            words = _read_timm(words)
            if not words:
                return None
        return check_settings(_translate(words))
    except (BadSpecification, ValueError) as error:
        raise BadData(f"'{printable(path.name)}' beside the model cannot be used: {error} Mend or remove it.") from None


def _read_json(path: Path) -> Mapping[str, Any]:
    try:
        words = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        raise ValueError("it is damaged, or no JSON.") from None
    if not isinstance(words, dict):
        raise ValueError("it is a list or a single value, and names no settings.")
    return words


def _read_timm(words: Mapping[str, Any]) -> Mapping[str, Any]:
    """Side, mean and std out of timm's words, which older files have at the top; nothing where they are not timm's.

    ``crop_pct`` and ``interpolation`` say how timm cuts a square out; here the whole picture is squashed into it.
    """
    inner = words.get("pretrained_cfg", words)
    if not isinstance(inner, dict) or not isinstance(words.get("architecture"), str):
        return {}
    ours = {name: inner[name] for name in ("mean", "std") if inner.get(name) is not None}
    shape = inner.get("input_size")
    if shape is None:
        return ours
    if not isinstance(shape, list) or len(shape) != 3 or shape[1] != shape[2]:
        raise ValueError(f"input_size is {_show(shape)}; it takes [3, side, side].")
    return ours | {"size": shape[1]}


def _translate(words: Mapping[str, Any]) -> ImageSettings:
    """Hugging Face's words and ours; what neither knows concerns somebody else."""
    from nextlabel.embedders.onnx.fields import OnnxSettings  # here, as in `check_settings`

    if words.get("do_flip_channel_order"):
        raise ValueError("it wants blue before red, and pictures come as red, green, blue.")
    ours = {name: words[theirs] for name, theirs in THEIRS if words.get(theirs) is not None}
    ours |= {name: words[name] for name in OnnxSettings.model_fields if words.get(name) is not None}
    if words.get("crop_size") is not None and words.get("do_center_crop", True):
        ours["size"] = words["crop_size"]  # what the model sees; ``size`` is then what is cut from
    if "size" in ours:
        ours["size"] = _edge(ours["size"])
    if words.get("do_normalize") is False:
        ours |= {"mean": 0, "std": 1}
    return ours | {"scale": 1} if words.get("do_rescale") is False else ours


def _edge(size: Any) -> Any:
    """``{"height": 224, "width": 224}`` and ``{"shortest_edge": 224}`` as 224."""
    if not isinstance(size, dict):
        return size
    edges = [size[name] for name in ("height", "width", "shortest_edge") if name in size]
    return edges[0] if edges and all(edge == edges[0] for edge in edges) else size
