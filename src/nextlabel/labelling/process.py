"""The worker as the server sees it: a process that is told things, listened to, and started again when it dies."""

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nextlabel.labelling.wire import Message, pack, unpack

STARTS = 5  # in a row that end within `SOON`: then something is wrong, and the next ones wait longer and longer
SOON = 10.0  # seconds
PATIENCE = 1.0  # seconds that a worker has to end by itself
LONGEST = 60.0  # seconds between two starts


class WorkerProcess:
    """One worker. ``hear`` is told each message, and ``{"say": "started"}`` and ``{"say": "gone"}``, in a thread."""

    def __init__(self, store: str, root: Path, home: Path, hear: Callable[[dict[str, Any]], None]) -> None:
        self._start = {"store": store, "root": str(root), "home": str(home)}
        self._hear = hear
        self._process: subprocess.Popen[bytes] | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._look_after, daemon=True, name="worker")

    def start(self) -> None:
        """Start it; comes back at once."""
        self._thread.start()

    @property
    def pid(self) -> int | None:
        """Its process id, while it runs."""
        return None if self._process is None or self._process.poll() is not None else self._process.pid

    def tell(self, message: Message) -> bool:
        """Tell it something; False where it is just not there: it will say when it has started."""
        process = self._process
        if process is None or process.stdin is None:
            return False
        try:
            process.stdin.write(pack(message))
            process.stdin.flush()
        except (OSError, ValueError):
            return False
        return True

    def close(self) -> None:
        """End it, and wait until it is gone. What it was doing is lost, and done again another time."""
        self._closing.set()
        process = self._process
        if process is not None and process.stdin is not None:
            with contextlib.suppress(OSError, ValueError):
                process.stdin.close()  # it ends by itself when nobody speaks to it any more
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE)
            process.kill()
        if self._thread.is_alive():
            self._thread.join(10)

    def _look_after(self) -> None:
        quick = 0
        while not self._closing.is_set():
            began = time.monotonic()
            self._run_once()
            quick = quick + 1 if time.monotonic() - began < SOON else 0
            if not self._closing.is_set():
                self._hear({"say": "gone", "often": quick >= STARTS})
            self._closing.wait(min(2.0 ** (quick - STARTS), LONGEST) if quick >= STARTS else 0)

    def _run_once(self) -> None:
        # -P: a numpy.py that lies among somebody's pictures is never run.
        command = [sys.executable, "-P", "-m", "nextlabel.labelling.worker_process"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdin is not None, "it was asked for"
            assert process.stdout is not None, "it was asked for"
            with contextlib.suppress(OSError):  # it may be dead already
                process.stdin.write(pack(self._start))  # before anybody else can tell it anything
                process.stdin.flush()
            self._process = process
            if self._closing.is_set():
                process.kill()
            self._hear({"say": "started"})
            for line in process.stdout:
                if line.endswith(b"\n"):  # half a line: it was killed while it spoke
                    self._hear(unpack(line))
            process.kill()
