"""Work in threads, each with a matrix product of its own."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from threadpoolctl import threadpool_info, threadpool_limits

Spread = Callable[..., Iterator[Any]]  # what `map` is: results in the order of what went in


@contextmanager
def spread_over_threads() -> Iterator[Spread]:
    """A `map` over as many threads as matrix products may take here; inside, each product takes one.

    A product of two threads has them wait for each other: on tiles that fit a core's cache, or beside others' work on
    the machine, that costs more than it gains. What surrounds a product (exponentials, sums) is spread as well. Results
    do not depend on how many threads there are, so long as the parts that are handed in do not.

    >>> with spread_over_threads() as spread:
    ...     list(spread(abs, [-1, -2]))
    [1, 2]
    """
    allowed = max((library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"), default=1)
    with threadpool_limits(1, user_api="blas"):
        if allowed == 1:
            yield map
            return
        pool = ThreadPoolExecutor(allowed)
        try:
            yield pool.map
        finally:
            pool.shutdown(cancel_futures=True)  # whoever interrupts does not wait for what has not begun
