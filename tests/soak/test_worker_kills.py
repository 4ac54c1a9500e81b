"""Workers of a cluster that are killed at random in the middle of a grid: the rows are those of a run without kills."""

import os
import random
import signal
import threading
import time
from pathlib import Path

import pytest
from soak_results import keep

from nextlabel import Crew, Experiment, Plan, record

KILLS = int(os.environ.get("WORKER_KILLS", "20"))
GRID = Experiment("digits", ("random", "margin", "badge"), seeds=tuple(range(12)), plan=Plan(batch=10, rounds=30))
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

    def __init__(self, seed):
        super().__init__(daemon=True)
        self.moments, self.kills, self.done = random.Random(seed), 0, threading.Event()

    def run(self):
        while self.kills < KILLS and not self.done.wait(self.moments.uniform(0.3, 2.0)):
            if victims := workers():
                os.kill(self.moments.choice(victims), signal.SIGKILL)
                self.kills += 1


@pytest.mark.soak
@pytest.mark.filterwarnings("ignore")  # of Dask's, about the dead
def test_workers_that_are_killed_change_no_row(tmp_path):
    record(GRID, tmp_path / "alone", Crew(jobs=1))
    killer, began = Killer(seed=0), time.monotonic()
    killer.start()
    record(GRID, tmp_path / "killed", Crew(cluster="local:3"))
    seconds = time.monotonic() - began
    killer.done.set()
    killer.join()
    assert killer.kills == KILLS, f"the grid was over after {killer.kills} kills"
    for name in BYTES:
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "alone" / name).read_bytes(), name
    keep("kills of a cluster's workers", {"kills": KILLS, "same bytes": True, "seconds": round(seconds, 1)})
