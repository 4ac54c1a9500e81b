"""Features that were written are read back as they were: by the same program, and by plain numpy."""

import json
from pathlib import Path

import numpy as np
import pytest
from little_room import little_room
from painted import noise
from typer.testing import CliRunner

from nextlabel.cli.app import app
from nextlabel.datasets import feature_folder, load, load_dataset
from nextlabel.datasets.base import Request
from nextlabel.embedders import embed
from nextlabel.errors import BadData, CannotWrite, Mistake

SMALL = "--seeds 2 --rounds 2 --test 1/class --start 1/class --batch 1 --jobs 1 --no-report"


def run(*words: object) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def written(fruits: Path, tmp_path: Path) -> Path:
    run("embed", fruits, "--embedder", "pixels", "--out", tmp_path / "features")
    return tmp_path / "features"


def test_features_come_back_as_they_were(fruits: Path, written: Path) -> None:
    dataset, back = load_dataset(str(fruits)), load_dataset(str(written))
    assert np.array_equal(embed(back).array, embed(dataset, "pixels").array)
    assert (embed(back).name, embed(back).settings["settings"]) == ("pixels", {"size": 16, "grey": False})
    assert np.array_equal(back.y, dataset.y)
    assert (back.name, back.classes, back.paths) == (dataset.name, dataset.classes, dataset.paths)


def test_plain_numpy_reads_them(fruits: Path, written: Path) -> None:
    features = np.load(written / "features-000.npy")
    assert np.array_equal(features, embed(load_dataset(str(fruits)), "pixels").array)
    lines = (written / "samples.csv").read_text().splitlines()
    assert lines[0] == "key,path,label"
    assert lines[1].split(",")[1:] == ["apple/000.png", "apple"]
    assert len(lines) == 1 + len(features)


def test_several_shards_are_one_table(fruits: Path, written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = embed(load_dataset(str(written))).array.copy()
    monkeypatch.setattr(feature_folder, "ROWS", 4)
    run("embed", fruits, "--embedder", "pixels", "--out", written)
    assert sorted(path.name for path in written.glob("*.npy")) == [f"features-00{i}.npy" for i in range(3)]
    assert np.array_equal(embed(load_dataset(str(written))).array, whole)


def test_a_run_on_the_folder_is_the_run_on_the_pictures(fruits: Path, written: Path, tmp_path: Path) -> None:
    run("simulate", fruits, "--embedder", "pixels", "--out", tmp_path / "a", *SMALL.split())
    run("simulate", written, "--out", tmp_path / "b", *SMALL.split())
    assert (tmp_path / "a" / "rows.jsonl").read_bytes() == (tmp_path / "b" / "rows.jsonl").read_bytes()


def test_one_picture_more_is_one_line_more(fruits: Path, written: Path) -> None:
    noise(fruits / "apple" / "more.png", seed=5)
    run("embed", fruits, "--embedder", "pixels", "--out", written)
    assert len(load_dataset(str(written))) == 10


def test_what_lies_there_is_left_alone(fruits: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    result = CliRunner().invoke(app, ["embed", str(fruits), "--out", str(tmp_path / "mine")])
    assert result.exit_code == 1
    assert "holds something else than features, and is left alone" in " ".join(result.output.split())
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["letter.txt"]


def test_a_disk_that_fills_up_leaves_nothing_behind(fruits: Path, tmp_path: Path) -> None:
    features = np.zeros((9, 4000), np.float32)
    about = feature_folder.FeatureFolder("fruits", {"name": "pixels"}, ["k"] * 9, (), ())
    with little_room(10_000), pytest.raises(CannotWrite, match="is full"):
        feature_folder.write_features(tmp_path / "out", features, about)
    assert not list(tmp_path.glob("*out*"))


@pytest.mark.parametrize(
    ("file", "content", "why"),
    [
        ("embedding.json", "{}", r"does not say who made the features"),
        ("embedding.json", "{", r"cannot be read"),
        ("samples.csv", "key,path\n", r"has no column label"),
        ("samples.csv", "key,path,label\nab,,\n", r"has 9 rows of features and 1 lines in samples.csv"),
        ("features-000.npy", "no numbers", r"'.*features-000.npy' cannot be read"),
        ("features-000.npy", None, r"has no features-000.npy"),
        ("features-001.npy", np.zeros((1, 768), np.float32), r"do not fit together: 10 rows, and .* says 9"),
        ("features-001.npy", np.zeros((1, 7), np.float32), r"do not fit together"),
        ("features-001.npy", np.zeros((1, 768)), r"holds no rows of float32 features"),
    ],
)
def test_a_damaged_folder_is_told(written: Path, file: str, content: object, why: str) -> None:
    if content is None:
        (written / file).unlink()
    elif isinstance(content, str):
        (written / file).write_text(content)
    else:
        np.save(written / file, content)
    with pytest.raises(BadData, match=why):
        load(Request(str(written)))


def test_a_table_needs_no_embedding(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,label\n1,x\n2,y\n3,x\n4,y\n")
    result = CliRunner().invoke(app, ["embed", str(tmp_path / "t.csv"), "--out", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert "is a table of features already" in " ".join(result.output.split())


def test_texts_become_features_without_labels(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    texts = ["a reef of coral", "a tax return", "reefs and corals", "two tax returns"]
    for i, text in enumerate(texts):
        (tmp_path / "letters" / f"{i}.txt").write_text(text)
    (tmp_path / "t.csv").write_text("body,from\n" + "".join(f"{text},Ann\n" for text in texts))
    run("embed", tmp_path / "letters", "--embedder", "tfidf", "--out", tmp_path / "a")
    run("embed", tmp_path / "t.csv", "--text-column", "body", "--embedder", "tfidf", "--out", tmp_path / "b")
    files, rows = load_dataset(str(tmp_path / "a"), unlabelled=True), load_dataset(str(tmp_path / "b"), unlabelled=True)
    assert files.paths == ("0.txt", "1.txt", "2.txt", "3.txt")
    assert rows.paths is None
    assert np.array_equal(embed(files).array, embed(rows).array)
    assert embed(rows).array[0] @ embed(rows).array[2] > embed(rows).array[0] @ embed(rows).array[1]
    (tmp_path / "answers.csv").write_text("id,label\n0,sea\n1,money\n")
    chosen = run("select", tmp_path / "b", "--labels", tmp_path / "answers.csv", "--batch", 2)
    assert sorted(line.split(",")[1] for line in chosen.splitlines() if line[0].isdecimal()) == ["2", "3"]


def test_pictures_in_no_class_folder_become_features(fruits: Path, tmp_path: Path) -> None:
    run("embed", fruits / "apple", "--embedder", "pixels", "--out", tmp_path / "f")
    assert len(load_dataset(str(tmp_path / "f"), unlabelled=True)) == 4


def test_another_embedder_is_refused(written: Path) -> None:
    with pytest.raises(Mistake, match="its features need no embedder"):
        embed(load_dataset(str(written)), "patches")


def test_json_says_what_was_written(fruits: Path, tmp_path: Path) -> None:
    (fruits / "apple" / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n cut")
    told = json.loads(run("embed", fruits, "--embedder", "pixels", "--out", tmp_path / "f", "--json"))
    assert told["samples"] == 9
    assert told["embedder"]["d"] == 768
    assert told["skipped"][0]["path"] == "apple/cut.png"


def test_answers_by_key_are_about_the_rows_of_these_pictures(written: Path, tmp_path: Path) -> None:
    lines = [line.split(",") for line in (written / "samples.csv").read_text().splitlines()[1:]]
    answers = tmp_path / "answers.csv"
    answers.write_text("key,label\n" + "".join(f"{key},{i % 2}\n" for i, (key, _, _) in enumerate(lines)))
    dataset = load_dataset(str(written), labels=str(answers))
    assert [dataset.classes[code] for code in dataset.y] == [str(i % 2) for i in range(len(lines))]
