"""No worker at all: work is done in this very process, at once."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Here(Executor):
    """`submit` returns when the work is done. Ctrl-C is heard in the middle of it, and nothing has to be pickled.

    >>> with Here() as engine:
    ...     engine.submit(pow, 2, 10).result()
    1024
    """

    def __init__(self, jobs: int = 1) -> None:
        """``jobs`` is what every engine is made with; here it changes nothing."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # not KeyboardInterrupt, which is meant for whoever waits, and that is this thread
            future.set_exception(error)
        return future
