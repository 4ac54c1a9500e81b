"""What belongs together: frames of one video, crops of one leaf, pictures of one patient. A group is never torn apart.

Twins on both sides of a split make scores too good. A group, named by a part of the path or by a column, lies in one
part only: test, validation, or what is learned from.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from nextlabel.datasets.base import Dataset
from nextlabel.datasets.scanning import code_groups
from nextlabel.errors import BadSplit, Mistake
from nextlabel.pool import Ids, Labels
from nextlabel.text import several, shorten

Members = Mapping[int, int]  # of one group: how many of each class it holds, by code


def group_by_path(dataset: Dataset, pattern: str) -> Dataset:
    """The dataset with a group for each name that ``pattern`` finds in a path: its first group, or all that it matches.

    A path without a match is a group of its own. Raises `Mistake` where there are no paths, or none matches.
    """
    if dataset.paths is None:
        raise Mistake(f"'{dataset.name}' has no paths for --groups to look at. Name a column with --group-column.")
    found = [_name(re.search(pattern, path)) for path in dataset.paths]
    missed = [path for path, name in zip(dataset.paths, found, strict=True) if name is None]
    if len(missed) == len(found):
        raise Mistake(
            f"--groups '{shorten(pattern)}' matches no path, such as '{missed[0]}'. Try it on that one, for example "
            "with '^(.*)-[^-]*$' for all before the last dash."
        )
    notes = list(dataset.warnings)
    if missed:
        where = several(len(missed), "path")
        notes.append(f"--groups matches nothing in {where}, e.g. '{missed[0]}'; each is a group of its own.")
    return replace(dataset, groups=code_groups(found), warnings=tuple(notes))


def _name(match: re.Match[str] | None) -> str | None:
    """A group's name; None where a path has none, or where its part is one that did not take part in the match."""
    return None if match is None else match[1 if match.re.groups else 0]


def describe_groups(groups: Labels) -> str:
    """How many groups there are, in a sentence.

    >>> describe_groups(np.array([0, 1, 0, -1]))
    'There are 2 groups, the largest of 2 samples, and 1 sample is alone.'
    """
    codes, sizes = np.unique(groups[groups >= 0], return_counts=True)
    alone = int((groups < 0).sum())
    largest = int(sizes.max(initial=0))
    rest = f", and {several(alone, 'sample')} {'is' if alone == 1 else 'are'} alone" if alone else ""
    there = "There is" if len(codes) == 1 else "There are"
    return f"{there} {several(len(codes), 'group')}, the largest of {several(largest, 'sample')}{rest}."


def draw_groups(y: Labels, groups: Labels, wanted: Sequence[int], keep: Sequence[int], rng: np.random.Generator) -> Ids:
    """Ids of whole groups that hold about ``wanted`` samples of each class, and leave ``keep`` of each to the rest.

    ``y`` (n,) codes, -1 for whoever is not to be drawn; ``groups`` (n,) codes, -1 for a group alone. Greedy, after the
    stratified group folds of scikit-learn: groups come in random order, and one is taken wherever the counts come
    nearer to those wanted, in squares weighted by the size of the class. So a group that is too large is never taken,
    unless nothing else is there. Raises `BadSplit` where none can be.

    >>> y, groups = np.array([0, 0, 0, 0, 1, 1, 1, 1]), np.array([0, 0, 1, 1, 2, 2, 3, 3])
    >>> ids = draw_groups(y, groups, [2, 2], [0, 0], np.random.default_rng(0))
    >>> np.bincount(y[ids]).tolist(), len(set(groups[ids].tolist()))
    ([2, 2], 2)
    """
    codes = _own_codes(groups)
    members = _count_members(y, codes)
    sizes = np.bincount(y[y >= 0], minlength=len(wanted)).tolist()
    ledger = _Ledger(wanted, keep, sizes)
    order = [int(code) for code in rng.permutation(sorted(members))]
    taken = {code for code in order if ledger.take(members[code])}
    if not taken and any(wanted):
        spared = [code for code in order if ledger.spares(members[code])]
        if not spared:
            raise BadSplit(
                f"Of {several(len(members), 'group')}, none can be set apart without taking a whole class with it. "
                "Use smaller groups (--groups), a smaller --test or --start, or leave small classes out (--min-class)."
            )
        taken = {min(spared, key=lambda code: ledger.gain(members[code]))}
    ids: Ids = np.flatnonzero((y >= 0) & np.isin(codes, sorted(taken)))
    return ids


class _Ledger:
    """What has been taken of each class, beside what is wanted of it."""

    def __init__(self, wanted: Sequence[int], keep: Sequence[int], sizes: Sequence[int]) -> None:
        self.short = list(wanted)  # how many are still wanted; negative where there are too many
        self.spare = [size - least for size, least in zip(sizes, keep, strict=True)]
        self.sizes = sizes

    def gain(self, members: Members) -> float:
        """How much further from what is wanted a group would lead: less than 0 where it leads nearer."""
        return sum(count * (count - 2 * self.short[code]) / self.sizes[code] for code, count in members.items())

    def spares(self, members: Members) -> bool:
        """Would enough of every class be left?"""
        return all(count <= self.spare[code] for code, count in members.items())

    def take(self, members: Members) -> bool:
        """Take a group, if that is for the better."""
        if self.gain(members) >= 0 or not self.spares(members):
            return False
        for code, count in members.items():
            self.short[code] -= count
            self.spare[code] -= count
        return True


def _own_codes(groups: Labels) -> Labels:
    """Codes in which whoever is alone has one, too."""
    alone = np.flatnonzero(groups < 0)
    codes = groups.copy()
    codes[alone] = groups.max(initial=-1) + 1 + np.arange(len(alone))
    return codes


def _count_members(y: Labels, codes: Labels) -> dict[int, Counter[int]]:
    members: dict[int, Counter[int]] = {}
    for code, label in zip(codes.tolist(), y.tolist(), strict=True):
        if label >= 0:
            members.setdefault(code, Counter())[label] += 1
    return members


def torn_groups(groups: Labels, parts: Sequence[Ids]) -> Iterator[int]:
    """Codes of groups that lie in more than one of ``parts``, in a split that somebody else made."""
    seen: dict[int, int] = {}
    torn = set()
    for place, ids in enumerate(parts):
        for code in np.unique(groups[ids]).tolist():
            if code >= 0 and seen.setdefault(code, place) != place:
                torn.add(code)
    yield from sorted(torn)
