"""Every dataset of the table, folders and tables, against every promise; and the contract finds out who breaks it."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from painted import noise

from nextlabel.conformance.datasets import Load, for_datasets
from nextlabel.datasets import DATASETS, load
from nextlabel.datasets.base import Block, Dataset, Request, Squares
from nextlabel.datasets.texts import Texts
from nextlabel.progress import Progress, quiet


def source(name: str, folder: Path, fruits: Path) -> str:
    """A name of the table, or what lies under this one."""
    if name == "folder":
        noise(fruits / "pear" / "again.png", seed=0)  # the bytes of a picture that is there, in another class
        noise(fruits / "n\nl.png", seed=7)
        return str(fruits)
    if name == "csv":
        (folder / "t.csv").write_text("a,b,label\n1,2,x\n3,4,y\n5,6,\n")
        return str(folder / "t.csv")
    if name == "npz":
        rng = np.random.default_rng(0)
        np.savez(folder / "t.npz", X=rng.normal(size=(2000, 200)), y=np.arange(2000) % 300 - 1)
        return str(folder / "t.npz")
    return name


@pytest.mark.parametrize("check", for_datasets, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", [*DATASETS, "folder", "csv", "npz"])
def test_dataset(name: str, check: Callable[[Load], None], tmp_path: Path, fruits: Path) -> None:
    there = source(name, tmp_path, fruits)
    check(lambda: load(Request(there)))


@dataclass(frozen=True)
class Six:
    """Six pictures in memory; ``bad`` says which promise they break."""

    bad: str = ""
    digests: Sequence[str] = tuple(f"{i:032x}" for i in range(6))
    version: str = "1"
    grey_side: int | None = None

    def squares(self, size: int, progress: Progress = quiet) -> Squares:
        made = np.random.default_rng(0).integers(0, 256, (6, size, size, 3), np.uint8)
        made.flags.writeable = self.bad == "writeable"
        return made

    def blocks(self, size: int, ids: Sequence[int]) -> Iterator[Block]:
        yield ids, self.squares(size)[list(range(6) if self.bad == "order" else ids)]


GOOD = Dataset("six", np.array([0, 1, 0, 1, -1, 0]), ("a", "b"), "f", Six())
TABLE = replace(GOOD, pictures=None, table=np.ones((6, 2), np.float32))


@pytest.mark.parametrize("data", [GOOD, TABLE])
def test_a_dataset_of_ones_own_that_keeps_its_promises(data: Dataset) -> None:
    for check in for_datasets:
        check(lambda: data)


@pytest.mark.parametrize(
    ("bad", "check", "why"),
    [
        ({"fingerprint": itertools.count()}, "loads_the_same_twice", "its fingerprint is another"),
        ({"classes": ("a", "b", "c")}, "labels_are_codes", "and there are 3 classes"),
        ({"table": TABLE.table}, "has_pictures_texts_or_a_table", "2 of pictures, texts and a table"),
        ({"pictures": None, "table": np.full((6, 2), np.nan, np.float32)}, "a_table_is_plain", "not all finite"),
        ({"pictures": Six("writeable")}, "pictures_are_squares", "can be written to"),
        ({"pictures": Six("order")}, "pictures_are_squares", "blocks hold other pictures"),
        (
            {"pictures": Six(digests=[f" {i:032x}" for i in range(6)])},
            "digests_tell_samples_apart",
            "not 32 hexadecimal",
        ),
        ({"pictures": None, "texts": Texts.of(["a"] * 5)}, "texts_are_texts", "5 texts for 6 labels"),
        ({"duplicates": ((0, 1),)}, "digests_tell_samples_apart", "count as the same"),
        ({"pictures": None, "table": np.ones((6, 60_000), np.float32)}, "travels_small", "and 300,000 would do"),
        ({"name": "a\nb"}, "its_text_can_be_shown", "cannot be shown as they are"),
    ],
)
def test_every_broken_promise_is_found_out(bad: dict[str, object], check: str, why: str) -> None:
    broken = {each.__name__: each for each in for_datasets}[f"check_{check}"]
    with pytest.raises(AssertionError, match=why):
        broken(lambda: replace(GOOD, **{k: next(v) if isinstance(v, itertools.count) else v for k, v in bad.items()}))


def test_every_check_has_been_seen_to_fail() -> None:
    (mark,) = test_every_broken_promise_is_found_out.pytestmark
    assert {f"check_{check}" for _, check, _ in mark.args[1]} == {check.__name__ for check in for_datasets}
