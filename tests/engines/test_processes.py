import multiprocessing as mp
import os
import signal
import subprocess
import sys
import time
from multiprocessing import util
from pathlib import Path

import pytest
import work

from nextlabel.engines import run
from nextlabel.engines.environment import KEEP_MEMORY, LARGE_PAGES
from nextlabel.engines.processes import Processes
from nextlabel.errors import BadData, Mistake, WorkerDied

LARGE = bytes(300_000)  # more than a pipe holds
NAMES = tuple(KEEP_MEMORY | LARGE_PAGES)


def results(do, tasks=(0,), jobs=1):
    with Processes(jobs) as engine:
        return dict(run(engine, do, tasks, jobs, threads=1))


@pytest.fixture(scope="module")
def engine():
    with Processes(2) as engine:
        yield engine


@pytest.fixture
def nobody_left():
    """Whoever was started in a test has ended with it."""
    before = set(mp.active_children())
    yield
    assert set(mp.active_children()) <= before


# However a worker dies


def test_a_worker_that_dies_while_it_starts_is_noticed(tmp_path, monkeypatch):
    code = "import os, sys\nif '--multiprocessing-fork' in sys.argv: os._exit(3)\n"
    (tmp_path / "sitecustomize.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(WorkerDied, match=r"exit code 3\)"):
        results(work.identity, [LARGE, LARGE], jobs=2)


@pytest.mark.usefixtures("nobody_left")
@pytest.mark.parametrize(("do", "words"), [(work.kill_itself, "code -9.*memory"), (work.end_at_once, r"code 5\)")])
def test_a_worker_that_dies_at_work_is_noticed(do, words):
    with pytest.raises(WorkerDied, match=words):
        results(do, [LARGE, LARGE, LARGE], jobs=2)


def test_a_worker_that_dies_while_it_waits_is_noticed():
    with Processes(1) as engine:
        [(_, worker)] = run(engine, work.pid, [0], 1, 1)
        os.kill(worker, signal.SIGKILL)
        with pytest.raises(WorkerDied, match="code -9"):
            list(run(engine, work.identity, [1], 1, 1))


def test_a_worker_that_cannot_be_started_is_told(monkeypatch):
    def full(*_):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(util, "spawnv_passfds", full)
    with pytest.raises(WorkerDied, match=r"No worker process could be started \(Resource temporarily unavailable\)"):
        results(work.identity)


# Whatever goes wrong in one that lives


@pytest.mark.parametrize(
    ("do", "error", "words"),
    [
        (work.refuse, BadData, "^task 0 is bad$"),
        (work.leave, WorkerDied, "SystemExit: goodbye"),
        (work.give_what_cannot_be_sent, WorkerDied, "(?s)could not be pickled.*lambda"),
        (work.Unreadable(), WorkerDied, "(?s)A worker failed.*no number"),
        (lambda task: task, WorkerDied, "(?s)could not be pickled.*lambda"),
        (work.refuse_unreadably, WorkerDied, "(?s)could not be pickled.*'second'"),
    ],
    ids=["refused", "left", "result not sent", "work not read", "work not sent", "refusal not read"],
)
def test_what_fails_is_told_and_the_workers_go_on(engine, do, error, words):
    with pytest.raises(error, match=words):
        list(run(engine, do, [0], 2, 1))
    assert dict(run(engine, work.identity, [1], 2, 1)) == {1: 1}


# Ctrl-C, and the end of the parent


def test_no_worker_hears_ctrl_c(engine):
    assert dict(run(engine, work.hears_ctrl_c, [0, 1], 2, 1)) == {0: False, 1: False}


def test_a_workers_warning_is_a_sentence(capfd):
    results(work.warns)
    said = capfd.readouterr().err
    assert "Note: mind the step\n" in said
    assert "UserWarning" not in said


def test_a_worker_of_somebodys_pool_is_told_to_use_one_job():
    with mp.get_context("spawn").Pool(1) as pool, pytest.raises(Mistake, match=r"is a worker itself.*jobs=1"):
        pool.apply(work.starts_workers)


@pytest.mark.usefixtures("nobody_left")
def test_ctrl_c_while_a_worker_starts_is_heard_once_it_can_be_ended(monkeypatch):
    start = util.spawnv_passfds

    def interrupted(*args):
        signal.raise_signal(signal.SIGINT)
        return start(*args)

    monkeypatch.setattr(util, "spawnv_passfds", interrupted)
    with pytest.raises(KeyboardInterrupt):
        results(work.identity, [0, 1], jobs=2)


@pytest.mark.usefixtures("nobody_left")
def test_ctrl_c_while_work_is_handed_over_is_not_lost():
    with pytest.raises(KeyboardInterrupt):
        results(work.Pinched())


@pytest.mark.parametrize("signals", [["SIGKILL"], ["SIGINT"], ["SIGINT"] * 2], ids="-".join)
def test_no_worker_outlives_its_parent(signals):
    code = (
        "import work; from nextlabel.engines import ENGINES, run\n"
        "if __name__ == '__main__':\n"
        "    with ENGINES['processes'](2) as engine: list(run(engine, work.speak_and_stay, [0, 1], 2, 1))"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=Path(__file__).parent
    )
    try:
        workers = [int(parent.stdout.readline()) for _ in range(2)]
        for name in signals:
            parent.send_signal(getattr(signal, name))
        parent.wait(timeout=20)
    finally:
        parent.kill()
        parent.communicate()
    deadline = time.monotonic() + 10
    while any(map(_alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(_alive, workers))


def _alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


# What a worker starts with


@pytest.mark.parametrize("own", [None, "glibc.malloc.check=0"])
def test_workers_keep_their_memory_unless_somebody_says_otherwise(own, monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    if own:
        monkeypatch.setenv("GLIBC_TUNABLES", own)
    before = dict(os.environ)
    expected = [own or KEEP_MEMORY["GLIBC_TUNABLES"], "1"]
    assert results(work.variables, [NAMES, (*NAMES, "NONE")], jobs=2) == {
        NAMES: expected,
        (*NAMES, "NONE"): [*expected, None],
    }
    assert dict(os.environ) == before


SCRIPT = """
import work
from nextlabel.engines import ENGINES, run
print("top", flush=True)
with ENGINES["processes"](2) as engine:
    print(dict(run(engine, work.identity, [0, 1], 2, 1)))
"""


def test_a_script_without_a_guard_is_told_what_to_do(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    ran = python(tmp_path / "script.py")
    assert ran.returncode == 1
    assert ran.stderr.count("Traceback") == 1  # the script's own: workers say nothing
    assert 'Put what the script does below `if __name__ == "__main__":`, or use jobs=1' in ran.stderr


def test_a_script_without_a_file_is_told_what_to_do():
    ran = python("-", stdin=SCRIPT)
    assert (ran.stdout, ran.stderr.count("Traceback")) == ("top\n", 1)
    assert "'<stdin>' is none. Save it as a file, or use jobs=1" in ran.stderr


def python(*words, stdin=""):
    path = os.pathsep.join([str(Path(__file__).parent), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])
    return subprocess.run(
        [sys.executable, *words], input=stdin, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": path}
    )
