"""`--audit` in a simulation: what is set aside, what is written, and that nothing hangs on how it was computed."""

import json
import pickle
import shutil
from dataclasses import replace

import numpy as np
import pytest
from painted import folder_of
from typer.testing import CliRunner

from nextlabel import Experiment, Plan, record
from nextlabel.cli.app import app
from nextlabel.errors import BadSplit
from nextlabel.experiment import Crew
from nextlabel.loop.audit import draw
from nextlabel.runs.lines import Arm
from nextlabel.simulation.arm import play
from nextlabel.simulation.parts import prepare

PLAN = Plan(batch=10, rounds=5, audit=0.2, ahead=1, cold="maxherding")
AUDITED = Experiment("digits", ("margin",), seeds=(0,), start="0", plan=PLAN)
ARM = Arm("margin", 0)


@pytest.fixture(scope="module")
def parts():
    return prepare(AUDITED)


@pytest.fixture(scope="module")
def whole(parts):
    return list(play(parts, ARM))


def test_a_sample_is_on_a_side_by_its_own_draw(parts):
    pool, split = parts.pool(0), parts.splits[0]
    assert sorted(pool.audit) == [i for i in split.pool if draw(0, str(i)) < 0.2]
    assert not set(pool.unlabelled()) & {*pool.audit, *split.test}


@pytest.mark.parametrize("stop", [1, 3, 5])
def test_an_arm_that_stopped_goes_on_to_the_same_bytes_in_any_worker(parts, whole, stop):
    sent = pickle.loads(pickle.dumps(parts))  # as a worker has them
    more = list(play(sent, ARM, whole[:stop]))
    assert [(line.row, line.pick, line.confusion) for line in more] == [
        (line.row, line.pick, line.confusion) for line in whole[stop:]
    ]


def test_picks_say_why_and_how_doubtful(whole):
    for line in whole[2:-1]:
        pick = line.pick
        own = [score for score, why in zip(pick["scores"], pick["why"], strict=True) if why == "strategy"]
        assert pick["why"].count("audit") == 2
        assert pick["tau"] == min(own) > 0
        assert [score is None for score in pick["scores"]] == [why == "audit" for why in pick["why"]]
    assert whole[0].pick["tau"] is None
    assert set(whole[0].pick["why"]) == {"cold", "audit"}


def test_without_an_audit_side_picks_are_what_they_were():
    plain = replace(AUDITED, plan=Plan(batch=10, rounds=1))
    first = next(play(prepare(plain), ARM)).pick
    assert list(first) == ["strategy", "seed", "round", "ids", "why", "labels"]


def test_settings_are_each_arms_own_and_no_other_labels(tmp_path):
    run = record(replace(AUDITED, plan=replace(PLAN, rounds=1)), tmp_path / "run", Crew(jobs=1)).run
    assert run.manifest["settings"] == {"0": {}}


def test_copies_share_a_draw_and_are_asked_once(tmp_path):
    root = folder_of(tmp_path / "set", {"a": 12, "b": 12})
    for i in range(6):
        shutil.copy(root / "a" / f"{i:03}.png", root / "a" / f"copy-{i}.png")
    plan = Plan(batch=5, rounds=None, audit=0.5)
    parts = prepare(Experiment(str(root), ("random",), seeds=(0,), embedder="pixels", test="0", start="0", plan=plan))
    pool, paths = parts.pool(0), parts.dataset.paths
    copies = [paths.index(f"a/copy-{i}.png") for i in range(6)]
    assert pool.draws[copies].tolist() == [draw(0, f"a/{i:03}.png") for i in range(6)]
    asked = [i for line in play(parts, Arm("random", 0)) for i in line.pick["ids"]]
    assert sorted(asked) == sorted({*range(len(paths))} - {*copies})


def test_a_scaler_learns_nothing_of_the_audit_side(tmp_path):
    rng = np.random.default_rng(0)
    rows = [f"{a},{b},{'xy'[int(a > 0)]}" for a, b in rng.normal(size=(80, 2))]
    (tmp_path / "table.csv").write_text("\n".join(["a,b,label", *rows]))
    made = Experiment(str(tmp_path / "table.csv"), ("random",), seeds=(0,), start="0", plan=Plan(batch=5, audit=0.3))
    pool = prepare(made).pool(0)
    own = pool.features[pool.askable]
    assert len(pool.audit) > 5
    assert own.mean(axis=0) == pytest.approx([0, 0], abs=1e-5)
    assert own.std(axis=0) == pytest.approx([1, 1], abs=1e-5)


def test_beside_an_audit_side_a_run_needs_no_test_set(tmp_path):
    command = ["simulate", "digits", "--strategies", "margin", "--seeds", "1", "--start", "0", "--test", "0"]
    more = ["--rounds", "1", "--audit", "0.2", "--jobs", "1", "--out", str(tmp_path / "run")]
    said = CliRunner().invoke(app, [*command, *more])
    assert said.exit_code == 0, said.output
    assert "No test set, so no scores" in said.stdout
    row, *_ = (tmp_path / "run" / "rows.jsonl").read_text().splitlines()
    assert json.loads(row)["accuracy"] is None
    with pytest.raises(BadSplit, match="no test set"):
        prepare(replace(AUDITED, test="0", plan=Plan(batch=10)))
