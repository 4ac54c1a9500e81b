"""Worker processes on this machine: the standard library's pool, with workers that never outlive their parent.

What is added to `ProcessPoolExecutor`: workers do not hear Ctrl-C, for the parent decides; they are ended, not waited
for, when the block that uses them fails; they end at once when the parent is killed; they start with settings that the
C library reads at that moment only; and when one has died, there is a sentence that says how.
"""

import contextlib
import multiprocessing as mp
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import resource_tracker
from multiprocessing.connection import wait
from multiprocessing.context import SpawnContext, SpawnProcess
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from nextlabel.engines.environment import KEEP_MEMORY, LARGE_PAGES, environment
from nextlabel.errors import Mistake, WorkerDied

P = ParamSpec("P")
T = TypeVar("T")

NO_GUARD = 64  # exit code of a worker that came, while it started, to the call that had started it
WITHOUT_GUARD = (
    "Every worker process runs this script from its top, and there it came to this call again. Put what the script "
    'does below `if __name__ == "__main__":`, or use jobs=1, which needs no worker process.'
)


def refuse_workers_here() -> None:
    """`Mistake` where this process may have no workers that are started by spawning."""
    # A worker of a script without `if __name__ == "__main__":` runs that script, comes here, and would start workers
    # of its own. The standard library refuses, with thirty lines for each; the parent says it in one.
    if getattr(mp.current_process(), "_inheriting", False):
        raise SystemExit(NO_GUARD)
    if mp.current_process().daemon:
        raise Mistake(
            "This process is a worker itself, of a multiprocessing.Pool perhaps, and may have no workers of its own. "
            "Use jobs=1, which needs none."
        )
    main = getattr(sys.modules["__main__"], "__file__", None)
    if main is not None and not os.path.exists(main):
        raise Mistake(
            f"Worker processes begin by reading the file of the script that starts them, and '{main}' is none. Save it "
            "as a file, or use jobs=1, which needs no worker process."
        )


class Processes(ProcessPoolExecutor):
    """``jobs`` worker processes, started one by one as work comes; use it as a context manager.

    >>> with Processes(2) as engine:
    ...     engine.submit(pow, 2, 10).result()
    1024
    """

    def __init__(self, jobs: int) -> None:
        refuse_workers_here()
        self._context = _Workers()
        super().__init__(jobs, self._context, _begin)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        with _hold_ctrl_c():  # halfway, a worker would be nobody's
            return super().submit(fn, *args, **kwargs)

    def last_words(self) -> str:
        """What is to be said once a worker has died, and the pool with it."""
        self.shutdown()  # all are ended and waited for: exit codes are known
        codes = [worker.exitcode for worker in self._context.started()]
        code = min(codes, key=lambda code: code == -signal.SIGTERM)  # with that the pool has ended the others
        if code == NO_GUARD:
            return WITHOUT_GUARD
        why = ": most likely memory ran out." if code == -signal.SIGKILL else "; it may have said why, above."
        return (
            f"A worker process ended by itself (exit code {code}){why} What is written stays: go on with --resume, "
            "perhaps with --jobs 1."
        )

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is not None:
            with _hold_ctrl_c():  # a second Ctrl-C, too, has to wait until nobody is left
                for worker in self._context.started():
                    worker.terminate()
                self.shutdown(cancel_futures=True)
        self.shutdown()


class _Worker(SpawnProcess):
    def start(self) -> None:
        try:
            with environment(KEEP_MEMORY | LARGE_PAGES), block_signal(signal.SIGINT):
                super().start()
        except OSError as error:
            raise WorkerDied(
                f"No worker process could be started ({error.strerror}). Use fewer --jobs; 1 needs none."
            ) from None


class _Workers(SpawnContext):
    """Starts workers (forking a process that holds BLAS threads can deadlock), and remembers them."""

    def __init__(self) -> None:
        super().__init__()
        self.workers: list[_Worker] = []

    def Process(self, *args: Any, **kwargs: Any) -> _Worker:  # type: ignore[override]  # noqa: N802
        self.workers.append(_Worker(*args, **kwargs))
        return self.workers[-1]

    def started(self) -> list[_Worker]:
        return [worker for worker in self.workers if worker.pid is not None]  # one that could not be has none


@contextlib.contextmanager
def _hold_ctrl_c() -> Iterator[None]:
    """Ctrl-C waits until the block is through."""
    heard: list[int] = []
    try:
        before = signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    except ValueError:  # not in the main thread, where Ctrl-C does not arrive anyway
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if heard and before is not signal.SIG_IGN:
        raise KeyboardInterrupt


@contextlib.contextmanager
def block_signal(number: signal.Signals) -> Iterator[None]:
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


def _begin() -> None:
    """A worker's first step."""
    warnings.showwarning = _write_note
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _write_note(message: Warning | str, *_: object, **__: object) -> None:
    """A warning as a person reads it, without the file and line of a worker."""
    sys.stderr.write(f"Note: {message}\n")


def _end_with_parent() -> None:
    """End this worker as soon as its parent has: the next result, at which it would notice, may be minutes away."""
    parent = mp.parent_process()
    assert parent is not None, "workers are started by `Processes`"
    wait([parent.sentinel])
    os._exit(1)
