"""Splits in files: what a run keeps of its own, and a published protocol's.

An id is a sample's place among those that were read, so it means another sample as soon as a picture joins the folder.
Hence samples that have paths are kept by path too, and ids of others go with a hash of the data that they count in.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nextlabel.datasets.base import Dataset
from nextlabel.datasets.splits import PARTS, Split
from nextlabel.errors import BadData, BadSplit
from nextlabel.pool import Ids
from nextlabel.text import did_you_mean, printable, show_path

BESIDE = ("pool", "seed", "paths", "fingerprint")  # what our own splits.json says besides the parts
FORM = 'Write {"test": [ids or paths], "val": [...], "start": [...]}, or a list of these.'


def plain_splits(splits: Mapping[int, Split], dataset: Dataset) -> list[dict[str, Any]]:
    """Splits as ``splits.json`` and ``--split`` hold them, one per seed: ids, and who they are in any other listing."""
    return [
        {"seed": seed} | {part: getattr(found, part).tolist() for part in PARTS} | _who(found, dataset)
        for seed, found in splits.items()
    ]


def _who(found: Split, dataset: Dataset) -> dict[str, Any]:
    if dataset.paths is None:
        return {"fingerprint": dataset.fingerprint}
    return {"paths": {part: [dataset.paths[i] for i in getattr(found, part)] for part in PARTS}}


def read_split(path: str | Path, dataset: Dataset, seeds: Sequence[int]) -> list[Split]:
    """A published protocol's own split: one object for one seed, or a list, the i-th for the i-th seed.

    Each is ``{"test": [...], "val": [...], "start": [...]}`` (``val`` may be missing) with ids or paths of labelled
    samples, each in one part; whoever is labelled and in none is the pool. A ``"seed"`` beside them must be the one it
    is for. Where ``"paths"`` stand beside ids, as in ``splits.json`` of a run, paths count. Raises `BadSplit`, and
    `BadData` where the file cannot be read.
    """
    samples = _Samples(dataset)
    objects = read_objects(path, seeds)
    return [samples.split(item, _which(path, i)) for i, item in enumerate(objects, 1)]


def read_objects(path: str | Path, seeds: Sequence[int]) -> list[Mapping[str, Any]]:
    """What the file holds for each seed, of the right form; whether it fits the data is seen when these are known.

    Raises as `read_split` does.
    """
    found = _json(Path(path))
    objects = found if isinstance(found, list) else [found]
    if len(objects) != len(seeds):
        raise BadSplit(
            f"'{show_path(path)}' does not fit the seeds: {len(objects)} split(s) for {len(seeds)} seed(s). "
            "Give one split per seed, or choose as many seeds (--seeds) as there are splits."
        )
    for i, (item, seed) in enumerate(zip(objects, seeds, strict=True), 1):
        _check_form(item, _which(path, i))
        own = item.get("seed", seed)
        if isinstance(own, bool) or own != seed:
            raise BadSplit(
                f"{_which(path, i)} is that of seed {printable(json.dumps(own)[:40])}, and would be played under seed "
                f"{seed}: the same split might then count twice. Choose the file's own seeds with --seeds."
            )
    return objects


def _which(path: str | Path, i: int) -> str:
    return f"Split {i} of '{show_path(path)}'"


def _check_form(item: Any, which: str) -> None:
    if not isinstance(item, Mapping):
        raise BadSplit(f"{which} is not an object. {FORM}")
    strange = [name for name in item if name not in (*PARTS, *BESIDE)]
    if strange:
        raise BadSplit(
            f"{which} has a part called '{printable(strange[0])}'. {did_you_mean(strange[0], PARTS) or FORM}"
        )
    missing = [name for name in ("test", "start") if name not in item]
    if missing:
        raise BadSplit(f"{which} has no '{missing[0]}'. {FORM}")


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BadData(f"The split '{show_path(path)}' cannot be read ({error.strerror}). Is the path right?") from None
    except (ValueError, RecursionError) as error:
        raise BadSplit(f"'{show_path(path)}' is not JSON ({error}). {FORM}") from None


class _Samples:
    """The samples of a dataset, looked up by id or by path."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.by_path = {path: i for i, path in enumerate(dataset.paths or ())}

    def split(self, item: Mapping[str, Any], which: str) -> Split:
        """One object of a file, by the samples that it names."""
        self._check_data(item, which)
        named = item["paths"] if isinstance(item.get("paths"), Mapping) else item
        parts = {name: self._part(named.get(name, []), f"{which}, '{name}',") for name in PARTS}
        together = np.concatenate(list(parts.values()))
        values, counts = np.unique(together, return_counts=True)
        if (counts > 1).any():
            raise BadSplit(f"{which} puts sample {values[counts > 1][0]} into two parts. Parts may not overlap.")
        return Split(**parts, pool=np.setdiff1d(np.flatnonzero(self.dataset.y >= 0), together))

    def _check_data(self, item: Mapping[str, Any], which: str) -> None:
        """Ids that were counted in other data would be other samples here, and nobody would notice."""
        made_for = item.get("fingerprint", self.dataset.fingerprint)
        if made_for != self.dataset.fingerprint:
            raise BadSplit(
                f"{which} was made for other data: its ids count in a table that has changed since, or in another one. "
                "Give it the data that it was made for, or take its 'fingerprint' out if the ids still hold."
            )

    def _part(self, given: Any, which: str) -> Ids:
        if not isinstance(given, list):
            raise BadSplit(f"{which} is not a list of ids. {FORM}")
        ids = np.sort(np.array([self._id(one, which) for one in given], dtype=np.int64))
        twice = ids[1:][np.diff(ids) == 0]
        if len(twice):
            raise BadSplit(f"{which} holds {twice[0]} twice. Name each sample once.")
        return ids

    def _id(self, one: Any, which: str) -> int:
        if isinstance(one, str) and self.by_path:
            if one not in self.by_path:
                raise BadSplit(
                    f"{which} holds '{printable(one)}', and no picture has that path. "
                    f"{did_you_mean(one, self.by_path) or 'Was it made for another folder, or was the picture moved?'}"
                )
            i = self.by_path[one]
        elif not isinstance(one, int) or isinstance(one, bool):
            raise BadSplit(f"{which} holds {printable(json.dumps(one)[:40])}, which is no id. Ids are whole numbers.")
        else:
            i = one
        if not 0 <= i < len(self.dataset):
            raise BadSplit(
                f"{which} holds {i}, but ids go from 0 to {len(self.dataset) - 1}. Was it made for another dataset?"
            )
        if self.dataset.y[i] < 0:
            raise BadSplit(f"{which} holds {printable(str(one))}, which has no label.")
        return i
