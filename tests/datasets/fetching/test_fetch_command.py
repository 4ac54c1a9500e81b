"""`nextlabel fetch-flowers`: what it says, and its exit codes."""

import json
import re

import pytest
from flower_web import COUNTS, PART, names
from typer.testing import CliRunner

from nextlabel.cli.app import app


@pytest.fixture
def run(get, monkeypatch, tmp_path):
    """The command, with our server in place of the web."""
    monkeypatch.setattr("nextlabel.cli.fetch.fetch", get)
    return lambda *args: CliRunner().invoke(app, ["fetch-flowers", *map(str, args or [tmp_path / "home" / "flowers"])])


def test_the_command_says_what_there_is(run, tmp_path):
    found = run()
    assert (found.exit_code, found.stderr) == (0, "")
    assert "now holds 14 pictures of flowers:\n  daisy 3\n  dandelion 2\n  rose 4\n" in found.stdout
    for words in ("flower_photos", "CC BY 2.0", "imsparsh/flowers-dataset", "2,746", "daisy 501"):
        assert words in found.stdout
    assert f"Next: nextlabel simulate {tmp_path / 'home' / 'flowers'} " in found.stdout


def test_what_the_command_says_next_runs(run, tmp_path):
    words = run().stdout.splitlines()[-1].partition("nextlabel ")[2].split()
    sizes = ["--test", "1/class", "--val", "0", "--start", "1/class", "--batch", "1"]  # of 14, shares are nothing
    quick = ["--seeds", "1", "--rounds", "1", "--jobs", "1", "--embedder", "pixels", "--no-report"]
    found = CliRunner().invoke(app, [*words, *sizes, *quick, "--out", str(tmp_path / "run")])
    assert found.exit_code == 0, found.output


def test_the_command_says_so_where_all_is_there(run):
    run()
    again = run()
    assert again.exit_code == 0
    assert "already holds 14 pictures" in again.stdout


def test_the_command_speaks_json(run, tmp_path):
    folder = str(tmp_path / "home" / "flowers")
    assert json.loads(run(folder, "--json").stdout) == {"folder": folder, "counts": COUNTS, "fetched": True}


def test_the_command_has_an_example():
    assert "Example" in CliRunner().invoke(app, ["fetch-flowers", "--help"]).stdout


def test_the_world_saying_no_is_one(run, web):
    web.status = 404
    found = run()
    assert (found.exit_code, found.stdout) == (1, "")
    assert re.match(r"Error: '127.0.0.1' answered 404", found.stderr)
    assert "Traceback" not in found.stderr


def test_wrong_use_is_two(run, tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    found = run(tmp_path)
    assert found.exit_code == 2
    assert "holds something else" in " ".join(found.stderr.split())


def test_stopping_is_130_and_keeps_the_part(run, get, tmp_path, monkeypatch):
    def stop(what, done, total):
        if what.startswith("Unpacking"):
            raise KeyboardInterrupt

    monkeypatch.setattr("nextlabel.cli.fetch.fetch", lambda folder, progress: get(folder, progress=stop))
    found = run()
    assert found.exit_code == 130
    assert "a download with the same command" in " ".join(found.stderr.split())
    assert names(tmp_path / "home") == [PART]
