"""`nextlabel select` on pictures and tables, with labels in a file of answers."""

import csv
import io
import json
import subprocess
import sys

import numpy as np
import pytest
from blobs import blobs
from flower_beds import plant
from painted import paint
from two_colours import BLUE, RED
from typer.testing import CliRunner

from nextlabel import load_dataset, select
from nextlabel.cli.app import app
from nextlabel.datasets.feature_folder import FeatureFolder, write_features
from nextlabel.selection import choose, read_order
from nextlabel.selection.samples import make_features, select_samples

pytestmark = pytest.mark.filterwarnings("default:Fewer than two classes")


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with twelve pictures in no class folder, every other one reddish, the rest bluish."""
    monkeypatch.chdir(tmp_path)
    for i in range(12):
        paint(tmp_path / "p" / f"{i:02}.png", tuple(abs(value - 3 * i) for value in (RED, BLUE)[i % 2]))
    return tmp_path


def run(*args):
    return CliRunner().invoke(app, ["select", *map(str, args)])


def rows_of(found):
    assert found.exit_code == 0, found.stderr
    return list(csv.DictReader(io.StringIO(found.stdout)))


def refused(code, words, *args):
    found = run(*args)
    said = " ".join(found.stderr.split())
    assert found.exit_code == code, said
    assert words in said


def test_probabilities_that_do_not_fit_are_told_before_pictures_are_embedded(here, own_cache):
    np.save(here / "p.npy", np.full((3, 2), 0.5))
    refused(2, "12 rows of features and 3 of probabilities", "p", "--embedder", "pixels", "--probabilities", "p.npy")
    assert not list(own_cache.glob("features-*"))


def test_where_all_have_labels_it_is_told_how_some_would_be_open(here):
    plant(here / "known", 2)
    refused(1, "All 4 pictures of 'known' have labels", "known", "--embedder", "pixels")
    refused(1, "with --labels answers.csv the others are open.", "known", "--embedder", "pixels")
    (here / "answers.csv").write_text("path,label\nrose/0-00.png,rose\n")
    assert len(rows_of(run("known", "--embedder", "pixels", "--labels", "answers.csv", "--batch", "3"))) == 3


def test_pictures_are_chosen_named_and_chosen_on_by_the_answers(here):
    found = run("p", "--embedder", "pixels", "--batch", 2, "--out", "batch.csv")
    assert "nextlabel select p --labels answers.csv" in found.stdout
    first = list(csv.DictReader(io.StringIO((here / "batch.csv").read_text())))
    assert list(first[0]) == ["rank", "id", "path", "score"]
    assert {int(row["id"]) % 2 for row in first} == {0, 1}  # coverage takes one of each colour
    lines = ["path,label", *(f"{row['path']},{['red', 'blue'][int(row['id']) % 2]}" for row in first), ""]
    (here / "answers.csv").write_text("\n".join(lines))
    second = rows_of(run("p", "--embedder", "pixels", "--batch", 3, "--labels", "answers.csv", "--strategy", "margin"))
    assert not {row["path"] for row in first} & {row["path"] for row in second}
    dataset = load_dataset("p", labels="answers.csv", unlabelled=True)
    assert [int(row["id"]) for row in second] == select_samples(dataset, "margin", 3, embedder="pixels").tolist()
    assert all(dataset.paths[int(row["id"])] == row["path"] for row in second)
    scores = [float(row["score"]) for row in second]
    assert scores == sorted(scores, reverse=True)


def test_class_folders_are_labels_until_a_file_has_others(here):
    paint(here / "p" / "red" / "a.png", RED)
    paint(here / "p" / "blue" / "b.png", BLUE)
    told = json.loads(run("p", "--embedder", "pixels", "--json").stdout)
    assert (told["labelled"], told["classes"]) == (2, 2)
    assert len(told["ids"]) == len(told["paths"]) == len(told["scores"]) == 10
    (here / "said.csv").write_text("path,label\n00.png,red\n")
    assert json.loads(run("p", "--embedder", "pixels", "--labels", "said.csv", "--json").stdout)["labelled"] == 1


def test_a_table_is_filled_in_and_scaled(here):
    lines = [f"{i % 5},{'' if i == 3 else 1000 * (i % 7)}" for i in range(40)]
    (here / "t.csv").write_text("\n".join(["width,height", *lines]))
    (here / "said.csv").write_text("id,label\n0,a\n1,b\n2,a\n")
    rows = rows_of(run("t.csv", "--labels", "said.csv", "--strategy", "coreset", "--batch", 4))
    dataset = load_dataset("t.csv", labels="said.csv")
    X = make_features(dataset)
    assert np.abs(X.mean(axis=0)).max() < 1e-6
    assert [int(row["id"]) for row in rows] == select(X, dataset.y, "coreset", 4, missing=-1).tolist()
    assert list(rows[0]) == ["rank", "id", "score"]


def test_a_list_of_pictures_needs_no_labels(here):
    (here / "list.csv").write_text("\n".join(["image", *(f"p/{i:02}.png" for i in range(6))]))
    rows = rows_of(run("list.csv", "--embedder", "pixels", "--batch", 6))
    assert {row["path"] for row in rows} == {f"p/{i:02}.png" for i in range(6)}


def test_vectors_that_embed_wrote_are_taken_as_they_are(here):
    X, y = blobs()
    labels = ["" if code < 0 else "abc"[code] for code in y]
    names = [f"{i}.png" for i in range(len(X))]
    write_features(here / "f", X.astype(np.float32), FeatureFolder("f", {"name": "pixels"}, names, names, labels))
    rows = rows_of(run("f", "--strategy", "margin", "--batch", 3))
    ids = select(X.astype(np.float32), y, "margin", 3, standardize=False).tolist()
    assert [(int(row["id"]), row["path"]) for row in rows] == [(i, names[i]) for i in ids]


@pytest.mark.parametrize("names", ["012", "abc"])
def test_answers_stand_for_the_labels_of_an_array_too(here, names):
    X, y = blobs()
    np.save("X.npy", X)
    (here / "said.csv").write_text("id,label\n" + "".join(f"{i},{names[y[i]]}\n" for i in np.flatnonzero(y >= 0)))
    rows = rows_of(run("X.npy", "--labels", "said.csv", "--strategy", "margin", "--batch", 3))
    assert [int(row["id"]) for row in rows] == select(X, y, "margin", 3).tolist()
    assert list(rows[0]) == ["rank", "id"]


def test_labels_in_an_array_stand_for_pictures_too(here):
    np.save("y.npy", np.array([0, 1, *[-1] * 10]))
    rows = rows_of(run("p", "--embedder", "pixels", "--labels", "y.npy", "--strategy", "margin", "--batch", 10))
    assert {int(row["id"]) for row in rows} == {*range(2, 12)}


@pytest.mark.parametrize("strategy", ["random", "margin", "badge", "coreset", "maxherding", "auto", "typiclust"])
def test_a_score_is_what_a_pick_was_worth_and_moves_no_pick(strategy):
    X, y = blobs()
    order = read_order(X, y, strategy, 5)
    plain = choose(order)
    scored = choose(type(order)(**{**order.__dict__, "scored": True}))
    assert plain.scores is None
    assert scored.ids.tolist() == plain.ids.tolist()
    assert np.isfinite(scored.scores).all()


@pytest.mark.parametrize(
    ("code", "words", "args"),
    [
        (2, "Did you mean 'margin'", ["p", "--strategy", "margni"]),
        (2, "Did you mean 'pixels'", ["p", "--embedder", "pixls"]),
        (2, "so --embedder is not for it", ["X.npy", "--embedder", "pixels"]),
        (2, "so --label-column is not for it", ["X.npy", "--label-column", "y"]),
        (2, "--missing is for labels in .npy", ["p", "--missing", "x"]),
        (2, "'badge' needs a model", ["p", "--embedder", "pixels", "--strategy", "badge"]),
        (1, "No such file", ["p", "--labels", "nowhere.csv"]),
        (1, "nothing in it is called label", ["p", "--labels", "batch.csv"]),
        (1, "There is no folder or file './digits'", ["./digits"]),
        (2, "which is read too", ["p", "--labels", "batch.csv", "--out", "batch.csv"]),
    ],
)
def test_what_cannot_be_is_one_sentence_and_a_code(code, words, args, here):
    np.save("X.npy", blobs()[0])
    (here / "batch.csv").write_text("rank,id,path,score\n1,0,00.png,\n")
    refused(code, words, *args)


def test_an_array_waits_for_nothing_that_reads_pictures(tmp_path):
    np.save(tmp_path / "X.npy", blobs()[0])
    code = (
        "import sys; from nextlabel.cli.app import app; app(sys.argv[1:], standalone_mode=False); "
        "print([name for name in ('polars', 'onnxruntime', 'pandas', 'torch') if name in sys.modules])"
    )
    line = [sys.executable, "-c", code, "select", str(tmp_path / "X.npy"), "--strategy", "coreset", "--json"]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_texts_of_a_table_are_chosen_by_what_they_say(here):
    words = ["red rose bloom", "old tin train", "red tulip bloom", "new tin train"]
    (here / "t.csv").write_text("\n".join(["note", *(f"{words[i % 4]} {i}" for i in range(12))]))
    (here / "said.csv").write_text("id,label\n0,flower\n1,toy\n")
    rows = rows_of(run("t.csv", "--text-column", "note", "--embedder", "tfidf", "--labels", "said.csv", "--batch", 3))
    assert len({row["id"] for row in rows} - {"0", "1"}) == 3
