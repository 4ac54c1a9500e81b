"""Many classes of few samples are quick, and no library's warnings rain on whoever simulates them."""

import time
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from nextlabel import Experiment, Plan, simulate
from nextlabel.cli.app import app
from nextlabel.simulation.parts import prepare


def table(path: Path, classes: int, each: int) -> Path:
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(classes), each)
    X = np.column_stack([np.cos(y), np.sin(y), y / classes]) + 0.01 * rng.normal(size=(len(y), 3))
    rows = [",".join([*(f"{value:.4f}" for value in x), f"k{code}"]) for x, code in zip(X, y, strict=True)]
    path.write_text("\n".join(["a,b,c,label", *rows]))
    return path


# In this process warnings are errors; on the command line they would be lines, of which a user once had 52.
def test_25_classes_of_few_samples_bring_no_warnings(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data = table(tmp_path / "few.csv", 25, 6)
    rows = simulate(Experiment(str(data), ("random", "margin", "badge"), seeds=(0,), plan=Plan(batch=5, rounds=2)))
    assert len(rows) == 9
    command = ["simulate", str(data), "--seeds", "1", "--rounds", "1", "--jobs", "1", "--no-report"]
    said = CliRunner().invoke(app, [*command, "--out", str(tmp_path / "run")])
    assert said.exit_code == 0
    assert "arning" not in said.output
    assert len(said.output.splitlines()) < 20
    assert "".join(capfd.readouterr()) == ""  # of libraries that write past everybody


def test_a_thousand_classes_are_quick_and_quiet(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data = table(tmp_path / "many.csv", 1_000, 4)
    plan = Plan(batch=50, rounds=1)
    began = time.process_time()
    rows = simulate(Experiment(str(data), ("margin",), seeds=(0,), start=500, test=1000, plan=plan))
    assert [row["labelled"] for row in rows] == [500, 550]
    assert time.process_time() - began < 60
    assert "".join(capfd.readouterr()) == ""


@pytest.mark.parametrize("oracle", ["truth", "noisy:0.3"])
@pytest.mark.parametrize("audit", [0.0, 0.5])
def test_how_many_rows_there_will_be_is_known_before(tmp_path: Path, oracle: str, audit: float) -> None:
    plan = Plan(batch=20, rounds=9, audit=audit)  # the pool is empty before all batches are asked
    data = str(table(tmp_path / "t.csv", 3, 30))
    experiment = Experiment(data, ("random",), seeds=(0,), oracle=oracle, plan=plan)
    assert prepare(experiment).rows() == len(simulate(experiment))
