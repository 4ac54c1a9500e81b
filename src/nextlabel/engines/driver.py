"""The one driver: tasks in, results out as they come, the next stride of a task when the last one is in."""

import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from itertools import islice
from typing import Any, TypeVar

from nextlabel.engines.base import Engine
from nextlabel.engines.parcels import Delivery, Parcel, attend
from nextlabel.errors import WorkerDied

Job = TypeVar("Job")
Result = TypeVar("Result")

LOOK_UP = 1.0  # seconds: Windows hears Ctrl-C only between two waits


def at_its_end(task: Any, result: Any) -> None:
    """Nothing follows: every task is whole."""


def run(
    engine: Engine,
    work: Callable[[Job], Result],
    tasks: Iterable[Job],
    at_once: int,
    threads: int,
    follow: Callable[[Job, Result], Job | None] = at_its_end,
) -> Iterator[tuple[Job, Result]]:
    """Yield (task, ``work(task)``) as they are done, ``at_once`` tasks under way at a time.

    An engine that has a ``room`` of its own, since its workers come and go, has so many under way instead.

    When the caller comes back for more, ``follow(task, result)`` is asked for the next stride of the same piece of
    work, which goes before tasks that have not begun; None where there is none. For another process ``work``, tasks
    and results must be picklable: a function of a module, a `functools.partial` of one, or an object that can be
    called. Each worker has ``threads`` BLAS threads.

    Raises what ``work`` refuses (a `NextlabelError`), and `WorkerDied` for anything else, a worker's death among it;
    then nothing more is sent, and what is under way is left to whoever closes the engine.
    """
    parcel = Parcel(work, keep=True)
    return run_each(engine, lambda task: parcel, tasks, at_once, threads, follow)


def run_each(
    engine: Engine,
    work_of: Callable[[Job], Parcel],
    tasks: Iterable[Job],
    at_once: int,
    threads: int,
    follow: Callable[[Job, Any], Job | None] = at_its_end,
) -> Iterator[tuple[Job, Any]]:
    """As `run`, where tasks are of several pieces of work: ``work_of`` gives a task's, one parcel for all tasks of one.

    Parcels are made with ``keep=True``, and may be made as they are needed.
    """
    waiting, busy = iter(tasks), dict[Future[Parcel], Job]()

    def send(task: Job) -> None:
        busy[engine.submit(attend, work_of(task), Parcel(task), threads)] = task

    try:
        for task in islice(waiting, _room(engine, at_once)):
            send(task)
        while busy:
            wait(busy, LOOK_UP, FIRST_COMPLETED)
            for future in [future for future in busy if future.done()]:
                task = busy.pop(future)
                result = _open(future.result)
                # Handed out before more is sent: the caller may write it down, or stop.
                yield task, result
                following = follow(task, result)
                following = next(waiting, None) if following is None else following
                if following is not None:
                    send(following)
            for task in islice(waiting, max(0, _room(engine, at_once) - len(busy))):  # for workers that came meanwhile
                send(task)
    except BrokenExecutor:
        raise WorkerDied(_last_words(engine)) from None
    finally:
        for future in busy:
            # Only what waits can be cancelled; what is under way is left to whoever closes the engine.
            future.cancel()


def _open(receive: Callable[[], Parcel | Delivery]) -> Any:
    """The result in a parcel. Raises the error that it holds instead, or says why it could not be sent or read."""
    try:
        answer = receive().open()
    except BrokenExecutor:
        raise
    except Exception as error:
        told = "".join(traceback.format_exception(error))
        raise WorkerDied(f"What a worker was sent, or sent back, could not be pickled:\n{told}") from None
    if answer.error is not None:
        raise answer.error
    return answer.result


def _room(engine: Engine, at_once: int) -> int:
    room: int = getattr(engine, "room", at_once)
    return room


def _last_words(engine: Engine) -> str:
    """Why workers died: the engine's own ``last_words()``, where it has any."""
    known: Callable[[], str] = getattr(
        engine, "last_words", lambda: "A worker ended by itself. Perhaps its memory ran out."
    )
    return known()
