"""Any picture becomes the same square of RGB, once, and whatever happens on disk meanwhile is noticed."""

import contextlib
import io
import json
import multiprocessing
import os
import pickle
import tempfile
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from painted import noise, paint
from PIL import Image, PngImagePlugin

from nextlabel.datasets import load, pictures
from nextlabel.datasets.base import Request, Squares
from nextlabel.datasets.pictures import FolderPictures, Unreadable, read_all, square
from nextlabel.embedders import sink
from nextlabel.errors import BadData
from nextlabel.files import cache


def saved(picture: Image.Image, kind: str, **more: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **more)
    return out.getvalue()


@pytest.mark.parametrize(
    ("mode", "colour", "kind", "seen"),
    [
        ("RGB", (200, 30, 40), "PNG", (200, 30, 40)),
        ("L", 77, "PNG", (77, 77, 77)),
        ("1", 1, "PNG", (255, 255, 255)),
        ("P", 0, "GIF", (0, 0, 0)),
        ("LA", (50, 255), "PNG", (50, 50, 50)),
        ("LA", (50, 0), "PNG", (255, 255, 255)),
        ("RGBA", (200, 30, 40, 0), "PNG", (255, 255, 255)),
        ("RGBA", (0, 0, 0, 128), "PNG", (127, 127, 127)),
        ("I;16", 65535, "PNG", (255, 255, 255)),
        ("I;16", 32896, "TIFF", (128, 128, 128)),
        ("F", 0.5, "TIFF", (128, 128, 128)),
        ("I", 200, "TIFF", (200, 200, 200)),
        ("CMYK", (0, 0, 0, 0), "TIFF", (255, 255, 255)),
        ("CMYK", (255, 255, 0, 0), "JPEG", (0, 0, 255)),
        ("RGB", (10, 200, 30), "WEBP", (10, 200, 30)),
        ("RGB", (10, 200, 30), "BMP", (10, 200, 30)),
    ],
)
def test_every_mode_becomes_rgb(mode: str, colour: object, kind: str, seen: tuple[int, int, int]) -> None:
    found = square(saved(Image.new(mode, (9, 7), colour), kind), 5)
    assert found.shape == (5, 5, 3)
    assert np.abs(found.astype(int) - seen).max() <= 4  # JPEG and WebP are not exact


def test_one_pixel_is_enough() -> None:
    assert (square(saved(Image.new("RGB", (1, 1), (1, 2, 3)), "PNG"), 4) == (1, 2, 3)).all()


def test_a_transparent_colour_is_white() -> None:
    picture = Image.new("P", (4, 4), 3)
    picture.putpalette([9] * 768)
    assert (square(saved(picture, "PNG", transparency=3), 4) == 255).all()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_pictures_stand_upright(orientation: int, kind: str) -> None:
    upright = Image.new("RGB", (64, 64), "black")
    upright.paste("white", (0, 0, 32, 16))  # wide, in the upper left corner
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the transpose that a camera held so has done
    turned = upright if orientation == 1 else upright.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    found = square(saved(turned, kind, exif=exif), 32)[..., 0] > 127
    assert found[:8, :16].mean() > 0.95
    assert found[8:].mean() < 0.05


def test_draft_does_not_cost_detail() -> None:
    values = np.kron(np.indices((32, 32)).sum(0) % 2 * 255, np.ones((32, 32))).astype(np.uint8)
    found = square(saved(Image.fromarray(values), "JPEG"), 64)[..., 0]  # 1024 to 64: two pixels per field
    assert set(np.unique(found[::2, ::2] > 127)) == {False, True}


def test_garbage_never_escapes() -> None:
    rng = np.random.default_rng(1)
    for kind in ("PNG", "TIFF", "GIF", "WEBP", "BMP", "JPEG"):
        whole = saved(Image.fromarray(rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)), kind)
        for _ in range(60):
            raw = bytearray(whole)
            for place in rng.integers(0, len(raw), 4):
                raw[place] = rng.integers(256)
            with contextlib.suppress(Unreadable):
                assert square(bytes(raw), 4).shape == (4, 4, 3)


def test_squares_are_made_once(fruits: Path, own_cache: Path) -> None:
    found = load(Request(str(fruits))).pictures
    first = found.squares(10)
    assert isinstance(first, np.memmap)
    assert not first.flags.writeable
    for path in fruits.rglob("*.png"):
        path.unlink()
    assert np.array_equal(pickle.loads(pickle.dumps(found)).squares(10), first)


def test_a_scan_keeps_the_squares_that_patches_wants(
    fruits: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = load(Request(str(fruits), sink=sink("patches"))).pictures
    assert not list(own_cache.glob("*.part"))
    monkeypatch.setattr(pictures, "square", None)  # nothing is decoded from here on
    assert found.squares(64).shape == (9, 64, 64, 3)


def test_an_interrupted_scan_goes_on_where_it_stopped(
    fruits: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[int] = []

    def square_(raw: bytes, size: int) -> Squares:
        decoded.append(size)
        return square(raw, size)

    def stop(what: str, done: int, total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr(pictures, "square", square_)
    monkeypatch.setattr(pictures, "PICTURES_IN_FLIGHT", 2)
    with pytest.raises(KeyboardInterrupt):
        load(Request(str(fruits), progress=stop))
    stopped = len(decoded)
    (store,) = own_cache.glob("scan-*.json")
    kept = len(json.loads(store.read_text())["verdicts"])
    assert (stopped < 9, kept) == (True, 4)
    assert len(load(Request(str(fruits)))) == 9
    assert len(decoded) - stopped == 9 - kept


def looked_at(found: FolderPictures) -> tuple[int, int]:
    """What a worker process sees of pictures, and how many it decodes."""
    decoded = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "square", lambda raw, size: decoded.append(size))
        return int(found.squares(64).sum(dtype=np.int64)), len(decoded)


def test_a_worker_finds_what_its_parent_has_and_leaves_nothing_behind(
    fruits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("NEXTLABEL_CACHE", f"{os.devnull}/x")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(cache, "_ready", {})
    with pytest.warns(UserWarning, match="cannot be used"):
        found = load(Request(str(fruits), sink=sink("patches"))).pictures
    found.squares(64)
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as workers:
        there = workers.submit(looked_at, found).result()
    assert there == (found.squares(64).sum(dtype=np.int64), 0)
    assert list((tmp_path / "temporary").glob("nextlabel-*")) == [found.folder]


def test_squares_are_looked_through_once_and_travel_as_a_path(fruits: Path, own_cache: Path) -> None:
    found = load(Request(str(fruits))).pictures
    assert found.squares(64) is found.squares(64)
    assert len(pickle.dumps(found)) < 5_000 < found.squares(64).nbytes


def test_a_second_load_decodes_nothing(fruits: Path, own_cache: Path) -> None:
    first = load(Request(str(fruits)))
    (store,) = own_cache.glob("scan-*.json")
    kept = json.loads(store.read_text())
    kept["verdicts"][first.content[0]] = "is known to be bad"  # what the cache says is believed: nobody looked again
    store.write_text(json.dumps(kept))
    assert load(Request(str(fruits))).skipped[0].reason == "is known to be bad"


@pytest.mark.parametrize(
    ("place", "error"),
    [
        ("load", MemoryError()),
        ("load", OSError("out of memory error when reading image file")),  # Pillow's own decoders say so
        ("getexif", MemoryError("Unable to allocate 9 GiB")),
    ],
)
def test_a_trouble_that_passes_is_not_remembered(fruits: Path, own_cache: Path, place: str, error: Exception) -> None:
    at = PngImagePlugin.PngImageFile
    before, left = getattr(at, place), [error]

    def once(*args: object) -> object:
        if left:
            raise left.pop()
        return before(*args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(at, place, once)
        first = load(Request(str(fruits)))
    assert [file.reason for file in first.skipped] == ["does not fit into memory"]
    second = load(Request(str(fruits)))
    assert (len(second), second.skipped) == (9, ())
    assert len(second.pictures.squares(64)) == 9


def test_a_changed_picture_is_looked_at_again(fruits: Path, own_cache: Path) -> None:
    first = load(Request(str(fruits)))
    before = first.pictures.squares(64)[0].copy()
    noise(fruits / "apple" / "000.png", seed=12345)
    second = load(Request(str(fruits)))
    assert second.content[0] != first.content[0]
    assert second.content[1:] == first.content[1:]
    assert not np.array_equal(second.pictures.squares(64)[0], before)


def test_damaged_caches_are_made_again(fruits: Path, own_cache: Path) -> None:
    before = np.array(load(Request(str(fruits))).pictures.squares(64))
    for path in own_cache.iterdir():
        path.write_bytes(path.read_bytes()[:-100])
    assert np.array_equal(load(Request(str(fruits))).pictures.squares(64), before)


def test_a_picture_that_changes_meanwhile_is_named(fruits: Path) -> None:
    found = load(Request(str(fruits))).pictures
    noise(fruits / "pear" / "001.png", seed=54321)
    (fruits / "apple" / "001.png").unlink()
    with pytest.raises(BadData, match=r"2 pictures changed while they were read, e\.g\. '.*apple/001\.png'; run again"):
        found.squares(11)


def test_a_picture_that_vanishes_is_skipped(tmp_path: Path) -> None:
    there = paint(tmp_path / "a.png")
    found = list(read_all([str(there), str(tmp_path / "b.png"), str(tmp_path)], 4, {}))
    assert [reading.reason for reading in found[:2]] == [None, "vanished while the folder was read"]
    assert found[2].reason is not None


def test_progress_counts_every_file(fruits: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    load(Request(str(fruits), progress=lambda *step: seen.append(step)))
    assert seen == [("Reading pictures", i, 9) for i in range(1, 10)]


def test_only_pillow_is_hushed_and_only_while_it_reads(fruits: Path) -> None:
    files = [str(path) for path in sorted(fruits.rglob("*.png"))]
    filters = list(warnings.filters)
    readings = read_all(files, 4, {})
    next(readings)
    assert warnings.filters == filters  # while it waits for whoever takes the readings, who may warn of something
    with pytest.raises(UserWarning, match="heard"):
        warnings.warn("heard", stacklevel=1)
    assert len(list(readings)) == len(files) - 1


def test_what_pillow_warns_of_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 300)  # 24 x 20 pixels are a bomb to warn of, then
    (reading,) = read_all([str(paint(tmp_path / "a.png"))], 4, {})
    assert reading.reason is None
