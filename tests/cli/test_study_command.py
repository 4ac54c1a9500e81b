"""`nextlabel simulate` of several datasets, and of a study file."""

import json
import re

import pytest
from typer.testing import CliRunner

from nextlabel.cli.app import app

QUICK = ["--strategies", "random,margin", "--seeds", "5", "--rounds", "2", "--batch", "5", "--jobs", "1"]


def run(*args):
    return CliRunner().invoke(app, [str(arg) for arg in args])


@pytest.fixture
def tables(tmp_path):
    for place in "abc":
        lines = [f"{i % 7},{i % 5},{'ab'[i % 2]}" for i in range(60)]
        (tmp_path / place).mkdir()
        (tmp_path / place / "table.csv").write_text("\n".join(["width,height,label", *lines, ""]))
    return [tmp_path / place / "table.csv" for place in "abc"]


def test_several_datasets_are_a_study_that_grows(tables, tmp_path):
    out = tmp_path / "study"
    found = run("simulate", *tables[:2], *QUICK, "--no-report", "--out", out)
    said = " ".join(found.stderr.split())
    assert found.exit_code == 0, said
    assert re.search("Note: Two datasets are called 'table'.* is 'table-2' here", said)
    assert "Note: table-2: Features are scaled" in said
    assert re.search(r"^table \(linear, table\): .*^table-2 \(linear, table\): ", found.stdout, flags=re.M | re.S)
    assert f"nextlabel compare {out}/*" in found.stdout
    for name in ("table", "table-2"):
        (out / name / "report.html").write_text("as it was")
    told = json.loads(run("simulate", *tables, *QUICK, "--out", out, "--resume", "--json").stdout)
    assert [one["out"] for one in told] == [str(out / name) for name in ("table", "table-2", "table-3")]
    assert [one["strategy"] for one in told[2]["summary"]] == ["random", "margin"]
    assert [len((out / name / "report.html").read_text()) == 9 for name in ("table", "table-2")] == [True, True]
    assert "Written by nextlabel" in (out / "table-3" / "report.html").read_text()
    compared = json.loads(run("compare", *sorted(out.iterdir()), "--json").stdout)
    assert [one["dataset"] for one in compared] == ["table", "table-2", "table-3"]


def test_a_file_says_the_same(tables, tmp_path):
    (tmp_path / "study.toml").write_text('seeds = 9\n[[dataset]]\npath = "a/table.csv"\n[[dataset]]\npath = "digits"\n')
    found = run("simulate", tmp_path / "study.toml", *QUICK, "--no-report", "--out", tmp_path / "study")
    assert found.exit_code == 0, found.stderr
    lone = run("simulate", tables[0], *QUICK, "--no-report", "--out", tmp_path / "lone")
    assert lone.exit_code == 0, lone.stderr
    rows = [(path / "rows.jsonl").read_bytes() for path in (tmp_path / "study" / "table", tmp_path / "lone")]
    assert rows[0] == rows[1]  # five seeds: what is typed stands before what the file says


def test_runs_that_cannot_be_compared_speak_for_themselves(tables, tmp_path):
    args = ["--strategies", "margin,entropy", *QUICK[2:], "--no-report", "--out", tmp_path / "study"]
    found = run("simulate", *tables[:2], *args)
    assert found.exit_code == 0, found.stderr
    assert "The datasets are not compared" in " ".join(found.stderr.split())
    assert found.stdout.count("margin") >= 2


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["digits", "study.toml"], "is a study of its own"),
        (["digits", "digits", "--name", "x"], "would call all of them the same"),
        (["digits", "digits", "--resume"], "Name it with --out"),
        (["digits", "digits", "--seeds", "x"], "no list of seeds"),
    ],
)
def test_mistakes_are_told(args, words):
    found = run("simulate", *args)
    assert found.exit_code == 2
    assert words in " ".join(found.stderr.split())
