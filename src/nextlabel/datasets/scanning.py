"""From files to samples: every picture is read once, and what cannot be used is known before anybody builds on it.

Verdicts are kept by the digest of the bytes, so a second look only hashes.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nextlabel.datasets.base import Dataset, Request, Skipped, Squares
from nextlabel.datasets.decoding import VERSION
from nextlabel.datasets.greys import Scales, Sketch, describe_scales, find_scales, scaled_key
from nextlabel.datasets.pictures import File, FolderPictures, Reading, Verdict, kept_squares, read_all
from nextlabel.errors import BadData
from nextlabel.files import cache
from nextlabel.files.keyed import STEP, KeyedRows
from nextlabel.pool import Labels
from nextlabel.progress import Progress
from nextlabel.text import printable, quote_few, show_path

SCAN_SIZE = 64  # squares of this size are made while pictures are read: what `patches` asks for


@dataclass(frozen=True)
class Found:
    """Pictures that nobody has opened yet, row for row, and where they come from.

    ``paths`` relative, POSIX, as they are; ``labels`` None where a picture has none; ``sides`` as `Dataset` has them;
    ``skipped`` what is left out already, ``notes`` sentences for a person. ``numbers``: order classes as numbers.
    """

    root: Path
    name: str
    paths: Sequence[str]
    files: Sequence[File]
    labels: Sequence[str | None]
    sides: Sequence[int] | None = None
    groups: Sequence[str | None] | None = None
    skipped: Sequence[Skipped] = ()
    notes: Sequence[str] = ()
    numbers: bool = False


def read_found(request: Request, found: Found) -> Dataset:
    """The dataset of the pictures that can be read; raises `BadData` where nothing can be learned from them."""
    folder = cache.folder()
    readings = _scan(folder, found, request.progress)
    scales = find_scales([reading.sketch for reading in readings if reading.sketch is not None])
    good = [i for i, reading in enumerate(readings) if reading.reason is None and reading.digest is not None]
    bad = [
        Skipped(printable(found.paths[i]), reason) for i, r in enumerate(readings) if (reason := r.reason) is not None
    ]
    skipped = sorted([*found.skipped, *bad], key=lambda file: file.path)
    paths, labels = tuple(printable(found.paths[i]) for i in good), [_word(found.labels[i]) for i in good]
    digests = tuple(_digest(readings[i], scales) for i in good)
    classes = _classes(labels, found.numbers)
    _check_classes(found, paths, skipped, classes)
    codes = {label: code for code, label in enumerate(classes)}
    y: Labels = np.array([-1 if label is None else codes[label] for label in labels], dtype=np.int64)
    same = _duplicates(digests)
    kinds = Counter(readings[i].sketch.kind for i in good if readings[i].sketch is not None)  # type: ignore[union-attr]
    return Dataset(
        name=request.name or found.name,
        y=y,
        classes=classes,
        fingerprint=cache.key(*(word for row in zip(paths, digests, labels, strict=True) for word in row)),
        pictures=FolderPictures(tuple(found.files[i] for i in good), digests, folder, scales),
        paths=paths,
        root=str(found.root),
        skipped=tuple(skipped),
        duplicates=same,
        warnings=(*_torn(y, paths, same), *found.notes, *_lost(found, classes), *describe_scales(scales, kinds)),
        groups=None if found.groups is None else code_groups([found.groups[i] for i in good]),
        sides=None if found.sides is None else _sides([found.sides[i] for i in good]),
    )


def code_groups(names: Sequence[str | None]) -> Labels:
    """Codes (n,) of groups, by their names; -1 for whoever has none.

    >>> code_groups(["b", None, "a", "b"]).tolist()
    [1, -1, 0, 1]
    """
    codes = {name: code for code, name in enumerate(sorted({name for name in names if name is not None}))}
    return np.array([-1 if name is None else codes[name] for name in names], dtype=np.int64)


def _sides(sides: Sequence[int]) -> Labels | None:
    """None where there is nothing to hold out, or nothing to learn from."""
    return np.array(sides, dtype=np.int64) if 0 in sides and len(set(sides) - {-1}) > 1 else None


def _word(label: str | None) -> str | None:
    return None if label is None else printable(label)


def _classes(labels: Sequence[str | None], numbers: bool) -> tuple[str, ...]:
    known = sorted({label for label in labels if label is not None})
    if numbers and all(label.isdecimal() and label.isascii() for label in known):
        known.sort(key=lambda label: (int(label), label))
    return tuple(known)


def _digest(reading: Reading, scales: Scales) -> str:
    assert reading.digest is not None, "what was read has a digest"
    return reading.digest if reading.sketch is None else scaled_key(reading.digest, scales[reading.sketch.kind])


def _scan(folder: Path, found: Found, progress: Progress) -> list[Reading]:
    """Read all files, and decode those whose bytes are new; their squares are kept, since they are at hand."""
    store, squares = folder / f"scan-{cache.key(VERSION, found.root)}.json", kept_squares(folder, SCAN_SIZE)
    before = _read_verdicts(store)
    # What has a square can be read, also where it lay in another folder then, or where that scan was interrupted.
    known = dict.fromkeys(squares.known()) | before
    readings: list[Reading] = []
    new: dict[str, Squares] = {}
    try:
        for reading in read_all(found.files, SCAN_SIZE, known, progress):
            readings.append(reading._replace(square=None))
            if reading.square is not None and reading.digest is not None:
                new[reading.digest] = reading.square
            if len(new) == STEP:
                _keep(squares, new)
    finally:
        _keep(squares, new)
    verdicts: dict[str, Verdict] = {r.digest: r.sketch or r.reason for r in readings if r.digest}
    if verdicts != before:
        cache.write_bytes(store, json.dumps(verdicts).encode())  # a sketch becomes a list
    return readings


def _keep(squares: KeyedRows, new: dict[str, Squares]) -> None:
    if new:
        squares.add(list(new), np.stack(list(new.values())))
        new.clear()


def _read_verdicts(store: Path) -> dict[str, Verdict]:
    try:
        found = json.loads(store.read_bytes())
        return {digest: _verdict(said) for digest, said in found.items()} if isinstance(found, dict) else {}
    except (OSError, ValueError, TypeError):
        return {}


def _verdict(said: Any) -> Verdict:
    if not isinstance(said, list):
        return None if said is None else str(said)
    kind, values, *rest = said
    return Sketch(kind, tuple(values), *rest)


def _check_classes(found: Found, paths: Sequence[str], skipped: Sequence[Skipped], classes: Sequence[str]) -> None:
    if not paths:
        raise BadData(
            f"None of the {len(skipped)} pictures in '{show_path(found.root)}' can be read; the first, "
            f"'{skipped[0].path}', {_clause(skipped[0].reason)}. Are they whole?"
        )
    if not classes:
        raise BadData(
            f"The {len(paths)} pictures in '{show_path(found.root)}' lie in no class folder. "
            "Put those whose class you know into one sub-folder per class."
        )
    if len(classes) < 2:
        raise BadData(
            f"'{show_path(found.root)}' holds one class only, '{classes[0]}', so there is nothing to tell apart. "
            "Name the folder that holds one sub-folder per class."
        )


def _clause(reason: str) -> str:
    return f"is unusable: {reason}" if reason[0].isdigit() else reason


def _duplicates(digests: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """Groups of ids with the same bytes, in the order of their first ids."""
    groups: Mapping[str, list[int]] = defaultdict(list)
    for i, digest in enumerate(digests):
        groups[digest].append(i)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def _lost(found: Found, classes: Sequence[str]) -> Iterator[str]:
    """Says which classes are none, since none of their pictures can be read."""
    named = {_word(label) for label in found.labels if label is not None}
    if lost := sorted(str(name) for name in named - set(classes)):
        yield f"No picture that can be read lies in {quote_few(lost)}, so that is no class."


def _torn(y: Labels, paths: Sequence[str], same: Sequence[tuple[int, ...]]) -> Iterator[str]:
    torn = [group for group in same if len({int(code) for code in y[list(group)]} - {-1}) > 1]
    if torn:
        named = "; ".join(" and ".join(f"'{paths[i]}'" for i in group[:3]) for group in torn[:3])
        more = f"; and {len(torn) - 3} more" if len(torn) > 3 else ""
        yield f"The same picture lies in two classes: {named}{more}. One of them is labelled wrongly."
