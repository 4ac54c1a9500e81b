"""The gallery shows every strategy, as it asks now, and says what is true."""

import importlib
import json
import re
from itertools import islice
from pathlib import Path

import pytest

from nextlabel.strategies import STRATEGIES

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
FOUND = json.loads((ROOT / "benchmarks" / "results" / "toy.json").read_text(encoding="utf-8"))
WORDS = dict(re.findall(r"^## `(\w+)`\n\n(.*?)\n\n<picture>", PAGE, flags=re.S | re.M))  # by strategy


@pytest.fixture(scope="module")
def toy():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "guide")
        return importlib.import_module("toy")


def test_every_strategy_is_in_the_gallery_or_excluded_with_a_reason(toy):
    assert set(STRATEGIES) == {*toy.GALLERY, *toy.EXCLUDED}
    assert not set(toy.GALLERY) & set(toy.EXCLUDED)
    assert all(toy.EXCLUDED.values())
    assert tuple(WORDS) == tuple(FOUND) == toy.GALLERY


def test_every_picture_on_the_page_is_there_and_in_its_section():
    for name in WORDS:
        section = PAGE.partition(f"## `{name}`")[2].partition("\n## ")[0]
        links = re.findall(r"\.\./(guide/pictures/[\w-]+\.png)", section)
        assert links == [f"guide/pictures/toy-{name}-{theme}.png" for theme in ("dark", "light")]
        assert all((ROOT / link).is_file() for link in links)


@pytest.mark.parametrize("name", STRATEGIES)
def test_strategies_ask_as_the_pictures_show(toy, name):
    """Where this fails, a strategy or the model has changed: draw the pictures and run benchmarks/toy.py again."""
    drawn = toy.drawn(0)
    now = [toy.accuracy(step, drawn) for step in islice(toy.play(name, 0), 3)]
    assert now == pytest.approx(FOUND[name]["seed_0"][:3], abs=6e-4)  # one test sample more or less


def test_the_table_is_what_was_measured(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    assert importlib.import_module("table").gallery(FOUND) in PAGE


def test_the_words_count_the_questions_that_the_picture_shows(toy):
    """Shares of the 54 questions, in the text below a heading, are those of the overlap or of the cluster."""
    counted = {name: [int(n) for n in re.findall(r"(\d+) of (?:the )?54", words)] for name, words in WORDS.items()}
    assert sum(map(len, counted.values())) >= 7
    for name, counts in counted.items():
        one = FOUND[name]
        assert set(counts) <= {sum(one["seed_0_hopeless"]), sum(one["seed_0_lump"])}, name
