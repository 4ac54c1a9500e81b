"""Workers on other machines: those of a Dask cluster, which somebody started and keeps, or of one that is started here.

A Dask cluster is a scheduler and its workers. Tasks go to the scheduler, which hands each to a worker that is free, and
to another one where that dies. What is added to Dask's own executor: work travels once and is kept by the workers, not
sent with every task; all workers have our versions; and when something is lost, there is a sentence that says what.

    nextlabel simulate digits --cluster tcp://host:8786
    nextlabel simulate digits --cluster local:4          # four workers on this machine, for as long as the run takes
"""

import logging
import os
import re
import signal
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import BrokenExecutor, Executor, Future
from importlib.util import find_spec
from multiprocessing import active_children
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from nextlabel.engines.environment import KEEP_MEMORY, LARGE_PAGES
from nextlabel.engines.machine import load_kernels
from nextlabel.engines.parcels import Delivery, Parcel
from nextlabel.engines.processes import block_signal, refuse_workers_here
from nextlabel.engines.versions import find_other
from nextlabel.errors import CannotGo, MissingExtra, Mistake

if TYPE_CHECKING:
    import distributed

P = ParamSpec("P")
T = TypeVar("T")

LOCAL = re.compile(r"local:([1-9][0-9]{0,3})")
ANSWER = 10  # seconds that a scheduler has to answer
FIRST = 30  # seconds in which it should have a worker
STALE = 1.0  # seconds for which it is taken as known which workers there are
SETTINGS = {
    # Deaths of workers with one task in hand until it is the task's fault. Dask's own 3 are few where kills are random.
    "distributed.scheduler.allowed-failures": 20,
    # A worker looks a hundred times a second at what it is doing; that takes a twentieth of the time of a grid.
    "distributed.worker.profile.enabled": False,
    # Nor does it have to look fifty times a second whether it is late, or move tasks of which there is one a worker.
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "2s",
    "distributed.scheduler.work-stealing": False,
    "distributed.scheduler.active-memory-manager.start": False,
}
EARLY = "distributed.nanny.pre-spawn-environ"  # variables that are there before a worker's C library looks for them
GRAPH = {"distributed.admin.large-graph-warning-threshold": "1TB"}  # work is large, sent once, and nobody's mistake
GPU: Mapping[str, int] = {"GPU": 1}  # what a task takes of a worker that says that it has one
START = "dask worker {} --nworkers auto --nthreads 1"


class Dask(Executor):
    """The workers of a Dask cluster: ``tcp://host:8786``, or ``local:4`` for four that end with this engine.

    With ``gpu`` only those that were started with ``--resources GPU=1``; all of ``local:4`` are.

    Raises `MissingExtra` without Dask, `Mistake` for what is no address, and `CannotGo` where nobody answers, no worker
    comes, or one has other versions than this process.

    >>> with Dask("local:1") as engine:
    ...     engine.submit(pow, 2, 10).result()
    1024
    """

    def __init__(self, address: str, gpu: bool = False) -> None:
        self.address, self._lost = check_address(address), ""
        self._needs = GPU if gpu else {}
        self._works: WeakKeyDictionary[Parcel, Any] = WeakKeyDictionary()
        self._met, self._asked = frozenset[str](), -STALE
        self._there: Mapping[str, int] = {}
        self._in_hand, self._lock = Counter[str](), Lock()  # of ours, by worker; Dask counts in a thread of its own
        local = LOCAL.fullmatch(address)
        self._cluster = None if local is None else _start_cluster(int(local[1]), self._needs)
        self._client: distributed.Client | None = None
        try:
            self._client = _connect(address if self._cluster is None else self._cluster.scheduler_address)
            self._wait_for_worker()
        except BaseException:
            self.shutdown()
            raise

    @property
    def client(self) -> "distributed.Client":
        """Dask's own client; `RuntimeError` once the engine is closed."""
        if self._client is None:
            raise RuntimeError("cannot use an engine after shutdown")
        return self._client

    @property
    def room(self) -> int:
        """How many tasks should be under way: one for each worker that there is now."""
        # No more: the next stride of an arm goes to the worker that is free, and that is the one that knows the arm.
        return max(1, len(self._workers()))

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """A future of ``fn(*args, **kwargs)``; parcels that are to be kept travel to each worker once."""
        self._meet_workers()
        place = self._choose_worker()
        remote = self.client.submit(
            fn, *map(self._send, args), pure=False, resources=self._needs, workers=place, allow_other_workers=True,
            **kwargs,
        )  # fmt: skip
        future: Future[T] = Future()

        def settle(done: Any) -> None:
            with self._lock:
                self._in_hand.subtract(place)
            self._settle(future, done)

        remote.add_done_callback(settle)
        # Dask drops a task that nobody has a future of.
        future.add_done_callback(lambda ours: remote.cancel() if ours.cancelled() else remote.release())
        return future

    def processors(self) -> dict[str, int]:
        """How many workers have which kernels of linear algebra, such as ``openblas 0.3.31 Haswell``."""
        return dict(Counter(", ".join(found) for found in self.client.run(load_kernels).values()))

    def sees(self, path: Path) -> bool:
        """Does a file lie under the same path at all workers? By its size and date, which a shared disk shares."""
        here = os.stat(path)
        found = self.client.run(os.stat, path, on_error="return").values()
        return all(
            (there.st_size, int(there.st_mtime)) == (here.st_size, int(here.st_mtime))
            if isinstance(there, os.stat_result)
            else False
            for there in found
        )

    def last_words(self) -> str:
        """What is to be said once workers, or the scheduler, are lost."""
        return f"{self._lost} What is written stays: go on with --resume."

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let go of the cluster, and end it where it was started here; what is under way is done for nobody."""
        client, cluster = self._client, self._cluster
        self._client = self._cluster = None
        self._works.clear()
        with block_signal(signal.SIGINT):
            if client is not None:
                client.close(timeout=1 if self._lost else ANSWER)  # nobody there will say goodbye
            if cluster is not None:
                _end_cluster(cluster)

    def _workers(self) -> Mapping[str, int]:
        """Threads, by address, of those that have what is needed; asked for once a second, for the scheduler may be on
        the other side of the world."""
        if monotonic() - self._asked > STALE:
            found = self.client.scheduler_info(n_workers=-1)["workers"]
            able = {place: about for place, about in found.items() if self._needs.items() <= about["resources"].items()}
            self._there, self._asked = {place: about["nthreads"] for place, about in able.items()}, monotonic()
        return self._there

    def _wait_for_worker(self) -> None:
        try:
            self.client.wait_for_workers(1, timeout=FIRST)
        except TimeoutError:
            raise CannotGo(
                f"The cluster at '{self.address}' has no worker. Start some, on each machine: "
                f"{START.format(self.address)}"
            ) from None
        if not self._workers():
            raise CannotGo(
                f"No worker of the cluster at '{self.address}' says that it has a GPU. Start those that have one so: "
                f"{START.format(self.address)} --resources GPU=1"
            )
        self._meet_workers()

    def _meet_workers(self) -> None:
        """Look at those that are new; `CannotGo` where one has other versions than this process, or several threads."""
        workers = self._workers()
        if new := sorted(workers.keys() - self._met):
            if wide := next((place for place in new if workers[place] > 1), None):
                raise CannotGo(
                    f"The worker at {wide} has {workers[wide]} threads, and tasks side by side in one process round "
                    f"otherwise. Start it with one, and as many workers as there are cores: {START.format('…')}"
                )
            if found := find_other(lambda ask: self.client.run(ask.func, *ask.args, workers=new, on_error="return")):
                raise CannotGo(found)
            self._met |= workers.keys()

    def _choose_worker(self) -> list[str]:
        """The one that has the fewest of our tasks; none where all are gone, then Dask waits for another."""
        # Left to itself, the scheduler goes by how long it expects tasks to take, and gives one to a worker that is at
        # work while another has nothing to do: a fifth of the time of a grid.
        with self._lock:
            place = sorted(self._workers(), key=self._in_hand.__getitem__)[:1]
            self._in_hand.update(place)
        return place

    def _send(self, thing: Any) -> Any:
        if not isinstance(thing, Parcel):
            return thing
        if not thing.keep:
            return Delivery(thing.payload, keep=False)
        if thing not in self._works:
            import dask

            with dask.config.set(GRAPH):
                # A task of its own, and not data that are scattered: it is done again where all its holders died.
                self._works[thing] = self.client.submit(Delivery, thing.payload, True, pure=False)
        return self._works[thing]

    def _settle(self, future: Future[Any], remote: Any) -> None:
        """Hand on what came of a task; in a thread of Dask's."""
        from distributed import KilledWorker

        if not future.set_running_or_notify_cancel():  # nobody waits for it any more
            return
        try:
            result = remote.result()
        except KilledWorker as error:
            self._lost = f"One task was begun by worker after worker, and all of them died ({_first_line(error)})."
            future.set_exception(BrokenExecutor())
        except BaseException as error:  # CancelledError is no Exception in every version
            if remote.status == "error":
                future.set_exception(error)
                return
            # Nobody cancels but whoever waits for the future, so Dask did: it has lost the scheduler.
            self._lost = self._lost or f"The scheduler at '{self.address}' is gone, or was started anew."
            future.set_exception(BrokenExecutor())
        else:
            future.set_result(result)


def check_address(address: str) -> str:
    """The address, if it is one and Dask is here; raises `Mistake` or `MissingExtra` before anything is read."""
    if not LOCAL.fullmatch(address) and not re.match(r"[a-z]+://.", address):
        raise Mistake(
            f"'{address}' is no address of a cluster. Give its scheduler's, such as tcp://host:8786, or local:4 for "
            "four workers on this machine."
        )
    if find_spec("distributed") is None:
        raise MissingExtra("--cluster needs Dask, which is not installed. Install it: pip install 'nextlabel[cluster]'")
    return address


def _start_cluster(workers: int, resources: Mapping[str, int]) -> "distributed.LocalCluster":
    """A scheduler in this process, and workers beside it that end with it."""
    refuse_workers_here()
    import dask
    import distributed

    _hush()
    try:
        # Workers are started by a thread that begins in here, and so are those that take the place of dead ones.
        early = {EARLY: dask.config.get(EARLY) | KEEP_MEMORY | LARGE_PAGES}
        with block_signal(signal.SIGINT), dask.config.set(SETTINGS | early):
            return distributed.LocalCluster(
                n_workers=workers, threads_per_worker=1, memory_limit=0, dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
                resources=dict(resources),
            )  # fmt: skip
    except (RuntimeError, OSError, TimeoutError) as error:
        raise CannotGo(
            f"No cluster of {workers} workers could be started on this machine ({_first_line(error)}). Use fewer; or, "
            'in a script, put what it does below `if __name__ == "__main__":`.'
        ) from None


def _end_cluster(cluster: "distributed.LocalCluster") -> None:
    """Close a cluster; whatever Dask makes of that, what was done is done, and none of the workers stays."""
    ours = {nanny.pid for nanny in cluster.workers.values()}
    try:
        cluster.close(timeout=ANSWER)
    except (AssertionError, TimeoutError, OSError):  # it trips over a worker that it is just starting anew
        for child in active_children():
            if child.pid in ours:
                child.kill()


def _connect(address: str) -> "distributed.Client":
    import distributed

    _hush()
    try:
        # Not the default one: a notebook's own Dask goes on as if we were not there.
        return distributed.Client(address, timeout=ANSWER, set_as_default=False, name="nextlabel")
    except (OSError, ValueError) as error:  # TimeoutError is an OSError
        raise CannotGo(
            f"Nobody answers at '{address}' ({_first_line(error)}). Is the scheduler running, and its port open from "
            f"here? One is started with: dask scheduler. And its workers, on each machine: {START.format(address)}"
        ) from None


def _hush() -> None:
    """What Dask logs of dead workers and lost schedulers, dozens of lines, we say in a sentence."""
    for name in [*logging.root.manager.loggerDict]:
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
