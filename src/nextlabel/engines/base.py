"""What an engine is: something that takes work, does it somewhere, and has a future of the result.

That is what every `concurrent.futures.Executor` does, so every one is an engine: ours (`here`, `processes`), and
whatever somebody else hands in for a cluster. It is opened and closed by whoever made it. `run` sends it *tasks*, as
many at once as there is room for, and yields what comes back; a long piece of work is sent in *strides*, each a task of
a second or so, and ``follow`` says which one comes after a result. Nothing but results is ever kept, so no more than
the strides under way is lost when everything is killed. A new engine is one file and one line in the table of
`nextlabel.engines`.

    >>> from nextlabel.engines import ENGINES, run
    >>> def count(task):                               # work on one task: here three numbers from a start
    ...     return list(range(task, task + 3))
    >>> def follow(task, result):                      # the next stride of the same piece of work, or None at its end
    ...     return task + 3 if task + 3 < 6 else None
    >>> with ENGINES["here"](1) as engine:
    ...     dict(run(engine, count, [0, 100], at_once=1, threads=1, follow=follow))
    {0: [0, 1, 2], 3: [3, 4, 5], 100: [100, 101, 102]}

**What an engine owes.** The same work on the same task gives the same result, wherever it is done and however often.
So a task runs alone in its process: two at once in threads of one process share their BLAS threads, and the number of
those changes the last digits. Work may be sent to any worker; what a worker remembers of an earlier task may save time
and must not change a result.
"""

from collections.abc import Callable
from concurrent.futures import Future
from typing import ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Engine(Protocol):
    """Takes a call and does it, now or later, here or elsewhere."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """A future of ``fn(*args, **kwargs)``; it raises `concurrent.futures.BrokenExecutor` where a worker died."""
