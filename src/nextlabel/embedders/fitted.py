"""Embedding with what was fitted before: a sample that joins is transformed, and moves nobody else's vector.

fits = fit(made, dataset, rows, quiet)                  # once, and kept by whoever wants the same vectors again
features = embed_fitted("patches", made, dataset, fits, quiet)
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from nextlabel.datasets.base import Dataset, Squares
from nextlabel.embedders.base import Features, Fits, Strings, Transductive
from nextlabel.embedders.cache import embed_cached, kept_features, source_of, transforming
from nextlabel.embedders.reduction import Reduced, find_axes, settings_of
from nextlabel.files.keyed import Places
from nextlabel.pool import Floats, Ids
from nextlabel.progress import Progress

MOST = 5_000  # samples that are looked at to fit: more hardly change what is learned


def fit(name: str, made: Transductive[Any], dataset: Dataset, rows: Ids, progress: Progress) -> Fits:
    """What an embedder learns from ``rows`` (n,) of a dataset, the first of them where they are many."""
    some = np.sort(rows[:MOST])
    if isinstance(made, Reduced):
        return find_axes(_vectors(name, made, dataset, progress)[some], made.dims)
    blocks = [block for _, block in source_of(made, dataset).blocks(some.tolist())]
    progress("Learning what pictures or texts are made of", 0, 0)
    return made.fit(_join(blocks))


def embed_fitted(name: str, made: Transductive[Any], dataset: Dataset, fits: Fits, progress: Progress) -> Features:
    """The dataset as vectors by an embedder that was fitted before; each is computed once, and kept."""
    source = source_of(made, dataset)
    kept = kept_features(name, made, source.version, fits)
    if isinstance(made, Reduced):
        vectors, reduced = _vectors(name, made, dataset, progress), made

        def project(ids: Places) -> Iterator[tuple[Places, Floats]]:
            yield ids, reduced.project(vectors[ids], fits)

        array = kept.assemble(source.digests, project)
    else:
        array = kept.assemble(source.digests, transforming(made, source, progress, fits))
    about = {"name": name, "settings": settings_of(made), "version": made.version}
    return Features(kept.path(source.digests), about | {"transductive": True, "d": int(array.shape[1])})


def _vectors(name: str, made: Reduced, dataset: Dataset, progress: Progress) -> Floats:
    assert dataset.pictures is not None, "only pictures' vectors are reduced"
    return embed_cached(name, made.base, dataset.pictures, progress).array


def _join(blocks: list[Any]) -> Squares | Strings:
    if isinstance(blocks[0], np.ndarray):
        return np.concatenate(blocks)
    return [text for block in blocks for text in block]
