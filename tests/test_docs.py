"""What is written about the program is true of it."""

import contextlib
import inspect
import re
import shlex
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest
from painted import folder_of, noise
from typer.testing import CliRunner

import nextlabel
from nextlabel import Experiment, Plan, simulate
from nextlabel.cli.app import app
from nextlabel.cli.tables import options_page
from nextlabel.datasets import DATASETS, load_dataset
from nextlabel.datasets.split_files import read_split
from nextlabel.embedders import EMBEDDERS
from nextlabel.labelling import LabellingSession, Wish, open_project
from nextlabel.loop.oracles import ORACLES
from nextlabel.models import MODELS
from nextlabel.models.recipe import Recipe
from nextlabel.scoring import SCORERS
from nextlabel.strategies import STRATEGIES
from nextlabel.strategies.upstream import CANNOT, UPSTREAM

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
STRATEGY_PAGE = (ROOT / "docs" / "strategies.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.S)


def commands():
    lines = [line.partition("  #")[0] for block in blocks("bash") for line in block.splitlines()]
    return [shlex.split(line) for line in lines if line.strip()]


@pytest.mark.parametrize("name", [*DATASETS, *STRATEGIES, *MODELS, *EMBEDDERS, *SCORERS, *ORACLES])
def test_every_part_is_in_the_readme(name):
    assert f"`{name}" in README


@pytest.mark.parametrize("name", [*UPSTREAM, *CANNOT])
def test_every_upstream_strategy_is_on_its_page(name):
    assert f"{name}`" in STRATEGY_PAGE


def test_every_make_target_exists():
    targets = [words[1] for words in commands() if words[0] == "make"]
    assert targets[:2] == ["demo", "test"]
    for target in targets:
        assert subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True).returncode == 0


QUICK = {"simulate": ["--seeds", "2", "--rounds", "2", "--jobs", "1"], "check": ["--pilot", "10"]}
OWN_PICTURES = ["label", "train", "predict", "select", "select", "train"]


@pytest.mark.filterwarnings("ignore:Fewer than two classes have a label", "ignore:Nothing is calibrated")  # notes
def test_the_commands_of_the_readme_run(tmp_path, monkeypatch):
    """On a small folder and table of our own, in the places that the README names."""
    monkeypatch.chdir(tmp_path)
    folder_of(tmp_path / "flowers", {"daisy": 30, "rose": 30})
    names = [noise(tmp_path / "photos" / f"{i}.png", seed=i).name for i in range(120)]
    for i in range(40):
        noise(tmp_path / "pictures" / f"{i}.png", seed=i)
        noise(tmp_path / "more" / f"{i}.png", seed=100 + i)
    said = [f"{name},{'ab'[i % 2]}" for i, name in enumerate(names[:20])]
    (tmp_path / "answers.csv").write_text("\n".join(["path,label", *said]))
    lines = [f"{i % 7},{i % 5},{'ab'[i % 2]}" for i in range(60)]
    (tmp_path / "measurements.csv").write_text("\n".join(["width,height,species", *lines, ""]))
    run_python()  # saves what `select` reads
    ran = [words for words in commands() if words[0] == "nextlabel"]
    assert [words[1] for words in ran] == [
        "--help",
        *OWN_PICTURES,
        "check",
        "simulate",
        "simulate",
        "compare",
        "select",
    ]
    label_some(tmp_path / "pictures")
    for words in ran:
        if words[1] == "label":  # serves a page until somebody stops it: tests/cli/test_label.py
            continue
        found = CliRunner().invoke(app, [*words[1:], *QUICK.get(words[1], [])])
        assert found.exit_code == 0, found.output
    assert (tmp_path / "runs" / "flowers" / "report.html").exists()
    assert (tmp_path / "runs" / "verdicts" / "report.html").exists()
    assert (tmp_path / "check.html").exists()
    assert (tmp_path / "ids.csv").read_text().count("\n") == 21
    assert (tmp_path / "predictions.csv").read_text().count("\n") == 41


def label_some(place):
    """Somebody labels twenty pictures on the page, before any model is there."""
    opened = open_project(Wish(place, classes=("a", "b")))
    with contextlib.closing(opened.project.store):
        session = LabellingSession(opened.project, opened.address)
        ada = session.invite("ada", "0" * 64)
        for i in range(20):
            (question,) = session.questions(ada, 1)
            said = {"ask": question["ask"], "sample": question["sample"], "kind": "label", "class_id": i % 2}
            none = dict.fromkeys(("note", "shown_at", "answered_at"))
            session.answer(ada, {**said, **none, "client": f"00000000-0000-4000-8000-{i:012}", "how": "key"})


def test_every_option_of_compare_is_on_its_page():
    page = (ROOT / "docs" / "comparing.md").read_text(encoding="utf-8")
    command = next(one for one in app.registered_commands if one.callback and one.callback.__name__ == "compare")
    names = [name for name in inspect.signature(command.callback).parameters if name != "runs"]
    assert len(names) == 9
    assert not [name for name in names if f"| `--{name.replace('_', '-')}" not in page]


def test_the_page_of_options_is_made_from_them():
    """Where it is not: python -m nextlabel.cli.tables > docs/options.md."""
    assert (ROOT / "docs" / "options.md").read_text(encoding="utf-8") == options_page()


def test_every_option_of_cnn_and_field_of_a_row_is_on_its_page():
    page = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    assert not [knob.name for knob in fields(Recipe) if f"`{knob.name}`" not in page]
    row = simulate(Experiment("digits", ("random",), seeds=(0,), val=0.1, plan=Plan(batch=5, rounds=0)))[0]
    assert not [name for name in row if f"`{name}`" not in page]


def test_the_split_on_its_page_is_one(tmp_path):
    page = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    (tmp_path / "split.json").write_text(re.search(r"```json\n(.*?)```", page, flags=re.S)[1])
    found = read_split(tmp_path / "split.json", load_dataset("digits"), [0])[0]
    assert found.test.tolist() == [5, 9, 12]


def run_python():
    for block in blocks("python"):
        exec(compile(block, "README.md", "exec"), {})


def test_the_python_of_the_readme_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_python()


def test_every_file_that_is_linked_exists():
    links = [link for page in ROOT.glob("*.md") for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text())]
    assert links
    assert not [link for link in links if not (ROOT / link).exists()]


def test_the_map_of_the_house_is_complete():
    rooms = {path.name for path in (ROOT / "src" / "nextlabel").iterdir() if not path.name.startswith(("_", "py."))}
    assert not [room for room in rooms if room not in README]


def test_the_changelog_begins_with_what_is_unreleased():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## \[(Unreleased|" + re.escape(nextlabel.__version__) + r")\]", text, flags=re.M)


def test_nothing_names_the_shelf_of_this_machine():
    tracked = subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True).splitlines()
    texts = {name: (ROOT / name).read_text(errors="ignore") for name in tracked if name != "tests/test_docs.py"}
    assert not [name for name, text in texts.items() if re.search(r"--(extra-)?index-url \S|torch==[\d.]+\+", text)]


def test_no_two_modules_of_tests_have_one_name():
    """pytest could not collect both; and whoever imports a helper could get another one's."""
    names = [path.name for path in (ROOT / "tests").rglob("*.py") if path.name != "conftest.py"]
    assert sorted(names) == sorted(set(names))
