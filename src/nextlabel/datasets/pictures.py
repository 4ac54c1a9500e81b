"""From the bytes of a picture to a square of RGB, on all cores; and the squares of a whole folder, cached on disk.

Resizing squashes: every picture becomes size x size whatever its proportions. Reading and decoding release the GIL, so
a thread pool uses every core without a second copy of anything.
"""

import hashlib
import io
import logging
import os
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import PIL
from PIL import Image, ImageOps

from nextlabel.datasets.base import Block, Squares
from nextlabel.errors import BadData
from nextlabel.files import cache
from nextlabel.files.keyed import KeyedRows
from nextlabel.progress import Progress, quiet
from nextlabel.text import printable

T = TypeVar("T")

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")  # never EPS, which runs another program
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"})
MOST_PIXELS = 178_956_970  # where Pillow, too, refuses by default: 2 * Image.MAX_IMAGE_PIXELS
MOST_BYTES = 2**31
LARGE_PICTURE = 20_000_000  # pixels; larger ones are decoded one at a time, so that memory holds one of them
FIT = "squash"  # or "crop": the largest square in the middle
PICTURES_IN_FLIGHT = 512  # pictures in flight
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # by EXIF orientation
NO_ROOM = "does not fit into memory"
VERSION = f"1 {FIT} Pillow {PIL.__version__}"

_one_large = threading.Lock()


class Unreadable(Exception):
    """Why a file cannot be used, in a few words that complete the sentence "this file …"."""


class Passing(Unreadable):
    """A trouble of this machine at this moment; the file may well be whole."""


class Reading(NamedTuple):
    """What became of one file: the digest of its bytes, why it cannot be used, and its square where one was made.

    No digest, where the trouble was not with the bytes: whoever keeps readings by digest keeps nothing of it.
    """

    digest: str | None
    reason: str | None = None
    square: Squares | None = None


@dataclass(frozen=True)
class FolderPictures:
    """Pictures in files that have been read once; ``digests`` says what they held then.

    ``folder`` is where squares are kept. It travels along, so that a worker process finds what its parent has, also
    where that is a temporary folder of the parent's own.
    """

    files: tuple[str, ...]
    digests: tuple[str, ...]
    folder: Path
    version: str = VERSION
    grey_side: int | None = None
    _open: dict[int, Squares] = field(default_factory=dict, init=False, repr=False, compare=False)  # by size

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_open": {}}  # a memory map would travel as a copy of all that it maps

    def squares(self, size: int, progress: Progress = quiet) -> Squares:
        """All pictures as (N, size, size, 3), a read-only memory map from the cache; only new ones are decoded.

        Looked through once in the life of this object, since that takes as long as reading all of it. Raises `BadData`
        where a picture is no longer what it was when the folder was scanned.
        """
        if size not in self._open:
            kept = kept_squares(self.folder, size)
            self._open[size] = kept.assemble(self.digests, lambda ids: self._decode(ids, size, progress))
        return self._open[size]

    def blocks(self, size: int, ids: Sequence[int]) -> Iterator[Block]:
        """Some pictures, decoded anew and not kept: for whoever looks at each just once. Raises as `squares` does."""
        return self._decode(ids, size, quiet)

    def _decode(self, ids: Sequence[int], size: int, progress: Progress) -> Iterator[Block]:
        """Ids with their squares (m, size, size, 3); what is not as expected is left out, and told at the end."""
        changed = []
        readings = read_all([self.files[i] for i in ids], size, {}, progress)
        for some in _chunks(ids):
            good = []
            for i, reading in zip(some, islice(readings, len(some)), strict=True):
                if reading.square is None or reading.digest != self.digests[i]:
                    changed.append(self.files[i])
                else:
                    good.append((i, reading.square))
            if good:
                yield [i for i, _ in good], np.stack([square for _, square in good])
        if changed:
            raise BadData(
                f"{len(changed)} pictures changed while they were read, e.g. '{printable(changed[0])}'; run again."
            )


def kept_squares(folder: Path, size: int) -> KeyedRows:
    """The squares of one size, of all pictures that were ever decoded, by the digests of their bytes."""
    return KeyedRows(folder, f"squares-{size}-{cache.key(VERSION)}")


def read_all(
    files: Sequence[str], size: int, known: Mapping[str, str | None], progress: Progress = quiet
) -> Iterator[Reading]:
    """Read every file, in order, and decode those whose digest is not in ``known``.

    ``known`` says for a digest why the file cannot be read, or None where it can; squares are (size, size, 3).
    """
    with ThreadPoolExecutor(cores()) as threads:
        done = 0
        for chunk in _chunks(files):  # bounded, so that finished squares do not pile up before they are written
            readings = []
            with hush("PIL"):  # never across a yield: that would silence whoever takes the readings, too
                for reading in threads.map(lambda file: _read_picture(file, size, known), chunk):
                    done += 1
                    progress("Reading pictures", done, len(files))
                    readings.append(reading)
            yield from readings


def _chunks(files: Sequence[T]) -> Iterator[Sequence[T]]:
    return (files[i : i + PICTURES_IN_FLIGHT] for i in range(0, len(files), PICTURES_IN_FLIGHT))


@contextmanager
def hush(library: str) -> Iterator[None]:
    """No warnings and no log from a library whose failures we tell of ourselves."""
    log = logging.getLogger(library)
    level = log.level
    with warnings.catch_warnings():  # not in threads: filters are one for the whole process
        warnings.simplefilter("ignore")
        log.setLevel(logging.CRITICAL)
        try:
            yield
        finally:
            log.setLevel(level)


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _read_picture(file: str, size: int, known: Mapping[str, str | None]) -> Reading:
    digest = None
    try:
        raw = _bytes(file)
        digest = hashlib.blake2b(raw, digest_size=16).hexdigest()
        return Reading(digest, known[digest]) if digest in known else Reading(digest, None, square(raw, size))
    except Unreadable as error:
        return Reading(None if isinstance(error, Passing) else digest, str(error))


def _bytes(file: str) -> bytes:
    try:
        if os.stat(file).st_size > MOST_BYTES:
            raise Unreadable("is larger than 2 GB")
        return Path(file).read_bytes()
    except MemoryError:
        raise Passing(NO_ROOM) from None
    except FileNotFoundError:
        raise Passing("vanished while the folder was read") from None
    except PermissionError:
        raise Passing("may not be read") from None
    except OSError as error:
        raise Passing(f"cannot be read ({error.strerror})") from None


def square(raw: bytes, size: int) -> Squares:
    """The picture in these bytes as (size, size, 3) RGB, upright, on white; raises `Unreadable`."""
    if not raw:
        raise Unreadable("is empty")
    try:
        with Image.open(io.BytesIO(raw), formats=FORMATS) as picture:
            return _square(picture, size)
    except Unreadable:
        raise
    except MemoryError:
        raise Passing(NO_ROOM) from None
    except Image.DecompressionBombError:
        raise Unreadable(_too_large(raw)) from None
    except PIL.UnidentifiedImageError:
        raise Unreadable("is not a picture, or its header is damaged") from None
    except Exception as error:  # Pillow's readers raise nearly anything on damaged bytes: struct.error, IndexError, …
        if "out of memory" in str(error):  # its decoders' own MemoryError, an OSError
            raise Passing(NO_ROOM) from None
        what = "is truncated" if "truncated" in str(error) else f"is damaged ({printable(str(error))[:80]})"
        raise Unreadable(what) from None


def _too_large(raw: bytes) -> str:
    for name in FORMATS:  # the plugin alone mostly reads the header without judging it
        factory, accept = Image.OPEN[name]
        if accept is None or accept(raw[:16]):
            with suppress(Exception), factory(io.BytesIO(raw), "") as picture:
                return _more_than(picture)
    return f"has more than {MOST_PIXELS:,} pixels"


def _more_than(picture: Image.Image) -> str:
    return f"{picture.width} x {picture.height} pixels is more than {MOST_PIXELS:,}"


def _square(picture: Image.Image, size: int) -> Squares:
    pixels = picture.width * picture.height
    if pixels > MOST_PIXELS:
        raise Unreadable(_more_than(picture))
    picture.draft("RGB", (2 * size, 2 * size))  # JPEG: decode at 1/2, 1/4 or 1/8, but never below twice the size
    with _one_large if pixels > LARGE_PICTURE else nullcontext():
        picture.load()
        small = _resize(_to_rgb(picture), size)
    turn = TURNS.get(_orientation(picture))
    upright = small if turn is None else small.transpose(turn)
    return np.asarray(_on_white(upright))


def _orientation(picture: Image.Image) -> int:
    """The EXIF orientation; asked after loading, since Pillow itself turns TIFFs, and PNGs may say it at the end."""
    try:
        return int(picture.getexif().get(0x0112, 1))
    except MemoryError:  # whole metadata, perhaps
        raise
    except Exception:  # damaged metadata is no reason to lose a picture
        return 1


def _resize(picture: Image.Image, size: int) -> Image.Image:
    if FIT == "crop":
        return ImageOps.fit(picture, (size, size), Image.Resampling.BICUBIC)
    return picture.resize((size, size), Image.Resampling.BICUBIC, reducing_gap=3.0)


def _to_rgb(picture: Image.Image) -> Image.Image:
    """The picture in a mode that can be resized: L, RGB or RGBA."""
    if picture.mode.startswith(("I", "F")):
        return Image.fromarray(_eight_bits(np.asarray(picture)))
    if picture.has_transparency_data:
        return picture.convert("RGBA")
    return picture if picture.mode in ("L", "RGB") else picture.convert("RGB")


def _eight_bits(grey: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> Squares:
    """Grey values (h, w) of 16 or 32 bits, or fractions, as bytes; their scale is 1, 255 or 65,535."""
    full = 65_535.0 if grey.dtype.itemsize == 2 else _scale(np.nan_to_num(grey.astype(np.float64)))
    scaled = np.nan_to_num(grey.astype(np.float32)) * np.float32(255 / full)
    out: Squares = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
    return out


def _scale(grey: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    largest = float(grey.max(initial=0))
    scales = (1.0, 255.0, 65_535.0) if np.any(grey % 1) else (255.0, 65_535.0)
    return next((scale for scale in scales if largest <= scale), largest)


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture.convert("RGB")
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture).convert("RGB")
