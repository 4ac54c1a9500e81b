"""The page's own command, in a process of its own, as a test sees it."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 60.0  # seconds until the link is there, and until all has ended: a busy machine is slow


@contextmanager
def serve(arguments: Sequence[str], folder: Path) -> Iterator[str]:
    """Run ``nextlabel`` with these arguments; the link that it prints for the robot. Ends with Ctrl-C, and 130."""
    command = [sys.executable, "-m", "nextlabel", *arguments, "--no-browser", "--embedder", "patches"]
    log, env = folder / "log", {**os.environ, "COLUMNS": "500"}
    with log.open("w") as out, subprocess.Popen(command, cwd=folder, stdout=out, stderr=out, env=env) as served:
        try:
            yield wait_for_link(served, log)
        finally:
            served.send_signal(signal.SIGINT)
            try:
                served.wait(PATIENCE)
            finally:
                served.kill()
    assert served.returncode == 130, log.read_text()


def wait_for_link(served: "subprocess.Popen[bytes]", log: Path) -> str:
    """What the command prints for the robot, as soon as it does."""
    end = time.monotonic() + PATIENCE
    while served.poll() is None and time.monotonic() < end:
        if found := re.search(r"robot, once: (\S+)\n", log.read_text()):
            return found[1]
        time.sleep(0.05)
    raise AssertionError(log.read_text())
