"""Who is tested on, who is watched, who comes first, and who may be asked: a dataset cut into four parts.

Per class one permutation, from a stream of its own, is cut into test, validation, start and rest, in this order. So
test and validation do not change when the start does, and shares of a class do not change when another class grows.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from nextlabel.errors import BadSplit
from nextlabel.plan import Amount
from nextlabel.pool import NOBODY, Ids, Labels
from nextlabel.seeds import stream

PARTS = ("test", "val", "start")
PART_WORDS = {"test": "test", "val": "validation", "start": "start"}
Size = Amount | str | int | float  # a number of samples, as people write it


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
