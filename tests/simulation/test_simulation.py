import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from painted import folder_of
from sklearn.datasets import load_digits

import nextlabel
from nextlabel import Experiment, Plan, record, simulate
from nextlabel.cli.simulate import learning_notes
from nextlabel.comparison.reading import read
from nextlabel.datasets import load_dataset
from nextlabel.errors import BadData, BadNumber, CannotWrite, Mistake, OtherRun, UnknownName
from nextlabel.experiment import Crew
from nextlabel.runs.lines import read_lines
from nextlabel.runs.shapes import PICK
from nextlabel.simulation.parts import prepare

SMALL = Experiment("digits", ("random", "margin"), seeds=(0, 1), plan=Plan(batch=20, rounds=2))
COMMAND = [
    "digits",
    "--strategies",
    "random,margin,badge",
    "--seeds",
    "2",
    "--rounds",
    "4",
    "--batch",
    "20",
    "--no-report",
]


def rows_of(folder):
    return (Path(folder) / "rows.jsonl").read_bytes()


def start(out, *more):
    return subprocess.Popen(
        [sys.executable, "-m", "nextlabel", "simulate", *COMMAND, "--out", str(out), *more],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def finish(process):
    said = process.communicate(timeout=300)[1].decode()
    assert process.returncode == 0, said


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = tmp_path_factory.mktemp("whole") / "run"
    finish(start(out, "--jobs", "2"))
    return out


def test_rows_are_in_the_order_given():
    rows = simulate(SMALL)
    keys = [(row["strategy"], row["seed"], row["round"]) for row in rows]
    assert keys == [(name, seed, k) for name in ("random", "margin") for seed in (0, 1) for k in (0, 1, 2)]
    assert [row["labelled"] for row in rows[:3]] == [20, 40, 60]


def test_strategies_share_their_start():
    rows = [row for row in simulate(SMALL) if row["round"] == 0]
    scores = {(row["seed"], row["strategy"]): row["accuracy"] for row in rows}
    assert all(scores[seed, "random"] == scores[seed, "margin"] for seed in (0, 1))


def test_the_library_and_the_command_line_give_the_same_rows(whole):
    experiment = Experiment("digits", ("random", "margin", "badge"), seeds=(0, 1), plan=Plan(batch=20, rounds=4))
    assert [json.loads(line) for line in rows_of(whole).splitlines()] == simulate(experiment)


def test_one_job_gives_the_same_bytes_as_two(whole, tmp_path):
    finish(start(tmp_path / "run", "--jobs", "1"))
    assert hashlib.sha256(rows_of(tmp_path / "run")).digest() == hashlib.sha256(rows_of(whole)).digest()


def test_a_killed_run_goes_on_to_the_same_bytes(whole, tmp_path):
    out = tmp_path / "run"
    process = start(out)  # `make soak` kills two hundred
    while process.poll() is None and written(out) < 6:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)  # the whole group, once that many rounds are written
    process.communicate()
    assert not (out / "rows.jsonl").exists()
    finish(start(out, "--resume", "--jobs", "1"))
    assert rows_of(out) == rows_of(whole)


def written(out):
    return sum(path.read_bytes().count(b"\n") for path in out.glob("parts/*.jsonl"))


def test_an_interrupt_keeps_what_is_written(tmp_path):
    process = start(tmp_path / "run")
    while not written(tmp_path / "run"):
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate(timeout=60)[1].decode()
    assert process.returncode == 130
    assert "--resume" in said
    assert "Traceback" not in said
    assert written(tmp_path / "run")


def test_a_finished_run_is_left_as_it_is(whole):
    before = (whole / "rows.jsonl").stat().st_mtime_ns
    finish(start(whole, "--resume"))
    assert (whole / "rows.jsonl").stat().st_mtime_ns == before


def test_the_manifest_says_what_was_run(whole):
    found = json.loads((whole / "manifest.json").read_text())
    assert found["sizes"] == {"test": 359, "val": 0, "start": 20, "pool": 1418}
    assert found["strategies"]["badge"]["class"] == "nextlabel.strategies.Badge"
    assert found["dataset"]["counts"][0] == 178
    assert set(found["settings"]) == {"0", "1"}
    (made_with,) = found["made_with"]
    assert made_with["scikit-activeml"]
    assert made_with["kernels"]
    assert made_with["processor"]


def test_the_splits_of_a_run_can_be_used_again(whole, tmp_path):
    plan = Plan(batch=20, rounds=4)
    experiment = Experiment("digits", "random,margin,badge", 2, split=whole / "splits.json", plan=plan)
    record(experiment, tmp_path / "run", Crew(jobs=1))
    assert rows_of(tmp_path / "run") == rows_of(whole)


def test_a_stride_takes_all_arms_along_and_changes_no_row(tmp_path, monkeypatch):
    """Stopped in the middle, all arms are equally far; at the end the rows are those of a run without."""
    record(SMALL, tmp_path / "plain", Crew(jobs=1))
    seen = []

    def stop(what, done, total):
        seen.append(done)
        if ", round 1" in what:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        record(SMALL, tmp_path / "run", Crew(jobs=1, stride=1), progress=stop)
    parts = list((tmp_path / "run" / "parts").iterdir())
    assert sorted(len(part.read_text().splitlines()) for part in parts) == [1, 1, 1, 2]
    record(
        SMALL,
        tmp_path / "run",
        Crew(jobs=2, stride=2),
        resume=True,
        progress=lambda what, done, total: seen.append(done),
    )
    assert max(seen) == 12
    assert rows_of(tmp_path / "run") == rows_of(tmp_path / "plain")


def test_picks_are_what_the_rows_say(whole):
    rows = [json.loads(line) for line in rows_of(whole).splitlines()]
    picks = [json.loads(line) for line in (whole / "picks.jsonl").read_text().splitlines()]
    for here, following, pick in zip(rows, rows[1:], picks, strict=False):
        if following["round"]:
            assert following["labelled"] == here["labelled"] + len(pick["ids"])


def test_a_run_knows_its_samples_in_any_other_listing(whole):
    """An id is a place in a listing, a digest is the picture; and what was answered stands beside what was asked."""
    digits, samples = load_dataset("digits"), read_lines(whole / "samples.jsonl", lambda row: None)
    assert [(row["id"], row["digest"]) for row in samples] == list(enumerate(digits.pictures.digests))
    picks = read_lines(whole / "picks.jsonl", PICK)
    assert all(row["labels"] == [samples[i]["label"] for i in row["ids"]] for row in picks)


def test_another_experiment_is_refused_before_it_writes(whole):
    other = Experiment("digits", ("random",), seeds=(0,), plan=Plan(rounds=1))
    with pytest.raises(OtherRun, match="holds another experiment"):
        record(other, whole, Crew(jobs=1), resume=True)


def test_a_wrong_folder_is_told_before_the_data_are_read(whole, tmp_path):
    nowhere = replace(SMALL, dataset=str(tmp_path / "nowhere"))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    for out, error, words in (
        (tmp_path / "mine", OtherRun, "holds no run"),
        (tmp_path / "file" / "run", CannotWrite, "cannot be written to"),
        (tmp_path / "file", CannotWrite, "File exists"),
        (tmp_path / "link", CannotWrite, "File exists"),
        (whole, OtherRun, "holds another experiment: .*seeds is"),
        (tmp_path / "new" / "run", BadData, "There is no folder or file"),
    ):
        with pytest.raises(error, match=words):
            record(replace(nowhere, seeds=(5,)), out, Crew(jobs=1))
    assert not (tmp_path / "new").exists()


def test_other_data_are_told_before_features_are_fitted_to_them(tmp_path, own_cache):
    def experiment(folder):
        folder_of(tmp_path / folder, {"red": 6, "blue": 6 + len(folder)})
        return Experiment(
            str(tmp_path / folder), ("random",), (0,), name="colours", embedder="patches", plan=Plan(batch=1, rounds=0)
        )

    record(experiment("a"), tmp_path / "run", Crew(jobs=1))
    embedded = sorted(path.name for path in own_cache.glob("features-*"))
    with pytest.raises(OtherRun, match="its data are others there"):
        record(experiment("bb"), tmp_path / "run", Crew(jobs=1), resume=True)
    assert sorted(path.name for path in own_cache.glob("features-*")) == embedded


def test_a_run_goes_on_only_with_the_classes_it_began_with(tmp_path):
    record(SMALL, tmp_path, Crew(jobs=1))
    told = json.loads((tmp_path / "manifest.json").read_text())
    told["identity"]["made_by"]["margin"] = "skactiveml.pool.UncertaintySampling"
    (tmp_path / "manifest.json").write_text(json.dumps(told))
    with pytest.raises(
        OtherRun, match=r"the class of margin is 'skactiveml\.pool\.UncertaintySampling' there and 'next"
    ):
        record(SMALL, tmp_path, Crew(jobs=1), resume=True)


def test_every_seed_says_how_much_it_could_label(tmp_path):
    splits = [{"test": [0, 1, 2], "start": [10, 11]}, {"test": [3, 4], "val": [5], "start": [10, 11, 12]}]
    (tmp_path / "splits.json").write_text(json.dumps(splits))
    experiment = Experiment("digits", ("random",), (0, 1), split=str(tmp_path / "splits.json"), plan=Plan(rounds=1))
    record(experiment, tmp_path / "run", Crew(jobs=1))
    assert dict(read([tmp_path / "run"])[0].whole) == {0: 1797 - 3, 1: 1797 - 3}


def test_a_run_goes_on_only_with_the_answers_it_began_with(tmp_path):
    answers = [f"{i},{label}" for i, label in enumerate(load_digits().target)]
    (tmp_path / "said.csv").write_text("\n".join(["id,label", *answers]))
    experiment = Experiment("digits", ("random",), (0,), oracle=f"replay:{tmp_path / 'said.csv'}", plan=Plan(rounds=1))
    record(experiment, tmp_path / "run", Crew(jobs=1))
    record(experiment, tmp_path / "run", Crew(jobs=1), resume=True)
    (tmp_path / "said.csv").write_text("\n".join(["id,label", *answers[:-1], f"{len(answers) - 1},0"]))
    with pytest.raises(OtherRun, match="its answers are others there"):
        record(experiment, tmp_path / "run", Crew(jobs=1), resume=True)


@pytest.mark.parametrize(
    ("knobs", "error", "words"),
    [
        ({"strategies": ("margn",)}, UnknownName, "Did you mean 'margin'"),
        ({"model": "linaer"}, UnknownName, "Did you mean 'linear'"),
        ({"embedder": "patchs"}, UnknownName, "Did you mean 'patches'"),
        ({"oracle": "noisey:0.1"}, UnknownName, "Did you mean 'noisy'"),
        ({"dataset": "digit"}, UnknownName, "Did you mean 'digits'"),
        ({"dataset": "./nowhere/at/all"}, BadData, "There is no"),
        ({"plan": Plan(batch=5000)}, BadNumber, "the pool holds 1418"),
        ({"plan": Plan(cold="margin")}, Mistake, "cannot start cold"),
        ({"plan": Plan(cold="rndom@1")}, UnknownName, "Did you mean 'random'"),
    ],
)
def test_what_cannot_be_is_refused_at_once(knobs, error, words):
    with pytest.raises(error, match=words):
        simulate(Experiment(**{"strategies": ("random",), "seeds": (0,), **knobs}))


def test_nothing_known_is_a_start_too():
    rows = simulate(Experiment("digits", ("margin",), seeds=(0,), start=0, plan=Plan(batch=4, rounds=3)))
    assert [row["labelled"] for row in rows] == [0, 4, 8, 12]
    assert rows[-1]["accuracy"] > rows[0]["accuracy"]


def test_validation_samples_without_an_answer_are_not_scored(tmp_path):
    said = "".join(f"{i},{label}\n" for i, label in enumerate(load_digits().target[:900]))
    (tmp_path / "said.csv").write_text("id,label\n" + said)
    plan = Plan(batch=200, rounds=2)
    asked = Experiment(
        "digits", ("random",), (0,), val=0.1, start=0, oracle=f"replay:{tmp_path / 'said.csv'}", plan=plan
    )
    assert simulate(asked)[-1]["val_f1_macro"] > 0.8  # near what the test set says, not half of it


def test_validation_is_scored_and_not_in_the_budget():
    rows = simulate(Experiment("digits", ("random",), seeds=(0,), val=0.1, plan=Plan(batch=10, budget=35)))
    assert [row["labelled"] for row in rows] == [20, 30, 35]
    assert all(0 < row["val_f1_macro"] <= 1 for row in rows)


def test_a_tired_annotator_costs_accuracy():
    clean, tired = (
        simulate(Experiment("digits", ("random",), seeds=(0,), start="20/class", oracle=name, plan=Plan(rounds=0)))
        for name in ("truth", "noisy:0.4")
    )
    assert tired[0]["accuracy"] < clean[0]["accuracy"]


def test_any_classifier_of_scikit_learn_learns():
    rows = simulate(
        Experiment(
            "digits", ("random", "margin"), seeds=(0,), model="sklearn:svm.SVC(C=1.0, gamma='auto')", standardize=True,
            start="5/class", plan=Plan(batch=40, rounds=2),
        )
    )  # fmt: skip
    assert min(row["accuracy"] for row in rows) > 0.7


def test_the_public_names_are_sorted_and_there():
    assert nextlabel.__all__ == sorted(nextlabel.__all__)
    assert all(hasattr(nextlabel, name) for name in nextlabel.__all__)


@pytest.fixture
def tiny_digits(tmp_path):
    """The digits in another unit: a head with a penalty learned nothing from them, and scored .10."""
    X, y = load_digits(return_X_y=True)
    np.savez(tmp_path / "tiny.npz", X=X * 1e-5, y=y)
    return str(tmp_path / "tiny.npz")


@pytest.mark.parametrize("model", ["linear", "sklearn:linear_model.LogisticRegression()"])
def test_tables_are_scaled_unless_somebody_says_no(tiny_digits, model):
    experiment = Experiment(tiny_digits, ("random",), (0,), model, plan=Plan(batch=60, rounds=1))
    assert simulate(experiment)[-1]["accuracy"] > 0.8
    assert simulate(replace(experiment, standardize=False))[-1]["accuracy"] < 0.6
    assert simulate(replace(experiment, standardize=True)) == simulate(experiment)


def test_scaling_never_looks_at_the_test_set(tiny_digits):
    parts = prepare(Experiment(tiny_digits, ("random",), (0,), plan=Plan(batch=60, rounds=1)))
    seen, rest = parts.pool(0).features, np.setdiff1d(np.arange(1797), parts.splits[0].test)
    assert seen[rest].mean(axis=0) == pytest.approx(0, abs=1e-5)
    assert np.abs(seen.mean(axis=0)).max() > 1e-3


def test_pictures_are_taken_as_their_embedder_made_them():
    parts = prepare(SMALL)
    assert not parts.experiment.standardize
    assert parts.pool(0).features is parts.embedding.array


def test_a_solver_that_stops_early_is_counted(tmp_path):
    model = "sklearn:linear_model.LogisticRegression(max_iter=2)"
    experiment = Experiment("digits", ("random",), (0,), model, plan=Plan(batch=20, rounds=1))
    recorded = record(experiment, tmp_path / "run", Crew(jobs=1))
    assert [timing["converged"] for timing in recorded.run.timings] == [False, False]
    assert learning_notes(recorded) == [
        f"In 2 of 2 rounds the solver of '{model}' stopped before it had converged. Features on one scale "
        "(--standardize) mostly get there."
    ]


def test_every_pick_says_why(tmp_path):
    experiment = replace(SMALL, strategies=("margin",), seeds=(0,), start="0", plan=Plan(batch=10, rounds=2, audit=0.2))
    picks = record(experiment, tmp_path / "run", Crew(jobs=1)).run.picks
    whys = [sorted(pick["why"]) for pick in picks]
    assert whys == [["audit"] * 2 + ["cold"] * 8, ["audit"] * 2 + ["strategy"] * 8, []]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"experiment": "digits"}, "experiment is 'digits', and must be Experiment"),
        ({"out": 3}, "out is 3"),
        ({"crew": 2}, r"crew is 2, and must be Crew\(…\)"),
        ({"resume": "yes"}, "resume is 'yes', and must be True or False"),
    ],
)
def test_the_doors_of_record_say_what_they_take(tmp_path, arguments, words):
    with pytest.raises(Mistake, match=words):
        record(**{"experiment": SMALL, "out": str(tmp_path / "run")} | arguments)
