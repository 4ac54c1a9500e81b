import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from nextlabel.cli.app import app
from nextlabel.cli.simulate import dated_folder
from nextlabel.datasets import load
from nextlabel.datasets.base import Request
from nextlabel.embedders import default
from nextlabel.errors import BadNumber
from nextlabel.experiment import Experiment
from nextlabel.knobs.lists import parse_seeds, split_names

QUICK = ["--strategies", "random,margin", "--seeds", "1", "--rounds", "1", "--jobs", "1"]


def run(*args):
    return CliRunner().invoke(app, [str(arg) for arg in args])


def refused(code, words, *args):
    found = run("simulate", *args)
    said = " ".join(found.stderr.split())
    assert found.exit_code == code, said
    assert re.search(words, said), said
    assert "Traceback" not in said


def test_help_has_an_example():
    assert "Example" in run("simulate", "--help").stdout


def test_help_names_the_embedders_that_are_taken_where_none_is_named(fruits):
    helps = {option.name: option.help for option in get_command(app).commands["simulate"].params}
    for source, words in (("digits", "digits"), (str(fruits), "other pictures")):
        assert f"{default(load(Request(source)))} for {words}" in helps["embedder"]


def test_help_says_that_resume_takes_the_same_options():
    helps = {option.name: option.help for option in get_command(app).commands["simulate"].params}
    assert "same options again" in helps["resume"]


def test_the_version_is_told():
    assert re.fullmatch(r"nextlabel \d+\.\d+\.\d+\n", run("--version").stdout)


HEAVY = {"numpy", "scipy", "skactiveml", "sklearn", "torch", "matplotlib", "pandas", "PIL", "jinja2"}


def loaded(code):
    """Which of the libraries that take long are imported by a process of its own."""
    code = f"import sys\n{code}\nprint('loaded', *sorted({{name.partition('.')[0] for name in sys.modules}}))"
    return HEAVY & set(subprocess.check_output([sys.executable, "-c", code], text=True).splitlines()[-1].split())


def called(*args):
    """The code that runs a command to its good end."""
    lines = ["from typer.testing import CliRunner", "from nextlabel.cli.app import app"]
    return "\n".join([*lines, f"assert CliRunner().invoke(app, {args!r}).exit_code == 0"])


def test_help_is_quick_because_it_imports_little():
    assert loaded(called("simulate", "--help")) == set()


def test_an_experiment_is_written_down_without_loading_what_plays_it():
    assert loaded("from nextlabel import Experiment, Plan\nExperiment(plan=Plan())") == set()


def test_comparing_curves_of_others_loads_no_strategy_no_model_and_no_figure(tmp_path):
    lines = [f"d,{name},{seed},{10 * k},0.{k}{seed}" for name in ("a", "random") for seed in range(3) for k in (1, 2)]
    (tmp_path / "a.csv").write_text("\n".join(["dataset,strategy,seed,labelled,metric", *lines]))
    assert loaded(called("compare", str(tmp_path / "a.csv"))) == {"numpy", "scipy"}


def test_ctrl_c_while_python_still_imports_is_130_without_a_traceback():
    code = """
import os, signal, sys
class Impatient:
    def find_spec(self, name, *_):
        if name == "nextlabel.cli.app":
            os.kill(os.getpid(), signal.SIGINT)
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Impatient())
from nextlabel.__main__ import main
main()
"""
    found = subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, text=True)
    assert (found.returncode, found.stdout, found.stderr) == (130, "", "")


def test_json_is_all_that_standard_output_holds(tmp_path):
    lines = [f"{i % 7},{i % 5},{'ab'[i % 2]}" for i in range(60)]  # a map of sixty samples is drawn in no time
    (tmp_path / "table.csv").write_text("\n".join(["width,height,label", *lines, ""]))
    found = run("simulate", tmp_path / "table.csv", "--batch", "5", *QUICK, "--out", tmp_path / "run", "--json")
    told = json.loads(found.stdout)
    assert found.exit_code == 0
    assert told["out"] == str(tmp_path / "run")
    assert [one["strategy"] for one in told["summary"]] == ["random", "margin"]
    assert (tmp_path / "run" / "report.html").exists()


def test_without_out_a_run_is_dated(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert run("simulate", "digits", *QUICK, "--no-report").exit_code == 0
    names = sorted(path.name for path in (tmp_path / "runs").iterdir())
    assert re.fullmatch(r"\d{4}-\d\d-\d\d-digits", names[0])
    assert names[1] == f"{names[0]}-2"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["digits", "--batch", "-3"], "'-3' is no number of samples"),
        (["digits", "--strategies", "margni"], "Did you mean 'margin'"),
        (["digits", "--strategies", "skactiveml:ProbCover(alpha=float('1'))"], "not a plain value"),
        (["digits", "--strategies", ""], "nothing to run"),
        (["digits", "--model", "sklearn:svm.SVC(C=open('x'))"], "not a plain value"),
        (["digits", "--batch", "5000"], "the pool holds 1418"),
        (["digits", "--seeds", "x"], "no list of seeds"),
        (["digits", "--seeds", "0"], "none at all"),
        (["digits", "--jobs", "0"], "at least 1"),
        (["digits", "--oracle", "noisy:2"], "between 0 and 1"),
        (["digits", "--resume"], "Name it with --out"),
        (["digits", "--test", "0.9", "--start", "0.2"], "but test, validation and start need"),
        (["digits", "--embedder", "patchs"], "Did you mean 'patches'"),
        (["digits", "--test", "0"], "no test set"),
        (["digits", "--budget", "5"], "less than the 20 to start with"),
        (["digits", "--seeds", "9999999999999"], "For seed 9999999999999 alone"),
        (["digits", "--oracle", "replay:"], "names no file"),
        (["digits", "--model", "sklearn:svm"], "Known: none"),
        ([""], "first argument is empty"),
    ],
)
def test_wrong_use_is_one_sentence_and_two(args, words):
    refused(2, words, *args)


def test_a_run_does_not_lie_among_its_pictures(fruits, monkeypatch):
    refused(2, "among the files", fruits, "--out", fruits / "run")
    monkeypatch.chdir(fruits)
    refused(2, "Name a folder elsewhere", ".")


def test_a_dated_folder_stays_below_runs():
    assert dated_folder(Experiment(name="../<a>/b")).parent.name == "runs"
    assert dated_folder(Experiment("flowers/..")).name.endswith(Path.cwd().name)


def test_a_missing_folder_is_one_sentence_and_one(tmp_path):
    refused(1, "There is no", tmp_path / "nowhere")


def test_an_empty_folder_is_one_sentence_and_one(tmp_path):
    refused(1, "is empty", tmp_path)


def test_a_folder_of_other_things_is_not_written_to(tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    refused(2, "holds no run", "digits", *QUICK, "--out", tmp_path)
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")] == ["letter.txt"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a, b,c", ("a", "b", "c")),
        ("skactiveml:X(a=1, b=[1, 2]),margin", ("skactiveml:X(a=1, b=[1, 2])", "margin")),
        ("x(a='),(',b=1),y", ("x(a='),(',b=1)", "y")),
    ],
)
def test_lists_split_outside_brackets_and_quotes(text, parts):
    assert split_names(text) == parts


def test_seeds_are_a_number_or_a_list():
    assert parse_seeds("3") == (0, 1, 2)
    assert parse_seeds("3,7") == (3, 7)
    assert parse_seeds("3,") == (3,)
    assert parse_seeds(" 3 , 7 ") == (3, 7)
    with pytest.raises(BadNumber, match=r"Write 10 .* or 10-99 for those from 10 to 99"):
        parse_seeds("3-")


def test_seeds_may_be_a_range():
    assert parse_seeds("10-99") == tuple(range(10, 100))
    assert parse_seeds("5 - 5") == (5,)
    assert parse_seeds("0,3-5,9") == (0, 3, 4, 5, 9)
    assert len(parse_seeds("1-10000")) == 10_000


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("7-3", "runs backwards. Write 3-7"),
        ("0-10000", "would be 10,001 seeds, and 10,000 are the most"),
        ("0-9999,10000", "would be 10,001 seeds"),
        (f"0-{10**30}", "seeds, and 10,000 are the most"),
        ("-3-7", "no list of seeds"),
        ("1-2-3", "no list of seeds"),
        ("9" * 5000 + "-", "no list of seeds"),
    ],
)
def test_a_range_that_cannot_be_is_told(text, words):
    with pytest.raises(BadNumber, match=words):
        parse_seeds(text)


def test_seeds_are_added_to_a_comparison(tmp_path):
    for seeds, name in (("2", "first"), ("2-4", "more")):
        found = run("simulate", "digits", *QUICK, "--no-report", "--seeds", seeds, "--out", tmp_path / name)
        assert found.exit_code == 0, found.stderr
    told = json.loads(run("compare", tmp_path / "first", tmp_path / "more", "--json").stdout)
    assert [(one["strategy"], one["n_seeds"]) for one in told] == [("margin", 5)]
