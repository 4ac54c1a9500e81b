"""What the long tests found, in one file that is committed.

A soak may be run in parts, ``SOAK_PART=50 make soak`` four times: counts of the same source add up to its goal.
"""

import hashlib
import json
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nextlabel

FILE = Path(__file__).parent / "soak" / "results.json"


class Soak:
    """Counts towards a goal of so many kills: ``counts`` so far, and what is ``left`` for this part."""

    def __init__(self, name: str, goal: int) -> None:
        before = _read().get(name, {})
        is_going_on = before.get("source") == source() and before.get("kills", goal) < goal
        self.name = name
        self.counts = {one: n for one, n in before.items() if isinstance(n, int | float)} if is_going_on else {}
        self.left = min(int(os.environ.get("SOAK_PART", goal)), goal - self.counts.get("kills", 0))

    def add(self, counts: dict[str, float]) -> None:
        """Add to the counts, and keep them."""
        self.left -= int(counts["kills"])
        self.counts |= {one: self.counts.get(one, 0) + n for one, n in counts.items()}
        keep(self.name, self.counts)


def keep(name: str, found: dict[str, Any]) -> None:
    """Put a result beside the others."""
    machine = {"python": platform.python_version(), "system": platform.system(), "nextlabel": version("nextlabel")}
    rounded = {one: round(value, 1) if isinstance(value, float) else value for one, value in found.items()}
    kept = _read() | {name: rounded | {"source": source(), "machine": machine}}
    FILE.write_text(json.dumps(kept, indent=1) + "\n")


def source() -> str:
    """A digest of what is tested: parts that tested something else are no parts of one soak."""
    root, found = Path(nextlabel.__file__).parent, hashlib.blake2b(digest_size=8)
    for path in sorted(path for path in root.rglob("*") if path.suffix in (".py", ".js", ".html")):
        found.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def _read() -> dict[str, Any]:
    return json.loads(FILE.read_text()) if FILE.exists() else {}
