"""Pictures in a bucket are the samples that they would be in a folder, to the bit; and are read once."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from buckets import BUCKET, asked_for, serving_bucket, upload
from flower_beds import plant
from typer.testing import CliRunner

from nextlabel.cli.app import app
from nextlabel.datasets import load_dataset
from nextlabel.datasets.feature_folder import FeatureFolder, write_features
from nextlabel.errors import BadData, CannotFetch, MissingExtra
from nextlabel.files import remote

SMALL = "--embedder pixels --seeds 1 --rounds 1 --test 1/class --start 1/class --batch 1 --jobs 1 --no-report --out"


@pytest.fixture(scope="module")
def bucket() -> Iterator[Mapping[str, str]]:
    with serving_bucket() as environment:
        yield environment


def run(*words: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return " ".join(result.output.split())


def check_same(one: Path, other: Path) -> None:
    for name in ("features-000.npy", "samples.csv"):
        assert (one / name).read_bytes() == (other / name).read_bytes()


def test_a_bucket_is_embedded_as_a_folder_is(bucket: Mapping[str, str], fruits: Path, tmp_path: Path) -> None:
    address = upload(fruits, "fruits")
    said = run("embed", address, "--embedder", "pixels", "--out", tmp_path / "far")
    assert said.startswith("9 samples as 768 numbers each, by pixels")
    run("embed", fruits, "--embedder", "pixels", "--out", tmp_path / "near")
    check_same(tmp_path / "far", tmp_path / "near")
    kept = b"".join(path.read_bytes() for path in (tmp_path / "far").iterdir())
    assert not any(bucket[name].encode() in kept for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))


def test_two_workers_write_what_one_does(
    bucket: Mapping[str, str], fruits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = upload(fruits, "two")
    run("embed", fruits, "--embedder", "efficientnet", "--out", tmp_path / "near")
    monkeypatch.setenv("NEXTLABEL_CACHE", str(tmp_path / "another"))
    run("embed", address, "--embedder", "efficientnet", "--out", tmp_path / "far", "--jobs", 2)
    check_same(tmp_path / "far", tmp_path / "near")


def test_a_second_look_reads_what_changed(bucket: Mapping[str, str], fruits: Path, own_cache: Path) -> None:
    address = upload(fruits, "again")
    load_dataset(address)
    with asked_for() as asked:
        load_dataset(address)
        assert asked == []
        shutil.copy(fruits / "pear" / "000.png", fruits / "apple" / "000.png")
        upload(fruits, "again")
        assert load_dataset(address).duplicates == ((0, 4),)
    assert set(asked) == {"again/apple/000.png"}


def test_a_killed_embedding_goes_on(bucket: Mapping[str, str], tmp_path: Path, own_cache: Path) -> None:
    bed = plant(tmp_path / "bed", 400)
    address, words = upload(bed, "bed"), ["--embedder", "pixels", "--out"]
    command = [sys.executable, "-m", "nextlabel", "embed", address, *words, str(tmp_path / "far")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while sum(path.read_text().count("\n") for path in own_cache.glob("scan-*.jsonl")) < 512:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert len(list(own_cache.glob("features-pixels-*.block"))) == 1
    with asked_for() as asked:
        run("embed", address, *words, tmp_path / "far")
    # Each once: what the dead process had asked for last, the server may answer only now.
    assert len(set(asked)) <= 800 - 512
    run("embed", bed, *words, tmp_path / "near")
    check_same(tmp_path / "far", tmp_path / "near")


def test_other_commands_read_buckets(bucket: Mapping[str, str], fruits: Path, tmp_path: Path) -> None:
    address = upload(fruits, "other")
    run("simulate", address, *SMALL.split(), tmp_path / "run")
    assert json.loads((tmp_path / "run" / "manifest.json").read_text())["dataset"]["source"] == address
    run("select", address, "--embedder", "pixels", "--batch", 2, "--strategy", "random", code=1)  # nothing is left
    assert "lies elsewhere, and a labelling keeps its answers" in run("label", address, code=2)
    assert "has no columns to choose from" in run("embed", address, "--label-column", "a", "--out", "x", code=2)


def test_an_archive_and_shards_in_a_bucket(bucket: Mapping[str, str], fruits: Path, tmp_path: Path) -> None:
    near = load_dataset(str(fruits))
    shutil.make_archive(str(tmp_path / "packed" / "fruits"), "zip", fruits)
    files = sorted(fruits.rglob("*.png"))
    rows = {"image": [{"bytes": file.read_bytes()} for file in files], "label": [file.parent.name for file in files]}
    (tmp_path / "packed" / "shards").mkdir()
    pl.DataFrame(rows).write_parquet(tmp_path / "packed" / "shards" / "train.parquet")
    (tmp_path / "packed" / "list.csv").write_text(
        "\n".join(["path,label", *(f"../listed/{file.parent.name}/{file.name},{file.parent.name}" for file in files)])
    )
    upload(fruits, "listed")
    address = upload(tmp_path / "packed", "packed")
    for inside in ("fruits.zip", "shards", "shards/train.parquet", "list.csv"):
        found = load_dataset(f"{address}/{inside}")
        assert found.pictures is not None
        assert near.pictures is not None
        assert found.pictures.digests == near.pictures.digests
        assert found.classes == near.classes
        assert np.array_equal(found.y, near.y)


def test_what_is_not_there_is_one_sentence(bucket: Mapping[str, str]) -> None:
    with pytest.raises(BadData, match="There is no bucket 's3://nobodys/folder'"):
        load_dataset("s3://nobodys/folder")
    with pytest.raises(BadData, match=f"Nothing lies below 's3://{BUCKET}/nothing'"):
        load_dataset(f"s3://{BUCKET}/nothing/")
    with pytest.raises(BadData, match=r"There is no file 's3://pictures/none\.zip'"):
        load_dataset(f"s3://{BUCKET}/none.zip")


def test_without_credentials_it_is_one_sentence(bucket: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    remote._filesystem.cache_clear()
    with pytest.raises(CannotFetch, match=r"No credentials for 's3://pictures/fruits' were found"):
        load_dataset(f"s3://{BUCKET}/fruits")
    remote._filesystem.cache_clear()


def test_a_missing_driver_is_one_sentence() -> None:
    with pytest.raises(MissingExtra, match=r"gs:// needs gcsfs, .* Install it: pip install gcsfs"):
        load_dataset("gs://bucket/folder")


def test_flat_prefixes_have_no_labels(bucket: Mapping[str, str], fruits: Path, tmp_path: Path) -> None:
    address = upload(fruits / "apple", "flat")
    assert load_dataset(address, unlabelled=True).classes == ()
    with pytest.raises(BadData, match="lie in no class folder"):
        load_dataset(address)
    chosen = CliRunner().invoke(
        app, ["select", address, "--embedder", "pixels", "--batch", "2", "--strategy", "random"]
    )
    assert chosen.stdout.count(".png") == 2, chosen.output


@pytest.fixture
def vectors(tmp_path: Path) -> Path:
    """What `embed` might have written of 300 samples, every tenth of them labelled; and answers beside it."""
    rng = np.random.default_rng(0)
    y = rng.integers(3, size=300)
    X = (rng.normal(size=(300, 6)) + 3 * np.eye(3, 6)[y]).astype(np.float32)
    paths = [f"some/{i}.jpg" for i in range(300)]
    labels = [f"kind {y[i]}" if i % 10 == 0 else "" for i in range(300)]
    about = FeatureFolder("set", {"name": "pixels", "d": 6}, [f"{i:032x}" for i in range(300)], paths, labels)
    write_features(tmp_path / "vectors", X, about)
    np.save(tmp_path / "vectors" / "features-000.npy", X[:200])
    np.save(tmp_path / "vectors" / "features-001.npy", X[200:])
    (tmp_path / "by-path.csv").write_text("path,label\n" + "".join(f"{paths[i]},{y[i]}\n" for i in range(0, 300, 20)))
    return tmp_path / "vectors"


def test_vectors_in_a_bucket_are_chosen_from_where_they_lie(
    bucket: Mapping[str, str], vectors: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nextlabel.files.ranges.PART", 1_100)  # rows lie across parts,
    monkeypatch.setattr("nextlabel.files.ranges.WINDOW", 2)  # and files across windows
    address = upload(vectors, "vectors")
    for words in (["margin", "--labels", vectors.parent / "by-path.csv"], ["badge"], ["maxherding"]):
        words = ["--batch", "7", "--strategy", *words]
        assert run("select", address, *words) == run("select", vectors, "--jobs", "1", *words)
    one = ["--labels", vectors.parent / "y.npy", "--batch", "7", "--strategy", "margin"]
    np.save(vectors.parent / "y.npy", np.where(np.arange(200) % 20 == 0, np.arange(200) % 3, -1))
    first = vectors / "features-000.npy"
    assert run("select", f"{address}/features-000.npy", *one) == run("select", first, "--jobs", "1", *one)


def test_workers_read_vectors_by_themselves_and_lists_come_here_once(bucket: Mapping[str, str], vectors: Path) -> None:
    address = upload(vectors, "workers")
    words = ["--strategy", "margin", "--batch", "7"]
    with asked_for() as asked:
        alone = run("select", address, *words)
        assert sorted(set(asked)) == [
            f"workers/{name}" for name in ("embedding.json", "features-000.npy", "features-001.npy", "samples.csv")
        ]
        asked.clear()
        assert run("select", address, *words, "--jobs", "2") == alone
        assert {name for name in asked if not name.endswith(".npy")} == set()
    (vectors / "features-002.npy").write_bytes(b"")
    said = run("select", upload(vectors, "workers"), *words, code=1)
    assert f"'{address}/features-002.npy' is no .npy file (it is empty)" in said
    assert "'s3://pictures/none.npy' cannot be read" in run("select", "s3://pictures/none.npy", *words, code=1)


def test_features_in_a_bucket_are_those_of_the_folder_and_are_brought_once(
    bucket: Mapping[str, str], vectors: Path
) -> None:
    address = upload(vectors, "features")
    near, far = load_dataset(str(vectors)), load_dataset(address)
    assert (far.fingerprint, far.name, far.classes) == (near.fingerprint, near.name, near.classes)
    assert np.array_equal(near.table, far.table)  # type: ignore[arg-type]
    with asked_for() as asked:
        load_dataset(address)
        assert asked == []
