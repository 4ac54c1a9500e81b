"""`nextlabel select`: files in, ids out."""

import csv
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from blobs import blobs, proba
from typer.testing import CliRunner

from nextlabel import select
from nextlabel.cli.app import app


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with features, labels and probabilities, and nothing else."""
    monkeypatch.chdir(tmp_path)
    X, y = blobs()
    for name, array in (("X", X), ("y", y), ("P", proba())):
        np.save(f"{name}.npy", array)
    return tmp_path


def run(*args):
    return CliRunner().invoke(app, ["select", *map(str, args)])


def refused(code, words, *args):
    found = run(*args)
    said = " ".join(found.stderr.split())
    assert found.exit_code == code, said
    assert words in said
    assert "Traceback" not in said


def test_the_command_writes_what_the_function_gives(here):
    """A process of its own, as a person would start it: not a word beside the answer where there is no terminal."""
    line = "X.npy --strategy badge --batch 7 --labels y.npy --probabilities P.npy --seed 5 --out ids.csv"
    done = subprocess.run([sys.executable, "-m", "nextlabel", "select", *line.split()], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "7 of 48 unlabelled samples, chosen by nextlabel.strategies.Badge: 'ids.csv'.\n"
    with (here / "ids.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["rank", "id"]
    assert [int(rank) for rank, _ in rows] == list(range(1, 8))
    assert [int(one) for _, one in rows] == select(*blobs(), "badge", 7, proba(), 5).tolist()
    assert sorted(path.name for path in here.iterdir()) == ["P.npy", "X.npy", "ids.csv", "y.npy"]


def test_without_out_the_ids_are_printed(here):
    found = run("X.npy", "--strategy", "coreset", "--batch", "2")
    first, second = select(blobs()[0], None, "coreset", 2)
    assert found.stdout == f"rank,id\n1,{first}\n2,{second}\n"


def test_json_says_who_chose_and_from_what(here):
    found = run("X.npy", "--strategy", "margin", "--batch", "3", "--labels", "y.npy", "--json", "--out", "ids.csv")
    told = json.loads(found.stdout)
    assert told.pop("ids") == select(*blobs(), "margin", 3).tolist()
    assert told == {
        "strategy": "margin",
        "implementation": "nextlabel.strategies.UncertaintySampling",
        "seed": 0,
        "samples": 60,
        "labelled": 12,
        "classes": 3,
        "mended": 0,
        "out": "ids.csv",
    }
    assert (here / "ids.csv").read_text().startswith("rank,id\n1,")


def test_help_has_an_example():
    assert "Example: nextlabel select" in run("--help").stdout


@pytest.mark.parametrize(
    ("code", "words", "args"),
    [
        (1, "There is no file 'nowhere.npy'", ["nowhere.npy"]),
        (1, "There is no file 'z.npy'", ["X.npy", "--labels", "z.npy"]),
        (2, "Did you mean 'badge'", ["X.npy", "--strategy", "bagde"]),
        (2, "must be a whole number of at least 1", ["X.npy", "--batch", "0"]),
        (2, "'badge' needs a model", ["X.npy", "--strategy", "badge"]),
        (2, "are int64", ["X.npy", "--probabilities", "y.npy", "--strategy", "badge"]),
        (2, "'?' is none", ["X.npy", "--labels", "y.npy", "--missing=?"]),
        (1, "All 60 samples are labelled", ["X.npy", "--labels", "y.npy", "--missing", "7"]),
        (1, "There is no folder for 'a/ids.csv'", ["X.npy", "--out", "a/ids.csv"]),
        (1, "is no plain file", ["X.npy", "--out", "."]),
        (1, "is no plain file", ["X.npy", "--out", "/dev/null"]),
        (1, "cannot be written", ["X.npy", "--out", "a" * 300 + ".csv"]),
        (2, "which is read too", ["X.npy", "--labels", "y.npy", "--out", "./y.npy"]),
    ],
)
def test_what_cannot_be_is_one_sentence_and_a_code(code, words, args, here):
    if "--probabilities" in args:
        np.save("y.npy", np.ones((60, 2), int))
    refused(code, words, *args)
    assert sorted(path.name for path in here.iterdir()) == ["P.npy", "X.npy", "y.npy"]


def test_a_refusal_leaves_the_last_batch_alone(here):
    (here / "ids.csv").write_text("rank,id\n1,4\n")
    refused(2, "'badge' needs a model", "X.npy", "--strategy", "badge", "--out", "ids.csv")
    assert (here / "ids.csv").read_text() == "rank,id\n1,4\n"


@pytest.mark.filterwarnings("default")
def test_notes_go_where_the_ids_do_not(here):
    found = run("X.npy", "--strategy", "coreset", "--batch", "99")
    assert "Note: Only 60 samples are unlabelled" in found.stderr
    assert found.stdout.count("\n") == 61


def test_an_interrupted_choice_exits_with_130_and_leaves_nothing(here):
    np.save("X.npy", np.random.default_rng(0).normal(size=(40_000, 64)).astype(np.float32))
    line = "X.npy --strategy maxherding(ground=None) --batch 500 --out ids.csv"
    process = subprocess.Popen([sys.executable, "-m", "nextlabel", "select", *line.split()], stderr=subprocess.PIPE)
    while "X.npy" not in Path(f"/proc/{process.pid}/maps").read_text():
        assert process.poll() is None
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    assert b"Stopped" in process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert sorted(path.name for path in here.iterdir()) == ["P.npy", "X.npy", "y.npy"]
