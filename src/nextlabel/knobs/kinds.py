"""What a knob may take: text, paths, flags, numbers, lists of names and of seeds.

Each kind reads what people write in Python or type in a shell, and gives back one plain form. None of it imports numpy:
``nextlabel --help`` reads this file.
"""

import operator
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from numbers import Number
from pathlib import Path
from typing import Any, TypeVar

from nextlabel.errors import BadNumber, Mistake, UnknownName
from nextlabel.knobs.lists import MOST_SEEDS, parse_seeds, split_names, write_names
from nextlabel.knobs.names import DEVICE_NAMES
from nextlabel.text import shorten

T = TypeVar("T")
LARGEST_NUMBER = (
    10**40
)  # of whole numbers: a CSV of curves holds seeds of so many digits, and Python prints no number of 5,000


@dataclass(frozen=True)
class Kind:
    """A kind of value.

    ``read`` gives the value in its one form, or raises: a `Mistake` of its own, or what Python raises. ``form`` says
    what it must be, in words; ``metavar`` how ``--help`` calls it; ``write`` types a value as ``read`` takes it.
    """

    read: Callable[[Any], Any]
    form: str
    metavar: str
    error: type[Mistake] = Mistake
    write: Callable[[Any], str] = str
    flag: bool = False  # typed as --name, and --no-name, without a value
    page: type | None = None  # a page of its own, whose knobs are typed one by one
    many: bool = False  # may be typed several times

    def take(self, name: str, value: Any) -> Any:
        """The value of the knob ``name``; raises `Mistake` where it is none."""
        try:
            return self.read(value)
        except (TypeError, ValueError, OverflowError):  # a number that no float holds is an OverflowError
            raise self.error(f"{name} is {show(value)}, and must be {self.form}.") from None


def show(value: Any) -> str:
    """A value in an error, short and on one line."""
    try:
        return shorten(" ".join(repr(value).split()))
    except Exception:  # the __repr__ of somebody else's class may raise anything
        return f"a {type(value).__name__}"


def as_plain(value: Any) -> Any:
    """A number or text of numpy's as Python's own; all else as it is."""
    numpy = sys.modules.get("numpy")  # whoever has such a value has imported it
    if numpy is not None and isinstance(value, numpy.generic | numpy.ndarray) and value.ndim == 0:
        return value.item()
    return value


def as_text(value: Any) -> str:
    value = as_plain(value)
    if not isinstance(value, str):
        raise TypeError
    return str(value)


def as_source(value: Any) -> str:
    """A name, or a path as text."""
    return as_text(os.fspath(value) if isinstance(value, os.PathLike) else value)


def as_sources(value: Any) -> tuple[str, ...]:
    """Names or paths, one or several."""
    return (as_source(value),) if isinstance(value, str | os.PathLike) else as_items(value, as_source)


def as_data(value: Any) -> Any:
    """A name, or a path as text; or data that are held in Python, as they are: a frame, a dataset, or a pair (X, y)."""
    pair = isinstance(value, tuple) and len(value) == 2
    return value if pair or hasattr(value, "columns") or hasattr(value, "fingerprint") else as_source(value)


def name_data(data: Any) -> str:
    """What data are called, where nobody gave them a name: as they were typed, or by what they are.

    >>> name_data("digits"), name_data(([[0.0], [1.0]], [0, 1]))
    ('digits', 'the arrays')
    """
    if isinstance(data, str):
        return data
    return "the frame" if hasattr(data, "columns") else str(getattr(data, "name", "the arrays"))


def as_flag(value: Any) -> bool:
    value = as_plain(value)
    if not isinstance(value, bool):  # "no" is a true value in Python: whoever writes it means the other
        raise TypeError
    return value


def as_whole(value: Any) -> int:
    """A whole number: an int, a float without a fraction, or digits."""
    value = as_plain(value)
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise TypeError
    found = int(value) if isinstance(value, str | float) else operator.index(value)
    if abs(found) >= LARGEST_NUMBER:
        raise ValueError
    return found


def as_number(value: Any) -> float:
    value = as_plain(value)
    if isinstance(value, bool) or not isinstance(value, str | Number):
        raise TypeError
    return float(value)  # type: ignore[arg-type]  # a complex number raises TypeError


def as_items(value: Any, read: Callable[[Any], T]) -> tuple[T, ...]:
    """The items of a list, an array or a set (which has no order of its own, and is sorted)."""
    if isinstance(value, bytes | Mapping):
        raise TypeError
    ordered = sorted(value) if isinstance(value, set | frozenset) else value
    items = [read(item) for item in islice(ordered, MOST_SEEDS + 1)]  # itertools.count() never ends
    if len(items) > MOST_SEEDS:
        raise ValueError
    return tuple(items)


def as_names(value: Any) -> tuple[str, ...]:
    """Names in a list, or in one text with commas."""
    value = as_plain(value)
    return split_names(value) if isinstance(value, str) else as_items(value, as_text)


def as_seeds(value: Any) -> tuple[int, ...]:
    """Seeds as the command line has them: ``3`` is 0, 1, 2; a list is what it holds."""
    value = as_plain(value)
    if isinstance(value, str):
        return parse_seeds(value)
    if hasattr(value, "__iter__"):
        return as_items(value, as_whole)
    return parse_seeds(str(as_whole(value)))


def write_seeds(seeds: tuple[int, ...]) -> str:
    """As they are typed.

    >>> write_seeds((0, 1, 2)), write_seeds((3,)), write_seeds((3, 7))
    ('3', '3,', '3,7')
    """
    if seeds == tuple(range(len(seeds))):
        return str(len(seeds))
    return f"{seeds[0]}," if len(seeds) == 1 else ",".join(map(str, seeds))


def as_pattern(value: Any) -> str:
    """A regular expression, as text; raises `Mistake`, saying where it breaks off."""
    pattern = as_text(value)
    try:
        re.compile(pattern)
    except re.error as error:
        raise Mistake(
            f"'{shorten(pattern)}' is no regular expression: {error}. Try '^(.*)-' for all before a dash."
        ) from None
    return pattern


SOURCE = Kind(as_source, "a name or a path", "DATA")
SAMPLES = Kind(as_data, "a name, a path, a frame, a Dataset, or a pair (X, y)", "DATA")
PATTERN = Kind(as_pattern, "a regular expression", "REGEX")
FILE = Kind(as_source, "the path of a file", "FILE")
# A shell leaves ~ alone behind an equals sign, and Python always does.
PLACE = Kind(lambda value: Path(os.path.expanduser(as_source(value))), "a path", "PATH")
FILES = Kind(as_sources, "the path of a file, or a list of them", "FILE", many=True)
FLAG = Kind(as_flag, "True or False", "", flag=True)
NAMES = Kind(as_names, "a list of names, or one text with commas between them", "NAMES", write=write_names)
SEEDS = Kind(
    as_seeds,
    f"a number of seeds, or a list of at most {MOST_SEEDS:,} whole numbers",
    "SEEDS",
    BadNumber,
    write_seeds,
)


def text(form: str = "a text", metavar: str = "TEXT") -> Kind:
    """Texts."""
    return Kind(as_text, form, metavar)


def whole(least: int, form: str = "", most: int | None = None) -> Kind:
    """Whole numbers of at least ``least``, and at most ``most``."""

    def read(value: Any) -> int:
        count = as_whole(value)
        if count < least or (most is not None and count > most):
            raise ValueError
        return count

    return Kind(read, form or f"a whole number of at least {least}", "N", BadNumber)


def number_within(low: float, high: float, form: str, closed: bool = False) -> Kind:
    """Numbers from ``low`` up to ``high``, which is one of them where the range is ``closed``."""

    def read(value: Any) -> float:
        found = as_number(value)
        if not (low <= found < high or (closed and found == high)):  # nor is NaN
            raise ValueError
        return found

    return Kind(read, form, "X", BadNumber, write=lambda value: f"{value:g}")


def optional(kind: Kind) -> Kind:
    """The same, or None."""
    return replace(kind, read=lambda value: None if value is None else kind.read(value), form=f"{kind.form}, or None")


def read_path(name: str, value: Any) -> Path:
    """An argument that is a place on disk, as text or as a path; raises `Mistake` for anything else."""
    path: Path = PLACE.take(name, value)
    return path


def as_device(value: Any) -> str:
    """Where a network computes: ``cpu``, ``cuda``, ``cuda:1``, ``mps``."""
    name = as_text(value)
    if not re.fullmatch(rf"({'|'.join(DEVICE_NAMES)})(:(0|[1-9][0-9]?))?", name):
        known = ", ".join(DEVICE_NAMES)
        raise UnknownName(f"No device is called '{shorten(name)}'. Known: {known}; the second GPU, say, is 'cuda:1'.")
    return name


DEVICE = Kind(as_device, f"a device: {', '.join(DEVICE_NAMES)}", "DEVICE")
DEVICE_HELP = (
    "Where networks compute: `cpu`, `cuda` or `cuda:1`, `mps`. On a cluster only workers with a GPU are asked then."
)
CLUSTER = optional(text("the address of a cluster, such as tcp://host:8786", "ADDRESS"))
CLUSTER_HELP = (
    "Workers of a Dask cluster, in the place of --jobs: its address, as tcp://host:8786; or local:4, four here."
)
