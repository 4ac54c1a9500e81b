"""Who is tested on, who is watched, who comes first, and who may be asked: a dataset cut into four parts.

Per class one permutation, from a stream of its own, is cut into test, validation, start and rest, in this order. So
test and validation do not change when the start does, and shares of a class do not change when another class grows.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nextlabel.errors import BadData, BadSplit
from nextlabel.plan import Amount
from nextlabel.pool import NOBODY, Ids, Labels
from nextlabel.seeds import stream
from nextlabel.text import did_you_mean, printable, show_path

PARTS = ("test", "val", "start")
PART_WORDS = {"test": "test", "val": "validation", "start": "start"}
IGNORED = ("pool", "seed")  # what our own splits.json says besides
Size = Amount | str | int | float  # a number of samples, as people write it
SPLIT_FORM = 'Write {"test": [ids], "val": [ids], "start": [ids]}, or a list of these.'


@dataclass(frozen=True)
class Split:
    """Ids, ascending, of the four parts; they share none, and together they are all labelled samples.

    >>> Split(test=np.array([1]), val=NOBODY, start=np.array([0, 3]), pool=np.array([2, 4, 5])).start.tolist()
    [0, 3]
    """

    test: Ids
    val: Ids
    start: Ids
    pool: Ids


def split(y: Labels, classes: Sequence[str], test: Size, val: Size, start: Size, seed: int) -> Split:
    """Cut the labelled samples of ``y`` (N,) by class: 0.2 is a share, 200 a count, "5/class" so many per class.

    Raises `BadNumber` for other amounts, and `BadSplit` where a class has too few samples.

    >>> y = np.repeat([0, 1], 50)
    >>> parts = split(y, ("a", "b"), test=0.2, val=0, start="2/class", seed=0)
    >>> [len(ids) for ids in (parts.test, parts.val, parts.start, parts.pool)]
    [20, 0, 4, 76]
    """
    y = np.asarray(y)
    sizes = [int((y == code).sum()) for code in range(len(classes))]
    amounts = {part: Amount.read(size) for part, size in zip(PARTS, (test, val, start), strict=True)}
    wanted = list(zip(*(_counts(what, amount, sizes) for what, amount in amounts.items()), strict=True))
    _check_sizes(classes, sizes, wanted)
    parts: list[list[Ids]] = [[], [], [], []]
    for code, name in enumerate(classes):
        order = stream(seed, "split", name).permutation(np.flatnonzero(y == code))
        for part, ids in zip(parts, np.split(order, np.cumsum(wanted[code])), strict=True):
            part.append(ids)
    return Split(*(_ascending(part) for part in parts))


def _counts(what: str, amount: Amount, sizes: Sequence[int]) -> list[int]:
    """How many of each class that is; something that was asked for may not turn out to be nothing."""
    counts = per_class(amount, sizes)
    if amount.value > 0 and not sum(counts):
        raise BadSplit(f"{amount} for {PART_WORDS[what]} is less than one sample of any class. Ask for more, or for 0.")
    return counts


def per_class(amount: Amount, sizes: Sequence[int]) -> list[int]:
    """How many samples of each class an amount is, where the classes have ``sizes`` samples.

    Shares are rounded class by class; a count is spread in proportion, the largest remainders (then the first classes)
    getting what rounding down has left.

    >>> per_class(Amount(0.1, "share"), [501, 646, 497, 495, 607])
    [50, 65, 50, 50, 61]
    >>> per_class(Amount(10), [501, 646, 497, 495, 607])
    [2, 2, 2, 2, 2]
    """
    if amount.unit == "class":
        return [int(amount.value)] * len(sizes)
    if amount.unit == "share":
        return [round(amount.exact * size) for size in sizes]  # a half to the even neighbour, exactly a half only
    count, n = int(amount.value), sum(sizes)
    quotas = [divmod(count * size, n) for size in sizes]  # whole numbers: no two remainders are equal by rounding only
    counts = [whole for whole, _ in quotas]
    first = sorted(range(len(sizes)), key=lambda code: (-quotas[code][1], code))
    for code in first[: count - sum(counts)]:
        counts[code] += 1
    return counts


def _check_sizes(classes: Sequence[str], sizes: Sequence[int], wanted: Sequence[tuple[int, ...]]) -> None:
    short = [code for code in range(len(classes)) if sum(wanted[code]) > sizes[code]]
    if not short:
        return
    code = short[0]
    others = f" (and {len(short) - 1} more classes)" if len(short) > 1 else ""
    test, val, start = wanted[code]
    raise BadSplit(
        f"Class '{classes[code]}'{others} has {sizes[code]} samples, but test, validation and start need "
        f"{sum(wanted[code])} ({test} + {val} + {start}). Ask for less, add samples of it, or leave such classes "
        f"out (--min-class {sum(wanted[code])})."
    )


def _ascending(parts: Iterable[Ids]) -> Ids:
    return np.sort(np.concatenate([NOBODY, *parts])).astype(np.int64)


def hash_ids(ids: Ids) -> str:
    """A hash of ids in their order, the same on every machine."""
    return hashlib.blake2b(np.asarray(ids, dtype="<i8").tobytes(), digest_size=16).hexdigest()


def read_split(path: str | Path, y: Labels, seeds: Sequence[int]) -> list[Split]:
    """A published protocol's own split: one object for one seed, or a list, the i-th for the i-th seed.

    Each is ``{"test": [...], "val": [...], "start": [...]}`` (``val`` may be missing) with ids of labelled samples in
    ``y`` (N,), each in one part; whoever is labelled and in none is the pool. A ``"seed"`` beside them must be the one
    it is for. Raises `BadSplit`, and `BadData` where the file cannot be read.
    """
    found = _json(Path(path))
    objects = found if isinstance(found, list) else [found]
    if len(objects) != len(seeds):
        raise BadSplit(
            f"'{show_path(path)}' does not fit the seeds: {len(objects)} split(s) for {len(seeds)} seed(s). "
            "Give one split per seed, or choose as many seeds (--seeds) as there are splits."
        )
    splits = [_one(item, y, f"Split {i} of '{show_path(path)}'") for i, item in enumerate(objects, 1)]
    for i, (item, seed) in enumerate(zip(objects, seeds, strict=True), 1):
        own = item.get("seed", seed)
        if isinstance(own, bool) or own != seed:
            raise BadSplit(
                f"Split {i} of '{show_path(path)}' is that of seed {printable(json.dumps(own)[:40])}, and would be "
                f"played under seed {seed}: the same split might then count twice. Choose the file's own seeds with "
                "--seeds."
            )
    return splits


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BadData(f"The split '{show_path(path)}' cannot be read ({error.strerror}). Is the path right?") from None
    except (ValueError, RecursionError) as error:
        raise BadSplit(f"'{show_path(path)}' is not JSON ({error}). {SPLIT_FORM}") from None


def _one(item: Any, y: Labels, which: str) -> Split:
    if not isinstance(item, Mapping):
        raise BadSplit(f"{which} is not an object. {SPLIT_FORM}")
    strange = [name for name in item if name not in (*PARTS, *IGNORED)]
    if strange:
        raise BadSplit(
            f"{which} has a part called '{printable(strange[0])}'. {did_you_mean(strange[0], PARTS) or SPLIT_FORM}"
        )
    missing = [name for name in ("test", "start") if name not in item]
    if missing:
        raise BadSplit(f"{which} has no '{missing[0]}'. {SPLIT_FORM}")
    parts = {name: _read_part(item.get(name, []), y, f"{which}, '{name}',") for name in PARTS}
    together = np.concatenate(list(parts.values()))
    values, counts = np.unique(together, return_counts=True)
    if (counts > 1).any():
        raise BadSplit(f"{which} puts sample {values[counts > 1][0]} into two parts. Parts may not overlap.")
    return Split(**parts, pool=np.setdiff1d(np.flatnonzero(y >= 0), together))


def _read_part(given: Any, y: Labels, which: str) -> Ids:
    if not isinstance(given, list):
        raise BadSplit(f"{which} is not a list of ids. {SPLIT_FORM}")
    for i in given:
        if not isinstance(i, int) or isinstance(i, bool):
            raise BadSplit(f"{which} holds {printable(json.dumps(i)[:40])}, which is no id. Ids are whole numbers.")
        if not 0 <= i < len(y):
            raise BadSplit(f"{which} holds {i}, but ids go from 0 to {len(y) - 1}. Was it made for another dataset?")
        if y[i] < 0:
            raise BadSplit(f"{which} holds {i}, which has no label.")
    ids = np.sort(np.array(given, dtype=np.int64))
    twice = ids[1:][np.diff(ids) == 0]
    if len(twice):
        raise BadSplit(f"{which} holds {twice[0]} twice. Name each sample once.")
    return ids
