import pickle
import subprocess
import sys

import pytest

from nextlabel import Experiment, Plan
from nextlabel.models.linear import Linear
from nextlabel.runs.lines import Arm
from nextlabel.simulation import strides
from nextlabel.simulation.arm import play
from nextlabel.simulation.parts import prepare
from nextlabel.simulation.strides import Player, Stride

ARM = Arm("margin", 0)


@pytest.fixture(scope="module")
def parts():
    return prepare(Experiment("digits", ("margin",), seeds=(0,), plan=Plan(batch=20, rounds=3, ahead=1)))


def kept(lines):
    """All that is no clock."""
    return [(line.row, line.pick, line.confusion) for line in lines]


def in_strides(parts, anew):
    """An arm a round at a time, by one player that goes on, or each time by one that has just come from elsewhere."""
    player, stride, lines = Player(parts), Stride(ARM, ()), []
    while stride is not None:
        player = pickle.loads(pickle.dumps(player)) if anew else player
        more = player(stride)
        lines, stride = lines + more, stride.successor(more)
    return lines


def test_an_arm_in_strides_is_the_arm_in_one_go(parts, monkeypatch):
    whole = kept(play(parts, ARM))
    monkeypatch.setattr(strides, "SECONDS", 0.0)
    fits, fit = [], Linear.fit
    monkeypatch.setattr(Linear, "fit", lambda *args: fits.append(args) or fit(*args))
    assert kept(in_strides(parts, anew=False)) == whole
    assert len(fits) == 4  # no model is trained twice, though each batch is chosen by the model before
    assert kept(in_strides(parts, anew=True)) == whole


def test_a_turn_ends_where_it_is_told(parts):
    stride = Stride(ARM, (), until=2)
    lines = Player(parts)(stride)
    assert [line.row["round"] for line in lines] == [0, 1]
    assert stride.successor(lines) is None


SCRIPT = """
from pathlib import Path
from nextlabel import Experiment, Plan, record
from nextlabel.experiment import Crew
record(Experiment("digits", ("random",), seeds=(0,), plan=Plan(rounds=1)), Path("run"), Crew(jobs=2))
"""


def test_a_script_without_a_guard_is_told_what_to_do(tmp_path):
    """Its workers come to `record` again, and end before they read anything or find the folder taken."""
    (tmp_path / "script.py").write_text(SCRIPT)
    ran = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True)
    assert ran.stderr.count("Traceback") == 1
    assert 'below `if __name__ == "__main__":`, or use jobs=1' in ran.stderr
