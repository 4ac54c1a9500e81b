"""Worker processes that compute while one parent writes.

`run` hands tasks to ``jobs`` processes and yields what they send back through their pipes, as it comes. Workers end
with their parent: kill it, and nobody is left behind. Every worker computes with ``threads`` BLAS threads whatever
``jobs`` is, so that the number of jobs does not change a single bit of the results.
"""

import contextlib
import multiprocessing as mp
import os
import pickle
import signal
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from threadpoolctl import threadpool_limits

from nextlabel.errors import NextlabelError, WorkerDied

Task = TypeVar("Task")
Work = Callable[[Any], Iterable[Any]]

DONE, ITEM, FAILED = "done", "item", "failed"
# A worker keeps the memory that it has had. By default glibc hands large blocks back and fetches them anew, page by
# page, a twelfth of the time that the guide's network trains. Read when a process starts; elsewhere unknown, no harm.
KEPT = "glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=1099511627776:glibc.malloc.hugetlb=1"


def run(work: Work, tasks: Sequence[Task], jobs: int, threads: int) -> Iterator[tuple[Task, Any]]:
    """Yield (task, item) for every item of ``work(task)``, tasks running side by side, each one's items in order.

    ``work`` must be picklable: a function of a module, or a `functools.partial` of one. An error raised in a worker is
    raised here; `WorkerDied` says that one ended by itself.
    """
    waiting, busy = list(reversed(tasks)), dict[Connection, Task]()
    crew: dict[Connection, BaseProcess] = {}
    try:
        _hire(crew, work, min(jobs, len(tasks)), threads)
        for conn in crew:
            busy[conn] = waiting.pop()
            conn.send(busy[conn])
        while busy:
            for ready in wait(list(busy)):
                conn = ready  # type: ignore[assignment]
                kind, item = _heard(conn, crew)
                if kind == ITEM:
                    yield busy[conn], item
                elif kind == FAILED:
                    raise item
                elif waiting:
                    busy[conn] = waiting.pop()
                    conn.send(busy[conn])
                else:
                    del busy[conn]
    finally:
        _dismiss(crew)


def _hire(crew: dict[Connection, BaseProcess], work: Work, count: int, threads: int) -> None:
    context = mp.get_context("spawn")  # forking a process that holds BLAS threads can deadlock
    with _uninterrupted(), _environment("GLIBC_TUNABLES", KEPT):
        for _ in range(count):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs, pickle.dumps(work), threads), daemon=True)
            process.start()
            theirs.close()
            crew[ours] = process


@contextlib.contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    """Processes started in here find ``value`` under that name, unless somebody has set it already."""
    before = os.environ.get(name)
    os.environ.setdefault(name, value)
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Processes started in here do not hear Ctrl-C: the parent decides what to do, once they are all started."""
    heard: list[int] = []
    try:
        before = signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    except ValueError:  # not in the main thread, where Ctrl-C does not arrive anyway
        yield
        return
    try:
        with _blocked(signal.SIGINT):
            yield
    finally:
        signal.signal(signal.SIGINT, before)
    if heard and before is not signal.SIG_IGN:
        raise KeyboardInterrupt


@contextlib.contextmanager
def _blocked(number: signal.Signals) -> Iterator[None]:
    """A signal kept from this thread and, for good, from processes that it starts."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    resource_tracker.ensure_running()  # now: it lifts the block again when it starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [number])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _heard(conn: Connection, crew: dict[Connection, BaseProcess]) -> tuple[str, Any]:
    try:
        found: tuple[str, Any] = conn.recv()
        return found
    except (EOFError, ConnectionResetError):
        crew[conn].join(timeout=5)
        raise WorkerDied(
            f"A worker process ended by itself (exit code {crew[conn].exitcode}); with -9, most likely memory ran out. "
            "What is written stays: go on with --resume, perhaps with --jobs 1."
        ) from None


def _dismiss(crew: dict[Connection, BaseProcess]) -> None:
    for conn, process in crew.items():
        conn.close()
        process.terminate()
    for process in crew.values():
        process.join()


def _serve(conn: Connection, packed: bytes, threads: int) -> None:
    """A worker's life: tasks in, items out, until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_orphaned, daemon=True).start()
    work: Work = pickle.loads(packed)
    with threadpool_limits(threads), contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            task = conn.recv()
            try:
                for item in work(task):
                    conn.send((ITEM, item))
                conn.send((DONE, None))
            except (BrokenPipeError, ConnectionResetError):
                raise
            except NextlabelError as error:
                conn.send((FAILED, error))
            except Exception:
                told = WorkerDied(f"A worker failed:\n{traceback.format_exc()}")
                conn.send((FAILED, told))


def _orphaned() -> None:
    """End this worker as soon as its parent has: the next item, at which it would notice, may be minutes away."""
    parent = mp.parent_process()
    assert parent is not None, "workers are started by `run`"
    wait([parent.sentinel])
    os._exit(1)
