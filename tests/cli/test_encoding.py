"""Output that an encoding lacks signs for."""

import csv
import json
import os
import subprocess
import sys

import pytest

from nextlabel.cli.encoding import ASCII, to_ascii


@pytest.fixture
def curves(tmp_path):
    """Curves on which margin is undecided, so that a negative number is printed; the dataset's name is no ASCII."""
    with (tmp_path / "curves.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["dataset", "strategy", "seed", "labelled", "metric"])
        for seed in range(5):
            for name, gain in (("random", 0.0), ("margin", 0.01 * (seed % 3 - 1.2))):
                table.writerows(["naïve 犬", name, seed, 10 * k, round(0.5 + 0.05 * k + gain, 4)] for k in (1, 2, 3))
    return tmp_path / "curves.csv"


def run(encoding, *args):
    """A process of its own: streams get their encoding when Python starts."""
    env = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    return subprocess.run([sys.executable, "-m", "nextlabel", *map(str, args)], capture_output=True, env=env)


def test_a_minus_is_a_hyphen_where_there_is_none(curves):
    done = run("cp1252", "compare", curves)
    assert (done.returncode, done.stderr) == (0, b"")
    assert "naïve \\u72ac: " in done.stdout.decode("cp1252")
    assert " points [-" in done.stdout.decode("cp1252")


def test_json_is_json_in_any_encoding(curves):
    told = json.loads(run("cp1252", "compare", curves, "--json").stdout)
    assert told[0]["dataset"] == "naïve 犬"


@pytest.mark.parametrize(
    ("code", "args"),
    [
        (0, ["simulate", "--help"]),
        (2, ["simulate", "digits", "--jobs", "naïve−犬"]),
        (2, ["nosuch"]),
        (0, ["select", "-h"]),
    ],
)
def test_help_and_errors_are_ascii_where_they_must_be(code, args):
    done = run("ascii", *args)
    assert done.returncode == code
    assert done.stdout.isascii()
    assert b"Traceback" not in done.stderr


def test_who_chose_another_way_gets_it():
    assert b"ClassName(?)" in run("ascii:replace", "simulate", "--help").stdout


def test_all_that_is_put_in_place_is_ascii():
    assert all(word.isascii() for word in ASCII.values())
    assert to_ascii("−3 … é") == "-3 ... e"
