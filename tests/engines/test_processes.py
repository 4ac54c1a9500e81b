import os
import signal
import subprocess
import sys
import time
from functools import partial

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from nextlabel.engines.processes import KEPT, run
from nextlabel.errors import BadData, WorkerDied


def count_to(limit, task):
    yield from range(limit + task)


def fail(task):
    yield task
    raise BadData(f"task {task} is bad")


def crash(task):
    yield task
    raise ZeroDivisionError(f"bug {task}")


def vanish(task):
    yield task
    os.kill(os.getpid(), signal.SIGKILL)


def blas_threads(task):
    yield [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


def forever(task):
    while True:
        time.sleep(0.05)
        yield os.getpid()


def forever_silent(task):
    yield os.getpid()
    while True:
        sum(range(1000))


def hears_ctrl_c(task):
    yield signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def tunables(task):
    yield os.environ.get("GLIBC_TUNABLES")


class Pinched:
    """Work that is interrupted while it is handed to a worker."""

    def __reduce__(self):
        os.kill(os.getpid(), signal.SIGINT)
        return partial, (count_to, 3)


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_every_item_of_every_task_arrives_in_order(jobs):
    found = list(run(partial(count_to, 3), [0, 1, 2], jobs, threads=1))
    assert {task: [item for t, item in found if t == task] for task in range(3)} == {
        0: [0, 1, 2],
        1: [0, 1, 2, 3],
        2: [0, 1, 2, 3, 4],
    }


def test_no_tasks_need_no_workers():
    assert list(run(fail, [], jobs=2, threads=1)) == []


def test_a_refusal_in_a_worker_is_raised_here():
    with pytest.raises(BadData, match="task 0 is bad"):
        list(run(fail, [0], jobs=1, threads=1))


def test_a_bug_in_a_worker_names_its_line():
    with pytest.raises(WorkerDied, match="ZeroDivisionError: bug 0"):
        list(run(crash, [0], jobs=1, threads=1))


def test_a_killed_worker_is_noticed():
    with pytest.raises(WorkerDied, match="exit code -9"):
        list(run(vanish, [0], jobs=1, threads=1))


@pytest.mark.parametrize("threads", [1, 2])
def test_a_worker_has_the_threads_it_was_given(threads):
    np.ones((2, 2)) @ np.ones((2, 2))
    [(_, found)] = run(blas_threads, [0], jobs=1, threads=threads)
    assert found
    assert set(found) == {threads}


@pytest.mark.parametrize("own", [None, "glibc.malloc.check=0"])
def test_workers_keep_their_memory_unless_somebody_says_otherwise(own, monkeypatch):
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    if own:
        monkeypatch.setenv("GLIBC_TUNABLES", own)
    assert dict(run(tunables, [0], jobs=1, threads=1)) == {0: own or KEPT}
    assert os.environ.get("GLIBC_TUNABLES") == own


def test_no_worker_hears_ctrl_c():
    assert dict(run(hears_ctrl_c, [0, 1], jobs=2, threads=1)) == {0: False, 1: False}


def test_ctrl_c_while_workers_start_is_not_lost():
    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        list(run(Pinched(), [0], jobs=1, threads=1))


@pytest.mark.parametrize("work", ["forever", "forever_silent"])
def test_workers_end_when_their_parent_is_killed(work):
    code = (
        "from test_processes import *\n"
        "if __name__ == '__main__':\n"
        f"    for _, pid in run({work}, [0], 1, 1): print(pid, flush=True)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=os.path.dirname(__file__)
    )
    worker = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 10
    while _alive(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _alive(worker)


def _alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().split()[2] != "Z"
    except FileNotFoundError:
        return False
