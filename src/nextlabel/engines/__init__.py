"""Where work is done. One name, one engine; each is made with how many jobs it may do at once, or with an address."""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor

from nextlabel.engines.base import Engine
from nextlabel.engines.dask import Dask, check_address
from nextlabel.engines.driver import run, run_each
from nextlabel.engines.here import Here
from nextlabel.engines.processes import Processes
from nextlabel.engines.team import Team
from nextlabel.knobs.names import CPU

__all__ = ["ENGINES", "Engine", "Processes", "Team", "check_address", "engine", "run", "run_each"]

ENGINES: Mapping[str, Callable[[int], Executor]] = {
    "here": Here,
    "processes": Processes,
    "dask": lambda jobs: Dask(f"local:{jobs}"),
}


def engine(jobs: int, cluster: str | None = None, device: str = CPU) -> Executor:
    """One job is done `here`, so that a plain script needs no worker; more by `processes`; on a ``cluster`` by `dask`,
    and for any other ``device`` than the processor by those of its workers that have a GPU.

    >>> type(engine(1)).__name__
    'Here'
    """
    if cluster is not None:
        return Dask(cluster, gpu=device != CPU)
    return ENGINES["here" if jobs == 1 else "processes"](jobs)
