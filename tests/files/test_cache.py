"""Cached files are whole or absent, and a place that cannot be written to is no surprise."""

import os
import time
from pathlib import Path

import numpy as np
import pytest

from nextlabel.errors import CannotWrite
from nextlabel.files import cache


def test_arrays_come_back_as_read_only_maps(own_cache: Path) -> None:
    array = np.arange(12, dtype=np.float32).reshape(3, 4)
    written = cache.write_array(cache.folder() / "a.npy", array)
    found = cache.read_array(own_cache / "a.npy")
    for each in (written, found, np.load(own_cache / "a.npy")):
        assert np.array_equal(each, array)
    assert isinstance(found, np.memmap)
    assert not found.flags.writeable


def test_rows_may_be_added_without_knowing_how_many(own_cache: Path) -> None:
    with cache.NewArray((2,), np.int16) as new:
        for count in (1, 10, 200):
            new.add(np.full((count, 2), count))
        found = new.finish(own_cache / "a.npy")
    assert found.shape == (211, 2)
    assert cache.read_array(own_cache / "a.npy") is not None


def test_what_is_not_finished_leaves_nothing(own_cache: Path) -> None:
    with cache.NewArray((2,), np.int16) as new:
        new.add(np.ones((5, 2)))
        assert list(own_cache.iterdir())
    assert not list(own_cache.iterdir())


@pytest.mark.parametrize("keep", [0, 5, 60, 130, -1])
def test_a_torn_file_is_as_good_as_none(own_cache: Path, keep: int) -> None:
    path = cache.folder() / "a.npy"
    cache.write_array(path, np.ones((3, 4)))
    path.write_bytes(path.read_bytes()[:keep])
    assert cache.read_array(path) is None
    assert cache.read_array(own_cache / "b.npy") is None


def test_a_flipped_bit_is_noticed(own_cache: Path) -> None:
    path = cache.folder() / "a.npy"
    cache.write_array(path, np.ones((30, 4)))
    raw = bytearray(path.read_bytes())
    raw[500] ^= 1
    path.write_bytes(raw)
    assert cache.read_array(path) is None


def test_keys_keep_words_apart() -> None:
    assert cache.key("ab", "c") != cache.key("a", "bc")
    assert cache.key("a", 1) == cache.key("a", "1")


def test_old_leftovers_are_swept(own_cache: Path) -> None:
    own_cache.mkdir()
    for name, age in (("old", 2 * cache.STALE), ("new", 0)):
        (own_cache / f"{name}.part").touch()
        os.utime(own_cache / f"{name}.part", (time.time() - age,) * 2)
    cache.folder()
    assert [path.name for path in own_cache.iterdir()] == ["new.part"]


def test_a_cache_that_cannot_be_made_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("NEXTLABEL_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.warns(UserWarning, match="cannot be used .* Set NEXTLABEL_CACHE"):
        assert cache.folder().is_dir()
    assert cache.folder() == cache.folder()  # and it says so once


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_full_disk_is_a_sentence(own_cache: Path) -> None:
    with cache.NewFile() as new:
        full = open("/dev/full", "wb", buffering=0)  # noqa: SIM115
        os.dup2(full.fileno(), new.file.fileno())  # everything that is written there meets a full disk
        with pytest.raises(CannotWrite, match=r"is full\. Make room, or set NEXTLABEL_CACHE"):
            new.write(bytes(10_000_000))
        full.close()
