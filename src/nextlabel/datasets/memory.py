"""What is remembered of a folder's pictures: which file held which bytes, and what became of those."""

import json
import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nextlabel.datasets.greys import Sketch
from nextlabel.datasets.pictures import File, Reading, Verdict
from nextlabel.files import cache

FRESH = 2 * 10**9  # nanoseconds: a file that changed so shortly before may change again within the clock's resolution

NOTED_AT_ONCE = 256  # readings: a block or two

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


class Journal:
    """Readings written down as they come, so that whoever is killed need not read all files again.

    Lines beside the memory, which takes them in when it is written; the last one may be torn.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.waiting = _journal(path), list[tuple[Signature, str, Verdict]]()

    def note(self, signature: Signature, reading: Reading) -> None:
        """Keep what became of a file; of one that is known by nothing but its bytes there is nothing to keep."""
        if signature and reading.digest:
            self.waiting.append((signature, reading.digest, reading.sketch or reading.reason))
        if len(self.waiting) >= NOTED_AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Write down what is waiting. Where no file can be written there is nothing to recall later: no harm."""
        lines = "".join(f"{json.dumps(row)}\n" for row in self.waiting)
        self.waiting.clear()
        with suppress(OSError), self.path.open("a", encoding="ascii") as file:
            file.write(lines)


def _journal(path: Path) -> Path:
    return path.with_suffix(".jsonl")


def read_memory(path: Path) -> Memory:
    """What is kept; nothing where that is lost or damaged. What was only noted comes on top."""
    memory = _read_kept(path)
    verdicts, digests = dict(memory.verdicts), dict(memory.digests)
    with suppress(OSError), _journal(path).open(encoding="ascii", errors="replace") as lines:
        for line in lines:
            with suppress(ValueError, TypeError):  # torn, when somebody was killed
                signature, digest, said = json.loads(line)
                verdicts[str(digest)], digests[str(signature)] = _verdict(said), str(digest)
    return Memory(verdicts, digests)


def _read_kept(path: Path) -> Memory:
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
    noted = _journal(path)
    if (verdicts, digests) != (before.verdicts, before.digests) or noted.exists():
        cache.write_bytes(path, json.dumps({"verdicts": verdicts, "digests": digests}).encode())  # a sketch is a list
    with suppress(OSError):
        noted.unlink(missing_ok=True)
