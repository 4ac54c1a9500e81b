"""How far it is: one bar on a terminal, and a plain line now and then where there is none."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from nextlabel.progress import FINISHED
from nextlabel.progress import Progress as Watcher

FIRST_SILENCE = 10.0  # seconds: what takes less is told by its result
SILENCE = 30.0  # seconds without a line in which one wonders whether anything goes on


@contextmanager
def show_progress(loud: Console, quiet: bool = False) -> Iterator[Watcher]:
    """Each step with its time and the time left: a bar on a terminal, else plain lines, or nothing where ``quiet``."""
    if loud.is_terminal:  # else a log, which a bar would fill with its frames
        # Transient: once there is a result, the bar says nothing more.
        with Progress(*_columns(), console=loud, transient=True) as bar:
            yield Bar(bar)
    else:
        yield (lambda what, done, total: None) if quiet else Lines(loud)


def _columns() -> tuple[SpinnerColumn, TextColumn, BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn]:
    count = TextColumn("{task.fields[count]}")
    return (
        SpinnerColumn("line"),  # in ASCII, as some terminals want it
        TextColumn("{task.description}"),
        BarColumn(),
        count,
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )


class Stages:
    """Tells where one kind of work ends and the next begins, which has a clock of its own.

    Arms are played side by side, so their words alternate; a stage begins where other words come with another total, or
    with fewer done.
    """

    def __init__(self) -> None:
        self.kind, self.done, self.total = "", 0, -1

    def begins(self, what: str, done: int, total: int) -> bool:
        # "margin, seed 3, round 7" is of the kind "margin".
        kind = what.partition(",")[0]
        new = kind != self.kind and (total != self.total or done < self.done)
        self.kind, self.done, self.total = kind, done, total
        return new


class Bar:
    """A bar of rich's; a total of 0 is one that nobody knows."""

    def __init__(self, bar: Progress) -> None:
        self.bar, self.stages = bar, Stages()
        self.task = bar.add_task("reading", total=None, count="")

    def __call__(self, what: str, done: int, total: int) -> None:
        if self.stages.begins(what, done, total):
            # A task of its own, for rich reckons the time left by a task's whole past.
            self.bar.remove_task(self.task)
            self.task = self.bar.add_task(what, total=None, count="")
        count = f"{done:,}/{total:,}" if total else ""
        self.bar.update(self.task, description=what, completed=done, total=total or None, count=count)


class Lines:
    """A line for each arm that is finished, and one where nothing was said for long: for logs, and for who waits.

    ``clock`` counts seconds. Nothing is said in the first `FIRST_SILENCE` of them.
    """

    def __init__(self, loud: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self.loud, self.clock, self.stages = loud, clock, Stages()
        self.began = self.told = self.since = clock()  # of all, of the last line, of this stage
        self.before = 0  # how many were done when the stage began: many in a run that goes on

    def __call__(self, what: str, done: int, total: int) -> None:
        now = self.clock()
        if self.stages.begins(what, done, total):
            self.since, self.before = now, done
        # An arm's end is told however soon it comes after another: it is what one looks for in a log.
        due = what.endswith(FINISHED) or now - self.told >= SILENCE
        if due and now - self.began >= FIRST_SILENCE:
            self.told = now
            self.loud.print(f"{what}{self.far(now, done, total)}", markup=False, soft_wrap=True)

    def far(self, now: float, done: int, total: int) -> str:
        """How many are done, and the time left where it can be known."""
        if not total:
            return ""
        some = done - self.before  # done in this session alone, by this clock
        left = (now - self.since) / some * (total - done) if some > 0 else 0.0
        return f": {done:,} of {total:,}" + (f", about {in_words(left)} left" if left >= 1 else "")


def in_words(seconds: float) -> str:
    """A time in prose.

    >>> in_words(40), in_words(200), in_words(9000)
    ('40 s', '3 min', '2.5 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"
