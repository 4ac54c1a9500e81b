"""Features are computed once: kept per picture, by what it holds, who embeds it, and with which settings.

For an embedder that is fitted to all pictures of a dataset, what they hold, together, is one of the settings: one
picture more is another fit, and all vectors are computed anew.
"""

import dataclasses
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import PIL
import sklearn

from nextlabel.datasets.base import Pictures
from nextlabel.embedders.base import NO_FITS, Embedder, Features, Fits, Report, Transductive
from nextlabel.files import cache
from nextlabel.files.arrays import digest
from nextlabel.files.keyed import Compute, KeyedRows, Places
from nextlabel.pool import Floats
from nextlabel.progress import Progress, quiet

LIBRARY_VERSIONS = (np.__version__, sklearn.__version__, PIL.__version__)  # other versions may round otherwise


def embed_cached(name: str, embedder: Embedder, pictures: Pictures, progress: Progress = quiet) -> Features:
    """The features of all pictures, in one file: what is kept of them already, and the rest computed now."""
    settings = {"name": name, "settings": settings_of(embedder), "version": embedder.version}
    transductive = isinstance(embedder, Transductive)
    rows = _kept_rows(settings, pictures.version, fitted_to=pictures.digests if transductive else ())
    if isinstance(embedder, Transductive):
        array = _fit(rows, embedder, pictures, progress)
    else:
        array = rows.assemble(pictures.digests, _computing(embedder, pictures, progress))
    about = settings | {"transductive": transductive, "d": int(array.shape[1])}
    return Features(rows.path(pictures.digests), about)


def settings_of(embedder: Embedder) -> dict[str, Any]:
    """The fields of an embedder that are settings, as JSON gives them back."""
    words = {field.name: getattr(embedder, field.name) for field in dataclasses.fields(embedder) if field.repr}
    plain: dict[str, Any] = json.loads(json.dumps(words))
    return plain


def kept_features(name: str, embedder: Embedder, version: str, fits: Fits) -> KeyedRows:
    """The vectors of all pictures, decoded as ``version`` says, that were ever transformed with these ``fits``."""
    settings = {"name": name, "settings": settings_of(embedder), "version": embedder.version}
    return _kept_rows(settings, version, [digest(fits[what]) for what in sorted(fits)])


def _kept_rows(settings: Mapping[str, Any], version: str, fitted_to: Sequence[str]) -> KeyedRows:
    """The vectors of all pictures that were ever embedded in this way."""
    kind = re.split("[:(]", str(settings["name"]))[0]  # what follows may be any file's name
    # Options behind a name are settings, too, however they were written.
    words = (json.dumps({**settings, "name": kind}, sort_keys=True), version, *LIBRARY_VERSIONS, *fitted_to)
    return KeyedRows(cache.folder(), f"features-{kind}-{cache.key(*words)}")


def _computing(embedder: Embedder, pictures: Pictures, progress: Progress) -> Compute:
    """What embeds the pictures whose vectors lack, block by block; each is decoded once, and its square not kept."""

    def compute(ids: Places) -> Iterator[tuple[Places, Floats]]:
        report = _adding(progress, len(ids))
        for some, squares in pictures.blocks(embedder.size, ids):
            yield some, np.asarray(embedder.transform(squares, NO_FITS, report), dtype=np.float32)

    return compute


def _fit(rows: KeyedRows, embedder: Transductive, pictures: Pictures, progress: Progress) -> Floats:
    """Features of an embedder that is fitted to just these pictures; without what was fitted, they count as damaged."""
    path, array = rows.path(pictures.digests), rows.whole(pictures.digests)
    if array is None or read_fits(path) is None:
        squares = pictures.squares(embedder.size, progress)
        features, fits = embedder.fit_transform(squares, _adding(progress, len(squares)))
        saved, arrays = io.BytesIO(), dict[str, Any](fits)
        np.savez(saved, **arrays)
        cache.write_bytes(path.with_suffix(".npz"), saved.getvalue())
        array = rows.write(pictures.digests, np.asarray(features, dtype=np.float32))
    return array


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
