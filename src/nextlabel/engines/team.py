"""An open engine, and how much of it somebody may use: what is handed to whoever has work for it."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeVar

from nextlabel.engines.base import Engine
from nextlabel.engines.driver import run

Job = TypeVar("Job")
Result = TypeVar("Result")


class Team(NamedTuple):
    """``at_once`` tasks at a time, with ``threads`` threads each.

    >>> from nextlabel.engines import ENGINES
    >>> with ENGINES["here"](1) as engine:
    ...     sorted(Team(engine, 1, 1).run(len, ["ab", "c"]))
    [('ab', 2), ('c', 1)]
    """

    engine: Engine
    at_once: int
    threads: int

    def run(self, work: Callable[[Job], Result], tasks: Iterable[Job]) -> Iterator[tuple[Job, Result]]:
        """(task, ``work(task)``) as they are done; raises as `nextlabel.engines.run` does."""
        return run(self.engine, work, tasks, self.at_once, self.threads)
