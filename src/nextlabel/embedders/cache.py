"""Features are computed once: kept per sample, by what it holds, who embeds it, and with which settings.

For an embedder that is fitted to all samples of a dataset, what they hold, together, is one of the settings: one
sample more is another fit, and all vectors are computed anew.
"""

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import PIL
import sklearn

from nextlabel.datasets.base import Dataset, Pictures, Sink, Squares
from nextlabel.datasets.pictures import File, FolderPictures, Reading, kept_squares, refuse_changed
from nextlabel.datasets.texts import Texts
from nextlabel.embedders.base import (
    NO_FITS,
    Embedder,
    Features,
    Features32,
    Fits,
    Learner,
    Report,
    Strings,
    TextEmbedder,
    Transductive,
)
from nextlabel.embedders.blocks import EmbedBlock, check_reach, cut
from nextlabel.embedders.reduction import Reduced, settings_of
from nextlabel.engines import Team
from nextlabel.files import cache
from nextlabel.files.arrays import Array, digest
from nextlabel.files.keyed import MOST_BLOCKS, STEP, Compute, KeyedRows, Places
from nextlabel.pool import Floats, Ids
from nextlabel.progress import Progress, quiet

T = TypeVar("T")  # samples of one kind, as an embedder takes them
Out = TypeVar("Out", covariant=True)  # the same, where they are only given out
Fitted = tuple[Features32, Fits]
LIBRARY_VERSIONS = (np.__version__, sklearn.__version__, PIL.__version__)  # other versions may round otherwise


class Source(Protocol[Out]):
    """Samples as an embedder takes them: pictures of its size, or texts."""

    @property
    def digests(self) -> Sequence[str]: ...

    @property
    def version(self) -> str: ...

    def blocks(self, ids: Places) -> Iterable[tuple[Places, Out]]:
        """Those with these ids, some at a time, in the order of ``ids``."""

    def whole(self, progress: Progress) -> Out:
        """All of them, by id."""


@dataclass(frozen=True)
class _Sized:
    """Pictures in the size of one embedder."""

    pictures: Pictures
    size: int

    @property
    def digests(self) -> Sequence[str]:
        return self.pictures.digests

    @property
    def version(self) -> str:
        return self.pictures.version

    def blocks(self, ids: Places) -> Iterable[tuple[Places, Squares]]:
        return self.pictures.blocks(self.size, ids)

    def whole(self, progress: Progress) -> Squares:
        return self.pictures.squares(self.size, progress)


@dataclass(frozen=True)
class _Written:
    """Texts as they are."""

    texts: Texts

    @property
    def digests(self) -> Sequence[str]:
        return self.texts.digests

    @property
    def version(self) -> str:
        return f"texts {self.texts.version}"

    def blocks(self, ids: Places) -> Iterable[tuple[Places, Strings]]:
        return self.texts.blocks(ids)

    def whole(self, progress: Progress) -> Strings:
        return [self.texts[i] for i in range(len(self.texts))]


def embed_cached(
    name: str, embedder: Embedder, pictures: Pictures, progress: Progress = quiet, team: Team | None = None
) -> Features:
    """The features of all pictures, in one file: what is kept of them already, and the rest computed now.

    By a ``team``, where there is one, unless the embedder has to see all pictures, or they lie in no files.
    """
    source = _Sized(pictures, embedder.size)
    if isinstance(embedder, Reduced):
        base = embedder.base
        return _embed(
            name,
            embedder,
            source,
            progress,
            lambda: embedder.reduce(embed_cached(name, base, pictures, progress, team).array),
        )
    if team is not None and isinstance(pictures, FolderPictures) and not isinstance(embedder, Transductive):
        return _embed(name, embedder, source, progress, by_blocks=embedding_by(team, embedder, pictures, progress))
    return _embed(name, embedder, source, progress)


def embed_texts_cached(name: str, embedder: TextEmbedder, texts: Texts, progress: Progress = quiet) -> Features:
    """The same of texts."""
    return _embed(name, embedder, _Written(texts), progress)


def _embed(
    name: str,
    embedder: Learner[T],
    source: Source[T],
    progress: Progress,
    compute: Callable[[], Fitted] | None = None,
    by_blocks: Compute | None = None,
) -> Features:
    settings = _describe(name, embedder)
    transductive = isinstance(embedder, Transductive)
    rows = _kept_rows(settings, source.version, fitted_to=source.digests if transductive else ())
    if isinstance(embedder, Transductive):
        array = _fit(rows, compute or (lambda: _fit_anew(embedder, source, progress)), source.digests)
    else:
        array = rows.assemble(source.digests, by_blocks or transforming(embedder, source, progress))
    about = settings | {"transductive": transductive, "d": int(array.shape[1])}
    return Features(rows.path(source.digests), about)


class Keeping:
    """A sink of pictures that keeps their squares, for whoever has to see all of them at once, or again and again.

    ``count`` is how many there may be: rows are written in few files, since each stays open while they are gathered.
    ``subset`` ids of those that it takes; None: all.
    """

    def __init__(self, size: int, rows: KeyedRows, count: int, subset: Ids | None = None) -> None:
        self.size, self.rows, self.subset = size, rows, subset
        self.room = max(STEP, -(-(count if subset is None else len(subset)) // MOST_BLOCKS))
        self.digests, self.waiting = list[str](), list[Array]()

    def keys(self) -> Iterator[str]:
        """The digests of all whose rows are kept."""
        return self.rows.keys()

    def take(self, digests: Sequence[str], squares: Squares) -> None:
        """Make rows of pictures (m, size, size, 3), and keep them when there are enough for a file."""
        self.keep(digests, self.make_rows(squares))

    def keep(self, digests: Sequence[str], rows: Array) -> None:
        """Keep rows (m, …) when there are enough for a file."""
        self.waiting.append(rows)
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
    """A sink of pictures that embeds them as they come, with what was fitted, and keeps their vectors alone."""

    def __init__(
        self, embedder: Embedder, rows: KeyedRows, count: int, subset: Ids | None = None, fits: Fits = NO_FITS
    ) -> None:
        super().__init__(embedder.size, rows, count, subset)
        self.embedder, self.fits = embedder, fits

    def make_rows(self, squares: Squares) -> Array:
        """Their vectors."""
        return np.asarray(self.embedder.transform(squares, self.fits), dtype=np.float32)


class TeamEmbedding(Embedding):
    """A sink that has pictures read and embedded by a team, block by block, and keeps the vectors that come back."""

    def __init__(
        self, embedder: Embedder, rows: KeyedRows, count: int, subset: Ids | None = None, *, team: Team
    ) -> None:
        super().__init__(embedder, rows, count, subset)
        self.team = team

    def read(self, files: Sequence[File], progress: Progress) -> Iterator[tuple[int, Reading]]:
        """The reading of each file, by its place, as they come."""
        work = EmbedBlock(self.embedder, self.team.threads, known=self.rows, settings=settings_of(self.embedder))
        report = _adding(progress, len(files))
        check_reach(self.team, files)
        try:
            for block, made in self.team.run(work, cut(enumerate(files), len(files), self.team.at_once)):
                if made.vectors is not None:
                    self.keep(made.digests, made.vectors)
                report(len(block.places))
                yield from zip(block.places, made.readings, strict=True)
        finally:
            self.flush()


def sink_of(
    name: str, embedder: Embedder, dataset: Dataset, subset: Ids | None = None, team: Team | None = None
) -> Sink:
    """Who takes the pictures of a folder while they are read, so that each is decoded once.

    ``subset`` are the ids of those that will be asked for; an embedder that is fitted to all takes all. A ``team``
    reads and embeds by itself.
    """
    assert dataset.pictures is not None, "who shows samples before they are read has pictures"
    if isinstance(embedder, Reduced):
        return sink_of(name, embedder.base, dataset, team=team)
    if isinstance(embedder, Transductive):
        return Keeping(embedder.size, kept_squares(cache.folder(), embedder.size), len(dataset))
    rows = _kept_rows(_describe(name, embedder), dataset.pictures.version, ())
    if team is not None:
        return TeamEmbedding(embedder, rows, len(dataset), subset, team=team)
    return Embedding(embedder, rows, len(dataset), subset)


def _describe(name: str, embedder: Learner[Any]) -> dict[str, Any]:
    return {"name": name, "settings": settings_of(embedder), "version": embedder.version}


def kept_features(name: str, embedder: Learner[Any], version: str, fits: Fits) -> KeyedRows:
    """The vectors of all samples, read as ``version`` says, that were ever transformed with these ``fits``."""
    return _kept_rows(_describe(name, embedder), version, [digest(fits[what]) for what in sorted(fits)])


def _kept_rows(settings: Mapping[str, Any], version: str, fitted_to: Sequence[str]) -> KeyedRows:
    """The vectors of all samples that were ever embedded in this way."""
    kind = re.split("[:(]", str(settings["name"]))[0]  # what follows may be any file's name
    # Options behind a name are settings, too, however they were written.
    words = (json.dumps({**settings, "name": kind}, sort_keys=True), version, *LIBRARY_VERSIONS, *fitted_to)
    return KeyedRows(cache.folder(), f"features-{kind}-{cache.key(*words)}")


def source_of(embedder: Learner[Any], dataset: Dataset) -> Source[Any]:
    """The samples of a dataset as an embedder takes them."""
    if dataset.texts is not None:
        return _Written(dataset.texts)
    assert dataset.pictures is not None, "a table has features already"
    return _Sized(dataset.pictures, embedder.size)  # type: ignore[attr-defined]


def transforming(embedder: Learner[T], source: Source[T], progress: Progress, fits: Fits = NO_FITS) -> Compute:
    """What embeds the samples whose vectors lack, block by block; each is read once, and not kept."""

    def compute(ids: Places) -> Iterator[tuple[Places, Floats]]:
        report = _adding(progress, len(ids))
        for some, samples in source.blocks(ids):
            yield some, np.asarray(embedder.transform(samples, fits, report), dtype=np.float32)

    return compute


def embedding_by(team: Team, embedder: Embedder, pictures: FolderPictures, progress: Progress) -> Compute:
    """The same of pictures in files, by a team; raises `BadData` where one is no longer what it was."""

    def compute(ids: Places) -> Iterator[tuple[Places, Floats]]:
        work = EmbedBlock(embedder, team.threads, scales=pictures.scales, settings=settings_of(embedder))
        report, changed = _adding(progress, len(ids)), list[File]()
        check_reach(team, [pictures.files[i] for i in ids[:1]])
        for block, made in team.run(work, cut(((i, pictures.files[i]) for i in ids), len(ids), team.at_once)):
            rows = {} if made.vectors is None else dict(zip(made.digests, made.vectors, strict=True))
            good = [i for i in block.places if pictures.digests[i] in rows]
            changed += [file for i, file in zip(*block, strict=True) if pictures.digests[i] not in rows]
            report(len(block.places))
            if good:
                yield good, np.stack([rows[pictures.digests[i]] for i in good])
        refuse_changed(changed)

    return compute


def _fit(rows: KeyedRows, compute: Callable[[], Fitted], digests: Sequence[str]) -> Floats:
    """Features of an embedder that is fitted to just these samples; without what was fitted, they count as damaged."""
    path, array = rows.path(digests), rows.whole(digests)
    if array is None or read_fits(path) is None:
        features, fits = compute()
        saved, arrays = io.BytesIO(), dict[str, Any](fits)
        np.savez(saved, **arrays)
        cache.write_bytes(path.with_suffix(".npz"), saved.getvalue())
        array = rows.write(digests, np.asarray(features, dtype=np.float32))
    return array


def _fit_anew(embedder: Transductive[T], source: Source[T], progress: Progress) -> Fitted:
    return embedder.fit_transform(source.whole(progress), _adding(progress, len(source.digests)))


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
        progress("Embedding", done, total)

    return report
