"""`nextlabel train`, `predict` and `evaluate`: three commands, one after the other."""

import csv
import json

import pytest
from flower_beds import plant
from typer.testing import CliRunner

from nextlabel.cli.app import app


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with pictures to learn from and others, and nothing else."""
    monkeypatch.chdir(tmp_path)
    plant(tmp_path / "known", 16)
    plant(tmp_path / "garden", 4, seed=1)
    return tmp_path


@pytest.fixture
def trained(here):
    assert run("train", "known", "--embedder", "pixels", "--out", "m.safetensors").exit_code == 0
    return here


def run(*args, stdin=None):
    return CliRunner().invoke(app, [str(arg) for arg in args], input=stdin)


def refused(code, words, *args):
    found = run(*args)
    said = " ".join(found.stderr.split())
    assert found.exit_code == code, said
    assert words in said
    assert "Traceback" not in said


def test_the_way_from_labels_to_predictions_and_figures(here):
    def command(line):
        done = run(*line.split())
        assert (done.exit_code, done.stderr) == (0, "")
        return done.stdout

    said = command("train known --embedder pixels --random-labels --out m.safetensors --onnx m.onnx")
    assert "Learned 32 labels of 2 classes: 16 iris and 16 rose. The model: 'm.safetensors'." in said
    assert "Calibrated on 32 labels that the model had not seen" in said
    assert "8 predictions" in command("predict m.safetensors garden --out found.csv --top 2")
    with (here / "found.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["path", "label", "probability", "label_2", "probability_2", "problem"]
    assert [row["label"] for row in rows] == [row["path"].partition("/")[0] for row in rows]
    assert float(rows[0]["probability"]) + float(rows[0]["probability_2"]) == pytest.approx(1, abs=2e-6)
    said = command("evaluate m.safetensors garden --out page.html")
    assert said.startswith("Right on 100.0 % [63.1, 100.0] of 8 samples that it had not seen.")
    assert sorted(path.name for path in here.iterdir()) == [
        "found.csv", "garden", "known", "m.onnx", "m.safetensors", "page.html",
    ]  # fmt: skip


def test_scores_are_not_called_probabilities(trained):
    assert run("predict", "m.safetensors", "garden").stdout.startswith("path,label,score,problem\n")


def test_paths_come_from_standard_input(trained):
    found = run("predict", "m.safetensors", "-", stdin="garden/rose/1-00.png\ngarden/gone.png\n\n")
    assert [line.split(",")[:2] for line in found.stdout.splitlines()[1:]] == [
        ["garden/rose/1-00.png", "rose"],
        ["garden/gone.png", ""],
    ]
    assert "1 of 2 files cannot be read: 'garden/gone.png' is not there." in " ".join(found.stderr.split())


def test_what_cannot_be_read_is_named_and_all_of_it_is_an_error(trained):
    (trained / "garden" / "broken.png").write_bytes(b"nothing")
    found = run("predict", "m.safetensors", "garden", "--json")
    answer = json.loads(found.stdout)
    assert found.exit_code == 0
    assert answer["counts"] == {"iris": 4, "rose": 4}
    assert [one["path"] for one in answer["predictions"] if one["problem"]] == ["broken.png"]
    refused(1, "None of 1 file can be read; the first, 'broken.png'", "predict", "m.safetensors", "garden/broken.png")


def test_pictures_go_into_folders_outside_the_source(trained):
    found = run("predict", "m.safetensors", "garden", "--to", "folders", "sorted")
    assert "8 pictures in folders below 'sorted'" in found.stdout
    assert sorted(path.name for path in (trained / "sorted").iterdir()) == ["iris", "rose"]
    refused(1, "is not an empty folder", "predict", "m.safetensors", "garden", "--to", "folders", "sorted")
    refused(2, "lie in one another", "predict", "m.safetensors", "garden", "--to", "folders", "garden/sorted")
    refused(
        2,
        "No way of putting predictions is called 'folder'",
        "predict",
        "m.safetensors",
        "garden",
        "--to",
        "folder",
        "x",
    )


def test_json_says_what_was_learned_and_found(here):
    answer = json.loads(run("train", "known", "--embedder", "pixels", "--out", "m.safetensors", "--json").stdout)
    assert (answer["labels"], answer["confidence"], answer["calibration"]) == ({"iris": 16, "rose": 16}, "score", None)
    answer = json.loads(run("evaluate", "m.safetensors", "garden", "--json").stdout)
    assert (answer["accuracy"], answer["samples"], answer["learned_from"]) == (1, 8, 0)


def test_a_table_from_standard_input(here):
    rows = [f"{i % 2 + i / 100},{'ab'[i % 2]}" for i in range(40)]
    (here / "t.csv").write_text("\n".join(["size,kind", *rows]))
    assert run("train", "t.csv", "--label-column", "kind", "--out", "t.safetensors").exit_code == 0
    found = run("predict", "t.safetensors", "-", stdin="size\n0.2\n1.1\n")
    assert [line.split(",")[:2] for line in found.stdout.splitlines()] == [["id", "label"], ["0", "a"], ["1", "b"]]
    refused(2, "only these go into folders", "predict", "t.safetensors", "t.csv", "--to", "folders", "x")


def test_what_cannot_be_is_refused_before_pictures_are_read(here):
    refused(1, "no folder for 'x/m.safetensors'", "train", "known", "--out", "x/m.safetensors")
    refused(2, "could only be kept as a pickle", "train", "known", "--model", "sklearn:svm.SVC", "--out", "m")
    refused(1, "There is no model in 'none'", "predict", "none", "garden")
    (here / "one").mkdir()
    refused(1, "is empty", "train", "one", "--out", "m")


def test_what_does_not_go_together_is_told_before_anything_is_read(here, own_cache):
    rows = [f"{i % 2 + i / 100},a letter about {['reefs', 'taxes'][i % 2]},{'ab'[i % 2]}" for i in range(40)]
    (here / "t.csv").write_text("\n".join(["size,body,kind", *rows]))
    texts = ("t.csv", "--label-column", "kind", "--text-column", "body", "--embedder", "tfidf")
    assert run("train", "t.csv", "--label-column", "kind", "--out", "t").exit_code == 0
    assert run("train", *texts, "--out", "x").exit_code == 0
    before = sorted(own_cache.iterdir())
    refused(2, "cannot be written as ONNX", "train", *texts, "--out", "y", "--onnx", "y.onnx")
    refused(2, "trained on a table, and these are pictures", "evaluate", "t", "garden")
    refused(2, "trained on texts, and there are none", "evaluate", "x", "garden")
    refused(2, "--copy says how --to folders", "predict", "t", "t.csv", "--copy")
    assert sorted(own_cache.iterdir()) == before
    assert not (here / "y").exists()


@pytest.mark.parametrize("command", ["train", "predict", "evaluate"])
def test_help_has_an_example(command):
    assert "Example" in run(command, "--help").stdout


def test_what_becomes_of_samples_without_a_label_is_said_in_the_words_of_the_command(here):
    (here / "known" / "loose.png").write_bytes((here / "known" / "rose" / "0-00.png").read_bytes() + b"another")
    quick = ("--seeds", "1", "--rounds", "1", "--jobs", "1", "--no-report", "--out", "run", "--batch", "1")
    commands = {
        "1 picture lies in no class folder, and is not learned, e.g. 'loose.png'.": ("train", "--out", "m"),
        "1 picture lies in no class folder, and is left out of the simulation, e.g. 'loose.png'.": ("simulate", *quick),
    }
    for words, (name, *more) in commands.items():
        assert words in " ".join(run(name, "known", "--embedder", "pixels", *more).stderr.split())
    for name, more in {"select": ("--batch", "1"), "embed": ("--out", "features")}.items():
        found = run(name, "known", "--embedder", "pixels", *more)
        assert (found.exit_code, found.stderr) == (0, "")
    assert run("evaluate", "m", "garden").stderr == ""


# Labels in a file of their own


@pytest.fixture
def unsorted(here):
    """Pictures without class folders, and answers about most of them."""
    lines = ["path,label"]
    for picture in sorted((here / "known").rglob("*.png")):
        name = f"camera {len(lines) % 2}/{len(lines)}.png"
        (here / "all" / name).parent.mkdir(parents=True, exist_ok=True)
        (here / "all" / name).write_bytes(picture.read_bytes())
        lines.append(f"{name},{picture.parent.name}")
    (here / "answers.csv").write_text("\n".join([*lines[:-2], f"{lines[-2].split(',')[0]},", "gone.png,rose"]))
    return here


def test_labels_come_from_a_file(unsorted):
    found = run("train", "all", "--labels", "answers.csv", "--embedder", "pixels", "--out", "m.safetensors")
    assert found.stdout.startswith("Learned 30 labels of 2 classes: 16 iris and 14 rose.")
    assert "1 answer in 'answers.csv' is about a sample that is not there, e.g. 'gone.png'" in " ".join(
        found.stderr.split()
    )
    (unsorted / "one class.csv").write_text("path,label\nrose/1-00.png,rose\n")
    answer = json.loads(run("evaluate", "m.safetensors", "garden", "--labels", "one class.csv", "--json").stdout)
    assert (answer["samples"], answer["accuracy"]) == (1, 1)


def test_labels_come_from_several_files(unsorted):
    lines = (unsorted / "answers.csv").read_text().splitlines()
    (unsorted / "one.csv").write_text("\n".join(lines[:9]))
    (unsorted / "two.csv").write_text("\n".join([lines[0], *lines[9:-2]]))
    files = ("--labels", "one.csv", "--labels", "two.csv")
    found = run("train", "all", *files, "--embedder", "pixels", "--out", "m.safetensors")
    assert found.stdout.startswith("Learned 30 labels of 2 classes: 16 iris and 14 rose.")
    found = run("select", "all", *files, "--embedder", "pixels", "--batch", "1", "--json")
    assert json.loads(found.stdout)["labelled"] == 30


def test_answers_that_do_not_fit_are_refused(unsorted):
    def train(*more):
        return ("train", "all", "--out", "m", "--labels", *more)

    refused(1, "The answers in 'none.csv' cannot be read", *train("none.csv"))
    (unsorted / "a.csv").write_text("path,label\nx.png,rose\n")
    refused(1, "None of the 1 answer in 'a.csv' is about a sample of 'all'", *train("a.csv"))
    (unsorted / "c.csv").write_text("path,label\ncamera 1/1.png,rose\n")
    refused(1, "The answers in 'c.csv' are all 'rose'", *train("c.csv"))
