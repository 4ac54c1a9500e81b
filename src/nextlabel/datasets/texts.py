"""The texts of a dataset: kept as UTF-8, one after another.

texts = Texts.of(["a reef", "a river"])
texts[1], texts.digests[1]               # "a river", 32 hexadecimal digits
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nextlabel.files.arrays import file_of, map_array, on_file

BLOCK = 256  # texts that are handed on at once
Bytes = npt.NDArray[np.uint8]
TextBlock = tuple[Sequence[int], Sequence[str]]  # m ids, and their texts


@dataclass(frozen=True, eq=False)
class Texts:
    """The texts of a dataset, by id. Many of them lie in a file of the cache, and travel as its path.

    ``data`` (B,) the UTF-8 of all of them; ``ends`` (N,) where in it each one ends.

    >>> texts = Texts.of(["a reef", "", "naïve"])
    >>> len(texts), texts[2], [len(digest) for digest in texts.digests]
    (3, 'naïve', [32, 32, 32])
    """

    data: Bytes
    ends: npt.NDArray[np.int64]
    version: str = "1"

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Texts":
        """These texts, in this order."""
        raw = [text.encode("utf-8", "replace") for text in texts]  # a half of a surrogate pair is no letter
        data = np.frombuffer(b"".join(raw), dtype=np.uint8)
        return cls(on_file(data, "texts"), np.cumsum([0, *map(len, raw)], dtype=np.int64)[1:])

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, i: int) -> str:
        return self._raw(i).decode()

    def __getstate__(self) -> dict[str, Any]:
        return {"data": file_of(self.data) or self.data, "ends": self.ends, "version": self.version}

    def __setstate__(self, state: dict[str, Any]) -> None:
        data = state["data"]
        self.__dict__.update(state, data=map_array(data) if isinstance(data, Path) else data)

    @cached_property
    def digests(self) -> Sequence[str]:
        """One per sample: a hash of its text, 32 hexadecimal digits."""
        return tuple(hashlib.blake2b(self._raw(i), digest_size=16).hexdigest() for i in range(len(self)))

    def blocks(self, ids: Sequence[int]) -> Iterator[TextBlock]:
        """The texts with these ids, some at a time, in the order of ``ids``."""
        for start in range(0, len(ids), BLOCK):
            some = ids[start : start + BLOCK]
            yield some, [self[i] for i in some]

    def _raw(self, i: int) -> bytes:
        start = int(self.ends[i - 1]) if i else 0
        return self.data[start : int(self.ends[i])].tobytes()
