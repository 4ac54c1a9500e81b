"""What travels between a caller and its workers: work and tasks one way, answers the other.

Every parcel is pickled by itself, so that one which cannot be read ends in a sentence on the side that opens it, not in
a dead worker or a broken pool. Work, which may hold a whole dataset, is pickled once and unpickled once in each worker.
"""

import pickle
import traceback
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from threadpoolctl import threadpool_limits

from nextlabel.errors import NextlabelError, WorkerDied


class Parcel:
    """Something on its way. Within one process it is handed over as it is; to another it goes as bytes.

    >>> arrived = pickle.loads(pickle.dumps(Parcel([1, 2])))
    >>> arrived.open()
    [1, 2]
    """

    def __init__(self, thing: Any, keep: bool = False) -> None:
        self.thing, self.keep = thing, keep

    @cached_property
    def payload(self) -> bytes:
        """Made at the first sending, by the thread that sends, and used for all others."""
        return pickle.dumps(self.thing, pickle.HIGHEST_PROTOCOL)

    def open(self) -> Any:
        return self.thing

    def __reduce__(self) -> tuple[type["Delivery"], tuple[bytes, bool]]:
        return Delivery, (self.payload, self.keep)


class Delivery:
    """A parcel at the other end. With ``keep`` the last two opened stay open, for the next of the same bytes."""

    def __init__(self, payload: bytes, keep: bool) -> None:
        self.payload, self.keep = payload, keep

    def open(self) -> Any:
        return _keep_work(self.payload) if self.keep else pickle.loads(self.payload)


# Two: where one dataset ends and the next begins, a worker has strides of either in turn. No more: they are large.
@lru_cache(maxsize=2)
def _keep_work(payload: bytes) -> Any:
    return pickle.loads(payload)


class Reply(NamedTuple):
    """A result, or why there is none."""

    result: Any = None
    error: NextlabelError | None = None


def attend(work: Parcel | Delivery, task: Parcel | Delivery, threads: int) -> Parcel:
    """What a worker does with one task: work on it with ``threads`` BLAS threads, and answer, whatever happens.

    Errors travel as answers: raised in a worker they would have to survive the executor's own way of sending them.
    """
    try:
        function: Callable[[Any], Any] = work.open()  # before the limit, which holds for libraries that are loaded
        what = task.open()
        with threadpool_limits(threads):
            return Parcel(Reply(function(what)))
    except NextlabelError as error:
        return Parcel(Reply(error=error))
    # SystemExit too, from a library that calls sys.exit: it must not end the worker. KeyboardInterrupt is let through.
    except (Exception, SystemExit):
        return Parcel(Reply(error=WorkerDied(f"A worker failed:\n{traceback.format_exc()}")))
