"""A process that is killed in the middle of appending loses nothing that it acknowledged."""

import os

import pytest
from kills import kill_appends
from soak_results import keep

KILLS = int(os.environ.get("KILLS", "200"))
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kill -9 and fork are of POSIX")


def test_what_was_acknowledged_survives_kill_9(place):
    found = kill_appends(place, kills=5)
    assert found["acknowledged"] >= 3  # every second child came as far as that


@pytest.mark.soak
def test_what_was_acknowledged_survives_many_kills(place, request):
    found = kill_appends(place, KILLS)
    assert found["kills"] == KILLS
    keep(f"kills of a process that appends, {request.node.callspec.params['place']}", found)
