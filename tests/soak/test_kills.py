"""Runs that are killed at random moments, again and again, end in the same bytes as a run that nobody touched.

Run by hand, as ``make soak``; ``KILLS=5 make soak`` for a short one. What came out is kept in results.json.
"""

import os
import random
import signal
import subprocess
import sys
import time

import pytest
from soak_results import keep

KILLS = int(os.environ.get("KILLS", "200"))
LONGEST = 1.1  # of the time that a whole run takes: some kills come too late, and find a run that is finished
BYTES = ("rows.jsonl", "picks.jsonl", "splits.json", "confusions.jsonl")  # no clock in any of them
RUN = [
    "simulate", "digits", "--strategies", "random,margin,badge", "--seeds", "2", "--rounds", "6", "--batch", "20",
    "--no-report",
]  # fmt: skip


def start(folder):
    """The run in a process group of its own, so that a kill takes its workers with it."""
    command = [sys.executable, "-m", "nextlabel", *RUN, "--out", str(folder), "--resume"]
    return subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def finish(folder):
    """Play to the end; returns the seconds that it took."""
    began = time.monotonic()
    process = start(folder)
    _, said = process.communicate()
    assert process.returncode == 0, said.decode()
    return time.monotonic() - began


def kill(folder, after):
    """Kill the run after so many seconds, parent and workers alike; was it still going?"""
    process = start(folder)
    try:
        process.communicate(timeout=after)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return True
    assert process.returncode == 0
    return False


def bytes_of(folder):
    return {name: (folder / name).read_bytes() for name in BYTES}


@pytest.mark.soak
def test_a_run_that_is_killed_ends_as_if_nothing_had_happened(tmp_path):
    """Each folder is killed until it is done or has been killed ten times, and then played to its end."""
    moments, seconds = random.Random(0), finish(tmp_path / "whole")
    expected, killed, folders = bytes_of(tmp_path / "whole"), 0, 0
    while killed < KILLS:
        folder, folders = tmp_path / f"killed-{folders}", folders + 1
        for _ in range(min(10, KILLS - killed)):
            if not kill(folder, moments.uniform(0.05, LONGEST) * seconds):
                break
            killed += 1
        finish(folder)
        assert bytes_of(folder) == expected, f"{folder.name} differs after {killed} kills in all"
        assert {path.name for path in folder.iterdir()} == {path.name for path in (tmp_path / "whole").iterdir()}
    keep("kills", {"kills": killed, "runs": folders, "same bytes": True, "seconds of a whole run": round(seconds, 1)})
