"""Texts on the page: long ones, right-to-left ones, hostile ones."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from folder_session import TextSession
from sites import Site
from visits import Visit

HOSTILE = "<img src=x onerror=document.title='gone'> & more"
ARABIC = "مرحبا بالعالم\nOne line in English"
LONG = "word " * 20_000
TEXTS = ["A fine book.", ARABIC, LONG, HOSTILE, "x" * 100_000, *(f"text {i}" for i in range(20))]


@pytest.fixture
def reading(browser: Any, tmp_path: Path) -> Iterator[Visit]:
    """A visit to a labelling of texts."""
    site = Site(TextSession(tmp_path, TEXTS, ["good", "bad"]))
    with site.server, site.client:
        visit = Visit(browser, site, viewport={"width": 1200, "height": 760})
        visit.page.goto(site.address)
        visit.page.wait_for_selector(".stage.text")
        yield visit
        visit.close()


def test_a_key_labels_a_text_and_shows_the_next_whole(reading: Visit) -> None:
    page = reading.page
    for text in TEXTS[:5]:
        assert page.text_content(".stage.text .lines") == text
        page.keyboard.press("1")
    assert [each["sample"] for each in reading.labels(5)] == [0, 1, 2, 3, 4]
    assert page.title() != "gone"


def test_a_line_of_another_direction_keeps_its_own(reading: Visit) -> None:
    reading.page.keyboard.press("1")
    starts = reading.page.evaluate(
        """() => { const node = document.querySelector(".lines").firstChild;
        const box = node.parentElement.getBoundingClientRect();
        const edge = (from, to) => { const range = new Range(); range.setStart(node, from); range.setEnd(node, to);
          const line = range.getBoundingClientRect(); return [line.left - box.left, box.right - line.right]; };
        const turn = node.data.indexOf("\\n"); return [edge(0, turn), edge(turn + 1, node.data.length)]; }"""
    )
    assert starts[0][1] < 2 < starts[0][0]  # the Arabic line ends at the right, the English one begins at the left
    assert starts[1][0] < 2 < starts[1][1]


def test_a_long_text_scrolls_by_the_arrows_and_the_next_begins_at_its_top(reading: Visit) -> None:
    page = reading.page
    for _ in range(2):
        page.keyboard.press("1")
    before = time.perf_counter()
    page.keyboard.press("PageDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.querySelector('.stage.text').scrollTop") > 300
    page.keyboard.press("1")
    assert page.evaluate("document.querySelector('.stage.text').scrollTop") == 0
    assert time.perf_counter() - before < 5  # a hundred thousand characters, on a busy machine
    assert len(reading.labels(3)) == 3


def test_grid_review_and_last_answers_show_a_beginning_and_open_the_whole(reading: Visit) -> None:
    page = reading.page
    for _ in range(4):
        page.keyboard.press("2")
    reading.labels(4)
    assert page.text_content(".recent .snippet >> nth=0") == HOSTILE
    page.goto(f"{reading.site.address}/#grid")
    page.wait_for_selector(".tile")
    assert len(page.text_content(".tile .snippet >> nth=1")) == 300
    page.click(".tile >> nth=1")
    page.wait_for_function(f"() => document.querySelector('dialog .lines')?.textContent.length === {len(LONG)}")
    page.keyboard.press("1")  # a class's key corrects it
    assert (reading.labels(5)[4]["sample"], reading.labels(5)[4]["class_id"]) == (2, 0)
    page.goto(f"{reading.site.address}/#review")
    page.wait_for_selector(".review .text:has-text('A fine book.')")
    page.keyboard.press("Enter")
    assert reading.labels(6)[5]["how"] == "review"
    page.keyboard.press("x")
    assert (reading.labels(7)[6]["how"], reading.labels(7)[6]["kind"]) == ("review", "discard")


def test_what_is_for_pictures_alone_is_not_offered(reading: Visit) -> None:
    page = reading.page
    words = page.inner_text(".actions")
    assert "Zoom" not in words
    assert "Bad text" in words
    page.keyboard.press("z")
    assert page.query_selector("dialog") is None
    page.keyboard.press("?")
    assert "Turn the picture" not in page.inner_text("dialog")


def test_a_point_of_the_map_shows_its_text(reading: Visit) -> None:
    page = reading.page
    page.goto(f"{reading.site.address}/#map")
    box = page.wait_for_selector("canvas").bounding_box()
    columns = reading.site.session.map()
    for place in range(4):
        x, y = (24 + columns[axis][place] * (box[side] - 48) for axis, side in (("x", "width"), ("y", "height")))
        page.mouse.move(box["x"] + x, box["y"] + y)
        page.wait_for_selector(".tip .snippet:not(:empty)")
