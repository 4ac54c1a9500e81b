"""A second look at a folder reads only what has changed; pictures are decoded once, by whoever embeds them."""

import os
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from painted import noise

from nextlabel.datasets import load, memory, scanning
from nextlabel.datasets.base import Dataset, Request
from nextlabel.embedders import embed, sink
from nextlabel.errors import BadData


@pytest.fixture(autouse=True)
def sure_clock(monkeypatch: pytest.MonkeyPatch, own_cache: Path) -> None:
    """Files count as settled at once, though these were written a moment ago."""
    monkeypatch.setattr(memory, "FRESH", 0)


def look(folder: Path, embedder: str | None = None) -> tuple[Dataset, int]:
    """The dataset, and how many files were read for it."""
    read: list[int] = []
    request = Request(
        str(folder),
        progress=lambda what, done, total: read.append(done),
        sink=None if embedder is None else sink(embedder),
    )
    return load(request), max(read, default=0)


def test_a_second_look_reads_nothing(fruits: Path) -> None:
    first, read = look(fruits)
    again, more = look(fruits)
    assert (read, more) == (9, 0)
    assert again.fingerprint == first.fingerprint


def test_a_file_that_changed_is_read_again(fruits: Path) -> None:
    first, _ = look(fruits)
    changed = next((fruits / "apple").iterdir())
    seen = changed.stat()
    noise(changed, seed=77)
    os.utime(changed, ns=(seen.st_atime_ns, seen.st_mtime_ns))  # as if nothing had happened
    again, read = look(fruits)
    assert read == 1
    assert again.fingerprint != first.fingerprint


def test_a_bad_file_is_remembered_as_bad(fruits: Path) -> None:
    (fruits / "apple" / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n cut short")
    first, _ = look(fruits)
    again, read = look(fruits)
    assert read == 0
    assert [file.path for file in again.skipped] == ["apple/cut.png"]
    assert again.skipped == first.skipped


def test_a_file_that_has_just_changed_is_not_trusted(fruits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "FRESH", 10**12)
    assert [look(fruits)[1] for _ in range(2)] == [9, 9]


def test_files_that_settle_while_others_are_read_are_trusted(fruits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else all of a folder that was copied a moment ago would be read twice."""
    clock = [time.time_ns()]
    monkeypatch.setattr(memory, "time", SimpleNamespace(time_ns=lambda: clock[0]))
    monkeypatch.setattr(memory, "FRESH", 2 * 10**9)
    monkeypatch.setattr(scanning, "PICTURES_IN_FLIGHT", 3)

    def tick(what: str, done: int, total: int) -> None:
        clock[0] += 3 * 10**9 if done == 3 else 0

    load(Request(str(fruits), progress=tick))
    assert [look(fruits)[1] for _ in range(2)] == [3, 0]


@pytest.mark.parametrize("name", ["pixels", "patches"])
def test_pictures_that_are_embedded_while_they_are_read_have_the_same_vectors(
    fruits: Path, own_cache: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    apart = embed(look(fruits)[0], name).array.copy()
    monkeypatch.setenv("NEXTLABEL_CACHE", str(own_cache / "another"))
    dataset, _ = look(fruits, name)
    monkeypatch.setattr(type(dataset.pictures), "_decode", None)  # nothing is decoded a second time
    assert np.array_equal(embed(dataset, name).array, apart)


def test_an_embedder_that_looks_once_keeps_no_squares(fruits: Path, own_cache: Path) -> None:
    embed(look(fruits, "pixels")[0], "pixels")
    assert not list(own_cache.glob("squares-*"))


def test_what_was_embedded_before_a_stop_is_not_embedded_again(fruits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nextlabel.datasets import scanning

    monkeypatch.setattr(scanning, "STEP", 2)
    taken: list[int] = []

    def stopping(what: str, done: int, total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    request = Request(str(fruits), sink=sink("pixels"), progress=stopping)
    monkeypatch.setattr("nextlabel.datasets.pictures.PICTURES_IN_FLIGHT", 2)
    with pytest.raises(KeyboardInterrupt):
        load(request)
    load(Request(str(fruits), sink=sink("pixels"), progress=lambda what, done, total: taken.append(total)))
    assert set(taken) == {5}  # nine, of which four had vectors


def test_a_damaged_memory_is_forgotten(fruits: Path, own_cache: Path) -> None:
    look(fruits)
    (kept,) = own_cache.glob("scan-*.json")
    kept.write_text('{"verdicts": [], "digests": 3}')
    assert look(fruits)[1] == 9


def test_pictures_that_vanish_between_two_looks_are_told(fruits: Path) -> None:
    dataset, _ = look(fruits)
    next((fruits / "apple").iterdir()).unlink()
    with pytest.raises(BadData, match="1 picture changed while they were read"):
        embed(dataset, "pixels")
