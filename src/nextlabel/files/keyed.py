"""Rows that can be computed again, one per sample, each under the key of the sample that it was computed from.

    rows = KeyedRows(cache.folder(), "features-pixels-0123")
    array = rows.assemble(digests, compute)          # (N, …), a read-only memory map, in the order of ``digests``

All rows of one name lie in array files whose rows have keys (`nextlabel.files.arrays`), of two kinds. A *whole* (.npy)
holds a dataset's rows in its order, duplicates too: it is what a dataset is handed, and what workers open by its path.
A *block* (.block) holds what was computed last, so that an interrupted computation loses one block at most; as soon as
a whole holds its rows it is removed. A sample that is new costs one row; an order that is new costs none, but a copy.

Files are written once and never changed, so any number of processes may read and write at once: the worst that can
happen is that two compute the same row.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from nextlabel.files.arrays import Array, Key, NewArray, read_array, read_keys, write_array
from nextlabel.files.cache import DIGEST, key

Places = Sequence[int]
Compute = Callable[[Places], Iterable[tuple[Places, Array]]]  # which rows are wanted -> which are these, and the rows
Held = dict[Key, tuple[Array, int]]  # where a row lies

STEP = 512  # rows that are computed, copied or read at once
MOST_BLOCKS = 256  # of one computation: each is a file that stays open until it is assembled
UNUSED = 30 * 24 * 3600  # seconds after which a whole goes whose rows a newer one has too


class KeyedRows:
    """All rows of one name in one folder. A key is 32 hexadecimal digits, as `nextlabel.files.cache.key` gives them.

    >>> from tempfile import TemporaryDirectory
    >>> def compute(places):
    ...     print("computing", list(places))
    ...     yield places, np.array([[place] for place in places], dtype=np.float32)
    >>> with TemporaryDirectory() as folder:
    ...     rows = KeyedRows(Path(folder), "squares")
    ...     two = rows.assemble([key("a"), key("b")], compute)
    ...     three = rows.assemble([key("b"), key("a"), key("c")], compute).tolist()
    computing [0, 1]
    computing [2]
    >>> three
    [[1.0], [0.0], [2.0]]
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name

    def path(self, keys: Sequence[str]) -> Path:
        """The whole that holds the rows of these keys in this order, if it is there."""
        return self.folder / f"{self.name}-{key(*keys)}.npy"

    def whole(self, keys: Sequence[str]) -> Array | None:
        """The rows of these keys in this order, where they were assembled before and are undamaged."""
        path = self.path(keys)
        array = read_array(path)
        if array is None or read_keys(path) != _raw(keys):
            return None
        if _age(path) > UNUSED / 30:
            with contextlib.suppress(OSError):  # somebody else's file, or a disk that may only be read
                os.utime(path)  # it is still in use
        return array

    def write(self, keys: Sequence[str], rows: Array) -> Array:
        """Keep rows that are already in the order of ``keys``."""
        return write_array(self.path(keys), rows, _raw(keys))

    def add(self, keys: Sequence[str], rows: Array) -> Array:
        """Keep some rows for whoever assembles them later."""
        path = self.folder / f"{self.name}-{key(*keys)}.block"
        return write_array(path, rows, _raw(keys))

    def keys(self) -> Iterator[str]:
        """The keys whose rows are kept, in any order; whether those are undamaged is seen when they are read."""
        for path in self._files():
            yield from (raw.hex() for raw in read_keys(path) or ())

    def assemble(self, keys: Sequence[str], compute: Compute) -> Array:
        """The rows (n, …) of ``keys``, n > 0, as one read-only memory map; ``compute`` is asked for those not kept yet.

        It is given their places among ``keys``, each key's first, and yields places with their rows, in any portions.
        What it has yielded is kept even if it fails later on.
        """
        array = self.whole(keys)
        if array is None:
            wanted = _raw(keys)
            held, first = self._held(set(wanted)), dict[Key, int]()
            for place, raw in enumerate(wanted):
                first.setdefault(raw, place)
            lacking = [place for raw, place in first.items() if raw not in held]
            held |= self._compute_rows(keys, lacking, compute)
            array = self._gather(self.path(keys), wanted, held)
            self._tidy(set(wanted))
        return array

    def _files(self) -> list[Path]:
        """All files of this name: wholes first, newer before older, so that most rows come out of one file."""
        paths = [path for end in (".npy", ".block") for path in self.folder.glob(f"{self.name}-*{end}")]
        return sorted(paths, key=lambda path: (path.suffix == ".block", _age(path)))

    def _held(self, wanted: set[Key]) -> Held:
        held: Held = {}
        for path in self._files():
            useful = [(raw, row) for row, raw in enumerate(read_keys(path) or ()) if raw in wanted and raw not in held]
            if useful and (array := read_array(path)) is not None:
                rows = np.asarray(array)  # a memory map would make an object of each row that is taken from it
                held |= {raw: (rows, row) for raw, row in useful}
        return held

    def _compute_rows(self, keys: Sequence[str], lacking: Places, compute: Compute) -> Held:
        """Ask for the rows that lack, and keep them block by block, whatever happens meanwhile."""
        held: Held = {}
        places, rows = list[int](), list[Array]()
        room = max(STEP, -(-len(lacking) // MOST_BLOCKS))

        def put() -> None:
            if places:
                names, block = [keys[place] for place in places], np.concatenate(rows)
                # A map stays open, though whoever assembles the same rows may remove its file, or has already.
                with contextlib.suppress(FileNotFoundError):
                    block = np.asarray(self.add(names, block))
                held.update({raw: (block, row) for row, raw in enumerate(_raw(names))})
                places.clear()
                rows.clear()

        try:
            for some, theirs in compute(lacking) if lacking else ():
                places.extend(some)
                rows.append(theirs)
                if len(places) >= room:
                    put()
        finally:
            put()
        return held

    def _gather(self, path: Path, wanted: Sequence[Key], held: Held) -> Array:
        """Copy rows from where they lie into one file, in the order of their keys."""
        first, _ = held[wanted[0]]
        with NewArray(path, first.shape[1:], first.dtype) as new:
            for start in range(0, len(wanted), STEP):
                some = wanted[start : start + STEP]
                rows = np.empty((len(some), *new.row), new.dtype)
                for i, (array, row) in enumerate(held[raw] for raw in some):
                    rows[i] = array[row]
                new.add(rows, some)
            return new.finish()

    def _tidy(self, whole: set[Key]) -> None:
        """Remove what a whole that was just written holds too: blocks now, older wholes when nobody has used them long.

        Whoever is reading a block goes on with its map; nobody is ever handed a block's path.
        """
        for path in self._files():
            spent = path.suffix == ".block" or _age(path) > UNUSED
            if spent and (keys := read_keys(path)) is not None and whole.issuperset(keys):
                with contextlib.suppress(OSError):  # it is open, on Windows; or somebody else was first
                    path.unlink()


class RowLookup:
    """The rows of one name that are kept, one by one: a file is opened, and looked at, when a row of it is wanted.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     rows = KeyedRows(Path(folder), "squares")
    ...     added = rows.add([key("a")], np.array([[7.0]]))
    ...     look_up = RowLookup(rows)
    ...     look_up.row(key("a")), look_up.row(key("b")), list(look_up) == [key("a")]
    (array([7.]), None, True)
    """

    def __init__(self, rows: KeyedRows) -> None:
        self._places = dict[str, tuple[Path, int]]()
        self._open = dict[Path, Array | None]()  # None: damaged, or removed by now
        for path in rows._files():
            for row, raw in enumerate(read_keys(path) or ()):
                self._places.setdefault(raw.hex(), (path, row))

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def row(self, key: str) -> Array | None:
        """The row of a key, or None where none is kept, or it is damaged."""
        if key not in self._places:
            return None
        path, row = self._places[key]
        if path not in self._open:
            self._open[path] = read_array(path)
        array = self._open[path]
        return None if array is None else np.array(array[row])


def _raw(keys: Sequence[str]) -> list[Key]:
    raw = bytes.fromhex("".join(keys))
    return [raw[i : i + DIGEST] for i in range(0, len(raw), DIGEST)]


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:  # removed in the meantime
        return 0.0
