"""Blocks of pictures, embedded by workers: the same bytes as by one process, and nothing lost with a worker."""

import multiprocessing
import pickle
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from onnx_files import dinov2_files
from painted import folder_of, noise
from typer.testing import CliRunner

from nextlabel.cli.app import app
from nextlabel.datasets import load, load_dataset
from nextlabel.datasets.ahead import AHEAD, reading_ahead
from nextlabel.datasets.base import Request
from nextlabel.embedders import embed, embedder, sink
from nextlabel.embedders.blocks import MOST, Block, EmbedBlock, cut
from nextlabel.embedders.pixels import Pixels
from nextlabel.engines import ENGINES, Team
from nextlabel.errors import BadData, Mistake


@given(some.lists(some.integers(0, 99), unique=True, max_size=60), some.integers(1, 4), some.integers(0, 3000))
def test_blocks_are_all_files_once_in_order(places: list[int], at_once: int, count: int) -> None:
    blocks = list(cut([(place, str(place)) for place in places], count, at_once))
    assert [place for block in blocks for place in block.places] == places
    assert [file for block in blocks for file in block.files] == list(map(str, places))
    assert all(0 < len(block.places) <= MOST for block in blocks)


class Slow:
    """A file that is far away; large ones hold the others up."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    def read(self) -> bytes:
        return self.raw


@given(some.lists(some.binary(max_size=3), max_size=2 * AHEAD), some.integers(1, 4))
def test_files_read_ahead_are_the_files(raws: list[bytes], threads: int) -> None:
    with reading_ahead([Slow(raw) for raw in raws], threads) as ahead:
        found = list(map(ahead.take, range(len(raws))))
    assert found == raws
    assert ahead.bytes == 0


def test_a_block_gives_vectors_of_what_is_new(fruits: Path) -> None:
    files = sorted(str(path) for path in fruits.rglob("*.png"))
    (fruits / "broken.png").write_bytes(b"no picture")
    block = Block(tuple(range(10)), (*files, str(fruits / "broken.png")))
    made = EmbedBlock(Pixels(), 1)(block)
    assert made.vectors is not None
    assert np.array_equal(made.vectors, embed(load_dataset(str(fruits)), "pixels").array)
    assert [reading.reason for reading in made.readings] == [None] * 9 + ["is not a picture, or its header is damaged"]
    assert all(reading.square is None for reading in made.readings)


def test_another_version_of_a_worker_is_refused(fruits: Path) -> None:
    work = EmbedBlock(Pixels(size=8), 1, settings={"size": 16, "grey": False})
    with pytest.raises(Mistake, match="its size is 8, and 16 here"):
        work(Block((), ()))


def test_a_model_travels_as_its_path(tmp_path: Path) -> None:
    for name, raw in dinov2_files().items():
        (tmp_path / Path(name).name).write_bytes(raw)
    made = embedder(f"onnx:{tmp_path / 'model.onnx'}")(load_dataset("digits"))
    there = pickle.loads(pickle.dumps(made))
    assert there == replace(made, net=there.net)
    squares = np.random.default_rng(0).integers(0, 256, (3, made.size, made.size, 3), np.uint8)
    assert np.array_equal(there.transform(squares), made.transform(squares))
    sent = pickle.dumps(made)
    (tmp_path / "model.onnx").write_bytes((tmp_path / "model.onnx").read_bytes() + b"\x00")
    with pytest.raises(BadData, match=r"another model for a worker|no ONNX model"):
        pickle.loads(sent)


def test_a_picture_that_changes_meanwhile_is_told(fruits: Path, own_cache: Path) -> None:
    dataset = load_dataset(str(fruits))
    noise(fruits / "pear" / "001.png", seed=77)
    with ENGINES["here"](1) as engine, pytest.raises(BadData, match=r"1 picture changed while .*pear/001\.png"):
        embed(dataset, "pixels", team=Team(engine, 1, 1))


def test_what_was_read_before_is_embedded_by_the_team(fruits: Path, own_cache: Path) -> None:
    load_dataset(str(fruits))  # so that nobody has to read again
    with ENGINES["here"](1) as engine:
        team = Team(engine, 1, 1)
        dataset = load(Request(str(fruits), sink=sink("pixels", team=team)))
        found = embed(dataset, "pixels", team=team).array.copy()
    assert np.array_equal(found, embed(load_dataset(str(fruits)), "pixels").array)


def test_a_dead_worker_is_one_sentence_and_nothing_is_lost(tmp_path: Path, own_cache: Path) -> None:
    folder = folder_of(tmp_path / "many", {"a": 24, "b": 24})
    words = ["embed", str(folder), "--embedder", "efficientnet", "--jobs", "2", "--out", str(tmp_path / "out")]

    def kill_one() -> None:
        while not (children := [child for child in multiprocessing.active_children() if child.pid]):
            time.sleep(0.01)
        time.sleep(0.3)
        children[0].kill()

    killer = threading.Thread(target=kill_one)
    killer.start()
    result = CliRunner().invoke(app, words)
    killer.join()
    assert result.exit_code == 1, result.output
    assert "run the same command again, and nothing whole is done twice" in " ".join(result.output.split())
    assert not (tmp_path / "out").exists()
    again = CliRunner().invoke(app, [word if word != "2" else "1" for word in words])
    assert again.exit_code == 0, again.output
    assert len(np.load(tmp_path / "out" / "features-000.npy")) == 48


def test_who_needs_all_pictures_says_so(fruits: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(
        app, ["embed", str(fruits), "--embedder", "patches", "--jobs", "1", "--out", str(tmp_path / "out")]
    )
    assert "'patches' is fitted to all pictures at once" in " ".join(result.output.split())
