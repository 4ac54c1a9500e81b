"""Pictures in arrays, as MedMNIST and Keras keep them: (n, h, w), (n, h, w, 1) or (n, h, w, 3) in one .npz file."""

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from nextlabel.datasets.base import Block, Dataset, Request, Squares
from nextlabel.datasets.decoding import VERSION
from nextlabel.datasets.greys import KNOTS, Sketch, find_scales
from nextlabel.datasets.labels import (
    describe_measured,
    doubt_numbers,
    encode_labels,
    find_spellings,
    is_measured,
    read_names,
    write_labels,
)
from nextlabel.datasets.multi_labels import flatten_labels, refuse_several_labels
from nextlabel.datasets.scanning import PICTURE, find_duplicates
from nextlabel.errors import BadData
from nextlabel.files import cache
from nextlabel.files.arrays import digest, file_of, map_array, on_file
from nextlabel.files.keyed import KeyedRows
from nextlabel.pool import Labels
from nextlabel.progress import Progress, quiet
from nextlabel.text import printable, several

Array = npt.NDArray[Any]

# Names of arrays: pictures, labels, side of the split (-1: none), as MedMNIST, Keras and others call them.
NAMES = (
    ("train_images", "train_labels", 0),
    ("val_images", "val_labels", 1),
    ("test_images", "test_labels", 2),
    ("x_train", "y_train", 0),
    ("x_val", "y_val", 1),
    ("x_test", "y_test", 2),
    ("X_train", "y_train", 0),
    ("X_val", "y_val", 1),
    ("X_test", "y_test", 2),
    ("images", "labels", -1),
    ("X", "y", -1),
    ("arr_0", "arr_1", -1),
)
STEP = 512  # pictures at once


@dataclass(frozen=True)
class ArrayPictures:
    """Pictures (N, h, w, 1 or 3) uint8 in an array, or in the .npy file that holds it; ``folder`` keeps squares."""

    source: Path | Squares
    digests: tuple[str, ...]
    folder: Path
    version: str = f"array {VERSION}"
    grey_side: int | None = None

    @cached_property
    def array(self) -> Squares:
        """All pictures, as they are."""
        return map_array(self.source) if isinstance(self.source, Path) else self.source

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "array"}

    def squares(self, size: int, progress: Progress = quiet) -> Squares:
        """All pictures as (N, size, size, 3), a read-only memory map from the cache."""
        kept = KeyedRows(self.folder, f"squares-{size}-{cache.key(self.version)}")
        return kept.assemble(self.digests, lambda ids: self.blocks(size, ids))

    def blocks(self, size: int, ids: Sequence[int]) -> Iterator[Block]:
        """The pictures with these ids, some at a time."""
        for start in range(0, len(ids), STEP):
            some = ids[start : start + STEP]
            yield some, np.stack([_square(self.array[i], size) for i in some])


def _square(pixels: Squares, size: int) -> Squares:
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else np.ascontiguousarray(pixels))
    return np.asarray(picture.resize((size, size), Image.Resampling.BICUBIC).convert("RGB"))


def holds_pictures(path: Path) -> bool:
    """Does a .npz file hold pictures: an array of a known name with three or four axes? Only headers are read."""
    try:
        axes = read_axes(path)
    except (OSError, ValueError, zipfile.BadZipFile, EOFError, KeyError):
        return False  # whoever reads tables says what is wrong
    return any(axes.get(pictures, 0) > 2 for pictures, _, _ in NAMES)


def read_axes(path: Path) -> Mapping[str, int]:
    """How many axes each array of a .npz file has, from its header alone."""
    axes = {}
    with zipfile.ZipFile(path) as file:
        for name in file.namelist():
            with file.open(name) as raw:
                major, _ = np.lib.format.read_magic(raw)
                read = np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
                axes[name.removesuffix(".npy")] = len(read(raw)[0])
    return axes


def load_picture_file(request: Request) -> Dataset:
    """The pictures of a .npz file, with its own splits; raises `BadData` where it cannot be learned from."""
    path = Path(request.source).expanduser()
    shown = printable(path.name)
    try:
        with np.load(path, allow_pickle=False) as file:
            parts = [(file[x], file[y], side) for x, y, side in NAMES if x in file and y in file]
    except Exception as error:  # zipfile and numpy raise nearly anything on damaged bytes
        raise BadData(f"'{shown}' cannot be read ({printable(str(error))[:80]}). Is it whole?") from None
    if not parts:
        raise BadData(
            f"'{shown}' holds pictures, but no labels beside them. Save train_images and train_labels, or X and y."
        )
    if len({x.shape[1:] for x, _, _ in parts}) > 1:
        raise BadData(f"The pictures in '{shown}' are of different shapes. Save those of one shape.")
    sides = np.concatenate([np.full(len(x), side) for x, _, side in parts])
    labels = [_flat_labels(y, x, shown) for x, y, _ in parts]
    data = load_picture_array(request, np.concatenate([x for x, _, _ in parts]), np.concatenate(labels))
    split = sides if 0 in sides and len(set(sides.tolist())) > 1 else None
    return Dataset(**(data.__dict__ | {"sides": split}))


def load_picture_array(
    request: Request, X: Array, labels: Array | Sequence[str | None], as_text: bool = False
) -> Dataset:
    """A dataset of pictures (n, h, w), (n, h, w, 1) or (n, h, w, 3), of any number type, and labels (n,).

    Labels are an array of numbers or text, or of one column for each class with a single 1; or as they are written,
    None for a missing one, and perhaps ``as_text``: text even where they look like numbers. Bytes are taken as they
    are, other numbers are put on one scale for all. Raises `BadData` for other shapes, and `Mistake` for several labels
    a picture.
    """
    name = request.name or printable(Path(request.source).stem)
    pixels = _as_bytes(X, name)
    if isinstance(labels, np.ndarray):
        flat = _flat_labels(labels, pixels, name)
        labels, as_text = write_labels(flat, name), flat.dtype.kind in "US"
    refuse_several_labels(labels, name, PICTURE)
    named = read_names(labels, request.table.null_words)
    y, classes = encode_labels(named.names, as_text)
    doubts = _check_classes(y, classes, name) if request.needs_labels else []
    kept = on_file(pixels, "pictures")
    digests = tuple(cache.key(*row.shape, digest(row)) for row in pixels)
    return Dataset(
        name=name,
        y=y,
        classes=classes,
        fingerprint=cache.key(*digests, *y.tolist(), *classes),
        pictures=ArrayPictures(file_of(kept) or kept, digests, cache.folder()),
        warnings=(*named.notes, *doubts),
        duplicates=find_duplicates(digests),
        spellings=find_spellings(labels, y, classes),
    )


def _check_classes(y: Labels, classes: Sequence[str], name: str) -> list[str]:
    if len(classes) < 2:
        raise BadData(
            f"'{name}' holds pictures of {several(len(classes), 'class')}, so there is nothing to tell apart."
        )
    if is_measured(y, classes):
        raise BadData(describe_measured(y, classes, name))
    return doubt_numbers(classes, name)


def _as_bytes(X: Array, name: str) -> Squares:
    """(n, h, w, 1 or 3) uint8."""
    if X.ndim == 3:
        X = X[..., None]
    if X.ndim != 4 or X.shape[-1] not in (1, 3) or not all(X.shape):
        raise BadData(
            f"The pictures of '{name}' are {X.shape}; they should be (n, h, w), (n, h, w, 1) or (n, h, w, 3)."
        )
    if X.dtype == np.uint8:
        return np.ascontiguousarray(X)
    if X.dtype.kind not in "buif":
        raise BadData(f"The pictures of '{name}' hold {X.dtype}, and should hold numbers.")
    flat = X.reshape(-1)[:: max(1, X.size // 2**22)].astype(np.float64)
    kind = "fractions" if X.dtype.kind == "f" else "numbers"
    values = np.quantile(flat, KNOTS, method="lower")
    scale = find_scales([Sketch(kind, tuple(values.tolist()), X.size, 0.0, not np.any(flat % 1))])[kind]
    if X.dtype.kind == "b":
        return np.ascontiguousarray(X).astype(np.uint8) * np.uint8(255)
    return np.concatenate([scale.bytes_of(X[i : i + STEP]) for i in range(0, len(X), STEP)])


def _flat_labels(labels: Array, X: Array, name: str) -> Array:
    """Labels (n,); columns of 0 and 1 become the place of the 1."""
    if len(labels) != len(X):
        raise BadData(f"'{name}' holds {len(X)} pictures and {len(labels)} labels. Was one of them cut?")
    return flatten_labels(labels, name, PICTURE)
