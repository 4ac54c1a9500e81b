"""One bar, on a terminal only."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from nextlabel.progress import Progress as Watcher


@contextmanager
def watched(loud: Console) -> Iterator[Watcher]:
    """A progress bar with the time left on the terminal; nothing where there is none."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=loud, disable=not loud.is_terminal, transient=True) as bar:
        task = bar.add_task("", total=None)
        stage = [""]

        def show(what: str, done: int, total: int) -> None:
            kind = what.partition(",")[0]
            if kind != stage[0] and done <= 1:
                bar.reset(task)
            stage[0] = kind
            bar.update(task, description=what, completed=done, total=total)

        yield show
