"""Opening samples and making vectors of them: what is chosen from, and what a receipt is written by."""

import warnings
from collections.abc import Sequence

import numpy as np

from nextlabel.embedders import embed, sink
from nextlabel.embedders.base import Features
from nextlabel.labelling.past import World
from nextlabel.labelling.settings import Settings
from nextlabel.labelling.sources import Opening, Source
from nextlabel.progress import Progress
from nextlabel.store import Sample


def read_world(
    source: Source, settings: Settings, samples: Sequence[Sample], progress: Progress
) -> tuple[World, Opening, Features]:
    """Open and embed samples that are there; those that cannot be read are in no world."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what an embedder is, the page says itself
        opener = sink(settings.embedder) if source.kind == "picture" else None
        opening = source.read([(one.id, one.path) for one in samples], opener, progress)
        features = embed(opening.dataset, settings.embedder, progress)
    draws = {one.id: one.draw for one in samples}
    return World(opening.ids, features.array, np.array([draws[i] for i in opening.ids.tolist()])), opening, features
