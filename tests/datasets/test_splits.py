"""Splits: exactly what was asked for, the same again, and untouched by what comes after."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextlabel.datasets import load
from nextlabel.datasets.base import Request
from nextlabel.datasets.splits import Split, hash_ids, per_class, split
from nextlabel.errors import BadSplit
from nextlabel.plan import Amount

FLOWERS = [501, 646, 497, 495, 607]
SIZES = st.lists(st.integers(1, 300), min_size=2, max_size=8)

amounts = st.one_of(
    st.floats(0, 1).map(lambda value: Amount(value, "share")),
    st.integers(0, 400).map(Amount),
    st.integers(0, 9).map(lambda value: Amount(value, "class")),
)


def labels(sizes: list[int]) -> np.ndarray:
    """(N,) codes, mixed up, as a folder or table might have them."""
    return np.random.default_rng(0).permutation(np.repeat(np.arange(len(sizes)), sizes))


def names(sizes: list[int]) -> tuple[str, ...]:
    return tuple(f"class {code}" for code in range(len(sizes)))


def cut(sizes: list[int], *wanted: str, seed: int = 0) -> Split:
    return split(labels(sizes), names(sizes), *(Amount.read(text) for text in wanted), seed)


def lengths(parts: Split) -> list[int]:
    return [len(ids) for ids in (parts.test, parts.val, parts.start, parts.pool)]


def test_the_published_split_is_met() -> None:
    assert lengths(cut(FLOWERS, "0.1", "0.1", "0.05")) == [276, 276, 137, 2057]


def test_the_published_split_on_the_flowers(shared: Path) -> None:
    flowers = load(Request(str(shared / "flowers" / "train")))
    parts = split(flowers.y, flowers.classes, Amount(0.1, "share"), Amount(0.1, "share"), Amount(0.05, "share"), 3)
    assert lengths(parts) == [276, 276, 137, 2057]


def test_the_start_moves_nobody_else() -> None:
    few, many = cut(FLOWERS, "0.2", "100", "2/class"), cut(FLOWERS, "0.2", "100", "0.3")
    assert np.array_equal(few.test, many.test)
    assert np.array_equal(few.val, many.val)
    assert set(few.start) < set(many.start)


def test_a_class_does_not_feel_its_neighbours() -> None:
    y, more = np.repeat([0, 1], 50), np.repeat([0, 1, 2], 50)
    two = split(y, ("a", "b"), Amount(0.2, "share"), Amount(0), Amount(3, "class"), 7)
    three = split(more, ("a", "b", "c"), Amount(0.2, "share"), Amount(0), Amount(3, "class"), 7)
    assert np.array_equal(two.test, three.test[three.test < 100])


def test_seeds_differ_and_repeat() -> None:
    assert np.array_equal(cut(FLOWERS, "0.2", "0", "0", seed=5).test, cut(FLOWERS, "0.2", "0", "0", seed=5).test)
    assert not np.array_equal(cut(FLOWERS, "0.2", "0", "0", seed=5).test, cut(FLOWERS, "0.2", "0", "0", seed=6).test)


def test_this_split_is_for_ever() -> None:
    assert hash_ids(cut(FLOWERS, "0.1", "0.1", "0.05").test) == "c4c0e82a10be305c87ffaa1629d1103d"


@given(SIZES, amounts, amounts, amounts, st.integers(0, 99))
@settings(max_examples=60)
def test_parts_are_disjoint_and_cover(sizes: list[int], test: Amount, val: Amount, start: Amount, seed: int) -> None:
    y = labels(sizes)
    try:
        parts = split(y, names(sizes), test, val, start, seed)
    except BadSplit:
        return
    together = np.concatenate([parts.test, parts.val, parts.start, parts.pool])
    assert np.array_equal(np.sort(together), np.arange(sum(sizes)))
    for ids, amount in ((parts.test, test), (parts.val, val), (parts.start, start)):
        assert ids.dtype == np.int64
        assert (np.diff(ids) > 0).all()
        assert np.bincount(y[ids], minlength=len(sizes)).tolist() == per_class(amount, sizes)


@given(SIZES, st.integers(0, 2000))
def test_counts_go_by_largest_remainder(sizes: list[int], count: int) -> None:
    found, n = per_class(Amount(count), sizes), sum(sizes)
    assert sum(found) == count
    assert all(abs(got - count * size / n) < 1 for got, size in zip(found, sizes, strict=True))
    up = [count * size % n for got, size in zip(found, sizes, strict=True) if got > count * size // n]
    down = [count * size % n for got, size in zip(found, sizes, strict=True) if got == count * size // n]
    assert min(up, default=n) >= max(down, default=0)


@given(SIZES, st.floats(0, 1))
def test_shares_are_rounded_by_class(sizes: list[int], share: float) -> None:
    found = per_class(Amount(share, "share"), sizes)
    assert found == [round(Decimal(str(share)) * size) for size in sizes]


def test_a_share_is_what_is_written_not_the_float_beside_it() -> None:
    assert per_class(Amount.read("0.145"), [100, 300]) == [14, 44]  # 14.5 and 43.5, halves go to the even neighbour


@pytest.mark.parametrize(
    ("share", "counts"), [("0.1", [50, 65, 50, 50, 61]), ("0.05", [25, 32, 25, 25, 30]), ("0.03", [15, 19, 15, 15, 18])]
)
def test_committed_splits_of_the_flowers_stay(share: str, counts: list[int]) -> None:
    assert per_class(Amount.read(share), FLOWERS) == counts


def test_ties_go_to_the_first_classes() -> None:
    assert per_class(Amount(5), [10, 10, 10]) == [2, 2, 1]


def test_unlabelled_samples_are_in_no_part() -> None:
    y = np.array([0, 1, -1] * 10)
    parts = split(y, ("a", "b"), Amount(0.2, "share"), Amount(0), Amount(1, "class"), 0)
    assert lengths(parts) == [4, 0, 2, 14]
    assert (y[np.concatenate([parts.test, parts.start, parts.pool])] >= 0).all()


def test_a_small_class_is_named() -> None:
    said = r"Class 'tulip' has 3 samples, but test, validation and start need 4 \(1 \+ 1 \+ 2\)"
    with pytest.raises(BadSplit, match=said):
        split(np.repeat([0, 1], [9, 3]), ("rose", "tulip"), *(Amount(n, "class") for n in (1, 1, 2)), 0)
    with pytest.raises(BadSplit, match=r"'class 0' \(and 1 more classes\)"):
        cut([5, 5], "12", "0", "0")


def test_a_share_of_nothing_is_refused() -> None:
    with pytest.raises(BadSplit, match=r"0\.01 for validation is less than one sample"):
        cut([20, 20], "0.2", "0.01", "0")
    assert lengths(cut([20, 20], "0.2", "0", "0")) == [8, 0, 0, 32]


def test_digests_depend_on_ids_alone() -> None:
    assert hash_ids(np.array([1, 2], dtype=np.int32)) == hash_ids(np.array([1, 2]))
    assert hash_ids(np.array([1, 2])) != hash_ids(np.array([2, 1]))
