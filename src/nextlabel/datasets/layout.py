"""What the folders above samples mean: classes, splits, or no label at all. Paths in, labels and sides out.

    layout = read_layout(["train/cat/1.jpg", "train/dog/2.jpg", "test/cat/3.jpg"])
    layout.labels, layout.sides          # ["cat", "dog", "cat"], [0, 0, 2]

A class is mostly the first part of a path. Where folders hold the same sub-folders, and one is called train, test or
the like, they are splits; where every class holds such folders, those are. A picture beside them undoes nothing: it has
no class, or no side.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from nextlabel.text import quote_few, several

TRAIN, VAL, TEST = 0, 1, 2  # sides of a split; -1 where a folder shows none
SIDE_OF = {
    **dict.fromkeys(("train", "trn", "training", "trainset", "trainval"), TRAIN),
    **dict.fromkeys(("val", "valid", "validation", "valset", "dev"), VAL),
    **dict.fromkeys(("test", "tst", "testing", "testset", "holdout", "eval", "evaluation"), TEST),
}
SAMPLES = {"sample", "samples"}  # a small copy of the rest, to try things on
UNLABELLED = {"unlabeled", "unlabelled", "unsup", "unsupervised", "unannotated", "unclassified", "nolabel", "unknown"}
Parts = tuple[str, ...]  # of a path


class Place(NamedTuple):
    """What a picture's path says: its class (None: unlabelled), its side of a split, and whether it takes part."""

    label: str | None
    side: int = -1
    used: bool = True


@dataclass(frozen=True)
class Layout:
    """What paths mean, one `Place` each, and sentences for a person.

    ``loose`` are places of those that lie in no class, in a folder whose name does not say so.
    """

    places: Sequence[Place]
    notes: Sequence[str] = ()
    loose: Sequence[int] = ()

    @property
    def labels(self) -> list[str | None]:
        """Classes by path."""
        return [place.label for place in self.places]

    @property
    def sides(self) -> list[int]:
        """Sides by path."""
        return [place.side for place in self.places]


@dataclass
class Folder:
    """A folder of a tree: how many pictures lie right in it, and its sub-folders that hold some."""

    own: int = 0
    inner: dict[str, "Folder"] = field(default_factory=dict)


def read_layout(paths: Sequence[str], kind: str = "picture") -> Layout:
    """What the relative POSIX ``paths`` of pictures, or of samples of another ``kind``, say of them.

    >>> read_layout(["a/1.png", "b/2.png", "unlabeled/3.png", "4.png"]).labels
    ['a', 'b', None, None]
    """
    rows = [tuple(path.split("/")) for path in paths]
    top, above = _unwrap(_tree(rows))
    read = _splits_above(top) or _splits_below(top) or _classes(top)
    rows = [_strip(row, above) for row in rows]
    places = [read.place(row) if row else Place(None) for row in rows]
    loose = [i for i, (row, one) in enumerate(zip(rows, places, strict=True)) if _is_loose(row, one)]
    return Layout(places, list(_notes(above, read, rows, places, kind)), loose)


class Reader(NamedTuple):
    """How paths are read: ``place`` of a path's parts; ``notes`` say it to a person."""

    place: Callable[[Parts], Place]
    notes: Sequence[str] = ()


def _tree(rows: Sequence[Parts]) -> Folder:
    root = Folder()
    for row in rows:
        at = root
        for part in row[:-1]:
            at = at.inner.setdefault(part, Folder())
        at.own += 1
    return root


def _unwrap(folder: Folder) -> tuple[Folder, Parts]:
    """The folder within folders that hold one other, as archives do, and their names.

    They hold nothing else; but where that is splits, these are told from whatever lies around them.
    """
    above: list[str] = []
    while len(folder.inner) == 1:
        (name, inner), *_ = folder.inner.items()
        if not inner.inner or ((folder.own or inner.own) and _splits_above(inner) is None):
            break
        folder = inner
        above.append(name)
    return folder, tuple(above)


def _strip(row: Parts, above: Parts) -> Parts:
    """A path's parts without the folders above all others; nothing of what lies outside of these."""
    return row[len(above) :] if row[: len(above)] == above else ()


def side_of(name: str) -> int:
    """The side of a split that a folder is named after, or -1.

    >>> [side_of(name) for name in ("seg_train", "test_set", "Train1", "validation", "train_images", "trains", "rose")]
    [0, 2, 0, 1, 0, -1, -1]
    """
    words = re.split(r"[^a-z]+", name.casefold())
    return next((SIDE_OF[word] for word in words if word in SIDE_OF), -1)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]+", "", name.casefold())


# Splits above classes: train/rose, test/rose


def _splits_above(top: Folder) -> Reader | None:
    """Splits as folders at the top, each with the classes in it; None where they are no such thing."""
    doubled = {name: _unwrap_doubled(inner) for name, inner in top.inner.items() if not _is_sample(name)}
    inside = {name: folder for name, (folder, _) in doubled.items()}
    core = _find_core(inside)
    classes = {label for name in core for label in inside[name].inner if _plain(label) not in UNLABELLED}
    shared = [
        name
        for name, folder in inside.items()
        if side_of(name) < 0 and classes & set(folder.inner) and _plain(name) not in UNLABELLED
    ]
    if not core or not _are_splits(inside, core, shared):
        return None
    sides = dict.fromkeys(shared, TRAIN) | {name: side_of(name) for name in inside if side_of(name) >= 0}

    def place(row: Parts) -> Place:
        if _is_sample(row[0]) and len(row) > 1:
            return Place(None, used=False)
        if row[0] not in sides or len(row) == 1:
            return Place(None)
        parts = _strip(row[1:], doubled[row[0]][1])
        return Place(parts[0] if len(parts) > 1 and parts[0] in classes else None, sides[row[0]])

    return Reader(place, list(_say_splits(core, shared, [name for name in top.inner if _is_sample(name)])))


def _find_core(inside: Mapping[str, Folder]) -> list[str]:
    """Folders that are named for a side and hold classes; ``test/images`` holds none, beside a training folder's."""
    named = [name for name, folder in inside.items() if side_of(name) >= 0 and folder.inner]
    known = {label for name in named if side_of(name) == TRAIN for label in inside[name].inner}
    return [name for name in named if len(known) < 2 or len(inside[name].inner) > 1 or known & set(inside[name].inner)]


def _are_splits(inside: Mapping[str, Folder], core: Sequence[str], shared: Sequence[str]) -> bool:
    """One folder's name is not enough, for "train" may be a class of trains beside "bus"."""
    labels = Counter(label for name in (*core, *shared) for label in inside[name].inner)
    rest = [name for name in inside if name not in core and side_of(name) < 0 and _plain(name) not in UNLABELLED]
    # Where pictures lie in such a folder itself, a single folder beside them may be anything.
    return max(labels.values()) > 1 or not (rest or (len(labels) < 2 and any(inside[name].own for name in core)))


def _is_sample(name: str) -> bool:
    return not SAMPLES.isdisjoint(re.split(r"[^a-z]+", name.casefold()))


def _unwrap_doubled(folder: Folder) -> tuple[Folder, Parts]:
    """The folder within ``seg_train/seg_train``, as some archives have it."""
    above: list[str] = []
    while len(folder.inner) == 1:
        (name, inner), *_ = folder.inner.items()
        if not inner.inner or side_of(name) < 0:
            break
        folder = inner
        above.append(name)
    return folder, tuple(above)


def _say_splits(core: Sequence[str], shared: Sequence[str], left_out: Sequence[str]) -> Iterator[str]:
    are = "are splits" if len(core) > 1 else "is a split"
    yield f"{quote_few(core)} {are}, so the classes are the folders inside."
    if shared:
        yield f"{quote_few(shared)} holds the same classes as the training folder, and is taken as a part of it."
    if left_out:
        yield f"{quote_few(left_out)} is taken for a small copy of the rest, and left out."


# Splits below classes: rose/train, rose/test


def _splits_below(top: Folder) -> Reader | None:
    names = [name for name in top.inner if _plain(name) not in UNLABELLED]
    inner = [top.inner[name] for name in names]
    if len(names) < 2 or not all(f.inner and all(side_of(sub) >= 0 for sub in f.inner) for f in inner):
        return None
    seen = sorted({sub for each in inner for sub in each.inner})
    notes = [f"{quote_few(seen)} in every class are splits, so the classes are the folders around them."]
    if beside := [name for name, folder in zip(names, inner, strict=True) if folder.own]:
        notes.append(f"What lies in {quote_few(beside)} itself is on no side of these: it is learned from.")

    def place(row: Parts) -> Place:
        label = row[0] if len(row) > 1 and row[0] in names else None
        return Place(label, side_of(row[1]) if len(row) > 2 else -1) if label is not None else Place(None)

    return Reader(place, notes)


# No splits


def _classes(top: Folder) -> Reader:
    """The first part is the class, but for folders of what has no label."""
    without = [name for name in top.inner if _plain(name) in UNLABELLED]
    if len(top.inner) - len(without) < 2:  # "known" and "unknown" are two classes
        without = []

    def place(row: Parts) -> Place:
        return Place(row[0] if len(row) > 1 and row[0] not in without else None)

    return Reader(place, list(_doubts(top)))


def _doubts(top: Folder) -> Iterator[str]:
    if top.inner and all(side_of(name) >= 0 for name in top.inner):
        inside = next((name for name in top.inner if side_of(name) == TRAIN), next(iter(top.inner)))
        yield f"The classes are called {quote_few(sorted(top.inner))}. Did you mean the folder '{inside}' inside?"
    kinds = {tuple(sorted(inner.inner)) for inner in top.inner.values()}
    alike = len(top.inner) > 1 and len(kinds) == 1 and not any(folder.own for folder in top.inner.values())
    if alike and len(min(kinds)) > 1:
        yield (
            f"All classes ({quote_few(sorted(top.inner))}) hold the same sub-folders ({quote_few(min(kinds))}). If "
            "those are the classes, put all of one into one folder, or call the folders around them train and test."
        )


def _notes(above: Parts, read: Reader, rows: Sequence[Parts], places: Sequence[Place], kind: str) -> Iterator[str]:
    if above:
        all_lie = f"All {kind}s lie in '{'/'.join(above)}', so the folders inside it are read."
        yield all_lie if all(rows) else f"The folders inside '{'/'.join(above)}' are read."
    yield from read.notes
    named = [name for row, place in zip(rows, places, strict=True) if (name := _why_unlabelled(row, place))]
    if named:
        are = f"{kind} in {{}} is" if len(named) == 1 else f"{several(len(named), kind)} in {{}} are"
        yield (
            f"The {are.format(quote_few(sorted(set(named))))} taken for unlabelled. If that is a class, rename the "
            "folder."
        )


def _why_unlabelled(row: Parts, place: Place) -> str | None:
    """The folder whose name says that what lies in it has no label; None where a picture has one, or none does."""
    if not place.used or place.label is not None:
        return None
    folders = row[:2][: len(row) - 1]
    return next(("/".join(folders[: i + 1]) for i, part in enumerate(folders) if _plain(part) in UNLABELLED), None)


def _is_loose(row: Parts, place: Place) -> bool:
    return place.used and place.label is None and _why_unlabelled(row, place) is None
