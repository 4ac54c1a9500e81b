"""Features are computed once: cached by what the pictures hold, who embeds them, and with which settings."""

import dataclasses
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import PIL
import sklearn

from nextlabel.datasets.base import Pictures
from nextlabel.embedders.base import Embedder, Features, Fits, Report
from nextlabel.files import cache
from nextlabel.pool import Floats
from nextlabel.progress import Progress, quiet

MADE_WITH = (np.__version__, sklearn.__version__, PIL.__version__)  # other versions may round otherwise


def cached(name: str, embedder: Embedder, pictures: Pictures, progress: Progress = quiet) -> Features:
    """The features of all pictures, from the cache or computed and put there.

    What was fitted lies beside them, in a .npz of the same name; without it, features count as damaged.
    """
    settings = {"name": name, "settings": _settings(embedder), "version": embedder.version}
    path = features_path(settings, pictures)
    array, fitted = cache.read_array(path), read_fits(path)
    if array is None or fitted is None or len(array) != len(pictures.digests):
        array, fitted = _computed(path, embedder, pictures, progress)
    return Features(array, path, settings | {"transductive": embedder.transductive, "d": int(array.shape[1])})


def _settings(embedder: Embedder) -> dict[str, Any]:
    """The fields of an embedder that are settings, as JSON gives them back."""
    words = {field.name: getattr(embedder, field.name) for field in dataclasses.fields(embedder) if field.repr}
    plain: dict[str, Any] = json.loads(json.dumps(words))
    return plain


def features_path(settings: Mapping[str, Any], pictures: Pictures) -> Path:
    """Where the features of these pictures, in this order, with these settings, are cached."""
    words = (json.dumps(settings, sort_keys=True), pictures.version, *MADE_WITH, *pictures.digests)
    kind = str(settings["name"]).partition(":")[0]  # what follows may be any file's name
    return cache.folder() / f"features-{kind}-{cache.key(*words)}.npy"


def read_fits(path: Path) -> Fits | None:
    """What was fitted for the features in ``path``, or None where that is lost or damaged."""
    try:
        with path.with_suffix(".npz").open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            return dict(file)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        return None


def _computed(path: Path, embedder: Embedder, pictures: Pictures, progress: Progress) -> tuple[Floats, Fits]:
    squares = pictures.squares(embedder.size, progress)
    features, fitted = embedder.embed(squares, _adding(progress, len(squares)))
    saved, arrays = io.BytesIO(), dict[str, Any](fitted)
    np.savez(saved, **arrays)
    cache.write_bytes(path.with_suffix(".npz"), saved.getvalue())
    return cache.write_array(path, np.asarray(features, dtype=np.float32)), fitted


def _adding(progress: Progress, total: int) -> Report:
    done = 0

    def report(more: int) -> None:
        nonlocal done
        done += more
        progress("Embedding pictures", done, total)

    return report
