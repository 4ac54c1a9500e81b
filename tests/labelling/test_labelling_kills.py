"""kill -9 of the server and of its worker, again and again: what was acknowledged is there, and the log proves it."""

import contextlib
import json
import os
import platform
import random
import time
from importlib.metadata import version
from pathlib import Path

import pytest
from people import draw_pictures, wait_for
from served_labelling import Answering, Served, kept, kill_worker, worker_of
from test_loop import prove

from nextlabel.store import FILE, visit_store

KILLS, WORKER_KILLS = (int(os.environ.get(name, default)) for name, default in (("KILLS", 200), ("WORKER_KILLS", 50)))
RESULTS = Path(__file__).parents[1] / "soak" / "results.json"
pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for the worker in /proc")


def kill_servers(folder: Path, kills: int, longest: float) -> dict[str, int]:
    """Kill the server at random moments while somebody answers at full speed, and begin again each time."""
    moments, acknowledged, unsure, sent_twice = random.Random(kills), {}, None, 0
    for number in range(kills):
        server = Served(folder)
        somebody = Answering(server.client())
        if unsure is not None:  # as the page does it: what was not acknowledged is sent again, with the same id
            before = kept(folder)
            somebody.send(unsure)
            sent_twice += unsure["client"] in before
        somebody.start()
        if number % 2 == 0:  # while answers are written; the others may hit the first questions, too
            wait_for(lambda somebody=somebody: somebody.acknowledged or somebody.failure, 60)
        time.sleep(moments.uniform(0, longest))
        server.kill()
        somebody.join(20)
        assert somebody.failure is None
        acknowledged |= somebody.acknowledged
        unsure = somebody.unsure
        found = kept(folder)
        assert acknowledged.items() <= found.items()  # each of them, once, where it was
        assert len(found) - len(acknowledged) == (unsure is not None and unsure["client"] in found)
    server = Served(folder)
    with contextlib.closing(server.client()) as client:
        assert Answering(client).ask()  # the session goes on
    assert server.stop() == 130
    return {"kills": kills, "acknowledged": len(acknowledged), "kept without a reply, sent twice": sent_twice}


def kill_workers(folder: Path, kills: int, longest: float) -> dict[str, int]:
    """Kill the worker at random moments: another one starts each time, and nobody who answers notices."""
    moments, killed = random.Random(kills), 0
    server = Served(folder)
    somebody = Answering(server.client(), lambda _: time.sleep(0.05) is None)
    somebody.start()
    while killed < kills:
        time.sleep(moments.uniform(0, longest))
        killed += kill_worker(server)
    wait_for(lambda: worker_of(server.process.pid) and len(somebody.acknowledged) >= 2, 90)  # another one
    assert server.stop() == 130
    assert somebody.failure is None
    somebody.join(20)
    assert somebody.acknowledged.items() <= kept(folder).items()
    return {"kills": kills, "acknowledged": len(somebody.acknowledged)}


def test_what_was_acknowledged_survives_kill_9_of_server_and_worker(tmp_path):
    folder = draw_pictures(tmp_path / "shapes", 400)
    found = kill_servers(folder, kills=3, longest=1.5)
    assert found["acknowledged"] >= 2
    assert kill_workers(folder, kills=2, longest=1.5)["acknowledged"] >= 2
    with visit_store(folder / ".nextlabel" / FILE) as visit:
        prove(visit, folder)  # whatever batches came that far


@pytest.mark.soak
def test_what_was_acknowledged_survives_many_kills(tmp_path):
    """In folders of a thousand pictures: a new one for every ten kills, each proven at its end."""
    total, proven = {"kills": 0, "acknowledged": 0, "kept without a reply, sent twice": 0}, 0
    began = time.monotonic()
    while total["kills"] < KILLS:
        folder = draw_pictures(tmp_path / f"shapes-{total['kills']}", 1000)
        # Short: at full speed a client answers all thousand within seconds.
        found = kill_servers(folder, min(10, KILLS - total["kills"]), longest=0.5)
        total = {name: total[name] + found[name] for name in total}
        with visit_store(folder / ".nextlabel" / FILE) as visit:
            proven += prove(visit, folder)
        keep("kills of the labelling server", total | {"batches proven": proven, "seconds": time.monotonic() - began})


@pytest.mark.soak
def test_the_labelling_goes_on_whatever_happens_to_its_worker(tmp_path):
    folder = draw_pictures(tmp_path / "shapes", 4000)
    found = kill_workers(folder, WORKER_KILLS, longest=6)
    with visit_store(folder / ".nextlabel" / FILE) as visit:
        keep("kills of the labelling worker", found | {"batches proven": prove(visit, folder)})


def keep(name: str, found: dict[str, float]) -> None:
    """Put a result beside the others."""
    before = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    machine = {"python": platform.python_version(), "system": platform.system(), "nextlabel": version("nextlabel")}
    rounded = {one: round(value, 1) for one, value in found.items()}
    RESULTS.write_text(json.dumps(before | {name: rounded | {"machine": machine}}, indent=1) + "\n")
