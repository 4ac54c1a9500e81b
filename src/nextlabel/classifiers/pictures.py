"""Pictures as a classifier sees them: decoded block by block on all cores, embedded with what training fitted.

Only one block of squares is held. Features are kept by digest, as everywhere, so a second look only hashes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

import numpy as np

from nextlabel.datasets.base import Dataset, Pictures, Sink
from nextlabel.datasets.decoding import VERSION
from nextlabel.datasets.greys import Scales, find_scales
from nextlabel.datasets.pictures import PICTURES_IN_FLIGHT, File, FolderPictures, Reading, read_all
from nextlabel.embedders.base import Embedder, Features32, Fits, Report
from nextlabel.embedders.cache import Embedding, kept_features
from nextlabel.files.keyed import KeyedRows, RowLookup
from nextlabel.progress import Progress, quiet

LOOKING = "Looking at pictures"


class Seen(NamedTuple):
    """Some pictures: a reading of each, without its square, and features (m, d) of those that could be read."""

    readings: Sequence[Reading]
    features: Features32


@dataclass(frozen=True)
class PictureInput:
    """How pictures become features: an embedder, what it was fitted to in training, and the scales of deep pictures.

    ``name`` is the embedder's in the table; ``decoding`` how the pictures of the training were decoded and resized;
    ``model`` the bytes of an ONNX model, where the embedder is one in a file.
    """

    name: str
    embedder: Embedder
    fits: Fits
    scales: Scales = field(default_factory=dict)
    decoding: str = VERSION
    model: bytes | None = None

    def look(self, files: Sequence[File], progress: Progress = quiet) -> Iterator[Seen]:
        """Files in order, some at a time; one that cannot be read has a reason instead of features."""
        rows = self._rows()
        kept = RowLookup(rows)
        readings = read_all(files, self.embedder.size, dict.fromkeys(kept), quiet, self.scales)
        for start in range(0, len(files), PICTURES_IN_FLIGHT):
            some = files[start : start + PICTURES_IN_FLIGHT]
            read = [self._settle(file, one, kept) for file, one in zip(some, islice(readings, len(some)), strict=True)]
            features, new = self._features(read, kept, report_to(progress, start, len(files)))
            if new:
                rows.add([digest for digest, _ in new], np.stack([row for _, row in new]))
            progress(LOOKING, start + len(some), len(files))
            yield Seen([one._replace(square=None) for one in read], features)

    def sink(self, dataset: Dataset) -> Sink | None:
        """Who embeds the labelled pictures of a folder while they are read, so that `look` need not decode them."""
        if dataset.pictures is None:
            return None
        return Embedding(self.embedder, self._rows(), len(dataset), np.flatnonzero(dataset.y >= 0), self.fits)

    def _rows(self) -> KeyedRows:
        return kept_features(self.name, self.embedder, VERSION, self.fits)

    def look_at(self, pictures: Pictures, ids: Sequence[int], progress: Progress = quiet) -> Iterator[Seen]:
        """Pictures of a dataset, in the order of ``ids``; from their files, where they lie in any."""
        if isinstance(pictures, FolderPictures):
            yield from self.look([pictures.files[i] for i in ids], progress)
            return
        done = 0
        for some, squares in pictures.blocks(self.embedder.size, ids):
            done += len(some)
            readings = [Reading(pictures.digests[i]) for i in some]
            yield Seen(readings, self.embedder.transform(squares, self.fits))
            progress(LOOKING, done, len(ids))

    def _settle(self, file: File, reading: Reading, kept: RowLookup) -> Reading:
        """A reading that has a square, a reason, or features that are kept and whole."""
        size, scales = self.embedder.size, self.scales
        if reading.sketch is not None:  # greys of a kind that training had none of: this picture is its own folder
            return next(read_all([file], size, {}, quiet, find_scales([reading.sketch])))
        if reading.reason is None and reading.square is None and kept.row(reading.digest or "") is None:
            return next(read_all([file], size, {}, quiet, scales))  # what was kept is damaged
        return reading

    def _features(
        self, readings: Sequence[Reading], kept: RowLookup, report: Report
    ) -> tuple[Features32, list[tuple[str, Features32]]]:
        """Features (m, d) of what could be read, and those that were not kept yet, by digest."""
        squares = [one.square for one in readings if one.square is not None]
        computed: Iterator[Features32] = iter(
            self.embedder.transform(np.stack(squares), self.fits, report) if squares else ()
        )
        found = list[Features32]()
        new = list[tuple[str, Features32]]()
        for one in readings:
            if one.square is not None:
                found.append(np.asarray(next(computed), np.float32))
                new.append((one.digest or "", found[-1]))
            elif one.reason is None and (row := kept.row(one.digest or "")) is not None:
                found.append(row)
        return np.array(found, dtype=np.float32), new  # (m, d), or (0,) where nothing can be read


def report_to(progress: Progress, start: int, total: int) -> Report:
    """What tells ``progress`` of pictures that are newly done, from ``start`` on."""
    done = start

    def report(more: int) -> None:
        nonlocal done
        done += more
        progress(LOOKING, done, total)

    return report
