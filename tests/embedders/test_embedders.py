"""Features are computed once, belong to exactly these pictures and settings, and survive a damaged cache."""

import json
import os
import pickle
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from painted import noise

from nextlabel.datasets import load, pictures
from nextlabel.datasets.base import Dataset, Request, Squares
from nextlabel.embedders import EMBEDDERS, default, embed
from nextlabel.embedders.base import NO_FITS, Features, Features32, Fits, Report, silent
from nextlabel.embedders.cache import embed_cached, read_fits, sink_of
from nextlabel.embedders.patches import Patches
from nextlabel.embedders.pixels import Pixels
from nextlabel.errors import BadData, Mistake, UnknownName
from nextlabel.files.arrays import on_file

FEW = Patches(filters=8)


@pytest.fixture
def dataset(fruits: Path, own_cache: Path) -> Dataset:
    return load(Request(str(fruits)))


@pytest.fixture
def table(tmp_path: Path) -> Dataset:
    (tmp_path / "t.svm").write_text("1 1:5 2:6\n2 1:7 2:8\n")
    return load(Request(str(tmp_path / "t.svm")))


@pytest.mark.parametrize("name", EMBEDDERS)
def test_every_embedder_gives_plain_features(dataset: Dataset, name: str, request: pytest.FixtureRequest) -> None:
    if name == "dinov2":
        request.getfixturevalue("hub")
    seen: list[tuple[str, int, int]] = []
    found = embed(dataset, name, lambda *step: seen.append(step))
    assert all(0 < done <= total == len(dataset) for _, done, total in seen)
    assert found.settings["transductive"] == (name == "patches") == bool(read_fits(found.path))
    assert found.array.dtype == np.float32
    assert found.array.shape == (len(dataset), found.settings["d"])
    assert np.isfinite(found.array).all()
    assert not found.array.flags.writeable
    assert np.array_equal(np.load(found.path, mmap_mode="r"), found.array)
    assert json.loads(json.dumps(found.settings))["name"] == found.name == name


def test_the_cache_is_believed(dataset: Dataset) -> None:
    first = embed(dataset, "pixels")
    written = first.path.stat().st_mtime_ns
    second = embed(dataset, "pixels")
    assert second.path.stat().st_mtime_ns == written
    assert second.settings == first.settings


def test_defaults_suit_the_data(dataset: Dataset, table: Dataset) -> None:
    names = [default(each) for each in (dataset, table, load(Request("digits")))]
    assert names == ["efficientnet", "table", "pixels"]


def test_without_a_network_pictures_get_patches_and_one_line_says_so(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nextlabel.embedders.is_installed", lambda: False)
    with pytest.warns(UserWarning, match=r"'patches', which knows nothing of the world.*pip install onnxruntime"):
        assert embed(dataset).name == "patches"


def test_pixels_are_fractions_of_white(dataset: Dataset) -> None:
    digits = embed(load(Request("digits")), "pixels").array
    assert digits.shape == (1797, 64)
    assert (digits.min(), digits.max()) == (0, 1)
    assert embed(dataset, "pixels").array.shape == (9, 768)
    expected = dataset.pictures.squares(16).reshape(9, 768) / 255
    assert np.allclose(embed(dataset, "pixels").array, expected)


def test_a_changed_picture_changes_the_key(dataset: Dataset, fruits: Path) -> None:
    before = embed(dataset, "pixels")
    noise(fruits / "pear" / "001.png", seed=4321)
    after = embed(load(Request(str(fruits))), "pixels")
    assert after.path != before.path
    assert (after.array != before.array).any(axis=1).sum() == 1


def test_settings_change_the_key(dataset: Dataset) -> None:
    paths = {
        embed_cached("pixels", embedder, dataset.pictures).path for embedder in (Pixels(), Pixels(8), Pixels(grey=True))
    }
    assert len(paths) == 3


@pytest.mark.parametrize("damage", [lambda raw: raw[:-30], lambda raw: raw[:200] + b"\0" + raw[201:], lambda raw: b""])
@pytest.mark.parametrize(("name", "ending"), [("pixels", ".npy"), ("few", ".npy"), ("few", ".npz")])
def test_damaged_features_are_made_again(dataset: Dataset, damage: object, name: str, ending: str) -> None:
    used = Pixels() if name == "pixels" else FEW
    found = embed_cached(name, used, dataset.pictures)
    bits, victim = found.array.tobytes(), found.path.with_suffix(ending)
    victim.write_bytes(damage(victim.read_bytes()))
    again = embed_cached(name, used, dataset.pictures)
    assert again.array.tobytes() == bits
    assert name == "pixels" or read_fits(again.path).keys() == {"axes", "centre", "filters_0", "offset_0"}


class Counting(Pixels):
    """Pixels that know how many pictures they have embedded."""

    embedded: ClassVar[list[int]] = []

    def transform(self, block: Squares, fits: Fits = NO_FITS, report: Report = silent) -> Features32:
        self.embedded.append(len(block))
        return super().transform(block, fits, report)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    """How many pictures were decoded, by the size of their squares."""
    counts, before = Counter[int](), pictures.square

    def square(raw: bytes, size: int) -> Squares:
        counts[size] += 1
        return before(raw, size)

    monkeypatch.setattr(pictures, "square", square)
    return counts


def test_one_picture_more_decodes_and_embeds_one_picture(
    fruits: Path, own_cache: Path, decoded: Counter[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Counting, "embedded", [])

    def embedded(folder: Path) -> Features:
        read = load(Request(str(folder), sink=lambda dataset: sink_of("counting", Counting(), dataset)))
        return embed_cached("counting", Counting(), read.pictures)

    before = embedded(fruits)
    assert (dict(decoded), Counting.embedded) == ({16: 9}, [9])
    noise(fruits / "banana" / "new.png", seed=99)
    after = embedded(fruits)
    assert (dict(decoded), Counting.embedded) == ({16: 10}, [9, 1])
    assert np.array_equal(np.delete(after.array, 4, axis=0), before.array)
    (fruits / "apple" / "000.png").rename(fruits / "quince" / "zzz.png")
    (fruits / "apple" / "001.png").unlink()
    moved = embedded(fruits.rename(fruits.parent / "elsewhere"))
    assert (dict(decoded), Counting.embedded) == ({16: 10}, [9, 1])
    assert np.array_equal(moved.array, after.array[[2, 3, *range(4, 10), 0]])


def test_an_embedder_that_is_fitted_to_all_still_decodes_only_what_is_new(
    fruits: Path, own_cache: Path, decoded: Counter[int]
) -> None:
    request = Request(str(fruits), sink=lambda dataset: sink_of("few", FEW, dataset))
    before = embed_cached("few", FEW, load(request).pictures)
    noise(fruits / "banana" / "new.png", seed=99)
    after = embed_cached("few", FEW, load(request).pictures)
    assert dict(decoded) == {64: 10}
    assert not np.isin(after.array, before.array).any()  # another fit, as it always was


def test_features_reach_a_worker_as_a_path(own_cache: Path) -> None:
    X = np.random.default_rng(0).normal(size=(100_000, 384)).astype(np.float32)
    data = Dataset("big", np.arange(100_000) % 300, tuple(map(str, range(300))), "0", table=on_file(X, "table"))
    found = embed(data)
    found.array, found.array[:5]
    sent = pickle.dumps((found, data))
    assert len(sent) < 300_000
    there, its_data = pickle.loads(sent)
    assert np.array_equal(there.array, X)
    assert not there.array.flags.writeable
    assert (there.path, there.settings, its_data.table.shape) == (found.path, found.settings, X.shape)
    assert np.array_equal(its_data.y, data.y)
    assert its_data.y.dtype == np.int64


def test_features_that_are_gone_are_a_sentence(dataset: Dataset) -> None:
    found = pickle.loads(pickle.dumps(embed(dataset, "pixels")))
    found.path.unlink()
    with pytest.raises(BadData, match=r"cannot be read any more .* Run again"):
        found.array  # noqa: B018


def test_a_table_is_its_own_features(table: Dataset) -> None:
    found = embed(table)
    assert (found.path, found.name, found.settings["d"]) == (None, "table", 2)
    assert found.array.tolist() == [[5, 6], [7, 8]]
    assert not found.array.flags.writeable
    assert table.table.flags.writeable
    assert np.array_equal(pickle.loads(pickle.dumps(found)).array, found.array)


def test_embedders_that_do_not_fit_are_refused(dataset: Dataset, table: Dataset) -> None:
    with pytest.raises(Mistake, match="'t' is a table, and its features need no embedder"):
        embed(table, "patches")
    with pytest.raises(Mistake, match="'fruits' holds pictures, not a table"):
        embed(dataset, "table")
    for each in (dataset, table):
        with pytest.raises(UnknownName, match="Did you mean 'patches'"):
            embed(each, "patchs")


def test_two_processes_may_embed_at_once(fruits: Path, own_cache: Path) -> None:
    code = (
        "import sys; from nextlabel.datasets import load; from nextlabel.datasets.base import Request;"
        "from nextlabel.embedders import embed;"
        "print(embed(load(Request(sys.argv[1])), 'pixels').array.sum())"
    )
    several = [
        subprocess.Popen([sys.executable, "-c", code, str(fruits)], stdout=subprocess.PIPE, env=dict(os.environ))
        for _ in range(2)
    ]
    said = [each.communicate()[0] for each in several]
    assert said[0] == said[1] != b""
    assert not list(own_cache.glob("*.part"))
