"""The classes to choose from: found and added by typing, few of them and two hundred, on a phone as well."""

from collections.abc import Iterator
from typing import Any

import pytest
from sites import Site
from visits import Visit

HEBREW, EMOJI, LONG = "פרח שדה", "👩‍👩‍👧 family", "a name that somebody copied out of a table with all its remarks " * 4
MANY = [f"{name} {i}" for i in range(66) for name in ("birch", "زهرة", "🌻 of the")][:195]


def name_of(visit: Visit, place: int, count: int) -> str:
    """The class that the event at a place labelled with, when there are so many events."""
    name: str = visit.site.session.classes[visit.labels(count)[place]["class_id"]]["name"]
    return name


def test_what_is_typed_finds_a_class_and_is_a_new_one_where_none_begins_so(visit: Visit) -> None:
    page = visit.open()
    for typed, expected in (("sq", "square"), ("1", "round"), ("are", "are"), ("SQUARE ", "square")):
        before = len(visit.site.session.events)
        page.keyboard.press("/")
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        assert name_of(visit, before, before + 1) == expected
        page.wait_for_function("() => document.activeElement === document.body")
    page.keyboard.press("/")
    page.keyboard.type("sq")
    assert page.inner_text(".class.aimed span") == "square"
    for key in ("ArrowDown", "ArrowDown", "ArrowUp", "ArrowDown"):  # no further than there are buttons
        page.keyboard.press(key)
    assert page.inner_text(".class.aimed span") == "New class “sq”"
    page.keyboard.press("Enter")
    assert name_of(visit, 4, 5) == "sq"


def test_the_keys_that_stand_on_buttons_are_gone_while_somebody_types(visit: Visit) -> None:
    page = visit.open()
    assert page.is_visible(".class kbd >> nth=0")
    page.keyboard.press("/")
    assert not page.is_visible(".class kbd >> nth=0")
    page.keyboard.press("Escape")
    assert page.is_visible(".class kbd >> nth=0")


@pytest.fixture
def phone(browser: Any, site: Site) -> Iterator[Visit]:
    """A phone's visit to a labelling with two hundred classes."""
    for name in (*MANY, HEBREW, EMOJI, LONG.strip()):
        site.session.add_class(0, name)
    one = Visit(browser, site, viewport={"width": 360, "height": 740}, has_touch=True)
    yield one
    one.close()


def test_two_hundred_classes_are_found_by_typing_while_the_picture_stays_where_it_is(phone: Visit) -> None:
    page = phone.open()
    stage = page.locator(".stage").bounding_box()
    assert page.locator(".class").count() == 60
    assert page.is_visible("text=and 140 more: type to find them")
    assert page.evaluate("document.activeElement.matches('.find input')")
    field = page.locator(".find input").bounding_box()
    assert stage["y"] < field["y"] < 740 - 44
    for place, (typed, expected) in enumerate((("שדה", HEBREW), ("fam", EMOJI), ("of the 64", "🌻 of the 64"))):
        page.keyboard.type(typed)
        assert page.inner_text(".class.aimed span") == expected
        assert page.locator(".stage").bounding_box() == stage
        page.keyboard.press("Enter")
        assert name_of(phone, place, place + 1) == expected
    page.keyboard.type("all its rem")
    page.tap(".class.aimed")
    assert name_of(phone, 3, 4) == LONG.strip()
    assert page.input_value(".find input") == ""
    page.tap(".recent button >> nth=0")
    page.fill("dialog .find input", "fam")
    page.keyboard.press("Enter")
    assert name_of(phone, 4, 5) == EMOJI
    for name in ("label", "grid", "map", "review", "settings"):
        phone.open(name)
        assert page.evaluate("document.documentElement.scrollWidth") == 360, name
    assert page.locator(".row").count() > 200
    assert page.locator("option").count() < 500  # and not one for each two of them: that took seconds
    page.focus("[aria-label='Merge square into']")
    page.wait_for_selector("[aria-label='Merge square into'] option:has-text('birch 7')", state="attached")
