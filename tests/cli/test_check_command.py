"""`nextlabel check`: what is taken for a pilot, what is said, what is written; and sentences for what cannot be."""

import csv
import json

import numpy as np
import pytest
from typer.testing import CliRunner

from nextlabel.cli.app import app

HOW = "For a pilot: nextlabel select"


def run(*args):
    return CliRunner().invoke(app, ["check", *map(str, args), "--jobs", "1"])


def said(found):
    return " ".join((found.stderr + found.stdout).split())


@pytest.fixture
def table(tmp_path):
    """120 rows of two classes in a table; those that ``left`` names have no label."""

    def write(left=(), rows=120, columns=3, change=lambda X: X, classes=("ash", "oak")):
        rng = np.random.default_rng(0)
        X = change(rng.normal(size=(rows, columns)))
        path = tmp_path / "leaves.csv"
        with path.open("w", newline="") as file:
            lines = csv.writer(file)
            lines.writerow([*(f"x{k}" for k in range(columns)), "label"])
            for i, row in enumerate(X):
                lines.writerow([*row, "" if i in left else classes[int(row[0] > 0)]])
        return path

    return write


def test_a_pilot_is_drawn_and_all_is_said(table, tmp_path):
    lists = tmp_path / "near.csv", tmp_path / "far.csv"
    found = run(table(), "--pilot", 30, "--budget", 60, "--near-duplicates", lists[0], "--outliers", lists[1])
    assert found.exit_code == 0, found.output
    first, second, *reasons = found.stdout.splitlines()
    assert first == "120 rows in 'leaves', 30 labels of a pilot."
    assert "in 100 that" in second
    assert "points of AUBC" in second
    assert "times as many labels" in second
    assert sum(line.startswith("  ") for line in reasons) >= 8
    assert lists[0].read_text().startswith("id,other,cosine,distance")
    assert len(lists[1].read_text().splitlines()) == 121


def test_the_page_says_what_the_terminal_says(table, tmp_path):
    page = tmp_path / "check.html"
    found = run(table(), "--pilot", 10, "--out", page)  # too few for the loop to be played, which takes seconds
    assert found.exit_code == 0, found.output
    assert found.stdout.splitlines()[1] in page.read_text()
    assert found.stdout.endswith(f"--out: {page}\n")


def test_vectors_alone_speak_without_a_pilot(table):
    found = run(table(), "--pilot", 0, "--json")
    plain = json.loads(found.stdout)
    assert plain["forecast"] is None
    assert set(plain["indicators"]) == {"redundancy", "imbalance", "dimension"}
    assert (plain["pilot"], plain["samples"], plain["noun"]) == (0, 120, "row")


def test_labels_that_somebody_chose_are_no_pilot(table):
    found = run(table(left=range(20)), "--json")
    assert json.loads(found.stdout)["pilot"] == 0
    assert "100 of 120 rows have labels, and nobody says how these were chosen" in said(found)
    assert HOW in said(found)


def test_labels_that_were_drawn_at_random_are_one(table):
    plain = json.loads(run(table(left=range(105)), "--labels-are-random", "--json").stdout)
    assert plain["pilot"] == 15
    assert "A pilot of 15 is too small" in plain["notes"][-1]


@pytest.mark.parametrize(
    ("made", "args", "code", "words"),
    [
        ({"rows": 30}, (), 1, "There are 30 samples"),
        ({"change": np.ones_like, "classes": ("ash", "ash")}, ("--pilot", 0), 1, "the same features"),
        ({}, ("--budget", 20, "--pilot", 20), 1, "use up the budget"),
        ({}, ("--embedder", "nope"), 2, "nope"),
        ({}, ("--out", "no/such/folder/check.html"), 1, "There is no folder"),
        ({}, ("--labels", "nowhere.csv"), 1, "nowhere.csv"),
    ],
)
def test_what_cannot_be_checked_is_a_sentence(table, made, args, code, words):
    found = run(table(**made), *args)
    assert found.exit_code == code, found.output
    assert words in said(found)
    assert "Traceback" not in said(found)


@pytest.mark.parametrize(
    "made", [{"columns": 1}, {"change": lambda X: X * [1, 1, 0]}, {"change": lambda X: np.repeat(X[::4], 4, axis=0)}]
)
def test_odd_tables_are_checked(table, made):
    found = run(table(**made), "--pilot", 10)  # too few for the loop to be played, which takes seconds
    assert found.exit_code == 0, found.output
    assert "nan" not in found.stdout


def test_nothing_is_written_over_what_is_read(table):
    path = table()
    assert run(path, "--outliers", path).exit_code == 2


def test_how_far_it_can_be_trusted_is_said():
    found = CliRunner().invoke(app, ["check", "--about"])
    assert found.exit_code == 0, found.output
    assert "1/error" in found.stdout
    assert "always margin" in found.stdout


def test_a_large_pool_is_looked_at_in_part_and_that_is_told(table):
    found = run(table(rows=3_100), "--pilot", 0)
    assert "3,100 rows in 'leaves', 3,000 of them looked at." in said(found)
