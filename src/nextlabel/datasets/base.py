"""What a dataset is: samples with ids 0 … N-1, labels encoded to 0 … C-1, and pictures, texts, or a table of features.

A dataset is loaded once, by a function that takes a `Request` and returns a `Dataset`; a new one is one file and one
line in the table of `nextlabel.datasets`.

    dataset = load(Request("digits"))
    len(dataset), dataset.classes            # 1797, ("0", …, "9")
    dataset.pictures.squares(32)             # (1797, 32, 32, 3) uint8
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from nextlabel.datasets.texts import Texts
from nextlabel.files.arrays import file_of, map_array
from nextlabel.knobs.columns import FILL, Columns
from nextlabel.pool import Floats, Ids, Labels
from nextlabel.progress import Progress, quiet

Squares = npt.NDArray[np.uint8]
Block = tuple[Sequence[int], Squares]  # m ids, and their pictures (m, size, size, 3)


class Sink(Protocol):
    """Takes pictures while they are read for the first time, so that nobody has to decode them again."""

    @property
    def size(self) -> int:
        """The side of the squares that it wants."""

    @property
    def subset(self) -> Ids | None:
        """The ids, among the samples that it was shown, of those it wants; None: all."""

    def keys(self) -> Iterable[str]:
        """Digests of pictures that it has had, and does not want again."""

    def take(self, digests: Sequence[str], squares: Squares) -> None:
        """Some pictures (m, size, size, 3), by the digests of their bytes."""

    def flush(self) -> None:
        """Write down what it made of them so far; asked at the end, also where that comes early."""


@runtime_checkable
class ReadingSink(Sink, Protocol):
    """A sink that reads the pictures that it wants by itself, by workers perhaps."""

    def read(self, files: Sequence[Any], progress: Progress) -> Iterator[tuple[int, Any]]:
        """What became of each file (a `Reading`, without its pixels), by its place, in any order."""


@dataclass(frozen=True)
class Request:
    """What the command line or the caller asked to load: ``source`` a name, a path, or data that are held in Python.

    ``sink`` is shown the samples before their pictures are read (no digests yet), and says who takes those, if anybody;
    ``answers`` files of labels, in the place of those that folders or a column have, or ``relabel`` what puts labels
    in their place; ``unlabelled``: the caller can do without two classes, or without any label; ``fate`` what becomes
    of samples without one, as in "not learned".
    """

    source: Any
    name: str | None = None
    label_column: str | None = None
    progress: Progress = quiet
    group_column: str | None = None
    table: Columns = field(default_factory=Columns)
    missing: str = FILL
    sink: Callable[["Dataset"], Sink | None] | None = None
    answers: tuple[str, ...] = ()
    unlabelled: bool = False
    fate: str = ""
    relabel: Callable[["Dataset"], "Dataset"] | None = None

    def say_fate(self, count: int) -> str:
        """How a sentence on samples without a label ends.

        >>> Request("pictures", fate="not learned").say_fate(2), Request("pictures").say_fate(2)
        (', and are not learned', '')
        """
        return f", and {'is' if count == 1 else 'are'} {self.fate}" if self.fate else ""

    @property
    def needs_labels(self) -> bool:
        """Must the data themselves say what at least two samples are?"""
        return not self.unlabelled and not self.has_other_labels

    @property
    def has_other_labels(self) -> bool:
        """Do labels come from elsewhere than the data themselves?"""
        return bool(self.answers) or self.relabel is not None


@dataclass(frozen=True)
class Skipped:
    """A file that cannot be used, and why, in a few words."""

    path: str
    reason: str


class Pictures(Protocol):
    """The pictures of a dataset, by id. Cheap to pickle: it knows where pictures are, and does not hold many."""

    @property
    def digests(self) -> Sequence[str]:
        """One per sample: a hash of its bytes, 32 hexadecimal digits."""

    @property
    def version(self) -> str:
        """How the pictures are decoded and resized; it changes whenever ``squares`` might."""

    @property
    def grey_side(self) -> int | None:
        """Their own size, where all of them are grey squares of one small size (digits); None otherwise."""

    def squares(self, size: int, progress: Progress = quiet) -> Squares:
        """All pictures as (N, size, size, 3) RGB, upright; read-only, a memory map where they come from files."""

    def blocks(self, size: int, ids: Sequence[int]) -> Iterator[Block]:
        """The pictures with these ids, as in ``squares``, some at a time: (ids, squares), in the order of ``ids``."""


@dataclass(frozen=True)
class Dataset:
    """Samples, labels and where they came from. Exactly one of ``pictures``, ``texts`` and ``table`` is there.

    ``y`` (N,) codes 0 … C-1, -1 where no label is known; ``classes`` the labels as they were written, by code;
    ``paths`` where samples are files: POSIX paths relative to ``root``, by id; ``table`` (N, d) float32 features,
    with NaN where one is missing, which ``gaps`` says; ``spellings`` the codes of labels that are written otherwise;
    ``duplicates`` groups of ids whose bytes are the same; ``warnings`` sentences that a person should read;
    ``fingerprint`` a hash of content, ids and labels, the same on every machine.
    ``groups`` (N,) codes of what belongs together (a patient, a video), -1 for whoever is a group alone; ``sides`` (N,)
    the side of a split that the data come with: 0 training, 1 validation, 2 test, -1 none. None where nothing says so.
    ``scheme`` how the columns of a table became features (a `Scheme`), where other rows could become such ones, or
    which of them held the texts (a page of `Columns`).
    ``embedding`` who made the features of a table, by name and settings, where somebody embedded its samples before;
    ``keys`` the digests of what these were made of.
    All text in it is `printable`, so that it can be written as JSON and shown.

    >>> y, table = np.array([0, 1, -1]), np.array([[5.1], [7.0], [6.3]], dtype=np.float32)
    >>> iris = Dataset("iris", y, ("setosa", "virginica"), fingerprint="of three flowers", table=table)
    >>> len(iris), [iris.classes[code] for code in iris.y[:2]]
    (3, ['setosa', 'virginica'])
    """

    name: str
    y: Labels
    classes: tuple[str, ...]
    fingerprint: str
    pictures: Pictures | None = None
    table: Floats | None = None
    paths: tuple[str, ...] | None = None
    root: str | None = None
    skipped: tuple[Skipped, ...] = ()
    duplicates: tuple[tuple[int, ...], ...] = ()
    warnings: tuple[str, ...] = field(default=())
    groups: Labels | None = None
    sides: Labels | None = None
    gaps: bool = False
    spellings: Mapping[str, int] = field(default_factory=dict)
    scheme: Any = None
    embedding: Mapping[str, Any] | None = None
    texts: Texts | None = None
    keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.y)

    def __getstate__(self) -> dict[str, Any]:
        """Small enough for a worker's start: labels as narrow as they may be, a table that lies in a file as its path.

        So what is pickled belongs to this machine, and to as long as its cache is kept.
        """
        narrow = self.y.astype(np.promote_types(np.min_scalar_type(-len(self.classes)), np.int8))
        path = None if self.table is None else file_of(self.table)
        more = {
            name: codes.astype(np.int32) for name in ("groups", "sides") if (codes := getattr(self, name)) is not None
        }
        # Keys are for whoever reads files of answers, which no worker does.
        return self.__dict__ | more | {"y": narrow, "keys": (), "table": self.table if path is None else path}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        table = state["table"]
        opened = map_array(table) if isinstance(table, Path) else table
        wide = {name: state[name].astype(np.int64) for name in ("groups", "sides") if state[name] is not None}
        self.__dict__.update(state, **wide, y=state["y"].astype(np.int64), table=opened)

    @property
    def kind(self) -> str:
        """What samples are: ``pictures``, ``texts``, or the rows of a ``table``."""
        return "pictures" if self.pictures is not None else "texts" if self.texts is not None else "table"

    @property
    def noun(self) -> str:
        """What one sample is called: a ``picture``, a ``text`` or a ``row``."""
        return "row" if self.table is not None else self.kind.removesuffix("s")

    @property
    def content(self) -> Sequence[str]:
        """What a cache of this dataset's features is keyed by: one digest per sample, in id order."""
        held = self.pictures if self.pictures is not None else self.texts
        return [self.fingerprint] if held is None else held.digests
