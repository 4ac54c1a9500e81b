"""Workers of a cluster that are killed at random in the middle of their work: it comes out as if nobody had been."""

import os
import random
import signal
import threading
import time
from pathlib import Path

import pytest
from painted import noise
from soak_results import keep
from typer.testing import CliRunner

from nextlabel import Crew, Experiment, Plan, record
from nextlabel.cli.app import app

KILLS = int(os.environ.get("WORKER_KILLS", "20"))
GRID = Experiment("digits", ("random", "margin", "badge"), seeds=tuple(range(12)), plan=Plan(batch=10, rounds=30))
PICTURES = 3_000
BYTES = ("rows.jsonl", "picks.jsonl", "splits.json", "confusions.jsonl")


def workers():
    """Process ids of our children that are workers, not the standard library's helper."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
            command = (place / "cmdline").read_bytes()
        except OSError:  # ended meanwhile
            continue
        if parent == os.getpid() and b"spawn_main" in command:
            found.append(int(place.name))
    return found


class Killer(threading.Thread):
    """Kills a worker every second or so, and notes when."""

    def __init__(self, longest):
        super().__init__(daemon=True)
        self.longest, self.moments, self.kills, self.done = longest, random.Random(0), 0, threading.Event()

    def run(self):
        self.done.wait(4)  # till the cluster stands: one whose workers die while it starts is given up, and says so
        while self.kills < KILLS and not self.done.wait(self.moments.uniform(0.3, self.longest)):
            if victims := workers():
                os.kill(self.moments.choice(victims), signal.SIGKILL)
                self.kills += 1


@pytest.mark.soak
@pytest.mark.filterwarnings("ignore")  # of Dask's, about the dead
def test_workers_that_are_killed_change_no_row(tmp_path):
    record(GRID, tmp_path / "alone", Crew(jobs=1))
    seconds = kill_during(2.0, lambda: record(GRID, tmp_path / "killed", Crew(cluster="local:3")))
    for name in BYTES:
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "alone" / name).read_bytes(), name
    keep("kills of a cluster's workers", {"kills": KILLS, "same bytes": True, "seconds": seconds})


def kill_during(longest, work):
    """Seconds that the work took while workers were killed."""
    killer, began = Killer(longest), time.monotonic()
    killer.start()
    work()
    seconds = time.monotonic() - began
    killer.done.set()
    killer.join()
    assert killer.kills == KILLS, f"it was over after {killer.kills} kills"
    return round(seconds, 1)


@pytest.mark.soak
@pytest.mark.filterwarnings("ignore")
def test_workers_that_are_killed_change_no_vector(tmp_path, monkeypatch):
    for i in range(PICTURES):
        noise(tmp_path / "pictures" / f"{i:04}.png", seed=i)
    found = {}
    for crew in (["--jobs", "1"], ["--cluster", "local:3"]):
        monkeypatch.setenv("NEXTLABEL_CACHE", str(tmp_path / crew[0]))  # nothing is known yet
        out = tmp_path / f"features{crew[0]}"
        words = ["embed", str(tmp_path / "pictures"), "--out", str(out), *crew]
        seconds = embed(words) if crew[0] == "--jobs" else kill_during(1.2, lambda words=words: embed(words))
        found[crew[0]] = {file.name: file.read_bytes() for file in sorted(out.iterdir())}
    assert found["--jobs"] == found["--cluster"]
    keep("kills of workers that embed", {"kills": KILLS, "pictures": PICTURES, "same bytes": True, "seconds": seconds})


def embed(words):
    said = CliRunner().invoke(app, words)
    assert said.exit_code == 0, said.output
