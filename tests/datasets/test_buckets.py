"""Pictures in a bucket are the samples that they would be in a folder, to the bit."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from buckets import serving_bucket, upload
from typer.testing import CliRunner

from nextlabel.cli.app import app


@pytest.fixture(scope="module")
def bucket() -> Iterator[Mapping[str, str]]:
    with serving_bucket() as environment:
        yield environment


def run(*words: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return " ".join(result.output.split())


def test_a_bucket_is_embedded_as_a_folder_is(bucket: Mapping[str, str], fruits: Path, tmp_path: Path) -> None:
    address = upload(fruits, "fruits")
    run("embed", address, "--embedder", "pixels", "--out", tmp_path / "far")
    run("embed", fruits, "--embedder", "pixels", "--out", tmp_path / "near")
    for name in ("features-000.npy", "samples.csv"):
        assert (tmp_path / "far" / name).read_bytes() == (tmp_path / "near" / name).read_bytes()


def test_two_workers_write_what_one_does(
    bucket: Mapping[str, str], fruits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = upload(fruits, "two")
    run("embed", fruits, "--embedder", "efficientnet", "--out", tmp_path / "near")
    monkeypatch.setenv("NEXTLABEL_CACHE", str(tmp_path / "another"))
    run("embed", address, "--embedder", "efficientnet", "--out", tmp_path / "far", "--jobs", 2)
    for name in ("features-000.npy", "samples.csv"):
        assert (tmp_path / "far" / name).read_bytes() == (tmp_path / "near" / name).read_bytes()
