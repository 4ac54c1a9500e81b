"""A row per sample: nothing is computed twice, whatever is new, gone, in another order, damaged or interrupted."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from nextlabel.files import keyed
from nextlabel.files.cache import key
from nextlabel.files.keyed import KeyedRows, Places

KEYS = [key(i) for i in range(20)]
VALUES = {name: np.full(3, i, np.float32) for i, name in enumerate(KEYS)}


class Rows:
    """Rows that can be told apart, and what was asked for."""

    def __init__(self, folder: Path, portion: int = 2, fails_after: int | None = None) -> None:
        self.kept, self.portion, self.left = KeyedRows(folder, "rows"), portion, fails_after
        self.computed: list[str] = []

    def __call__(self, *keys: str) -> list[int]:
        """The rows of these keys, as one number each."""
        array = self.kept.assemble(keys, lambda places: self._compute(keys, places))
        assert not array.flags.writeable
        assert (array == array[:, :1]).all()
        return array[:, 0].astype(int).tolist()

    def _compute(self, keys: tuple[str, ...], places: Places) -> Iterator[tuple[Places, np.ndarray]]:
        for start in range(0, len(places), self.portion):
            if self.left is not None and start >= self.left:
                raise KeyboardInterrupt
            some = [keys[place] for place in places[start : start + self.portion]]
            self.computed += some
            yield places[start : start + self.portion], np.stack([VALUES[name] for name in some])


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyed, "STEP", 4)


def test_one_row_more_is_one_row_computed(tmp_path: Path) -> None:
    rows = Rows(tmp_path)
    assert rows(*KEYS[:9]) == list(range(9))
    rows.computed.clear()
    assert rows(*KEYS[:3], KEYS[15], *KEYS[3:9]) == [0, 1, 2, 15, 3, 4, 5, 6, 7, 8]
    assert rows.computed == [KEYS[15]]


def test_fewer_rows_or_another_order_compute_nothing(tmp_path: Path) -> None:
    rows = Rows(tmp_path)
    rows(*KEYS)
    rows.computed.clear()
    for some in (KEYS, KEYS[::-1], KEYS[4:9], [KEYS[3]] * 5 + [KEYS[1]]):
        assert rows(*some) == [KEYS.index(name) for name in some]
    assert rows.computed == []


def test_the_same_sample_twice_is_computed_once(tmp_path: Path) -> None:
    rows = Rows(tmp_path)
    assert rows(KEYS[5], KEYS[1], KEYS[5], KEYS[5]) == [5, 1, 5, 5]
    assert rows.computed == [KEYS[5], KEYS[1]]


def test_a_whole_is_one_plain_file_and_its_blocks_are_gone(tmp_path: Path, small_blocks: None) -> None:
    rows = Rows(tmp_path)
    rows(*KEYS)
    (file,) = tmp_path.iterdir()
    assert file == rows.kept.path(KEYS)
    assert np.load(file, mmap_mode="r")[:, 0].tolist() == list(range(20))
    assert set(rows.kept.keys()) == set(KEYS)


def test_an_interrupted_computation_goes_on_where_it_stopped(tmp_path: Path, small_blocks: None) -> None:
    with pytest.raises(KeyboardInterrupt):
        Rows(tmp_path, fails_after=14)(*KEYS)
    rows = Rows(tmp_path)
    assert rows(*KEYS) == list(range(20))
    assert rows.computed == KEYS[14:]


def test_a_killed_computation_loses_one_block_at_most(tmp_path: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, 'tests/files'); import os, test_keyed; from pathlib import Path\n"
        "test_keyed.keyed.STEP = 4\n"
        "class Killed(test_keyed.Rows):\n"
        "    def _compute(self, *asked):\n"
        "        for i, portion in enumerate(super()._compute(*asked)):\n"
        "            if i == 7: os._exit(9)\n"
        "            yield portion\n"
        "Killed(Path(sys.argv[1]))(*test_keyed.KEYS)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=Path(__file__).parents[2])
    assert done.returncode == 9
    rows = Rows(tmp_path)
    assert rows(*KEYS) == list(range(20))
    assert rows.computed == KEYS[12:]  # seven portions of two were there, and three blocks of four are kept


@pytest.mark.parametrize("place", [0, 30, 150, -100, -20, -1])
def test_damaged_rows_are_computed_again(tmp_path: Path, place: int) -> None:
    rows = Rows(tmp_path)
    rows(*KEYS[:12])
    path = rows.kept.path(KEYS[:12])
    raw = bytearray(path.read_bytes())
    raw[place] ^= 1
    path.write_bytes(raw)
    rows.computed.clear()
    assert rows(*KEYS[3:14]) == list(range(3, 14))
    assert rows.computed == KEYS[3:14]
    assert rows(*KEYS[:12]) == list(range(12))


def test_a_file_under_another_ones_name_is_not_believed(tmp_path: Path) -> None:
    rows = Rows(tmp_path)
    rows(*KEYS[:5])
    rows.kept.path(KEYS[:5]).rename(rows.kept.path(KEYS[5:10]))
    assert rows(*KEYS[5:10]) == [5, 6, 7, 8, 9]


def test_wholes_that_nobody_uses_go_once_a_newer_one_has_their_rows(tmp_path: Path) -> None:
    rows = Rows(tmp_path)
    for end in (4, 6, 8):
        rows(*KEYS[:end])
    old, used = rows.kept.path(KEYS[:4]), rows.kept.path(KEYS[:6])
    for path in (old, used):
        os.utime(path, (0, 0))
    rows(*KEYS[:6])  # it is used once more
    rows(*KEYS[:9])
    assert not old.exists()
    assert used.exists()


def test_processes_that_compute_the_same_do_no_harm(tmp_path: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, 'tests/files'); import test_keyed; from pathlib import Path\n"
        "test_keyed.keyed.STEP = 2\n"
        "for i in range(1, 20, 2):\n"
        "    assert test_keyed.Rows(Path(sys.argv[1]))(*test_keyed.KEYS[:i]) == list(range(i)), i"
    )
    root = Path(__file__).parents[2]
    several = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], cwd=root) for _ in range(3)]
    assert [each.wait() for each in several] == [0, 0, 0]
    assert {path.suffix for path in tmp_path.iterdir()} == {".npy"}
