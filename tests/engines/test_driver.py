import multiprocessing as mp
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context

import pytest
import work

from nextlabel.conformance.engines import for_engines
from nextlabel.engines import engine, run, run_each
from nextlabel.engines.here import Here
from nextlabel.engines.parcels import Parcel
from nextlabel.engines.processes import Processes
from nextlabel.errors import BadData, WorkerDied


def count_down(task):
    return list(range(task, 0, -1))


def test_a_piece_of_work_goes_on_before_the_next_begins():
    followed = lambda task, result: task - 1 if len(result) > 1 else None  # noqa: E731
    tasks = [task for task, _ in run(Here(), count_down, [2, 1, 3], 1, 1, followed)]
    assert tasks == [2, 1, 1, 3, 2, 1]


def test_a_result_is_handed_out_before_more_work_is_begun():
    begun = []
    found = run(Here(), begun.append, [5, 6, 7], at_once=1, threads=1)
    assert next(found) == (5, None)
    assert begun == [5]


def test_what_follows_may_hang_on_what_was_made_of_the_result():
    written = []
    for _, result in run(Here(), count_down, [4], 1, 1, lambda task, _: 2 if written == [[4, 3, 2, 1]] else None):
        written.append(result)
    assert written == [[4, 3, 2, 1], [2, 1]]


def test_nothing_more_is_sent_after_an_error():
    begun = []

    def refuse_second(task):
        begun.append(task)
        if task == 2:
            raise BadData("two")

    with pytest.raises(BadData, match="two"):
        list(run(Here(), refuse_second, [1, 2, 3], 1, 1))
    assert begun == [1, 2]


def test_no_tasks_need_no_workers():
    with Processes(2) as workers:
        assert list(run(workers, work.refuse, [], 2, 1)) == []
        assert not mp.active_children()


def test_ctrl_c_is_heard_in_the_middle_of_work_that_is_done_here():
    with pytest.raises(KeyboardInterrupt):
        list(run(Here(), lambda task: work.signal.raise_signal(work.signal.SIGINT), [0], 1, 1))


def test_work_is_unpickled_once_in_each_worker():
    with Processes(1) as workers:
        found = dict(run(workers, work.Counted(), [0, 1, 2], 1, 1))
    assert found == {0: 1, 1: 1, 2: 1}


def test_work_done_here_is_not_pickled_at_all():
    assert dict(run(Here(), work.Counted(), [0, 1], 1, 1)) == {0: 0, 1: 0}


def test_the_standard_librarys_own_pool_is_an_engine_too():
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        for check in for_engines:
            check(pool)
        with pytest.raises(WorkerDied, match="A worker ended by itself"):
            list(run(pool, work.kill_itself, [0], 1, 1))


def test_one_job_needs_no_process():
    engines: dict[int, Executor] = {jobs: engine(jobs) for jobs in (1, 2)}
    assert {jobs: type(one) for jobs, one in engines.items()} == {1: Here, 2: Processes}


def test_tasks_of_two_pieces_of_work_in_turns_unpickle_each_once():
    works = [Parcel(work.Counted(str(which)), keep=True) for which in (0, 1)]
    with Processes(1) as workers:
        found = [read for _, read in run_each(workers, lambda task: works[task % 2], range(6), 1, 1)]
    assert found == [1, 2, 2, 2, 2, 2]
