"""kill -9 of the server and of its worker, again and again: what was acknowledged is there, and the log proves it."""

import os
import random
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from people import draw_pictures, wait_for
from served_labelling import Answering, Served, count_rounds, kept, kill_worker, worker_of
from soak_results import Soak
from test_loop import prove
from threadpoolctl import threadpool_limits

from nextlabel.labelling.process import SOON
from nextlabel.store import FILE, visit_store

KILLS, WORKER_KILLS = (int(os.environ.get(name, default)) for name, default in (("KILLS", 200), ("WORKER_KILLS", 50)))
PAUSE = 0.05  # seconds between two answers
pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for the worker in /proc")


class Labelling:
    """A labelling whose servers and workers are killed while somebody answers; ``counts`` of what happened."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.moments = folder, random.Random(seed)
        self.acknowledged: dict[str, int] = {}
        self.unsure = None
        self.servers: list[Served] = []
        self.counts: Counter[str] = Counter()

    def close(self) -> None:
        """Nothing of it runs on, whatever failed."""
        for server in self.servers:
            if server.process.poll() is None:
                server.kill()

    def start(self) -> tuple[Served, Answering]:
        """A server, and somebody who sends again first what was not acknowledged the last time."""
        server = self._serve()
        if self.unsure is not None:
            self.counts["sent twice"] += self.unsure[1]["client"] in kept(self.folder)
        somebody = Answering(server.client(), PAUSE, self.unsure)
        somebody.start()
        return server, somebody

    def kill_starting(self) -> None:
        """While it starts: the project is made, or opened."""
        server = self._serve()
        self._pause(1.5)
        self.counts["while it started"] += 1
        self.kill(server)

    def kill_answering(self, longest: float) -> None:
        """At some moment of the first seconds."""
        server, somebody = self.start()
        self._pause(longest)
        self.kill(server, somebody)

    def kill_learning(self, longest: float) -> None:
        """Soon after its own worker has chosen a batch, while it chooses others."""
        before = self.count_rounds()
        server, somebody = self.start()
        wait_for(lambda: self.count_rounds() > before or somebody.failure, 90)
        self.counts["after a batch of its own"] += 1
        self._pause(longest)
        self.kill(server, somebody)

    def kill_worker(self, server: Served, longest: float, learning: bool) -> None:
        """The worker at some moment of its first seconds; or after it has chosen a batch."""
        wait_for(lambda: worker_of(server.process.pid), 90)
        began, before = time.monotonic(), self.count_rounds()
        if learning:
            wait_for(lambda: self.count_rounds() > before, 90)
            self.counts["after a batch of its own"] += 1
            # Not sooner: after some that end quickly, the next ones wait before they start.
            time.sleep(max(began + SOON - time.monotonic(), 0))
        self._pause(longest)
        assert kill_worker(server), server.last_words()

    def end(self, server: Served, somebody: Answering) -> dict[str, int]:
        """Ctrl-C, and everything is there; the log proves each batch. What was counted."""
        assert somebody.failure is None, f"{somebody.failure}; {server.last_words()}"
        assert server.stop() == 130, server.last_words()
        found = self._check(somebody)
        with visit_store(self.folder / ".nextlabel" / FILE) as visit, threadpool_limits(1):  # as the worker has it
            proven = prove(visit, self.folder)
        lost = len(self.acknowledged.items() - found.items())
        return {**self.counts, "acknowledged": len(self.acknowledged), "lost": lost, "batches proven": proven}

    def count_rounds(self) -> int:
        """How many batches the loop has chosen."""
        time.sleep(0.1)  # it is asked again and again
        return count_rounds(self.folder)

    def _serve(self) -> Served:
        self.servers.append(Served(self.folder))
        return self.servers[-1]

    def _pause(self, longest: float) -> None:
        time.sleep(self.moments.uniform(0, longest))

    def kill(self, server: Served, somebody: Answering | None = None) -> None:
        """Now; sometimes with its worker."""
        if somebody is not None:  # nobody may have ended it before this
            assert somebody.failure is None, f"{somebody.failure}; {server.last_words()}"
        if self.moments.random() < 0.5:  # as when a container ends; else the worker has to notice by itself
            kill_worker(server)
        server.kill()
        self.counts["kills"] += 1
        self._check(somebody)

    def _check(self, somebody: Answering | None) -> dict[str, int]:
        """Each acknowledged answer is there, once, where it was; beside them at most the one on its way."""
        if somebody is not None:
            somebody.join(20)
            self.acknowledged |= somebody.acknowledged
            self.unsure = somebody.unsure
        found = kept(self.folder)
        assert self.acknowledged.items() <= found.items()
        assert found.keys() - self.acknowledged.keys() <= {self.unsure and self.unsure[1]["client"]}
        return found


def test_what_was_acknowledged_survives_kill_9_of_server_and_worker(tmp_path):
    with closing(Labelling(draw_pictures(tmp_path / "shapes", 300), seed=1)) as labelling:
        labelling.kill_starting()
        labelling.kill_answering(1)
        server, somebody = labelling.start()
        for _ in range(2):
            labelling.kill_worker(server, 1, learning=False)
        labelling.kill(server, somebody)
        server, somebody = labelling.start()
        wait_for(labelling.count_rounds)
        found = labelling.end(server, somebody)
    assert found["batches proven"] >= 1
    assert found["acknowledged"] >= 20


def kill_servers(labelling: Labelling, kills: int) -> dict[str, int]:
    """So many: some while they start, some after a batch of their own, the others at any moment."""
    for number in range(kills):
        if number % 5 == 0:
            labelling.kill_starting()
        elif number % 2:
            labelling.kill_learning(3)
        else:
            labelling.kill_answering(6)
    server, somebody = labelling.start()
    wait_for(lambda: somebody.acknowledged)  # the session goes on
    return labelling.end(server, somebody)


def kill_workers(labelling: Labelling, kills: int) -> dict[str, int]:
    """So many of one server: every second one has chosen a batch, the others hardly come so far."""
    server, somebody = labelling.start()
    for number in range(kills):
        labelling.kill_worker(server, 6, learning=number % 2 == 1)
        labelling.counts["kills"] += 1
    before = labelling.count_rounds()
    wait_for(lambda: labelling.count_rounds() > before)  # another one chooses
    return labelling.end(server, somebody)


@pytest.mark.soak
@pytest.mark.parametrize(
    ("name", "goal", "kill", "pictures"),
    [
        ("kills of the labelling server", KILLS, kill_servers, 1_500),
        ("kills of the labelling worker", WORKER_KILLS, kill_workers, 5_000),  # a worker reads some of so many first
    ],
    ids=["servers", "workers"],
)
def test_what_was_acknowledged_survives_many_kills(tmp_path, name, goal, kill, pictures):
    """Ten kills to a folder; at its end the log proves each batch that was chosen there."""
    soak = Soak(name, goal)
    while soak.left > 0:
        began, done = time.monotonic(), soak.counts.get("kills", 0)
        with closing(Labelling(draw_pictures(tmp_path / f"shapes-{done}", pictures), seed=done)) as labelling:
            found = kill(labelling, min(10, soak.left))
        assert found["batches proven"] > 0
        soak.add(found | {"seconds": time.monotonic() - began})
