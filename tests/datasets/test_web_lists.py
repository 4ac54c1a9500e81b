"""Pictures behind web addresses: a list names them, a bad moment is waited out, and no secret is written down."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from buckets import HOME, KEYS
from typer.testing import CliRunner
from web_shelf import Shelf, serving

from nextlabel.cli.app import app
from nextlabel.datasets import load, load_dataset
from nextlabel.datasets.base import Request
from nextlabel.errors import BadData, CannotFetch
from nextlabel.files import remote

pytest.importorskip("aiohttp")


@pytest.fixture
def shelf(fruits: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    rows = [f"{path.relative_to(fruits).as_posix()},{path.parent.name}" for path in sorted(fruits.rglob("*.png"))]
    (fruits / "list.csv").write_text("\n".join(["url,label", *rows]))
    monkeypatch.setattr(remote, "FIRST_WAIT", 0.01)
    with serving(fruits) as shelf:
        yield shelf


def test_a_list_on_the_web_is_the_folder(shelf: Shelf, fruits: Path) -> None:
    far, near = load_dataset(f"{shelf.address}/list.csv"), load_dataset(str(fruits))
    assert far.paths == near.paths
    assert np.array_equal(far.y, near.y)
    assert far.pictures is not None
    assert near.pictures is not None
    assert far.pictures.digests == near.pictures.digests


def test_a_bad_moment_is_waited_out(shelf: Shelf) -> None:
    shelf.failing["/apple/000.png"] = 2
    assert len(load_dataset(f"{shelf.address}/list.csv")) == 9
    assert shelf.asked["/apple/000.png"] == 3


def test_a_server_that_stays_down_ends_in_a_sentence(shelf: Shelf) -> None:
    shelf.failing["/pear/001.png"] = 99
    with pytest.raises(CannotFetch, match=r"/pear/001\.png' could not be read, 4 times in a row \(status 503\)"):
        load_dataset(f"{shelf.address}/list.csv")


def test_what_may_not_be_read_is_said(shelf: Shelf, fruits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.make_archive(str(fruits / "fruits"), "zip", fruits)
    shelf.forbidden.update(("/apple/000.png", "/pictures"))
    assert [file.reason for file in load_dataset(f"{shelf.address}/list.csv").skipped] == ["may not be read"]
    shelf.forbidden.add("/list.csv")
    for place in ("list.csv", "shard.parquet"):
        shelf.forbidden.add(f"/{place}")
        with pytest.raises(BadData, match="may not be read"):
            load_dataset(f"{shelf.address}/{place}")
    for name, value in {**KEYS, **HOME, "AWS_ENDPOINT_URL": shelf.address}.items():
        monkeypatch.setenv(name, value)
    remote._filesystem.cache_clear()
    with pytest.raises(BadData, match="'s3://pictures/fruits' may not be listed with the credentials that were found"):
        load_dataset("s3://pictures/fruits")
    remote._filesystem.cache_clear()


def test_what_is_not_there_is_left_out_and_told(shelf: Shelf, fruits: Path) -> None:
    (fruits / "apple" / "000.png").unlink()
    (fruits / "pear" / "000.png").write_bytes(b"no picture")
    found = load_dataset(f"{shelf.address}/list.csv")
    assert [(file.path, file.reason.split(",")[0]) for file in found.skipped] == [
        ("apple/000.png", "is not there"),
        ("pear/000.png", "is not a picture"),
    ]


@pytest.mark.parametrize("source", ["list.csv", "pictures.zip"])
def test_no_secret_is_written_or_shown(shelf: Shelf, fruits: Path, tmp_path: Path, source: str) -> None:
    secret = "X-Amz-Signature=0123geheim"
    rows = [f"{shelf.address}/{path.relative_to(fruits).as_posix()}?{secret}" for path in fruits.rglob("*.png")]
    (fruits / "apple" / "000.png").write_bytes(b"no picture")
    shutil.make_archive(str(fruits / "pictures"), "zip", fruits)
    (fruits / "list.csv").write_text("\n".join(["url", *rows]))
    address = f"{shelf.address.replace('//', '//ann:geheim-word@')}/{source}?{secret}"
    words = ["embed", address, "--embedder", "pixels", "--out", str(tmp_path / "out"), "--json"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert any("?" in path for path in shelf.asked)  # it was read by its signature
    kept = [path.read_bytes() for path in (tmp_path / "out").iterdir()]
    for told in (result.output.encode(), *kept):
        assert b"geheim" not in told
        assert b"ann:" not in told


def test_a_run_writes_no_secret(shelf: Shelf, tmp_path: Path) -> None:
    address = f"{shelf.address.replace('//', '//ann:geheim-word@')}/list.csv?X-Amz-Signature=0123geheim"
    small = "--embedder pixels --seeds 1 --rounds 1 --test 1/class --start 1/class --batch 1 --jobs 1 --no-report --out"
    words = ["simulate", address, *small.split(), str(tmp_path / "run")]
    for more in ([], ["--resume"]):  # what is compared has none either
        result = CliRunner().invoke(app, [*words, *more])
        assert result.exit_code == 0, result.output
        assert "geheim" not in result.output
    for path in (tmp_path / "run").rglob("*"):
        assert path.is_dir() or b"geheim" not in path.read_bytes(), path


def test_addresses_with_questions_stay_apart(shelf: Shelf, fruits: Path) -> None:
    (fruits / "list.csv").write_text(
        f"url,label\n{shelf.address}/apple/000.png?id=1,a\n{shelf.address}/apple/000.png?id=2,b\n"
    )
    paths = load_dataset(f"{shelf.address}/list.csv").paths
    assert paths is not None
    assert len(set(paths)) == 2
    assert not any("id=" in path for path in paths)


def test_an_archive_on_the_web_is_the_archive(shelf: Shelf, fruits: Path, tmp_path: Path) -> None:
    (fruits / "list.csv").unlink()
    shutil.make_archive(str(fruits / "fruits"), "zip", fruits)
    near = load_dataset(str(fruits / "fruits.zip"))
    far = load_dataset(f"{shelf.address}/fruits.zip")
    assert (far.paths, far.classes, far.fingerprint) == (near.paths, near.classes, near.fingerprint)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("none.csv", "There is no list of pictures"),
        ("none.zip", "There is no file"),
        ("apple/000.png", "cannot be read|has no column of pictures"),
        ("letter.csv", "has no column of pictures"),
    ],
)
def test_what_is_no_source_is_said(shelf: Shelf, fruits: Path, place: str, said: str) -> None:
    (fruits / "letter.csv").write_text("dear,aunt\n1,2\n")
    with pytest.raises(BadData, match=said):
        load_dataset(f"{shelf.address}/{place}")


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "FIRST_WAIT", 0.01)
    with pytest.raises(CannotFetch, match=r"could not be read, 4 times in a row \(ClientConnectorError\)"):
        load(Request("http://127.0.0.1:9/list.csv"))
