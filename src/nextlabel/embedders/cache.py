"""Features are computed once: kept per picture, by what it holds, who embeds it, and with which settings.

For an embedder that is fitted to all pictures of a dataset, what they hold, together, is one of the settings: one
picture more is another fit, and all vectors are computed anew.
"""

import dataclasses
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import PIL
import sklearn

from nextlabel.datasets.base import Dataset, Pictures, Sink, Squares
from nextlabel.datasets.pictures import kept_squares
from nextlabel.embedders.base import NO_FITS, Embedder, Features, Features32, Fits, Report, Transductive
from nextlabel.embedders.reduction import Reduced
from nextlabel.files import cache
from nextlabel.files.arrays import Array
from nextlabel.files.keyed import MOST_BLOCKS, STEP, Compute, KeyedRows, Places
from nextlabel.pool import Floats
from nextlabel.progress import Progress, quiet

LIBRARY_VERSIONS = (np.__version__, sklearn.__version__, PIL.__version__)  # other versions may round otherwise


def embed_cached(name: str, embedder: Embedder, pictures: Pictures, progress: Progress = quiet) -> Features:
    """The features of all pictures, in one file: what is kept of them already, and the rest computed now."""
    settings = _describe(name, embedder)
    transductive = isinstance(embedder, Transductive)
    rows = _read_fits(settings, pictures, fitted_to=pictures.digests if transductive else ())
    if isinstance(embedder, Transductive):
        array = _fit(rows, lambda: _fit_anew(name, embedder, pictures, progress), pictures)
    else:
        array = rows.assemble(pictures.digests, _computing(embedder, pictures, progress))
    about = settings | {"transductive": transductive, "d": int(array.shape[1])}
    return Features(rows.path(pictures.digests), about)


class Keeping:
    """A sink of pictures that keeps their squares, for whoever has to see all of them at once, or again and again.

    ``count`` is how many there may be: rows are written in few files, since each stays open while they are gathered.
    """

    def __init__(self, size: int, rows: KeyedRows, count: int) -> None:
        self.size, self.rows, self.room = size, rows, max(STEP, -(-count // MOST_BLOCKS))
        self.digests, self.waiting = list[str](), list[Array]()

    def known(self) -> Iterator[str]:
        """The digests of all whose rows are kept."""
        return self.rows.known()

    def take(self, digests: Sequence[str], squares: Squares) -> None:
        """Make rows of pictures (m, size, size, 3), and keep them when there are enough for a file."""
        self.waiting.append(self.make_rows(squares))
        self.digests += digests
        if len(self.digests) >= self.room:
            self.flush()

    def flush(self) -> None:
        """Write down what is waiting."""
        if self.digests:
            self.rows.add(self.digests, np.concatenate(self.waiting))
            self.digests, self.waiting = [], []

    def make_rows(self, squares: Squares) -> Array:
        """The squares themselves."""
        return squares


class Embedding(Keeping):
    """A sink of pictures that embeds them as they come, and keeps their vectors alone."""

    def __init__(self, embedder: Embedder, rows: KeyedRows, count: int) -> None:
        super().__init__(embedder.size, rows, count)
        self.embedder = embedder

    def make_rows(self, squares: Squares) -> Array:
        """Their vectors."""
        return np.asarray(self.embedder.transform(squares, NO_FITS), dtype=np.float32)


def sink_of(name: str, embedder: Embedder, dataset: Dataset) -> Sink:
    """Who takes the pictures of a folder while they are read, so that each is decoded once."""
    assert dataset.pictures is not None, "who shows samples before they are read has pictures"
    if isinstance(embedder, Reduced):
        return sink_of(name, embedder.base, dataset)
    if isinstance(embedder, Transductive):
        return Keeping(embedder.size, kept_squares(cache.folder(), embedder.size), len(dataset))
    return Embedding(embedder, _read_fits(_describe(name, embedder), dataset.pictures, ()), len(dataset))


def _describe(name: str, embedder: Embedder) -> dict[str, Any]:
    return {"name": name, "settings": _settings_of(embedder), "version": embedder.version}


def _settings_of(embedder: Embedder) -> dict[str, Any]:
    """The fields of an embedder that are settings, as JSON gives them back."""
    words = {field.name: getattr(embedder, field.name) for field in dataclasses.fields(embedder) if field.repr}
    plain: dict[str, Any] = json.loads(json.dumps(words))
    return _settings_of(embedder.base) | plain if isinstance(embedder, Reduced) else plain


def _read_fits(settings: Mapping[str, Any], pictures: Pictures, fitted_to: Sequence[str]) -> KeyedRows:
    """The vectors of all pictures that were ever embedded in this way."""
    kind = re.split("[:(]", str(settings["name"]))[0]  # what follows may be any file's name
    # Options behind a name are settings, too, however they were written.
    words = (json.dumps({**settings, "name": kind}, sort_keys=True), pictures.version, *LIBRARY_VERSIONS, *fitted_to)
    return KeyedRows(cache.folder(), f"features-{kind}-{cache.key(*words)}")


def _computing(embedder: Embedder, pictures: Pictures, progress: Progress) -> Compute:
    """What embeds the pictures whose vectors lack, block by block; each is decoded once, and its square not kept."""

    def compute(ids: Places) -> Iterator[tuple[Places, Floats]]:
        report = _adding(progress, len(ids))
        for some, squares in pictures.blocks(embedder.size, ids):
            yield some, np.asarray(embedder.transform(squares, NO_FITS, report), dtype=np.float32)

    return compute


def _fit(rows: KeyedRows, compute: Callable[[], tuple[Floats, Fits]], pictures: Pictures) -> Floats:
    """Features of an embedder that is fitted to just these pictures; without what was fitted, they count as damaged."""
    path, array = rows.path(pictures.digests), rows.whole(pictures.digests)
    if array is None or read_fits(path) is None:
        features, fits = compute()
        saved, arrays = io.BytesIO(), dict[str, Any](fits)
        np.savez(saved, **arrays)
        cache.write_bytes(path.with_suffix(".npz"), saved.getvalue())
        array = rows.write(pictures.digests, np.asarray(features, dtype=np.float32))
    return array


def _fit_anew(name: str, embedder: Transductive, pictures: Pictures, progress: Progress) -> tuple[Features32, Fits]:
    """Features and fits; of vectors that are kept by picture, where the embedder reduces those of another."""
    if isinstance(embedder, Reduced):
        return embedder.reduce(embed_cached(name, embedder.base, pictures, progress).array)
    squares = pictures.squares(embedder.size, progress)
    return embedder.fit_transform(squares, _adding(progress, len(squares)))


def read_fits(path: Path) -> Fits | None:
    """What was fitted for the features of a transductive embedder in ``path``; None where that is lost or damaged."""
    try:
        with path.with_suffix(".npz").open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            return dict(file)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        return None


def _adding(progress: Progress, total: int) -> Report:
    done = 0

    def report(more: int) -> None:
        nonlocal done
        done += more
        progress("Embedding pictures", done, total)

    return report
