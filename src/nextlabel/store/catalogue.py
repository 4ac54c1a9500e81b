"""Which sample is which file, over scans: new, changed, moved, gone, come back, the same bytes twice.

A sample is its bytes. A file with other bytes is another sample; the same bytes elsewhere are the same sample that was
moved, or, while the first is there as well, a copy of it. Bytes are known by a digest, which may come later than the
file (hashing takes a while, and a page should open at once): until then a path is all that a sample is known by.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from nextlabel.errors import BadEntry
from nextlabel.store.files import ranges
from nextlabel.store.records import Sample
from nextlabel.text import show_path


@dataclass(frozen=True, slots=True)
class File:
    """A file as a scan saw it: its path, relative and with / on any system, and a digest of its bytes where known."""

    path: str
    digest: str | None = None


class Catalogue:
    """All samples of a project, and what each scan changes of them.

    >>> now = datetime(2026, 5, 1)
    >>> catalogue = Catalogue([])
    >>> catalogue.take([File("a.jpg"), File("b.jpg", "b1")], whole=True, draw=lambda path: 0.5, now=now)
    {'joined': [[0, 1]], 'read': [[1, 1]]}
    >>> catalogue.take([File("sub/b.jpg", "b1")], whole=True, draw=lambda path: 0.5, now=now)  # b moved, a went
    {'gone': [[0, 0]]}
    >>> catalogue.by_path["sub/b.jpg"].id
    1
    """

    def __init__(self, samples: Iterable[Sample]) -> None:
        self.by_id: dict[int, Sample] = {}
        self.by_path: dict[str, Sample] = {}  # of those that are there
        self._left: dict[str, list[int]] = {}  # by path: samples that are gone, or were when last asked
        self._firsts: dict[str, int] = {}  # by digest: the sample that answers for it
        self._copies_of: dict[int, list[int]] = {}
        self.before: dict[int, Sample | None] = {}  # of the samples that the last scan touched
        for sample in samples:
            self._put(sample)

    def take(self, files: Iterable[File], whole: bool, draw: Callable[[str], float], now: datetime) -> dict[str, Any]:
        """Follow a scan and return what it found, as an event keeps it; nothing, where nothing changed.

        With ``whole`` the files are all that there are: whatever else was there is gone. Afterwards ``before`` holds
        each sample that was touched, as it was.
        """
        self.before = {}
        new, seen = [], set()
        for file in files:
            seen.add(file.path)
            if not self._is_known(file, now):
                new.append(file)
        if whole:
            for path in self.by_path.keys() - seen:
                self._set(self.by_path[path], gone=now)
        for file in new:
            self._join(file, draw, now)
        for sample in sorted(self.before):
            self._compare(self.by_id[sample], now)
        self._follow_copies(now)
        return self._found()

    def _is_known(self, file: File, now: datetime) -> bool:
        """Is the sample of that path still there? If its bytes are others, it is gone."""
        sample = self.by_path.get(file.path)
        if sample is None:
            return False
        if file.digest is None or sample.digest == file.digest:
            return True
        if sample.digest is None:
            self._set(sample, digest=file.digest)
            return True
        self._set(sample, gone=now)
        return False

    def _join(self, file: File, draw: Callable[[str], float], now: datetime) -> None:
        """A path that is new: a sample that comes back, or was moved, or a new one."""
        check_path(file.path)
        if file.path in self.by_path:  # named twice in one scan
            raise BadEntry(f"'{show_path(file.path)}' stands twice in one scan.")
        back = self._returning(file)
        first = self._firsts.get(file.digest or "")
        if back is not None:
            self._set(self.by_id[back], gone=None, path=file.path, digest=file.digest or self.by_id[back].digest)
        elif first is not None and self.by_id[first].gone is not None:
            self._set(self.by_id[first], gone=None, path=file.path)
        else:
            new = len(self.by_id)
            self.before[new] = None
            self._put(Sample(new, file.path, file.digest, draw(file.path), None, now, None))

    def _returning(self, file: File) -> int | None:
        """The last sample that left from this path, if its bytes may be the same."""
        for left in sorted(self._left.get(file.path, ()), reverse=True):
            one = self.by_id[left]
            if (
                one.gone is not None
                and one.path == file.path
                and (None in (one.digest, file.digest) or one.digest == file.digest)
            ):
                return left
        return None

    def _compare(self, sample: Sample, now: datetime) -> None:
        """Is a sample whose bytes were read a copy of an earlier one? Of one that is gone, it shows where it went."""
        if sample.digest is None or sample.gone is not None or sample.copy_of is not None:
            return
        first = self.by_id[self._firsts[sample.digest]]
        if first.id == sample.id:
            return
        if first.gone is None:
            self._set(sample, copy_of=first.id, draw=first.draw)
        else:
            self._set(sample, copy_of=first.id, draw=first.draw, gone=now)
            self._set(first, path=sample.path, gone=None)

    def _follow_copies(self, now: datetime) -> None:
        """Where a sample's file went and a copy of it stayed, the sample is where the copy is."""
        for first in {one.id if one.copy_of is None else one.copy_of for one in self._touched()}:
            there = [one for one in self._copies_of.get(first, ()) if self.by_id[one].gone is None]
            if there and self.by_id[first].gone is not None:
                copy = self.by_id[min(there)]
                self._set(copy, gone=now)
                self._set(self.by_id[first], path=copy.path, gone=None)

    def _touched(self) -> list[Sample]:
        return [self.by_id[one] for one in self.before]

    def _set(self, sample: Sample, **changes: Any) -> None:
        self.before.setdefault(sample.id, sample)
        if self.by_path.get(sample.path) is sample:
            del self.by_path[sample.path]
        self._put(replace(sample, **changes))

    def _put(self, sample: Sample) -> None:
        known = self.by_id.get(sample.id)
        self.by_id[sample.id] = sample
        if sample.gone is None:
            self.by_path[sample.path] = sample
        else:
            self._left.setdefault(sample.path, []).append(sample.id)
        if sample.copy_of is None and sample.digest is not None:
            self._firsts.setdefault(sample.digest, sample.id)
        elif sample.copy_of is not None and (known is None or known.copy_of is None):
            self._copies_of.setdefault(sample.copy_of, []).append(sample.id)

    def _found(self) -> dict[str, Any]:
        was, now = self.before, self.by_id
        old = {one: before for one, before in was.items() if before is not None}
        found = {
            "joined": ranges(was.keys() - old.keys()),
            "read": ranges(
                one for one in was if now[one].digest is not None and (one not in old or old[one].digest is None)
            ),
            # A file that is not there any more when the scan ends is gone, if it joined in this scan, too.
            "gone": ranges(one for one in was if now[one].gone and not (one in old and old[one].gone)),
            "back": ranges(one for one in old if old[one].gone and not now[one].gone),
            "copies": [
                [one, now[one].copy_of]
                for one in sorted(was)
                if now[one].copy_of is not None and (one not in old or old[one].copy_of is None)
            ],
        }
        return {name: value for name, value in found.items() if value}


def check_path(path: str) -> None:
    """Raise `BadEntry` where a path is not relative, leads out of the project's folder, or can be written shorter."""
    if not {"", ".", ".."}.isdisjoint(path.split("/")):
        raise BadEntry(
            f"'{show_path(path)}' is no path within the project's folder: hand in relative ones, as 'a/b.jpg'."
        )
