"""`nextlabel select` out of shards: the answer of memory, whatever names samples, and whoever works."""

import numpy as np
import pytest
from typer.testing import CliRunner

from nextlabel.cli.app import app
from nextlabel.datasets.feature_folder import FeatureFolder, write_features


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Vectors in a folder that `embed` wrote, the same in bare shards and in one file; answers to twenty."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    y = rng.integers(3, size=400)
    X = (rng.normal(size=(400, 6)) + rng.normal(size=(3, 6))[y]).astype(np.float32)
    keys, paths = [f"{i:032x}" for i in range(400)], [f"some/{i}.jpg" for i in range(400)]
    # Every fortieth has a label of its own.
    labels = [f"kind {y[i]}" if i % 40 == 0 else "" for i in range(400)]
    write_features(tmp_path / "embedded", X, FeatureFolder("set", {"name": "pixels", "d": 6}, keys, paths, labels))
    (tmp_path / "bare").mkdir()
    for i, part in enumerate(np.array_split(X, 3)):
        np.save(tmp_path / "bare" / f"{i}.npy", part)
    np.save("one.npy", X)
    np.save("y.npy", np.where(np.arange(400) % 20 == 0, y, -1))
    answers = [f"{i},kind {y[i]}" for i in range(0, 400, 20)]
    (tmp_path / "by-id.csv").write_text("\n".join(["id,label", *answers]))
    (tmp_path / "by-path.csv").write_text(
        "\n".join(["path,label", *(f"some/{one.replace(',', '.jpg,')}" for one in answers)])
    )
    (tmp_path / "by-key.csv").write_text(
        "\n".join(["key,label", *(f"{int(one.split(',')[0]):032x},{one.split(',')[1]}" for one in answers)])
    )
    return tmp_path


def select(*words):
    found = CliRunner().invoke(app, ["select", *words, "--batch", "15", "--seed", "2"])
    assert found.exit_code == 0, found.stderr
    return found.stdout


@pytest.mark.parametrize("more", [[], ["--labels", "by-id.csv"], ["--labels", "by-path.csv"]])
def test_a_folder_of_embed_gives_what_it_gives_in_memory(more, here):
    words = ["embedded", "--strategy", "margin", *more]
    assert select(*words, "--jobs", "1") == select(*words)


def test_badge_gives_the_same_samples_without_what_they_were_worth(here):
    words = ["embedded", "--strategy", "badge"]
    ids = [line.rsplit(",", 1)[0] for line in select(*words).splitlines()]
    assert [line.rsplit(",", 1)[0] for line in select(*words, "--jobs", "1").splitlines()] == ids


def test_samples_may_be_named_by_what_they_hold(here):
    words = ["embedded", "--strategy", "margin", "--jobs", "1", "--labels"]
    assert select(*words, "by-key.csv") == select(*words, "by-id.csv")


@pytest.mark.parametrize("more", [["--labels", "y.npy"], ["--labels", "by-id.csv"]])
@pytest.mark.parametrize("strategy", ["entropy", "badge"])
def test_shards_give_what_one_file_gives(strategy, more, here):
    words = ["--strategy", strategy, *more]
    one = select("one.npy", *words)
    assert select("bare", *words) == select("one.npy", *words, "--jobs", "1") == one


def test_many_vectors_are_read_block_by_block_without_being_asked(here, monkeypatch):
    before = select("one.npy", "--strategy", "margin", "--labels", "y.npy")
    monkeypatch.setattr("nextlabel.cli.select.HELD", 1000)
    monkeypatch.setattr("nextlabel.selection.predict_in_blocks", None)  # what memory would predict by
    assert select("one.npy", "--strategy", "margin", "--labels", "y.npy") == before


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["bare", "--labels", "strange.csv"], 1, "None of the 2 answers"),
        (["bare", "--labels", "y.npy", "--embedder", "pixels"], 2, "holds features already, so --embedder"),
        (["one.npy", "--jobs", "1", "--missing", "x"], 2, "--missing is for labels in .npy"),
        (["one.npy", "--jobs", "1", "--label-column", "kind"], 2, "holds features alone"),
        (["embedded", "--jobs", "1", "--label-column", "lable"], 1, "has no column called 'lable'"),
        (["bare", "--probabilities", "y2.npy"], 2, "are 3 rows of 2, and there are 400"),
        (["digits", "--jobs", "2"], 2, "'digits' holds none. Make them first: nextlabel embed digits"),
        (["bare", "--labels", "all.npy"], 1, "All 400 samples are labelled"),
    ],
)
def test_what_cannot_be_is_told(words, code, said, here):
    (here / "strange.csv").write_text("path,label\nx.jpg,a\ny.jpg,b")
    np.save("y2.npy", np.full((3, 2), 0.5))
    np.save("all.npy", np.arange(400) % 3)
    found = CliRunner().invoke(app, ["select", *words])
    assert (found.exit_code, said in " ".join(found.stderr.split())) == (code, True), found.stderr
