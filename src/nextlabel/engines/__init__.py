"""Where work is done. One name, one engine; each is made with how many jobs it may do at once, or with an address."""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor

from nextlabel.engines.base import Engine
from nextlabel.engines.dask import Dask, check_address
from nextlabel.engines.driver import run
from nextlabel.engines.here import Here
from nextlabel.engines.processes import Processes
from nextlabel.engines.team import Team

__all__ = ["ENGINES", "Engine", "Processes", "Team", "check_address", "engine", "run"]

ENGINES: Mapping[str, Callable[[int], Executor]] = {
    "here": Here,
    "processes": Processes,
    "dask": lambda jobs: Dask(f"local:{jobs}"),
}


def engine(jobs: int, cluster: str | None = None) -> Executor:
    """One job is done `here`, so that a plain script needs no worker; more by `processes`; on a ``cluster`` by `dask`.

    >>> type(engine(1)).__name__
    'Here'
    """
    if cluster is not None:
        return Dask(cluster)
    return ENGINES["here" if jobs == 1 else "processes"](jobs)
