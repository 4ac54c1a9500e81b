"""The guide's pictures are drawn from nextlabel's own loop, and say what it did."""

import importlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nextlabel.report.drawing import themes

GUIDE = Path(__file__).parents[1] / "guide"
NAMES = ["random", "least_confident", "margin", "entropy", "badge"]  # the guide's


@pytest.fixture(scope="module")
def figures():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(GUIDE)
        return importlib.import_module("figures")


def batches(figures, name):
    return [step.asked.ids for step in figures.played(name, figures.SEED) if len(step.asked.ids)]


def test_a_picture_is_the_same_twice(figures, monkeypatch):
    monkeypatch.setattr(themes, "DPI", 50)  # the dots are a matter of the file's size
    once = figures.toy_picture("badge")
    figures.played.cache_clear()
    figures.drawn.cache_clear()
    assert figures.toy_picture("badge") == once


@pytest.mark.parametrize("name", NAMES)
def test_the_pictures_show_strategies_as_they_are_now(figures, name):
    """Where this fails, a strategy or the model has changed: draw the pictures and run benchmarks/toy.py again."""
    found = json.loads((GUIDE.parent / "benchmarks" / "results" / "toy.json").read_text())[name]
    toy = figures.drawn(figures.SEED)
    now = [figures.accuracy(step, toy) for step in figures.played(name, figures.SEED)]
    assert now == pytest.approx(found["seed_0"], abs=6e-4)  # one test sample more or less


def test_every_picture_is_there_in_both_themes(figures):
    assert {f"toy-{name}" for name in NAMES} < set(figures.PICTURES)
    runs = (
        "reasons",
        "flowers-few",
        "flowers-linear",
        "flowers-efficientnet",
        "flowers-cnn",
    )  # drawn by reasons.py and curves.py
    wanted = {f"{name}-{theme}.png" for name in (*figures.PICTURES, *runs) for theme in ("light", "dark")}
    assert {path.name for path in figures.FOLDER.iterdir()} == wanted


def test_every_picture_is_small_and_wide_enough(figures):
    for path in figures.FOLDER.iterdir():
        data = path.read_bytes()
        assert len(data) < 150_000, path.name
        # Twice the 900 pixels that the page shows, for screens that show two for one.
        assert Image.open(io.BytesIO(data)).width >= 1800, path.name


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_is_asked_once(figures, name):
    ids = np.concatenate([figures.drawn(figures.SEED).start, *batches(figures, name)])
    assert len(np.unique(ids)) == len(ids) == 6 + 9 * 6


def test_every_strategy_starts_alike(figures):
    toy = figures.drawn(figures.SEED)
    starts = {figures.accuracy(figures.played(name, figures.SEED)[0], toy) for name in NAMES}
    assert len(starts) == 1


def test_no_starting_label_lies_in_the_dense_cluster(figures):
    assert all(figures.drawn(seed).start.max() < 170 + 170 + 150 for seed in range(10))


def test_three_scores_ask_three_predictions(figures):
    proba = np.array(list(figures.PREDICTIONS.values()))
    first = {
        name: list(figures.PREDICTIONS)[figures.uncertainty(method, proba).argmax()]
        for name, (method, _) in figures.SCORES.items()
    }
    assert first == {"least_confident": "b", "margin": "a", "entropy": "c"}  # as the words for the blind say


def test_gradient_embeddings_have_the_length_of_the_paper(figures):
    rng = np.random.default_rng(0)
    proba, h = rng.dirichlet([1, 1, 1], 20), rng.random((20, 5)).astype(np.float32)
    residual = proba - (proba == proba.max(axis=1, keepdims=True))
    squared = (figures.embed(proba, h) ** 2).sum(axis=1)
    np.testing.assert_allclose(squared, (residual**2).sum(axis=1) * (h**2).sum(axis=1), rtol=1e-5)


def test_badge_asks_the_longest_embedding_first(figures):
    step = figures.played("badge", figures.SEED)[0]
    ids = step.pool.unlabelled()
    g = figures.embed(step.fitted.clf.predict_proba(step.fitted.features[ids]), step.fitted.features[ids])
    assert ids[(g**2).sum(axis=1).argmax()] == step.asked.ids[0]
