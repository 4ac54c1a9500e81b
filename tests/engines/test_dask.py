import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import work

from nextlabel.conformance.engines import for_engines
from nextlabel.engines import engine, run
from nextlabel.engines.dask import Dask, check_address
from nextlabel.errors import CannotGo, Mistake, WorkerDied

LARGE = bytes(300_000)


@pytest.fixture(scope="module")
def local():
    with Dask("local:2") as engine:
        yield engine


@pytest.mark.parametrize("check", for_engines, ids=lambda check: check.__name__)
def test_it_keeps_the_contract_of_engines(check, local):
    check(local)


def test_work_travels_to_each_worker_once(local):
    counts = [count for _, count in run(local, work.Counted(), range(12), at_once=2, threads=1)]
    assert set(counts) == {1}


def test_as_many_tasks_are_under_way_as_there_are_workers(local):
    assert local.room == 2


def test_a_worker_that_is_killed_costs_no_task_and_doubles_none(local):
    victims = iter(local.client.run(os.getpid).values())
    found = []
    for task, result in run(local, work.waits_and_gives, range(8), at_once=2, threads=1):
        found.append((task, result))
        if len(found) in (1, 4):
            os.kill(next(victims), signal.SIGKILL)
    assert sorted(found) == [(task, task) for task in range(8)]


def test_a_task_that_kills_whoever_takes_it_is_told():
    with Dask("local:1") as engine:
        engine.client.run_on_scheduler(set_deaths, 1)
        with pytest.raises(WorkerDied, match=r"begun by worker after worker, and all of them died.*--resume"):
            list(run(engine, work.kill_itself, [0], 1, 1))


def test_a_cluster_that_trips_over_its_own_end_is_ended(monkeypatch):
    from distributed.nanny import WorkerProcess

    async def trips(self, **options):
        raise AssertionError("can only join a started process")

    with Dask("local:2") as engine:
        workers = set(engine.client.run(os.getpid).values())
        monkeypatch.setattr(WorkerProcess, "kill", trips)
    end = time.monotonic() + 20
    while any(map(is_alive, workers)):
        assert time.monotonic() < end, "a worker stays"
        time.sleep(0.05)


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:  # it is gone
        return False


def set_deaths(count, dask_scheduler=None):
    dask_scheduler.allowed_failures = count


def test_workers_end_with_their_engine_and_do_not_hear_ctrl_c():
    with Dask("local:1") as engine:
        [(_, pid)] = run(engine, work.pid, [0], 1, 1)
        os.kill(pid, signal.SIGINT)
        assert list(run(engine, work.pid, [0], 1, 1)) == [(0, pid)]
    assert gone(pid)


def gone(pid):
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("address", ["", "host:8786", "local", "local:0", "local:x", "8786"])
def test_what_is_no_address_is_told(address):
    with pytest.raises(Mistake, match="is no address of a cluster"):
        check_address(address)


def test_an_address_where_nobody_answers_is_told(monkeypatch):
    monkeypatch.setattr("nextlabel.engines.dask.ANSWER", 1)
    with pytest.raises(CannotGo, match=r"Nobody answers at 'tcp://127\.0\.0\.1:9'.*dask scheduler"):
        engine(2, "tcp://127.0.0.1:9")


# A scheduler and a worker that somebody else keeps


@pytest.fixture
def scheduler(tmp_path):
    """The address of a scheduler in a process of its own, and the process."""
    with subprocess.Popen(
        [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
         "--scheduler-file", str(tmp_path / "scheduler.json")],
        stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        yield address_in(tmp_path / "scheduler.json"), process
        process.kill()


def address_in(path):
    import json

    for _ in range(1200):
        if path.exists() and (text := path.read_text()):
            return json.loads(text)["address"]
        time.sleep(0.05)
    raise AssertionError("the scheduler did not start")


def start_worker(address, before="", threads=1, more=()):
    code = f"{before}\nfrom distributed.cli.dask_worker import main\nmain()"
    words = ["--nthreads", str(threads), "--no-nanny", "--no-dashboard", *more]
    return subprocess.Popen(
        [sys.executable, "-c", code, address, *words],
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parent,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parent)},
    )


def test_a_cluster_without_workers_is_told(scheduler, monkeypatch):
    monkeypatch.setattr("nextlabel.engines.dask.FIRST", 0.2)
    with pytest.raises(CannotGo, match=r"has no worker\. Start some.*dask worker tcp"):
        Dask(scheduler[0])


OLD = """
import importlib.metadata as metadata
version = metadata.version
metadata.version = lambda name: "0.1" if name == "numpy" else version(name)
"""


def test_a_worker_with_another_version_is_refused_in_one_sentence(scheduler):
    with start_worker(scheduler[0], OLD) as worker:
        with pytest.raises(CannotGo, match=r"The worker at tcp://\S+ has numpy 0\.1, and this process"):
            Dask(scheduler[0])
        worker.kill()


def test_a_worker_with_several_threads_is_refused(scheduler):
    with start_worker(scheduler[0], threads=2) as worker:
        with pytest.raises(CannotGo, match=r"The worker at tcp://\S+ has 2 threads.*--nthreads 1"):
            Dask(scheduler[0])
        worker.kill()


def test_what_needs_a_gpu_goes_to_workers_that_have_one(scheduler):
    with start_worker(scheduler[0]) as plain, Dask(scheduler[0]) as everybody:
        with pytest.raises(CannotGo, match=r"No worker .* has a GPU\..*--resources GPU=1"):
            Dask(scheduler[0], gpu=True)
        with start_worker(scheduler[0], more=("--resources", "GPU=1")) as able:
            everybody.client.wait_for_workers(2)
            with Dask(scheduler[0], gpu=True) as engine:
                found = {pid for _, pid in run(engine, work.pid, range(6), engine.room, 1)}
                assert (engine.room, found) == (1, {able.pid})
            able.kill()
        plain.kill()


def test_a_scheduler_that_is_lost_is_told_in_one_sentence(scheduler, monkeypatch, capfd, caplog):
    monkeypatch.setattr("nextlabel.engines.dask.ANSWER", 4)  # seconds in which it could come back
    with start_worker(scheduler[0]) as worker:
        with Dask(scheduler[0]) as engine:
            found = run(engine, work.waits_and_gives, range(100), 1, 1)
            next(found)
            scheduler[1].kill()
            with pytest.raises(WorkerDied, match=r"scheduler .* is gone.*--resume"):
                list(found)
        worker.kill()
    assert (capfd.readouterr().err, caplog.messages) == ("", [])


def test_a_file_that_workers_see_is_known_from_one_that_they_do_not(scheduler, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("features.npy").write_bytes(LARGE)
    with start_worker(scheduler[0]) as worker:  # in another folder
        with Dask(scheduler[0]) as engine:
            assert [engine.sees(path) for path in (tmp_path / "features.npy", Path("features.npy"))] == [True, False]
        worker.kill()
