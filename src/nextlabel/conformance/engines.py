"""The contract that every engine must keep, one function for each promise. Use it on an executor of your own:

    from nextlabel.conformance import engines

    with MyExecutor() as engine:
        for check in engines.for_engines:
            check(engine)

A check raises `AssertionError`, with a sentence, where the promise is broken. Its work is functions of this module, so
workers must find nextlabel installed.
"""

import os
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from nextlabel.engines.base import Engine
from nextlabel.engines.driver import run
from nextlabel.errors import BadData, WorkerDied

JOBS = 2  # tasks under way at a time


def results(engine: Engine, work: Callable[[Any], Any], tasks: list[Any], threads: int = 1) -> dict[Any, Any]:
    """What comes back, by task, after making sure that every task came back, and once."""
    # Through the driver, which is all that the rest of the program uses of an engine.
    found = list(run(engine, work, tasks, JOBS, threads))
    assert sorted(task for task, _ in found) == tasks, f"{[task for task, _ in found]} came back of {tasks}"
    return dict(found)


# Work of these checks stands at the top of the module: a worker process finds it by its name, where it could not
# unpickle a function within a function.
def square_of(task: int) -> int:
    return task * task


def check_gives_every_result_once(engine: Engine) -> None:
    """More tasks than there is room for, one, none."""
    for count in (7, 1, 0):  # JOBS is 2
        found = results(engine, square_of, list(range(count)))
        assert found == {task: task * task for task in range(count)}, f"squares are {found}"


def check_takes_strides_in_their_order(engine: Engine) -> None:
    """Three pieces of work, each in five strides: what follows is done after what it follows."""
    chains: dict[int, list[int]] = {0: [], 100: [], 200: []}
    for task, result in run(
        engine, square_of, list(chains), JOBS, 1, lambda task, _: task + 1 if task % 100 < 4 else None
    ):
        assert result == task * task, f"the square of {task} is {result}"
        # Chains may run side by side, so only the order within each is a promise.
        chains[task // 100 * 100].append(task % 100)
    assert list(chains.values()) == [[0, 1, 2, 3, 4]] * 3, f"strides came in the orders {chains}"


def refuse(task: int) -> None:
    raise BadData(f"task {task} is bad")


def stumble(task: int) -> None:
    raise ZeroDivisionError(f"bug {task}")


def check_passes_refusals_on(engine: Engine) -> None:
    """What nextlabel refuses in a worker is raised by `run` as it is; the engine works on."""
    error = _catch(engine, refuse)
    assert type(error) is BadData, f"a refusal became {error!r}"
    assert str(error) == "task 3 is bad", f"a refusal became '{error}'"
    results(engine, square_of, [2])


def check_says_where_a_bug_is(engine: Engine) -> None:
    """Any other error becomes `WorkerDied`, with the lines that led to it; the engine works on."""
    error = _catch(engine, stumble)
    assert isinstance(error, WorkerDied), f"a bug became {error!r}"
    # The line of the bug, not only its name: the traceback ends at the border of a process, unless it is carried over
    # as text.
    for words in ("in stumble", "ZeroDivisionError: bug 3"):
        assert words in str(error), f"'{words}' does not stand in: {error}"
    results(engine, square_of, [2])


def _catch(engine: Engine, work: Callable[[int], None]) -> Exception:
    try:
        results(engine, work, [3])
    except Exception as error:
        return error
    raise AssertionError("an error in the work is lost")


def count_blas_threads(task: int) -> list[int]:
    np.ones((2, 2)) @ np.ones((2, 2))
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


def check_computes_with_the_threads_it_is_given(engine: Engine) -> None:
    """As many BLAS threads as `run` was told, whatever the engine does side by side."""
    # Two numbers: an engine that sets its limit once, when a worker starts, would pass with one.
    for threads in (1, 2):
        found = results(engine, count_blas_threads, [0, 1], threads)
        assert all(set(counts) == {threads} for counts in found.values()), f"{threads} threads were given, {found} used"


def stay(task: int) -> tuple[int, float, float]:
    """Where and when a task was worked on."""
    began = time.monotonic()
    time.sleep(0.05)
    return os.getpid(), began, time.monotonic()


def check_does_one_task_at_a_time_in_a_process(engine: Engine) -> None:
    """BLAS threads are a process's: of two tasks at once in one, each changes how the other rounds."""
    # Sorted by process, then by time: neighbours of the list are neighbours in one process. monotonic is one clock for
    # all processes of a machine.
    visits = sorted(results(engine, stay, list(range(4))).values())
    for (pid, _, ended), (other, began, _) in pairwise(visits):
        assert pid != other or ended <= began, f"two tasks at once in process {pid}"


def check_leaves_the_environment_alone(engine: Engine) -> None:
    """`os.environ` is what it was, once work is done."""
    # A copy: os.environ itself would be compared with itself.
    before = dict(os.environ)
    results(engine, square_of, [0, 1, 2])
    changed = {name for name, _ in before.items() ^ os.environ.items()}
    assert not changed, f"the environment was changed: {', '.join(sorted(changed))}"


for_engines: list[Callable[[Engine], None]] = [
    check_gives_every_result_once,
    check_takes_strides_in_their_order,
    check_passes_refusals_on,
    check_says_where_a_bug_is,
    check_computes_with_the_threads_it_is_given,
    check_does_one_task_at_a_time_in_a_process,
    check_leaves_the_environment_alone,
]
