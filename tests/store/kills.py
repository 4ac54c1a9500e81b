"""kill -9 in the middle of appending, again and again: what was acknowledged is there, once and in order."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import appender

from nextlabel.store import open_store


def kill_appends(place: Path | str, kills: int, longest: float = 0.4) -> dict[str, int]:
    """Kill a process that appends to the small project, at random moments; what happened.

    After each kill the store is opened anew and compared with all that was acknowledged so far; then the first entry
    that was not acknowledged is sent again, as a page would.
    """
    moments = random.Random(kills)
    with open_store(place) as store:
        before = store.events()
    kept, appended, acknowledged_in_all, sent_twice = list(before), 0, 0, 0
    command = [sys.executable, appender.__file__, str(place)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as zygote:
        for number in range(kills):
            # Every second kill may hit the opening of a store, too; the others come while answers are written.
            writing = number % 2 == 0
            acknowledged = kill_once(zygote, appended, moments.uniform(0, longest), writing)
            acknowledged_in_all += len(acknowledged)
            assert acknowledged == list(range(appended, appended + len(acknowledged)))
            appended += len(acknowledged)
            with open_store(place) as store:
                events = store.events()
                assert events[: len(kept)] == kept  # nothing that was there has changed
                assert [event.id for event in events] == list(range(1, len(events) + 1))
                added = [int(event.client_id) for event in events[len(before) :]]
                # The last one may be on the disk without its acknowledgement, and no other.
                assert added in (list(range(appended)), list(range(appended + 1)))
                again = store.append(appender.entry(appended))
                assert again.id == len(before) + appended + 1
                sent_twice += again in events
                kept, appended = store.events(), appended + 1
        zygote.stdin.close()
    return {"kills": kills, "acknowledged": acknowledged_in_all, "on the disk without an acknowledgement": sent_twice}


def kill_once(zygote: subprocess.Popen[str], first: int, after: float, writing: bool) -> list[int]:
    """Kill a child after so many seconds, counted from its first append if ``writing``; what it was acknowledged."""
    zygote.stdin.write(f"{first}\n")
    zygote.stdin.flush()
    pid, acknowledged = None, []
    while pid is None or (writing and not acknowledged):
        pid = note(zygote.stdout.readline(), acknowledged) or pid
    time.sleep(after)
    os.kill(pid, signal.SIGKILL)
    while (line := zygote.stdout.readline()) != "dead\n":
        note(line, acknowledged)
    return acknowledged


def note(line: str, acknowledged: list[int]) -> int | None:
    """One line of an appender: a child's id, or a number that was acknowledged to it."""
    if line.startswith("pid "):
        return int(line.split()[1])
    acknowledged.append(int(line))
    return None
