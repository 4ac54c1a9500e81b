"""Where work is done. One name, one engine; each is made with the number of jobs that it may do at once."""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor

from nextlabel.engines.base import Engine
from nextlabel.engines.driver import run
from nextlabel.engines.here import Here
from nextlabel.engines.processes import Processes

__all__ = ["ENGINES", "Engine", "engine", "run"]

ENGINES: Mapping[str, Callable[[int], Executor]] = {
    "here": Here,
    "processes": Processes,
}


def engine(jobs: int) -> Executor:
    """One job is done `here`, so that a plain script needs no worker; more are done by `processes`.

    >>> type(engine(1)).__name__
    'Here'
    """
    return ENGINES["here" if jobs == 1 else "processes"](jobs)
