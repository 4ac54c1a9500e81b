"""Writing a run: one folder, one writer, nothing lost.

While it goes on, each arm has a file below ``parts``, one line per round, flushed to the disk as it comes. At the end
the lines are merged in the order of the arms into ``rows.jsonl`` and its companions, which are moved into place whole;
``rows.jsonl`` comes last, and says that the run is finished.

    with Recorder(folder, manifest, resume=True) as run:
        for arm, past in run.open_arms(arms):
            for line in play(arm, past):
                run.add(arm, [line])
        run.finish()

The same experiment with more seeds extends a run: what it merged is taken apart again, and goes on.
"""

import contextlib
import errno
import hashlib
import os
import re
import shutil
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout

from nextlabel.errors import CannotWrite, OtherRun, RunBroken, RunBusy
from nextlabel.files.atomic import rehearse, write_atomically
from nextlabel.files.refusals import FULL
from nextlabel.files.strict_json import Row, dump
from nextlabel.runs import shapes
from nextlabel.runs.environment import add, changes, environments
from nextlabel.runs.extension import take_apart
from nextlabel.runs.identity import differences, more_seeds
from nextlabel.runs.lines import Arm, Line, lines, read_json, read_lines
from nextlabel.text import join_names, show_path

FILES = ("timings", "picks", "confusions", "estimates", "rows")  # rows last: it says that the run is finished
# Windows would write each line's end as two bytes, unless told otherwise.
ADDING = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
# Of the manifest that an earlier session wrote; all else follows from the identity.
KEPT = ("command", "settings", "extended")

# Of a manifest, what going on with a run needs; `Run.read` looks at all of it.
BEGUN = shapes.fields(
    {"identity": shapes.mapping},
    {
        "command": shapes.every(shapes.words),
        "settings": shapes.by_seed(shapes.mapping),
        "extended": shapes.EXTENDED,
        **shapes.MADE_WITH,
    },
)
PART_SHAPE = shapes.fields(
    {"row": shapes.ROW, "timing": shapes.TIMING, "pick": shapes.PICK, "confusion": shapes.maybe(shapes.CONFUSION)},
    {"estimate": shapes.maybe(shapes.ESTIMATE)},
)


class Recorder:
    """The one writer of a run's folder, and its ledger: what was played stands in memory once it was read or added.

    Use it as a context manager. Raises `OtherRun` where the folder holds something else, `RunBusy` while another
    process writes it, `RunBroken` where a file was damaged, and `CannotWrite` where the disk is full or the folder may
    not be written to.
    """

    def __init__(self, folder: Path, manifest: dict[str, Any], resume: bool) -> None:
        self.folder, self.manifest, self.resume = folder, manifest, resume
        self.parts = folder / "parts"
        self.lock = FileLock(folder / ".lock")
        self.played: dict[Arm, list[Line]] = {}  # in the order of the arms

    def rehearse(self) -> None:
        """Refuse what opening would, and write nothing: for a manifest of which only some is known so far.

        Embedding can take hours, and nobody wants to hear after it that the folder holds something else.
        """
        with disk_refusals(self.folder):
            if not os.path.isdir(self.folder):
                if os.path.lexists(self.folder):  # a file, or a link that leads nowhere
                    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
                above = next(path for path in self.folder.absolute().parents if os.path.exists(path))
                rehearse(above / self.folder.name)
                return
            rehearse(self.folder / "rows.jsonl")
            if there := self._begun():
                self._refuse(there)
                self._lock()
                self.lock.release()

    def __enter__(self) -> Self:
        with disk_refusals(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock()
        try:
            with disk_refusals(self.folder):
                self._claim()
                self._sweep()
        except BaseException:
            self.lock.release()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self.lock.release()

    @property
    def is_finished(self) -> bool:
        """Have all rows been merged?"""
        return os.path.exists(self.folder / "rows.jsonl")

    @property
    def count(self) -> int:
        """How many lines there are, of all arms together."""
        return sum(map(len, self.played.values()))

    def describe(self, **more: Any) -> None:
        """Add to the manifest, and write it."""
        self.manifest |= more
        self.write("manifest.json", dump(self.manifest, indent=1) + "\n")

    def write(self, name: str, text: str) -> None:
        """Write a file of the run, whole or not at all."""
        with disk_refusals(self.folder):
            write_atomically(self.folder / name, text.encode())

    def open_arms(self, arms: Sequence[Arm]) -> list[tuple[Arm, list[Line]]]:
        """The arms that are not at their end, each with what was played of it; a part is read at the first call."""
        with disk_refusals(self.folder):
            self.parts.mkdir(exist_ok=True)  # at the first call; later ones (a stride each) find all in the ledger
            for arm in arms:
                if arm not in self.played:
                    self.played[arm] = self._read(arm)
        return [(arm, list(played)) for arm in arms if not ((played := self.played[arm]) and played[-1].last)]

    def add(self, arm: Arm, more: Sequence[Line]) -> None:
        """Add lines to an opened arm, in one go: a kill tears at most the last ones. On the disk when this returns."""
        text = lines(line._asdict() for line in more).encode()
        with disk_refusals(self.folder):
            # Opened for each batch: a process may have a thousand files open, a run more arms.
            part = os.open(self.parts / part_name(arm), ADDING, 0o644)
            try:
                while text:
                    # A write may take a part only, on a disk that is nearly full.
                    text = text[os.write(part, text) :]
                os.fsync(part)
            finally:
                os.close(part)
        self.played[arm].extend(more)

    def finish(self) -> None:
        """Merge all lines in the order in which the arms were opened, then throw the parts away."""
        every = [line for played in self.played.values() for line in played]
        # In the order in which the arms were opened, not in which they ended: the same bytes whatever the number of
        # jobs.
        for name in FILES:
            field = name.removesuffix("s")
            kept = [item for line in every if (item := getattr(line, field)) is not None]
            if kept or name != "estimates":
                self.write(f"{name}.jsonl", lines(kept))
        self._sweep()

    def _read(self, arm: Arm) -> list[Line]:
        """The whole lines of an arm; a torn last line, which a kill leaves behind, is dropped from the file too."""
        path = self.parts / part_name(arm)
        if not os.path.exists(path):
            return []
        text = path.read_bytes()
        # A line that ends was written whole; rfind gives -1 where none does, and so nothing.
        whole = text[: text.rfind(b"\n") + 1]
        if len(whole) < len(text):
            os.truncate(path, len(whole))
        if not whole:
            return []
        played = [
            Line(row["row"], row["timing"], row["pick"], row["confusion"], row.get("estimate"))
            for row in read_lines(path, PART_SHAPE)
        ]
        self._check(path, arm, played)
        return played

    def _check(self, path: Path, arm: Arm, played: Sequence[Line]) -> None:
        """Round after round of this arm and no other, of samples that there are, and nothing after its end."""
        samples = self.manifest.get("dataset", {}).get("n", shapes.LARGEST)  # ours, not what somebody edited
        for k, line in enumerate(played):
            rows: list[Row] = [row for row in line if row is not None]
            if any(shapes.line_key(row) != (*arm, k) for row in rows):
                raise RunBroken(
                    f"'{show_path(path)}' misses a round in the middle, or holds one of another arm. Delete that file "
                    "and run again with --resume."
                )
            end = not line.pick["ids"]  # only the last round asks nobody, and only it has a confusion matrix
            if end != line.last or (end and k < len(played) - 1) or max(line.pick["ids"], default=0) >= samples:
                raise RunBroken(
                    f"Line {k + 1} of '{show_path(path)}' is no round of this experiment. Delete that file and run "
                    "again with --resume."
                )

    def _lock(self) -> None:
        try:
            # Not waited for: another writer may go on for days.
            self.lock.acquire(timeout=0)
        except Timeout:
            raise RunBusy(
                f"Another process is writing the run in '{show_path(self.folder)}'. Wait for it, or choose another "
                "--out."
            ) from None

    def _begun(self) -> Row | None:
        """The manifest that an earlier session left here; None in an empty folder."""
        others = [path.name for path in self.folder.iterdir() if not path.name.startswith(".")]
        if others and "manifest.json" not in others:
            raise OtherRun(
                f"'{show_path(self.folder)}' is not empty and holds no run ({', '.join(sorted(others)[:3])}). "
                "Choose another --out."
            )
        return read_json(self.folder / "manifest.json", BEGUN) if others else None

    def _claim(self) -> None:
        """Make the folder this run's, or go on with what an earlier session left in it."""
        there = self._begun()
        if there is None:
            self.describe()
            return
        self._refuse(there)
        if self._extends(there):
            self._extend(there)
            self._go_on(there)
        elif self.is_finished:
            _same_samples(self.folder / "manifest.json", there, self.manifest)
            self.manifest = there
        else:
            self._go_on(there)

    def _extends(self, there: Row) -> bool:
        """Has this experiment the seeds of the one that is there, and more of them?"""
        return more_seeds(there["identity"], self.manifest["identity"]) is not None

    def _extend(self, there: Row) -> None:
        """Go back to before the merging, and note which seeds there were.

        ``rows.jsonl`` goes before the manifest is written anew: whoever is killed in between has an unfinished run.
        """
        if self.is_finished:
            self.parts.mkdir(exist_ok=True)
            for arm, played in take_apart(self.folder).items():
                text = lines(line._asdict() for line in played)
                write_atomically(self.parts / part_name(arm), text.encode())
            os.unlink(self.folder / "rows.jsonl")
        note = {"seeds": there["identity"]["seeds"], "command": self.manifest.get("command", [])}
        there["extended"] = [*there.get("extended", []), note]

    def _refuse(self, there: Row) -> None:
        """Raise `OtherRun` where another experiment is here, or this one, and nobody said to go on with it."""
        where, here = f"'{show_path(self.folder)}'", self.manifest["identity"]
        fewer = more_seeds(there["identity"], here)
        changed = differences(there["identity"], here if fewer is None else fewer)
        if fewer is not None and not changed:
            if not self.resume:
                raise OtherRun(f"{where} holds this experiment with fewer seeds. Add those that it lacks: --resume.")
            return
        if changed:
            raise OtherRun(
                f"{where} holds another experiment: {'; '.join(changed)}. Choose another --out, or delete it."
            )
        if not self.resume and self.is_finished:
            raise OtherRun(
                f"{where} holds this experiment already, and it is finished. Look at its report.html "
                "(--resume draws it again), or choose another --out."
            )
        if not self.resume:
            raise OtherRun(f"{where} holds this experiment already. Go on with it: add --resume.")

    def _go_on(self, there: Row) -> None:
        """Take over what an earlier session decided, and tell who went on with other versions than it began with."""
        here, before = self.manifest.get("made_with", [])[-1:], environments(there)
        changed = [change for one in here for change in changes(before[0], one)]
        if changed:
            warnings.warn(
                f"The run in '{show_path(self.folder)}' was begun with other versions ({join_names(changed)}): it goes "
                "on, but its rows may not be those that either would give alone.",
                stacklevel=4,
            )
        # The rest of the manifest is ours: the same by identity, and whole where somebody damaged theirs.
        self.manifest |= {name: there[name] for name in KEPT if name in there}
        for one in here:
            self.manifest["made_with"] = add(before, one)
        self.describe()

    def _sweep(self) -> None:
        """Throw away what a process that was killed left behind; nobody else writes here."""
        for draft in self.folder.glob(".*.json*.part"):  # not those of the report: it is drawn without the lock
            draft.unlink(missing_ok=True)
        if self.is_finished and self.parts.exists():
            shutil.rmtree(self.parts)


def _same_samples(path: Path, there: Row, here: Row) -> None:
    """A finished run's manifest is shown beside the data: both must speak of the same samples and classes."""
    one, other = (told["dataset"] if isinstance(told.get("dataset"), dict) else {} for told in (there, here))
    for name in ("n", "classes"):
        if one.get(name) != other.get(name):
            raise RunBroken(
                f"'{show_path(path)}' was edited: its dataset's {name} is not that of the data. Restore the file, or "
                "run the experiment again."
            )


def part_name(arm: Arm) -> str:
    """A file name for an arm; a strategy's specification may hold what file names may not."""
    plain = re.sub(r"\W+", "_", arm.strategy)[:60]
    if plain != arm.strategy:
        plain += "-" + hashlib.blake2b(arm.strategy.encode(), digest_size=4).hexdigest()
    return f"{plain}-{arm.seed}.jsonl"


@contextlib.contextmanager
def disk_refusals(folder: Path) -> Iterator[None]:
    """Turn the operating system's refusals into one sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise CannotWrite(
                f"The disk that holds '{show_path(folder)}' is full ({error.strerror}). What is written stays: make "
                "room, then go on with --resume."
            ) from error
        raise CannotWrite(
            f"'{show_path(folder)}' cannot be written to ({error.strerror}). Choose another --out."
        ) from error
