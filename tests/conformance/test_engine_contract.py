"""Every promise of an engine has been seen broken, by an executor that breaks it."""

import os
import re
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import pytest
from threadpoolctl import threadpool_limits

from nextlabel.conformance import engines
from nextlabel.engines.here import Here
from nextlabel.engines.parcels import Parcel, Reply
from nextlabel.errors import Mistake


class Bad(Executor):
    """Works here, and breaks a promise: ``spoil`` is given the answer's parcel, and makes another of it."""

    def __init__(self, spoil):
        self.spoil, self.calls = spoil, 0

    def submit(self, fn, /, *args):
        self.calls += 1
        future = Future()
        future.set_result(self.spoil(self, fn, *args))
        return future


def forget(bad, attend, work, task, threads):
    return Parcel(Reply(None)) if bad.calls == 5 else attend(work, task, threads)


def swap(bad, attend, work, task, threads):
    last = task.open() % 100 == 4
    return Parcel(Reply(-1)) if last else attend(work, task, threads)


def rename(bad, attend, work, task, threads):
    error = attend(work, task, threads).open().error
    return Parcel(Reply(0, error and Mistake(str(error))))


def shorten(bad, attend, work, task, threads):
    answer = attend(work, task, threads).open()
    return Parcel(answer._replace(error=answer.error and type(answer.error)("it failed")))


def take_all(bad, attend, work, task, threads):
    with threadpool_limits(1):
        return attend(work, task, 1)


def remember(bad, attend, work, task, threads):
    os.environ["LEFT_BEHIND"] = "1"
    return attend(work, task, threads)


@pytest.mark.parametrize(
    ("engine", "check", "why"),
    [
        (Bad(forget), "gives_every_result_once", "squares are"),
        (Bad(swap), "takes_strides_in_their_order", "the square of 4 is -1"),
        (Bad(rename), "passes_refusals_on", "a refusal became Mistake"),
        (Bad(shorten), "says_where_a_bug_is", "'in stumble' does not stand in"),
        (Bad(take_all), "computes_with_the_threads_it_is_given", "2 threads were given"),
        (ThreadPoolExecutor(2), "does_one_task_at_a_time_in_a_process", "two tasks at once in process"),
        (Bad(remember), "leaves_the_environment_alone", "LEFT_BEHIND"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_every_broken_promise_of_an_engine_is_found_out(engine, check, why, monkeypatch):
    monkeypatch.setenv("LEFT_BEHIND", "0")
    check = getattr(engines, f"check_{check}")
    check(Here())
    with engine, pytest.raises(AssertionError, match=re.escape(why)):
        check(engine)


def test_every_check_of_an_engine_has_been_seen_to_fail():
    (mark,) = (m for m in test_every_broken_promise_of_an_engine_is_found_out.pytestmark if m.name == "parametrize")
    assert {f"check_{name}" for _, name, _ in mark.args[1]} == {check.__name__ for check in engines.for_engines}
