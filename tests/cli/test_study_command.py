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
    for place in ("a", "b"):
        lines = [f"{i % 7},{i % 5},{'ab'[i % 2]}" for i in range(60)]
        (tmp_path / place).mkdir()
        (tmp_path / place / "table.csv").write_text("\n".join(["width,height,label", *lines, ""]))
    return [tmp_path / place / "table.csv" for place in ("a", "b")]


def test_several_datasets_are_a_study(tables, tmp_path):
    out = tmp_path / "study"
    found = run("simulate", *tables, *QUICK, "--out", out)
    said = " ".join(found.stderr.split())
    assert found.exit_code == 0, said
    assert re.search("Note: Two datasets are called 'table'.* is 'table-2' here", said)
    assert "Note: table-2: Features are scaled" in said
    assert re.search(r"^table \(linear, table\): .*^table-2 \(linear, table\): ", found.stdout, flags=re.M | re.S)
    assert f"nextlabel compare {out}/*" in found.stdout
    pages = {path: path.stat().st_mtime_ns for path in out.glob("*/report.html")}
    assert len(pages) == 2
    again = run("simulate", *tables, "digits", *QUICK, "--out", out, "--resume", "--json", "--no-report")
    told = json.loads(again.stdout)
    assert [one["out"] for one in told] == [str(out / name) for name in ("table", "table-2", "digits")]
    assert [one["strategy"] for one in told[2]["summary"]] == ["random", "margin"]
    assert {path: path.stat().st_mtime_ns for path in pages} == pages
    compared = run("compare", *sorted(out.iterdir()), "--json")
    assert {one["dataset"] for one in json.loads(compared.stdout)} == {"table", "table-2", "digits"}


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
    found = run("simulate", *tables, *args)
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
