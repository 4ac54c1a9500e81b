"""What is chosen from: vectors that stay when files join, and that the audit side has no part in."""

import numpy as np
import pytest
from people import draw_pictures

from nextlabel.labelling.settings import Settings
from nextlabel.labelling.sources import FolderSource
from nextlabel.labelling.worker import FIRST, take_first
from nextlabel.labelling.worlds import FILE, read_fits, read_world
from nextlabel.loop.audit import draw
from nextlabel.progress import quiet
from nextlabel.store import Sample
from nextlabel.store.store import utc_now


def samples_in(folder, pattern):
    paths = sorted(path.name for path in folder.glob(pattern))
    return [Sample(i, path, None, draw(3, path), None, utc_now(), None) for i, path in enumerate(paths)]


def write_texts(folder, words, count, first=0):
    folder.mkdir(exist_ok=True)
    for i in range(first, first + count):
        (folder / f"{i:03}.txt").write_text(" ".join(words[(i * 7 + j) % len(words)] for j in range(12)))


@pytest.fixture(params=["tfidf", "patches"])
def folder(request, tmp_path):
    """A folder whose embedder is fitted to samples; a source of it, its settings, and what makes more of them."""
    place = tmp_path / "samples"
    words = ["reef", "coral", "tax", "return", "gull", "herring", "form", "stamp", "tide", "office", "shell", "wage"]
    if request.param == "tfidf":
        write_texts(place, words, 40)
        more, kind, pattern = lambda: write_texts(place, [*words, "xylophone", "quartz"], 20, first=40), "text", "*.txt"
    else:
        draw_pictures(place, 24)
        more, kind, pattern = lambda: draw_pictures(place, 8, seed=1), "picture", "*.png"
    return place, FolderSource(place, kind), Settings(seed=3, kind=kind, embedder=request.param), more, pattern


def test_what_joins_is_transformed_and_moves_nobody_else(folder, tmp_path):
    place, source, settings, more, pattern = folder
    before, _, features = read_world(source, settings, tmp_path, samples_in(place, pattern), quiet)
    assert features.settings["transductive"]
    fits = read_fits(tmp_path / FILE, settings.embedder)
    more()
    after, _, _ = read_world(source, settings, tmp_path, samples_in(place, pattern), quiet)
    assert len(after.ids) > len(before.ids)
    np.testing.assert_array_equal(after.features[: len(before.ids)], before.features)
    again = read_fits(tmp_path / FILE, settings.embedder)
    assert all((fits[name] == again[name]).all() for name in fits)


@pytest.mark.parametrize("folder", ["tfidf"], indirect=True)  # patches take seconds, and go the same way
def test_it_is_fitted_on_the_strategys_side_alone(folder, tmp_path):
    place, source, settings, _, pattern = folder
    samples = samples_in(place, pattern)
    read_world(source, settings, tmp_path, samples, quiet)
    (tmp_path / "own").mkdir()
    own = [one for one in samples if one.draw >= settings.side]
    assert len(own) < len(samples)
    read_world(source, settings, tmp_path / "own", own, quiet)
    fits, alone = (read_fits(home / FILE, settings.embedder) for home in (tmp_path, tmp_path / "own"))
    assert all((fits[name] == alone[name]).all() for name in fits)


def test_fits_of_another_embedder_or_damaged_ones_are_none(tmp_path):
    (tmp_path / FILE).write_bytes(b"no archive")
    assert read_fits(tmp_path / FILE, "tfidf") is None
    assert read_fits(tmp_path / "none.npz", "tfidf") is None


def test_the_first_of_a_large_folder_are_of_either_side():
    samples = [Sample(i, f"{i}.png", None, i / 20_000, None, utc_now(), None) for i in range(20_000)]
    first = take_first(samples, side=0.2)
    assert len(first) == FIRST
    assert sum(one.draw < 0.2 for one in first) == FIRST // 5
    assert [one.id for one in first] == sorted(one.id for one in first)
