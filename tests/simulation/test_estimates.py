"""`--estimate`: what the receipt would say in each round, beside the truth."""

from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from nextlabel import Crew, Experiment, Plan, record
from nextlabel.cli.app import app
from nextlabel.errors import Mistake
from nextlabel.estimators import estimate
from nextlabel.estimators.base import History
from nextlabel.runs.lines import Arm
from nextlabel.simulation.arm import play
from nextlabel.simulation.parts import prepare
from nextlabel.statistics.held import count_held

ROUNDS = 6  # of 20 answers, half of which are the audit's


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Three clouds of points, some of them in one another."""
    rng = np.random.default_rng(0)
    code = rng.integers(3, size=300)
    X = rng.normal(size=(300, 4)) + 1.6 * np.eye(4)[code]
    rows = [",".join(f"{x:.4f}" for x in row) + f",{'abc'[c]}" for row, c in zip(X, code, strict=True)]
    path = tmp_path_factory.mktemp("estimates") / "clouds.csv"
    path.write_text("\n".join(["p,q,r,s,label", *rows]))
    return path


def experiment(table):
    plan = Plan(batch=20, rounds=ROUNDS, audit=0.5, cold="random")
    return Experiment(str(table), ("margin", "badge"), seeds=(0,), start="0", test="0.2", plan=plan, estimate=True)


@pytest.fixture(scope="module")
def run(table, tmp_path_factory):
    return record(experiment(table), tmp_path_factory.mktemp("run") / "run", Crew(jobs=1))


def test_each_round_has_its_figures_and_those_of_a_look_their_truth(run):
    rows = run.run.estimates
    assert [(row["strategy"], row["round"]) for row in rows] == [
        (name, k) for name in ("margin", "badge") for k in range(ROUNDS + 1)
    ]
    assert rows[0]["figures"] == {}  # silent, and so not there
    last = rows[ROUNDS]["figures"]
    assert {"new", "rest", "against_random"} <= last.keys() <= set(estimate(History()))
    split = run.parts.splits[0]
    assert all(row["test"] == len(split.test) for row in rows)
    # The truth of a figure on new samples is the accuracy of the very model that was shown then.
    look = next(row for row in run.run.rows if row["labelled"] == last["new"]["labelled"])
    assert last["new"]["truth"] == pytest.approx(look["accuracy"])
    assert 0.5 < last["rest"]["truth"] <= 1
    assert last["against_random"]["truth"] is not None


def test_what_is_said_of_the_rest_is_two_sided_where_a_score_chose(run):
    held = {(one.strategy, one.figure): one for one in count_held(run.run.estimates)}
    assert held["margin", "new"].labellings == 1
    assert held["margin", "new"].widths[30] > held["margin", "new"].widths[59] > 10
    assert held["margin", "rest"].widths[59] > 10
    assert held["badge", "rest"].widths[59] is None


@pytest.mark.parametrize("stop", [2, ROUNDS])
def test_an_arm_that_was_killed_says_the_same(run, stop):
    """Before the first look, and after the last: it is played from its start, for an observer sees every round."""
    played = [None] * stop  # what they hold is not looked at
    more = list(play(run.parts, Arm("margin", 0), played))
    assert [line.estimate for line in more] == run.run.estimates[stop : ROUNDS + 1]
    assert [line.pick for line in more] == run.run.picks[stop : ROUNDS + 1]


def test_a_run_that_was_interrupted_goes_on_to_the_same_bytes(table, run, tmp_path):
    def pull_the_plug(what, done=0, total=0):
        if what.startswith("margin,"):  # some of its rounds are on the disk
            raise KeyboardInterrupt

    alone = replace(experiment(table), strategies=("margin",))
    with pytest.raises(KeyboardInterrupt):
        record(alone, tmp_path / "run", Crew(jobs=1), progress=pull_the_plug)
    assert not (tmp_path / "run" / "estimates.jsonl").exists()
    record(alone, tmp_path / "run", Crew(jobs=1), resume=True)
    said, whole = ((folder / "estimates.jsonl").read_bytes() for folder in (tmp_path / "run", run.run.folder))
    assert said == b"".join(whole.splitlines(keepends=True)[: ROUNDS + 1])


def test_estimates_change_nothing_of_what_is_asked(table, run):
    plain = replace(experiment(table), estimate=False, plan=Plan(batch=20, rounds=3, audit=0.5, cold="random"))
    lines = list(play(prepare(plain), Arm("margin", 0)))
    assert [line.pick for line in lines[:3]] == run.run.picks[:3]
    assert {line.estimate for line in lines} == {None}


def test_without_an_audit_side_there_is_nothing_to_go_by(table):
    with pytest.raises(Mistake, match=r"nothing is set aside for them\. Add --audit 0\.2"):
        prepare(Experiment(str(table), ("margin",), estimate=True))
    said = CliRunner().invoke(app, ["simulate", str(table), "--estimate", "--seeds", "1"])
    assert (said.exit_code, "Add --audit 0.2" in " ".join(said.stderr.split())) == (2, True)
