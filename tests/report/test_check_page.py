"""The page of a check: whole in one file, a picture for each reason, and nothing that was not measured."""

import numpy as np
import pytest
from html_reader import Reader

from nextlabel.checking import check
from nextlabel.conformance.indicators import cases
from nextlabel.indicators import INDICATORS
from nextlabel.knobs.pilot import Pilot
from nextlabel.report.of_check.page import check_page, say_same, say_trust
from nextlabel.report.of_check.sketches import HEIGHT, SKETCHES, WIDTH, draw_sketch

BESIDE = {"name": "leaves", "noun": "row", "margin": 0.0025, "near": [], "outliers": []}
NEAR = {"near_duplicates": {"share": 0.0, "pairs": 0, "compared": 300}}
ROW = {"rule": "always margin", "regret": [0.1, 0.0, 0.2]}


@pytest.fixture(scope="module")
def piloted():
    """Everything measured of a small pool, with curves as they come of a loop, which takes seconds to be played."""
    evidence = cases()[0][1]
    measured = {name: vars(one.measure(evidence)) for name, one in INDICATORS.items()}
    counts = {"samples": len(evidence.X), "looked_at": len(evidence.X), "pilot": len(evidence.pilot), "budget": 60}
    curve = {"labelled": [30.0, 45.0, 60.0], "mean": [0.7, 0.8, 0.9], "low": [0.6, 0.7, 0.8], "high": [0.8, 0.9, 1.0]}
    gap = curve | {"mean": [0.0, 0.01, 0.02], "low": [-0.01, 0.0, 0.01], "high": [0.01, 0.02, 0.03]}
    figures = {"chance": 0.8, "knows": True, "gain": [1.0, -1.0, 3.0], "ratio": [1.5, 0.9, 2.5]}
    forecast = {"strategy": "margin", "recommended": "margin"} | figures
    made = {"played": {"random": curve, "margin": curve}, "gaps": {"margin": gap}, "forecast": forecast}
    return BESIDE | NEAR | counts | made | {"metric": "accuracy", "notes": [], "indicators": measured}


def test_a_page_needs_nothing_beside_it_and_draws_every_reason(piloted):
    page = Reader(check_page(piloted))
    assert all(one["src"].startswith("data:") for one in page.all("img"))
    assert not page.all("script")
    assert not page.all("link")
    assert len(page.all("svg")) == len(SKETCHES) + 1  # and the gap to random
    assert all(one["aria-label"] for one in page.all("svg"))


def test_vectors_alone_have_a_page_without_curves_and_without_trust():
    X, none = np.random.default_rng(0).normal(size=(300, 2)).astype(np.float32), np.empty(0, dtype=np.int64)
    outlook = check(X, none, none, (), Pilot(budget=60, jobs=1))
    html = check_page(BESIDE | NEAR | outlook.plain())
    assert "Nothing is foretold without a pilot" in html
    assert "played beforehand" not in html
    assert "How far it can be trusted" not in html


def test_names_from_data_stay_text(piloted):
    evil = "<script>alert(1)</script>"
    pair = {"first": evil, "second": evil, "cosine": 1.0, "pictures": [None, None]}
    far = {"sample": evil, "score": 2.0, "picture": None}
    html = check_page(piloted | {"name": evil, "notes": [evil], "near": [pair], "outliers": [far]})
    assert "<script" not in html


@pytest.mark.parametrize(("where", "evidence"), cases(), ids=lambda one: one if isinstance(one, str) else "")
def test_every_finding_is_drawn_within_its_box(where, evidence):
    measured = {
        name: vars(one.measure(evidence)) for name, one in INDICATORS.items() if len(evidence.pilot) >= one.labels
    }
    found = {"indicators": measured, "pilot": len(evidence.pilot), "budget": 80}
    for name in measured:
        sketch = draw_sketch(name, found)
        places = [*sketch.dots, *((bar.x + bar.width, bar.y + bar.height) for bar in sketch.bars)]
        for shape in sketch.shapes:
            places += [tuple(map(float, pair.split(","))) for pair in shape.points.split()]
        assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in places), name


def test_strategies_that_asked_the_same_are_named():
    line, other = {"mean": [0.5, 0.6]}, {"mean": [0.5, 0.7]}
    assert say_same({"random": other, "margin": line, "auto": line}).startswith("margin and auto asked the same")
    assert say_same({"random": line, "margin": line, "auto": other}) == ""


@pytest.mark.parametrize(
    ("less", "said"), [([0.3, 0.1, 0.5], "is nearer to the truth"), ([0.1, -0.1, 0.3], "is not known to be nearer")]
)
def test_whether_it_beats_the_error_alone_is_said_either_way(less, said):
    assert said in " ".join(say_trust({"table": [ROW], "less_off": less}).sentences)


def test_where_a_plain_choice_lost_as_little_it_is_said():
    table = [{"rule": "ours", "regret": [0.2, 0.1, 0.3]}, ROW]
    assert "Choosing always margin, without any check, lost no more: 0.10 points against 0.20" in " ".join(
        say_trust({"table": table, "shipped": "ours"}).sentences
    )


@pytest.mark.parametrize("kept", [None, {}, {"families": 3}])
def test_what_was_not_kept_is_not_printed(kept):
    assert say_trust(kept) is None
