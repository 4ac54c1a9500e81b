"""A labelled folder and the commands for it: status, export, backup, and those that take its answers as labels."""

import csv
import json
import re
import shlex
from pathlib import Path

import pytest
from beds_project import open_beds
from flower_beds import plant
from typer.main import get_command
from typer.testing import CliRunner

from nextlabel.cli.app import app
from nextlabel.labelling.records import read_record
from nextlabel.labelling.status import count_project


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder `beds`, 70 of whose 80 pictures ada has labelled, 35 of them for the audit."""
    monkeypatch.chdir(tmp_path)
    with open_beds(tmp_path / "beds") as beds:
        beds.say_all(beds.invite("ada"), 70)
    return tmp_path


@pytest.fixture
def small(tmp_path, monkeypatch):
    """The same, with three answers, and its page open."""
    monkeypatch.chdir(tmp_path)
    with open_beds(tmp_path / "beds", 4) as beds:
        ada = beds.invite("ada")
        beds.say("rose/0-00.png", ada)
        beds.say("iris/0-00.png", ada)
        beds.say("rose/0-01.png", ada, "skip")
        yield tmp_path


def run(line):
    return CliRunner().invoke(app, line.split())


def said(line):
    done = run(line)
    assert done.exit_code == 0, done.output
    return done.stdout


def refused(code, words, line):
    found = run(line)
    text = " ".join(found.stderr.split())
    assert (found.exit_code, words in text) == (code, True), text


def test_a_status_is_told_while_the_page_is_open_and_without_any_token(small):
    (small / "beds" / ".nextlabel" / "address.json").write_text('{"url": "http://127.0.0.1:8642"}')
    found = said("status beds")
    assert found.startswith("2 of 8 samples in 'beds' labelled, 5 left.\n  1 iris\n  1 rose\n")
    assert "Beside them: 1 skipped." in found
    assert "The page is open: http://127.0.0.1:8642 (" in found
    assert "token" not in found
    plain = json.loads(said("status beds --json"))
    assert (plain["labels"], plain["left"], plain["people"], plain["served"]) == (2, 5, {"ada": 3}, True)


def test_a_backup_is_made_while_the_page_is_open_and_put_back(small):
    said("backup beds --out copy.sqlite")
    refused(1, "there is a file of that name", "backup beds --out copy.sqlite")
    before = count_project(read_record(small / "beds"))
    other = plant(small / "other", 4)
    (other / ".nextlabel").mkdir()
    (small / "copy.sqlite").rename(other / ".nextlabel" / "project.sqlite")
    after = count_project(read_record(other))
    assert (after.labels, after.skipped, after.last, after.people) == (
        before.labels, before.skipped, before.last, before.people,
    )  # fmt: skip


def test_a_project_kept_elsewhere_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with open_beds(tmp_path / "beds", 4) as beds:
        beds.say("rose/0-00.png", beds.invite("ada"))
    (tmp_path / "beds" / ".nextlabel").rename(tmp_path / "kept")
    refused(1, "There is no labelling project", "status beds")
    assert said("status beds --project kept").startswith("1 of 8 samples")
    assert said("export beds --project kept --to csv --out a.csv").startswith("1 label in 'a.csv': 1 by ada.")


def test_an_export_says_what_is_in_it_and_what_is_not(small):
    assert said("export beds --to csv --out a.csv") == "2 labels in 'a.csv': 2 by ada.\nNot in it: 1 skipped.\n"
    assert json.loads(said("export beds --to folders --out sorted --json"))["by"] == {"ada": 2}
    assert sorted(path.name for path in (small / "sorted").iterdir()) == ["iris", "metadata.csv", "rose"]


@pytest.mark.parametrize(
    ("code", "words", "line"),
    [
        (2, "--threshold is for what a model says", "export beds --to csv --out a.csv --threshold 0.9"),
        (2, "a number from 0 to 1", "export beds --to csv --out a.csv --predictions --threshold 90"),
        (2, "--copy is for --to folders", "export beds --to csv --out a.csv --copy"),
        (2, "No kind of export is called 'cvs'. Did you mean 'csv'?", "export beds --to cvs --out a.csv"),
        (2, "belongs to the project", "export beds --to csv --out beds/rose/0-00.png"),
        (1, "There is no folder for 'none/a.csv'", "export beds --to csv --out none/a.csv"),
        (2, "whose answers are the labels: leave out --labels", "train beds --labels a.csv --out m.safetensors"),
        (2, "only the audit answers were", "train beds --random-labels --out m.safetensors"),
        (2, "a project has one", "select beds --probabilities p.npy"),
    ],
)
def test_wrong_use_is_refused_in_a_sentence(small, code, words, line):
    refused(code, words, line)


def test_nothing_labelled_is_nothing_to_export(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with open_beds(tmp_path / "beds", 4):
        refused(1, "Nothing is labelled yet", "export beds --to csv --out a.csv")


def test_what_a_model_says_stands_beside_how_often_it_is_right(here):
    found = said("export beds --to csv --out a.csv --predictions --threshold 0.5")
    assert "10 more labels by a model that learned from 70, at least 0.5 by its probability" in found
    assert "audit answers of which it is so sure, each asked of a model that had not learned it" in found
    with (here / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["by"] for row in rows].count("model") == 10
    assert all((row["probability"] == "") == (row["by"] == "ada") for row in rows)


@pytest.mark.filterwarnings("ignore:Nothing is calibrated")  # a note, to whoever types it
def test_how_often_a_model_is_right_is_not_said_of_a_few(small):
    done = run("export beds --to csv --out a.csv --predictions")
    assert "6 more labels by a model that learned from 2.\nHow often that is right is not known: " in done.stdout
    assert "and it takes 30" in done.stdout
    assert done.exit_code == 0


def test_answers_are_the_labels_of_the_other_commands(here):
    learned = run("train beds --out m.safetensors")
    assert learned.exit_code == 0
    assert "Learned 70 labels of 2 classes" in learned.stdout
    audit = len(read_record(here / "beds").audit())
    assert re.search("Agrees with [0-9]+ of 30 audit answers, each asked of a model that had not", learned.stdout)
    assert f"Calibrated on {audit} labels" in learned.stdout
    assert f"The labels are the project's 70 answers, {audit} of them to audit" in " ".join(learned.stderr.split())
    refused(1, f"has learned from all {audit} labelled pictures", "evaluate m.safetensors beds")
    plant(here / "elsewhere", 8, seed=5)
    said("train elsewhere --embedder pixels --out other.safetensors")
    assert f"of {audit} samples that it had not seen" in said("evaluate other.safetensors beds")
    asked = [line.split(",")[2] for line in said("select beds --batch 4 --strategy random").splitlines()[1:]]
    record = read_record(here / "beds")
    ids = {one.path: one.id for one in record.samples}
    assert asked
    assert not [path for path in asked if ids[path] in record.verdicts or record.is_audit(ids[path])]
    said("embed beds --out features")
    with (here / "features" / "samples.csv").open(newline="") as file:
        labels = [row["label"] for row in csv.DictReader(file)]
    assert labels.count("") == 10


PAGE = Path(__file__).parents[2] / "docs" / "label.md"


def test_every_command_on_its_page_can_be_typed():
    blocks = re.findall(r"```bash\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.S)
    lines = [shlex.split(line.partition("  #")[0]) for block in blocks for line in block.splitlines()]
    typed = [words[1:] for words in lines if words[0] == "nextlabel"]
    assert {words[0] for words in typed} == {"label", "status", "export", "train", "predict"}
    for name, *rest in typed:
        get_command(app).commands[name].make_context(name, rest)  # raises where it has no such option


def test_every_link_on_its_page_leads_somewhere_and_pictures_are_small():
    links = re.findall(r"\]\(([^)#:]+)\)", PAGE.read_text(encoding="utf-8"))
    assert not [link for link in links if not (PAGE.parent / link).exists()]
    pictures = list((PAGE.parent / "pictures").glob("label-*.webp"))
    assert len(pictures) == 6
    assert not [path for path in pictures if path.stat().st_size > 150_000]
