"""From files to samples: every picture is read once, and what cannot be used is known before anybody builds on it.

Verdicts are kept by the digest of the bytes, and digests by what the system says of a file: its size, its times, where
it lies on the disk. So a second look reads none that has not changed since.
"""

import shlex
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nextlabel.datasets.base import Dataset, Request, Sink, Skipped, Squares
from nextlabel.datasets.decoding import VERSION
from nextlabel.datasets.greys import Scales, describe_scales, find_scales, scaled_key
from nextlabel.datasets.memory import read_memory, sign, write_memory
from nextlabel.datasets.pictures import File, FolderPictures, Reading, Verdict, read_all
from nextlabel.errors import BadData
from nextlabel.files import cache
from nextlabel.files.keyed import STEP
from nextlabel.pool import Labels
from nextlabel.text import printable, quote_few, several, show_path

TRIAL_SIZE = 16  # of squares that nobody takes: they only show that a picture can be read


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
    folder, readings = cache.folder(), _scan(request, found)
    scales = find_scales([reading.sketch for reading in readings if reading.sketch is not None])
    good = [i for i, reading in enumerate(readings) if reading.reason is None and reading.digest is not None]
    bad = [
        Skipped(printable(found.paths[i]), reason) for i, r in enumerate(readings) if (reason := r.reason) is not None
    ]
    skipped = sorted([*found.skipped, *bad], key=lambda file: file.path)
    paths, labels = tuple(printable(found.paths[i]) for i in good), [_word(found.labels[i]) for i in good]
    digests = tuple(_digest(readings[i], scales) for i in good)
    classes = _classes(labels, found.numbers)
    _check_paths(found, paths, skipped)
    if request.needs_labels:
        check_classes(found.root, len(paths), classes)
    y = _encode(labels, classes)
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


def _encode(labels: Sequence[str | None], classes: Sequence[str]) -> Labels:
    codes = {label: code for code, label in enumerate(classes)}
    return np.array([-1 if label is None else codes[label] for label in labels], dtype=np.int64)


def _digest(reading: Reading, scales: Scales) -> str:
    assert reading.digest is not None, "what was read has a digest"
    return reading.digest if reading.sketch is None else scaled_key(reading.digest, scales[reading.sketch.kind])


def _scan(request: Request, found: Found) -> list[Reading]:
    """Read all files, and decode those whose bytes are new; whoever wants their squares is given them."""
    folder = cache.folder()
    store = folder / f"scan-{cache.key(VERSION, found.root)}.json"
    memory, sink = read_memory(store), _sink(request, found, folder)
    # What a sink has had can be read, also where it lay in another folder then, or where that scan was interrupted.
    known: dict[str, Verdict] = {**dict.fromkeys(sink.known() if sink else ()), **memory.verdicts}
    signatures = [sign(file) for file in found.files]
    readings = [memory.recall(signature, known) for signature in signatures]
    unread = [i for i, reading in enumerate(readings) if reading is None]
    try:
        size = sink.size if sink else TRIAL_SIZE
        some = read_all([found.files[i] for i in unread], size, known, request.progress)
        for i, reading in zip(unread, some if sink is None else _hand_over(some, sink), strict=True):
            readings[i] = reading
    finally:
        write_memory(store, memory, zip(signatures, readings, strict=True))
    return [reading for reading in readings if reading is not None]


def _hand_over(readings: Iterable[Reading], sink: Sink) -> Iterator[Reading]:
    """The readings without their squares, which the sink is given some at a time."""
    new: dict[str, Squares] = {}
    try:
        for reading in readings:
            if reading.square is not None and reading.digest is not None:
                new[reading.digest] = reading.square
            if len(new) == STEP:
                _give(sink, new)
            yield reading._replace(square=None)
        _give(sink, new)
    finally:
        sink.flush()


def _give(sink: Sink, new: dict[str, Squares]) -> None:
    if new:
        sink.take(list(new), np.stack(list(new.values())))
        new.clear()


def _sink(request: Request, found: Found, folder: Path) -> Sink | None:
    """Who takes the pictures, by a first look at the samples, none of them read."""
    if request.sink is None:
        return None
    labels = [_word(label) for label in found.labels]
    classes = _classes(labels, found.numbers)
    y = _encode(labels, classes)
    return request.sink(Dataset(found.name, y, classes, "", FolderPictures(tuple(found.files), (), folder)))


def _check_paths(found: Found, paths: Sequence[str], skipped: Sequence[Skipped]) -> None:
    if not paths:
        raise BadData(
            f"None of the {len(skipped)} pictures in '{show_path(found.root)}' can be read; the first, "
            f"'{skipped[0].path}', {_clause(skipped[0].reason)}. Are they whole?"
        )


def check_classes(root: Path, pictures: int, classes: Sequence[str]) -> None:
    """`BadData` where there is nothing to tell apart, with what can be done without labels."""
    if not classes:
        raise BadData(
            f"The {several(pictures, 'picture')} in '{show_path(root)}' lie in no class folder, so nobody knows what "
            "they are. Say it in a file of answers, --labels answers.csv (path,label), or put those whose class you "
            f"know into one sub-folder per class. Which to label first: nextlabel select {shlex.quote(str(root))}"
        )
    if len(classes) < 2:
        raise BadData(
            f"'{show_path(root)}' holds one class only, '{classes[0]}', so there is nothing to tell apart. "
            "Name the folder that holds one sub-folder per class, or a file of answers: --labels answers.csv."
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
