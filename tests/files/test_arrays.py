"""Array files are whole or absent, are looked at before they are believed, and may be shared."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from nextlabel.errors import CannotWrite
from nextlabel.files import arrays, cache

KEYS = [bytes.fromhex(cache.key(i)) for i in range(3)]


@pytest.fixture
def path(own_cache: Path) -> Path:
    return cache.folder() / "a.npy"


def test_arrays_come_back_as_read_only_maps(path: Path) -> None:
    array = np.arange(12, dtype=np.float32).reshape(3, 4)
    written = arrays.write_array(path, array)
    found = arrays.read_array(path)
    for each in (written, found, np.load(path), arrays.map_array(path)):
        assert np.array_equal(each, array)
    assert isinstance(found, np.memmap)
    assert not found.flags.writeable


def test_rows_may_be_added_without_knowing_how_many(path: Path) -> None:
    with arrays.NewArray(path, (2,), np.int16) as new:
        for count in (1, 10, 200):
            new.add(np.full((count, 2), count))
        found = new.finish()
    assert found.shape == (211, 2)
    assert arrays.read_array(path) is not None


def test_keys_come_back_and_are_no_part_of_the_array(path: Path) -> None:
    arrays.write_array(path, np.ones((3, 4)), KEYS)
    assert arrays.read_keys(path) == KEYS
    assert arrays.read_array(path).shape == np.load(path).shape == (3, 4)


def test_what_is_not_finished_leaves_nothing(path: Path, own_cache: Path) -> None:
    with arrays.NewArray(path, (2,), np.int16) as new:
        new.add(np.ones((5, 2)))
        assert list(own_cache.iterdir())
    assert not list(own_cache.iterdir())


@pytest.mark.parametrize("keep", [0, 5, 60, 130, 150, -1])
def test_a_torn_file_is_as_good_as_none(path: Path, keep: int) -> None:
    arrays.write_array(path, np.ones((3, 4)), KEYS)
    path.write_bytes(path.read_bytes()[:keep])
    for absent in (path, path.with_name("b.npy")):
        assert arrays.read_array(absent) is arrays.read_keys(absent) is None


@pytest.mark.parametrize("place", [30, 140, -80, -40, -20, -1], ids=["header", "rows", "keys", "key", "seal", "digest"])
def test_a_flipped_bit_is_noticed_wherever_it_is(path: Path, place: int) -> None:
    arrays.write_array(path, np.ones((3, 4)), KEYS)
    raw = bytearray(path.read_bytes())
    raw[place] ^= 1
    path.write_bytes(raw)
    assert arrays.read_array(path) is None


def test_several_people_can_read_what_one_has_written(path: Path) -> None:
    before = os.umask(0o022)
    try:
        arrays.write_array(path, np.ones((3, 4)))
        cache.write_bytes(path.with_name("b.json"), b"{}")
    finally:
        os.umask(before)
    assert [stat.S_IMODE(path.with_name(name).stat().st_mode) for name in ("a.npy", "b.json")] == [0o644, 0o644]


def test_threads_may_write_the_same_file_at_once(path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: arrays.write_array(path, np.ones((50, 4))), range(40)))
    assert arrays.read_array(path) is not None
    assert [each.name for each in path.parent.iterdir()] == ["a.npy"]


def test_only_large_arrays_lie_on_file_and_only_whole_ones_are_known_by_it(own_cache: Path) -> None:
    small, large = np.ones((9, 4), np.float32), np.ones((70_000, 4), np.float32)
    assert arrays.on_file(small, "table") is small
    mapped = arrays.on_file(large, "table")
    assert np.array_equal(mapped, large)
    assert arrays.file_of(arrays.on_file(large, "table")) == arrays.file_of(mapped) == next(own_cache.iterdir())
    for part in (mapped[:10], mapped[::2], mapped.reshape(-1, 2), large):
        assert arrays.file_of(part) is None


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_full_disk_is_a_sentence(path: Path) -> None:
    with arrays.NewArray(path, (10,), np.float64) as new:
        full = open("/dev/full", "wb", buffering=0)  # noqa: SIM115
        os.dup2(full.fileno(), new.file.fileno())  # everything that is written there meets a full disk
        with pytest.raises(CannotWrite, match=r"is full\. Make room, or set NEXTLABEL_CACHE"):
            new.add(np.ones((100_000, 10)))
        full.close()
