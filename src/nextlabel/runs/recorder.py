"""Writing a run: one folder, one writer, nothing lost.

While it goes on, each arm has a file below ``parts``, one line per round, flushed to the disk as it comes. At the end
the lines are merged in the order of the arms into ``rows.jsonl`` and its companions, which are moved into place whole;
``rows.jsonl`` comes last, and says that the run is finished.
"""

import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout

from nextlabel.errors import CannotWrite, OtherRun, RunBroken, RunBusy
from nextlabel.files.atomic import write_atomically
from nextlabel.runs.identity import differences
from nextlabel.runs.lines import Arm, Line, lines, read_json, read_lines

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
FILES = ("timings", "picks", "confusions", "rows")  # rows last: it says that the run is finished


class Recorder:
    """The one writer of a run's folder; use it as a context manager.

    Raises `OtherRun` where the folder holds something else, `RunBusy` while another process writes it, and
    `CannotWrite` where the disk is full or the folder may not be written to.
    """

    def __init__(self, folder: Path, manifest: dict[str, Any], resume: bool) -> None:
        self.folder, self.manifest, self.resume = folder, manifest, resume
        self.parts = folder / "parts"
        self.lock = FileLock(folder / ".lock")

    def __enter__(self) -> Self:
        with writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                self.lock.acquire(timeout=0)
            except Timeout:
                raise RunBusy(
                    f"Another process is writing the run in '{self.folder}'. Wait for it, or choose another --out."
                ) from None
        try:
            for draft in self.folder.glob(".*.json*.part"):  # of a process that was killed: nobody else writes here
                draft.unlink(missing_ok=True)
            self._claim()
        except BaseException:
            self.lock.release()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self.lock.release()

    @property
    def finished(self) -> bool:
        """Have all rows been merged?"""
        return (self.folder / "rows.jsonl").exists()

    def describe(self, **more: Any) -> None:
        """Add to the manifest, and write it."""
        self.manifest |= more
        self.put("manifest.json", json.dumps(self.manifest, indent=1, ensure_ascii=False) + "\n")

    def put(self, name: str, text: str) -> None:
        """Write a file of the run, whole or not at all."""
        with writing(self.folder):
            write_atomically(self.folder / name, text.encode())

    def played(self, arm: Arm) -> list[Line]:
        """The whole lines of an arm; a torn last line, which a kill leaves behind, is dropped from the file too."""
        path = self.parts / part_name(arm)
        if not path.exists():
            return []
        text = path.read_bytes()
        whole = text[: text.rfind(b"\n") + 1]
        if len(whole) < len(text):
            with writing(self.folder):
                os.truncate(path, len(whole))
        if not whole:
            return []
        found = [Line(**row) for row in read_lines(path)]
        if [line.row["round"] for line in found] != list(range(len(found))):
            raise RunBroken(f"'{path}' misses a round in the middle. Delete that file and run again with --resume.")
        return found

    @contextlib.contextmanager
    def appending(self) -> Iterator["Appender"]:
        """Files of arms, open for the next lines."""
        with writing(self.folder):
            self.parts.mkdir(exist_ok=True)
        appender = Appender(self)
        try:
            yield appender
        finally:
            appender.close()

    def finish(self, arms: Sequence[Arm]) -> None:
        """Merge all lines in the order of ``arms``, then throw the parts away."""
        played = [line for arm in arms for line in self.played(arm)]
        for name in FILES:
            key = name.removesuffix("s")
            self.put(f"{name}.jsonl", lines(item for line in played if (item := getattr(line, key)) is not None))
        shutil.rmtree(self.parts)

    def _claim(self) -> None:
        others = [path.name for path in self.folder.iterdir() if not path.name.startswith(".")]
        if not others:
            self.describe()
            return
        if "manifest.json" not in others:
            raise OtherRun(
                f"'{self.folder}' is not empty and holds no run ({', '.join(sorted(others)[:3])}). "
                "Choose another --out."
            )
        there = read_json(self.folder / "manifest.json")
        changed = differences(there.get("identity", {}), self.manifest["identity"])
        if changed:
            raise OtherRun(
                f"'{self.folder}' holds another experiment: {'; '.join(changed)}. Choose another --out, or delete it."
            )
        if not self.resume and self.finished:
            raise OtherRun(
                f"'{self.folder}' holds this experiment already, and it is finished. Look at its report.html "
                "(--resume draws it again), or choose another --out."
            )
        if not self.resume:
            raise OtherRun(f"'{self.folder}' holds this experiment already. Go on with it: add --resume.")
        self.manifest = there


class Appender:
    """Adds lines to the parts of a run, each on the disk before `append` returns."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.files: dict[Arm, int] = {}

    def append(self, arm: Arm, line: Line) -> None:
        """Write one line in one go: a kill tears at most the last one."""
        with writing(self.recorder.folder):
            if arm not in self.files:
                path = self.recorder.parts / part_name(arm)
                self.files[arm] = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            text = lines([line._asdict()]).encode()
            while text:
                text = text[os.write(self.files[arm], text) :]
            os.fsync(self.files[arm])
        if line.confusion is not None:  # the arm's last: a process may have a thousand files open, a run more arms
            os.close(self.files.pop(arm))

    def close(self) -> None:
        """Close what arms that are not at their end have open."""
        while self.files:
            os.close(self.files.popitem()[1])


def part_name(arm: Arm) -> str:
    """A file name for an arm; a strategy's specification may hold what file names may not."""
    plain = re.sub(r"\W+", "_", arm.strategy)[:60]
    if plain != arm.strategy:
        plain += "-" + hashlib.blake2b(arm.strategy.encode(), digest_size=4).hexdigest()
    return f"{plain}-{arm.seed}.jsonl"


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn the operating system's refusals into one sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise CannotWrite(
                f"The disk that holds '{folder}' is full ({error.strerror}). What is written stays: make room, "
                "then go on with --resume."
            ) from error
        raise CannotWrite(f"'{folder}' cannot be written to ({error.strerror}). Choose another --out.") from error
