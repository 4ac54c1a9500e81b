"""Opening samples and making vectors of them: what is chosen from, and what a receipt is written by.

An embedder that is fitted to samples is fitted once, on the strategy's side, and kept in the project: else each file
that joins would give all samples other vectors, and nobody could prove what was chosen by the old ones.
"""

import io
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nextlabel.datasets.base import Dataset
from nextlabel.embedders import default, embed, embedder, sink
from nextlabel.embedders.base import Features, Fits, Transductive
from nextlabel.embedders.fitted import embed_fitted, fit
from nextlabel.files.atomic import write_atomically
from nextlabel.labelling.past import World
from nextlabel.labelling.settings import Settings
from nextlabel.labelling.sources import Opening, Source
from nextlabel.pool import Floats
from nextlabel.progress import Progress
from nextlabel.store import Sample

FILE = "fits.npz"
NAME = "embedder"  # in that file: whose fits they are


def read_world(
    source: Source, settings: Settings, home: Path, samples: Sequence[Sample], progress: Progress
) -> tuple[World, Opening, Features]:
    """Open and embed samples that are there; those that cannot be read are in no world."""
    draws = {one.id: one.draw for one in samples}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what an embedder is, the page says itself
        opener = sink(settings.embedder) if source.kind == "picture" else None
        opening = source.read([(one.id, one.path) for one in samples], opener, progress)
        places = np.array([draws[i] for i in opening.ids.tolist()])
        features = _embed(opening.dataset, settings, home / FILE, places, progress)
    return World(opening.ids, features.array, places), opening, features


def _embed(dataset: Dataset, settings: Settings, path: Path, places: Floats, progress: Progress) -> Features:
    name = settings.embedder or default(dataset)
    made = embedder(name)(dataset)
    if not isinstance(made, Transductive):
        return embed(dataset, settings.embedder, progress)
    fits = read_fits(path, name)
    if fits is None:
        order = np.argsort(places, kind="stable")
        own = order[places[order] >= settings.side]
        fits = fit(name, made, dataset, own if len(own) else order, progress)
        write_fits(path, name, fits)
    return embed_fitted(name, made, dataset, fits, progress)


def read_fits(path: Path, name: str) -> Fits | None:
    """What the embedder of that name was fitted to; None where there is no such file, or it is damaged."""
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            found = dict(file)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        return None
    return found if str(found.pop(NAME, "")) == name else None


def write_fits(path: Path, name: str, fits: Fits) -> None:
    """Keep what an embedder was fitted to."""
    saved = io.BytesIO()
    np.savez(saved, **{NAME: np.array(name)}, **fits)  # type: ignore[arg-type]
    write_atomically(path, saved.getvalue())
