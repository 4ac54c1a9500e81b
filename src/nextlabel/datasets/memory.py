"""What is remembered of a folder's pictures: which file held which bytes, and what became of those."""

import json
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nextlabel.datasets.greys import Sketch
from nextlabel.datasets.pictures import File, Reading, Verdict
from nextlabel.files import cache

FRESH = 2 * 10**9  # nanoseconds: a file that changed so shortly before may change again within the clock's resolution

Signature = str  # what the system says of a file; empty where it says nothing


@dataclass(frozen=True)
class Memory:
    """``verdicts`` by digest; ``digests`` by the signatures of files that had been left alone for a while."""

    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    digests: Mapping[Signature, str] = field(default_factory=dict)

    def recall(self, signature: Signature, known: Mapping[str, Verdict]) -> Reading | None:
        """What became of a file that has not changed since, or None where it must be read.

        >>> Memory(digests={"of a file": "ab12"}).recall("of a file", {"ab12": "is cut short"})
        Reading(digest='ab12', reason='is cut short', square=None, sketch=None)
        """
        digest = self.digests.get(signature)
        if digest is None or digest not in known:
            return None
        verdict = known[digest]
        return Reading(digest, sketch=verdict) if isinstance(verdict, Sketch) else Reading(digest, verdict)


def sign(file: File) -> Signature:
    """Path, place on the disk, size and times of a file; empty for one in an archive, and for one that just changed.

    Of a file in a bucket, its address and what the store says of its bytes.
    """
    if not isinstance(file, str):
        return file.signature
    try:
        seen = os.stat(file)
    except OSError:
        return ""  # whoever reads it says why
    if time.time_ns() - max(seen.st_mtime_ns, seen.st_ctime_ns) < FRESH:
        return ""
    return cache.key(file, seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns)


def read_memory(path: Path) -> Memory:
    """What is kept; nothing where that is lost or damaged."""
    try:
        found = json.loads(path.read_bytes())
        digests = {str(signature): str(digest) for signature, digest in found["digests"].items()}
        return Memory({digest: _verdict(said) for digest, said in found["verdicts"].items()}, digests)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return Memory()


def _verdict(said: Any) -> Verdict:
    if not isinstance(said, list):
        return None if said is None else str(said)
    kind, values, *rest = said
    return Sketch(kind, tuple(values), *rest)


def write_memory(path: Path, before: Memory, readings: Iterable[tuple[Signature, Reading | None]]) -> None:
    """Keep what became of the files, as far as they were read."""
    verdicts: dict[str, Verdict] = {}
    digests: dict[Signature, str] = {}
    for signature, reading in readings:
        if reading is not None and reading.digest:
            verdicts[reading.digest] = reading.sketch or reading.reason
            if signature:
                digests[signature] = reading.digest
    if (verdicts, digests) != (before.verdicts, before.digests):
        cache.write_bytes(path, json.dumps({"verdicts": verdicts, "digests": digests}).encode())  # a sketch is a list
