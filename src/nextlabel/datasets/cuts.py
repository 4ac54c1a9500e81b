"""Splits that are more than shares of classes: groups that stay together, and test sets that the data come with."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from nextlabel.datasets.base import Dataset
from nextlabel.datasets.groups import draw_groups
from nextlabel.datasets.layout import TEST, VAL
from nextlabel.datasets.splits import Split, per_class, split
from nextlabel.errors import BadSplit
from nextlabel.plan import Amount
from nextlabel.pool import NOBODY, Ids, Labels
from nextlabel.seeds import stream
from nextlabel.text import several


@dataclass(frozen=True)
class Sizes:
    """How many samples each part is to have; ``val`` of 0 is none."""

    test: Amount
    val: Amount
    start: Amount


def cut(dataset: Dataset, sizes: Sizes, seed: int, folders: bool) -> Split:
    """The split of one seed: with ``folders`` the test set that the data come with, else one that is drawn.

    Groups stay together, but where folders have torn them. Raises `BadSplit` where the data cannot give it.
    """
    y, classes = dataset.y, dataset.classes
    if dataset.groups is None and not folders:
        return split(y, classes, sizes.test, sizes.val, sizes.start, seed)
    drawn = _Draw(np.where(y >= 0, y, -1), dataset.groups, classes, sizes, seed)
    if not folders:
        test = drawn.part("test", sizes.test)
        val = drawn.without(test).part("val", sizes.val)
    else:
        test, given = folder_parts(dataset, validate=sizes.val.value > 0)
        val = given if len(given) or not sizes.val.value else drawn.without(test).part("val", sizes.val)
    return drawn.without(np.concatenate([test, val])).rest(test, val)


def folder_parts(dataset: Dataset, validate: bool) -> tuple[Ids, Ids]:
    """Labelled ids of the test folder, and of the validation folder where it is to ``validate`` and is not the test.

    Without a test folder, the validation folder is the test set, as most papers have it.
    """
    sides = dataset.sides
    if sides is None:
        raise BadSplit(
            f"'{dataset.name}' shows no splits. --split folders wants sub-folders such as train and test, each "
            "with the classes in it."
        )
    held = {side: np.flatnonzero((sides == side) & (dataset.y >= 0)) for side in (VAL, TEST)}
    if not len(held[TEST]) and not len(held[VAL]):
        raise BadSplit(
            f"Nothing in the test folder of '{dataset.name}' has a label, so it cannot be the test set. Leave "
            "--split folders out, and one is drawn for each seed."
        )
    if not len(held[TEST]):
        return held[VAL], NOBODY
    return held[TEST], held[VAL] if validate else NOBODY


@dataclass(frozen=True)
class _Draw:
    """Samples of which parts are drawn: ``y`` (N,) is -1 for whoever is unlabelled, or in another part already."""

    y: Labels
    groups: Labels | None
    classes: Sequence[str]
    sizes: Sizes
    seed: int
    whole: Labels | None = None  # y before anything was drawn: shares are of all samples

    def without(self, ids: Ids) -> "_Draw":
        y = self.y.copy()
        y[ids] = -1
        return replace(self, y=y, whole=self.y if self.whole is None else self.whole)

    def counts(self, amount: Amount) -> list[int]:
        """How many of each class an amount is."""
        y = self.y if self.whole is None else self.whole
        return per_class(amount, np.bincount(y[y >= 0], minlength=len(self.classes)).tolist())

    def part(self, name: str, amount: Amount) -> Ids:
        """Ids of a part: whole groups, or just so many of each class."""
        wanted = self.counts(amount)
        if not sum(wanted):
            return NOBODY
        if self.groups is None:
            return self._by_class(wanted, name)
        keep = [max(1, least) for least in self.counts(self.sizes.start)]
        return draw_groups(self.y, self.groups, wanted, keep, stream(self.seed, "split", "groups", name))

    def rest(self, test: Ids, val: Ids) -> Split:
        """The whole split: the start is drawn from what is left, and the pool is what is left then."""
        start = self._by_class(self.counts(self.sizes.start), "start")
        pool = np.setdiff1d(np.flatnonzero(self.y >= 0), start)
        return Split(np.sort(test), np.sort(val), start, pool)

    def _by_class(self, wanted: Sequence[int], part: str) -> Ids:
        ids = [NOBODY]
        for code, name in enumerate(self.classes):
            left = np.flatnonzero(self.y == code)
            if wanted[code] > len(left):
                raise BadSplit(
                    f"Class '{name}' has {several(len(left), 'sample')} outside test and validation, and "
                    f"{wanted[code]} are asked for. Ask for less, or leave small classes out (--min-class)."
                )
            ids.append(stream(self.seed, "split", name, part).permutation(left)[: wanted[code]])
        return np.sort(np.concatenate(ids)).astype(np.int64)


def leave_out_small(dataset: Dataset, least: int) -> Dataset:
    """The dataset without its classes of fewer than ``least`` labelled samples: those are unlabelled then."""
    sizes = np.bincount(dataset.y[dataset.y >= 0], minlength=len(dataset.classes))
    kept = np.flatnonzero(sizes >= least)
    if len(kept) == len(sizes):
        return dataset
    if len(kept) < 2:
        raise BadSplit(
            f"--min-class {least} would leave {several(len(kept), 'class')} of {len(sizes)}, and two are the fewest to "
            "tell apart. Use a smaller number."
        )
    codes = np.full(len(sizes) + 1, -1, dtype=np.int64)  # the last is for -1
    codes[kept] = np.arange(len(kept))
    gone = [f"'{dataset.classes[code]}' ({sizes[code]})" for code in np.flatnonzero(sizes < least)]
    more = f" and {len(gone) - 5} more" if len(gone) > 5 else ""
    note = (
        f"{several(len(gone), 'class')} of fewer than {least} samples {'is' if len(gone) == 1 else 'are'} left out: "
        f"{', '.join(gone[:5])}{more}."
    )
    return replace(
        dataset,
        y=codes[dataset.y],
        classes=tuple(dataset.classes[code] for code in kept),
        warnings=(*dataset.warnings, note),
        fingerprint=f"{dataset.fingerprint}-{least}",
    )
