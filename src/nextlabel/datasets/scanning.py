"""From files to samples: each is read once, and what cannot be used is known before anybody builds on it.

Verdicts are kept by the digest of the bytes, and digests by what the system says of a file: its size, its times, where
it lies on the disk. So a second look reads none that has not changed since.
"""

import shlex
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nextlabel.datasets.base import Dataset, Pictures, ReadingSink, Request, Sink, Skipped, Squares
from nextlabel.datasets.decoding import VERSION
from nextlabel.datasets.greys import Scales, describe_scales, find_scales, scaled_key
from nextlabel.datasets.memory import Journal, Signature, read_memory, sign, write_memory
from nextlabel.datasets.pictures import (
    PICTURES_IN_FLIGHT,
    File,
    FolderPictures,
    Reading,
    Verdict,
    asked_early,
    digest_of,
    read_all,
    read_file,
)
from nextlabel.datasets.text_files import FALLBACK, TextReading, read_text_files
from nextlabel.datasets.texts import Texts
from nextlabel.errors import BadData
from nextlabel.files import cache
from nextlabel.files.keyed import STEP
from nextlabel.pool import Labels
from nextlabel.progress import Progress
from nextlabel.text import printable, quote_few, several, show_path

PICTURE, TEXT = "picture", "text"  # what files may be
TRIAL_SIZE = 16  # of squares that nobody takes: they only show that a picture can be read


@dataclass(frozen=True)
class Found:
    """Pictures, or texts, that nobody has opened yet, row for row, and where they come from.

    ``root`` a path, or an address without secrets; ``paths`` relative, POSIX, as they are; ``labels`` None where a
    sample has none; ``sides`` as `Dataset` has them; ``skipped`` what is left out already, ``notes``
    sentences for a person. ``numbers``: order classes as numbers.
    """

    root: Path | str
    name: str
    paths: Sequence[str]
    files: Sequence[File]
    labels: Sequence[str | None]
    sides: Sequence[int] | None = None
    groups: Sequence[str | None] | None = None
    skipped: Sequence[Skipped] = ()
    notes: Sequence[str] = ()
    numbers: bool = False
    kind: str = PICTURE


@dataclass(frozen=True)
class Contents:
    """What came of reading files: the places of those that can be used, their digests, and what was said of others."""

    places: Sequence[int]
    digests: tuple[str, ...]
    skipped: Sequence[Skipped]
    notes: Sequence[str]
    pictures: Pictures | None = None
    texts: Texts | None = None


def read_found(request: Request, found: Found) -> Dataset:
    """The dataset of the samples that can be read; raises `BadData` where nothing can be learned from them."""
    read = _read_texts(request, found) if found.kind == TEXT else _read_pictures(request, found)
    good = read.places
    skipped = sorted([*found.skipped, *read.skipped], key=lambda file: file.path)
    paths, labels = tuple(printable(found.paths[i]) for i in good), [_word(found.labels[i]) for i in good]
    classes = _classes(labels, found.numbers)
    _check_paths(found, paths, skipped)
    if request.needs_labels:
        check_classes(found.root, len(paths), classes, found.kind)
    y = _encode(labels, classes)
    same = find_duplicates(read.digests)
    return Dataset(
        name=request.name or found.name,
        y=y,
        classes=classes,
        fingerprint=cache.key(*(word for row in zip(paths, read.digests, labels, strict=True) for word in row)),
        pictures=read.pictures,
        texts=read.texts,
        paths=paths,
        root=str(found.root),
        skipped=tuple(skipped),
        duplicates=same,
        warnings=(*_torn(y, paths, same, found.kind), *found.notes, *_lost(found, classes), *read.notes),
        groups=None if found.groups is None else code_groups([found.groups[i] for i in good]),
        sides=None if found.sides is None else _sides([found.sides[i] for i in good]),
    )


def _read_pictures(request: Request, found: Found) -> Contents:
    if request.needs_labels:  # folders and columns say it before any picture is read
        check_classes(found.root, len(found.paths), _classes([_word(label) for label in found.labels], found.numbers))
    folder, readings = cache.folder(), _scan(request, found)
    scales = find_scales([reading.sketch for reading in readings if reading.sketch is not None])
    good = [i for i, reading in enumerate(readings) if reading.reason is None and reading.digest is not None]
    digests = tuple(_digest(readings[i], scales) for i in good)
    kinds = Counter(readings[i].sketch.kind for i in good if readings[i].sketch is not None)  # type: ignore[union-attr]
    return Contents(
        good,
        digests,
        _skip(found, readings),
        list(describe_scales(scales, kinds)),
        pictures=FolderPictures(tuple(found.files[i] for i in good), digests, folder, scales),
    )


def _read_texts(request: Request, found: Found) -> Contents:
    readings = read_text_files(found.files, request.progress)
    good = [i for i, reading in enumerate(readings) if reading.reason is None]
    texts = Texts.of([readings[i].text for i in good])
    guessed = [found.paths[i] for i in good if readings[i].guessed]
    note = (
        f"{several(len(guessed), 'text')} in no UTF-8 {'was' if len(guessed) == 1 else 'were'} read as {FALLBACK}, "
        f"e.g. '{printable(guessed[0])}'. If that is wrong, save them as UTF-8."
        if guessed
        else ""
    )
    return Contents(good, tuple(texts.digests), _skip(found, readings), [note] if note else [], texts=texts)


def _skip(found: Found, readings: Sequence[Reading | TextReading]) -> list[Skipped]:
    """The files that cannot be used."""
    return [
        Skipped(printable(found.paths[i]), reason) for i, r in enumerate(readings) if (reason := r.reason) is not None
    ]


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


def recall_digests(found: Found, dataset: Dataset) -> tuple[list[int], list[str]]:
    """The places among ``found`` of a dataset's samples, and digests of their bytes, as they were just read.

    Of greys that were put on a scale the dataset has another digest, which changes with the scale; the bytes do not.
    """
    if dataset.pictures is None:
        assert dataset.texts is not None, "files are pictures or texts"
        by_path = {printable(path): i for i, path in enumerate(found.paths)}
        return [by_path[path] for path in dataset.paths or ()], list(dataset.texts.digests)
    assert isinstance(dataset.pictures, FolderPictures), "files that were found lie in a folder"
    by_file = {file: i for i, file in enumerate(found.files)}
    places = [by_file[file] for file in dataset.pictures.files]
    if not dataset.pictures.scales:
        return places, list(dataset.pictures.digests)
    memory = read_memory(cache.folder() / f"scan-{cache.key(VERSION, found.root)}.json")
    # A file that was written just now is not in the memory yet.
    return places, [memory.digests.get(sign(file)) or digest_of(read_file(file)) for file in dataset.pictures.files]


def _digest(reading: Reading, scales: Scales) -> str:
    assert reading.digest is not None, "what was read has a digest"
    return reading.digest if reading.sketch is None else scaled_key(reading.digest, scales[reading.sketch.kind])


def _scan(request: Request, found: Found) -> list[Reading]:
    """Read all files, and decode those whose bytes are new; whoever wants their squares is given them."""
    folder = cache.folder()
    store = folder / f"scan-{cache.key(VERSION, found.root)}.json"
    memory, sink = read_memory(store), _sink(request, found, folder)
    # What a sink has had can be read, also where it lay in another folder then, or where that scan was interrupted.
    known: dict[str, Verdict] = {**dict.fromkeys(sink.keys() if sink else ()), **memory.verdicts}
    signatures = [sign(file) for file in found.files]
    readings = [memory.recall(signature, known) for signature in signatures]
    unread, journal = [i for i, reading in enumerate(readings) if reading is None], Journal(store)
    try:
        for i, reading in _read_unread(found, unread, signatures, sink, known, request.progress):
            readings[i] = reading
            journal.note(signatures[i], reading)
    finally:
        write_memory(store, memory, zip(signatures, readings, strict=True))
    return [reading for reading in readings if reading is not None]


def _read_unread(
    found: Found,
    unread: Sequence[int],
    signatures: list[Signature],
    sink: Sink | None,
    known: Mapping[str, Verdict],
    progress: Progress,
) -> Iterator[tuple[int, Reading]]:
    """Places and readings of files that are new: first of those that the sink wants, then of the others."""
    taken = set() if sink is None else set(unread if sink.subset is None else sink.subset.tolist())
    wanted, others = [i for i in unread if i in taken], [i for i in unread if i not in taken]

    def read(places: Sequence[int], size: int, before: int) -> Iterator[Reading]:
        with asked_early([found.files[i] for i in places]) as files:
            for start in range(0, len(places), PICTURES_IN_FLIGHT):
                for i in places[start : start + PICTURES_IN_FLIGHT]:
                    # Anew: what had only just been written when the scan began has been left alone by now.
                    signatures[i] = sign(found.files[i])
                told = _part(progress, before + start, len(unread))
                yield from read_all(files[start : start + PICTURES_IN_FLIGHT], size, known, told)

    if isinstance(sink, ReadingSink):
        for place, reading in sink.read([found.files[i] for i in wanted], progress):
            yield wanted[place], reading
    elif sink is not None and wanted:
        yield from zip(wanted, _hand_over(read(wanted, sink.size, 0), sink), strict=True)
    yield from zip(others, read(others, TRIAL_SIZE, len(wanted)), strict=True)


def _part(progress: Progress, before: int, total: int) -> Progress:
    """What tells of a part of the work as of the whole, ``before`` of which is done."""
    return lambda what, done, _: progress(what, before + done, total)


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
    shown = Dataset(
        name=found.name,
        y=_encode(labels, classes),
        classes=classes,
        fingerprint="",
        pictures=FolderPictures(tuple(found.files), (), folder),
        paths=tuple(map(printable, found.paths)),
        root=str(found.root),
        groups=None if found.groups is None else code_groups(found.groups),
        sides=None if found.sides is None else _sides(found.sides),
    )
    return request.sink(shown)


def _check_paths(found: Found, paths: Sequence[str], skipped: Sequence[Skipped]) -> None:
    if not paths:
        raise BadData(
            f"None of the {len(skipped)} {found.kind}s in '{show_path(found.root)}' can be read; the first, "
            f"'{skipped[0].path}', {_clause(skipped[0].reason)}. Are they whole?"
        )


def check_classes(root: Path | str, count: int, classes: Sequence[str], kind: str = PICTURE) -> None:
    """`BadData` where there is nothing to tell apart, with what can be done without labels."""
    if not classes:
        raise BadData(
            f"The {several(count, kind)} in '{show_path(root)}' lie in no class folder, so nobody knows what "
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


def find_duplicates(digests: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """Groups of ids with the same bytes, in the order of their first ids."""
    groups: Mapping[str, list[int]] = defaultdict(list)
    for i, digest in enumerate(digests):
        groups[digest].append(i)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def _lost(found: Found, classes: Sequence[str]) -> Iterator[str]:
    """Says which classes are none, since none of their pictures can be read."""
    named = {_word(label) for label in found.labels if label is not None}
    if lost := sorted(str(name) for name in named - set(classes)):
        yield f"No {found.kind} that can be read lies in {quote_few(lost)}, so that is no class."


def _torn(y: Labels, paths: Sequence[str], same: Sequence[tuple[int, ...]], kind: str) -> Iterator[str]:
    torn = [group for group in same if len({int(code) for code in y[list(group)]} - {-1}) > 1]
    if torn:
        named = "; ".join(" and ".join(f"'{paths[i]}'" for i in group[:3]) for group in torn[:3])
        more = f"; and {len(torn) - 3} more" if len(torn) > 3 else ""
        yield f"The same {kind} lies in two classes: {named}{more}. One of them is labelled wrongly."
