"""Pictures in a bucket are the samples that they would be in a folder, to the bit."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from buckets import serving_bucket, upload
from painted import folder_of
from typer.testing import CliRunner

from nextlabel.cli.app import app
from nextlabel.datasets import load_dataset


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
