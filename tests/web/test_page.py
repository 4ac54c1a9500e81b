"""The page in a real browser: keys, undo, reload, nothing lost, and everybody can use it."""

import json
import time
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import httpx
import pytest
from sites import CHROMIUM, QUIET, Site

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
if CHROMIUM is None:
    pytest.skip("no Chromium on this machine: apt-get install chromium", allow_module_level=True)

AXE = files("axe_playwright_python") / "axe.min.js"
PAGES = ("label", "grid", "map", "review", "settings")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One Chromium for all tests of this file."""
    with playwright.sync_playwright() as engine:
        chromium = engine.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


class Visit:
    """A page in a context of its own, with whatever it complained about and wherever it asked."""

    def __init__(self, browser: Any, site: Site, **options: Any) -> None:
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.complaints: list[str] = []
        self.addresses: set[str] = set()
        self.page.on(
            "console", lambda said: self.complaints.append(said.text) if said.type in ("error", "warning") else None
        )
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.addresses.add(request.url))
        self.site = site
        cookie = {"name": site.doors.cookie, "value": site.doors.make_pass(0), "url": site.address}
        self.context.add_cookies([cookie])

    def open(self, page: str = "label") -> Any:
        """Go to one of the pages and wait until it is there."""
        self.page.goto(f"{self.site.address}/#{page}")
        self.page.wait_for_selector("#main:not(.empty)")
        if page == "label":
            self.page.wait_for_selector(".stage img, .empty h1")
        return self.page

    def labels(self, count: int) -> list[dict[str, Any]]:
        """The session's events, as soon as there are so many."""
        end = time.monotonic() + 15
        while len(self.site.session.events) < count and time.monotonic() < end:
            self.page.wait_for_timeout(20)
        return self.site.session.events


@pytest.fixture
def visit(browser: Any, site: Site) -> Iterator[Visit]:
    """A visit at the size of a small laptop; at its end nothing may have been complained about."""
    one = Visit(browser, site, viewport={"width": 1200, "height": 760})
    yield one
    one.context.close()
    assert one.complaints == []
    assert {httpx.URL(address).host for address in one.addresses} <= {"127.0.0.1"}  # no telemetry, no CDN


def shown(page: Any) -> str:
    """The address of the picture on the stage."""
    found: str = page.get_attribute(".stage img", "src")
    return found


def test_one_key_labels_and_moves_on_and_backspace_takes_it_back(visit: Visit) -> None:
    page = visit.open()
    before = shown(page)
    page.keyboard.press("2")
    assert shown(page) != before
    events = visit.labels(1)
    assert (events[0]["class_id"], events[0]["how"], events[0]["sample"]) == (1, "key", 0)
    page.wait_for_selector(".why:has-text('asked because')")
    page.keyboard.press("Backspace")
    assert shown(page) == before
    assert visit.labels(2)[1]["kind"] == "undo"


def test_undo_reaches_back_over_a_reload(visit: Visit) -> None:
    page = visit.open()
    before = shown(page)
    page.keyboard.press("1")
    visit.labels(1)
    page.reload()
    page.wait_for_selector(".recent img")
    page.wait_for_selector(".stage img")
    page.keyboard.press("Backspace")
    page.wait_for_function("src => document.querySelector('.stage img')?.getAttribute('src') === src", arg=before)
    assert visit.labels(2)[1]["takes_back"] == 0


def test_space_x_and_the_dot_do_what_they_say(visit: Visit) -> None:
    page = visit.open()
    for key in ("2", " ", "x", "."):
        page.keyboard.press(key)
    assert [each["kind"] for each in visit.labels(4)] == ["label", "skip", "discard", "label"]
    assert visit.labels(4)[3]["class_id"] == 1


def test_keys_do_nothing_while_a_text_field_has_the_focus(visit: Visit) -> None:
    page = visit.open()
    page.keyboard.press("/")
    page.keyboard.type("1x 2")
    assert page.input_value(".find input") == "1x 2"
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.wait_for_selector("dialog textarea")
    page.keyboard.type("x 1 looks odd")
    page.keyboard.press("Enter")
    assert [(each["kind"], each["note"]) for each in visit.labels(1)] == [("note", "x 1 looks odd")]


def test_a_mouse_click_does_not_leave_space_on_the_button(visit: Visit) -> None:
    page = visit.open()
    page.click(".class >> nth=0")
    page.keyboard.press(" ")
    assert [(each["kind"], each["how"]) for each in visit.labels(2)] == [("label", "button"), ("skip", "key")]


def test_the_first_class_is_typed_and_from_the_second_on_keys_answer(visit: Visit) -> None:
    visit.site.session.classes.clear()
    page = visit.open()
    assert page.evaluate("document.activeElement.placeholder") == "What is it?"
    for name in ("beach", "Beach", "mountain"):
        page.keyboard.type(name)
        page.keyboard.press("Enter")
        page.wait_for_function("() => document.querySelector('.find input').value === ''")
    page.keyboard.press("2")
    assert [each["class_id"] for each in visit.labels(4)] == [0, 0, 1, 1]


def test_no_key_is_lost_at_ten_keys_a_second(visit: Visit) -> None:
    page = visit.open()
    keys = "1212112212" * 3
    page.evaluate(
        """keys => new Promise(done => { let place = 0; const timer = setInterval(() => {
          document.dispatchEvent(new KeyboardEvent("keydown", {key: keys[place++], bubbles: true}));
          if (place === keys.length) { clearInterval(timer); done(); } }, 100); })""",
        keys,
    )
    events = visit.labels(len(keys))
    assert [each["class_id"] for each in events] == [int(key) - 1 for key in keys]
    assert len({each["sample"] for each in events}) == len(keys)


def test_unsent_answers_survive_a_reload_and_are_sent_once(visit: Visit) -> None:
    page = visit.open()

    def cut(route: Any) -> None:
        if not visit.site.session.events:
            route.fetch()  # the first one is kept, and its reply is lost
        route.abort()

    page.route("**/api/answers", cut)
    for key in "121":
        page.keyboard.press(key)
    page.wait_for_selector(".news:has-text('wait')")
    page.wait_for_timeout(300)
    assert "3 answers wait to be sent. They are kept here, also over a reload" in page.inner_text(".news")
    page.unroute("**/api/answers")
    page.reload()
    events = visit.labels(3)
    page.wait_for_function("() => !document.querySelector('.news')")
    assert [(each["sample"], each["class_id"]) for each in events] == [(0, 0), (1, 1), (2, 0)]
    visit.complaints = [said for said in visit.complaints if "net::ERR_FAILED" not in said]


def test_a_thumbnail_corrects_an_answer(visit: Visit) -> None:
    page = visit.open()
    page.keyboard.press("1")
    page.click(".recent button")
    page.click("dialog .class >> nth=1")
    corrected = visit.labels(2)[1]
    assert (corrected["sample"], corrected["class_id"], corrected["ask"]) == (0, 1, None)
    page.wait_for_selector(".recent .caption:has-text('square')")


def test_a_class_name_is_text_wherever_it_stands(visit: Visit) -> None:
    visit.site.session.add_class(0, "<img src=x onerror=document.title='gone'>")
    visit.site.session.add_class(0, "a" * 300)
    for name in PAGES:
        page = visit.open(name)
        page.wait_for_timeout(150)
        assert page.title() != "gone"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name


@pytest.mark.parametrize("width", [360, 390])
def test_a_phone_shows_every_page_without_scrolling_sideways(browser: Any, site: Site, width: int) -> None:
    visit = Visit(browser, site, viewport={"width": width, "height": 844}, has_touch=True)
    for name in PAGES:
        page = visit.open(name)
        page.wait_for_timeout(150)
        assert page.evaluate("document.documentElement.scrollWidth") == width, name
    page = visit.open()
    page.tap(".class >> nth=1")
    assert visit.labels(1)[0]["class_id"] == 1
    box = page.locator(".stage").bounding_box()
    assert box["height"] > 844 / 3  # the largest thing
    assert visit.complaints == []
    visit.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(browser: Any, site: Site, scheme: str) -> None:
    visit = Visit(browser, site, color_scheme=scheme, bypass_csp=True, viewport={"width": 1200, "height": 760})
    page = visit.open()
    page.keyboard.press("1")
    page.wait_for_selector(".why:has-text('asked because')")
    for name in (*PAGES, "help", "note", "correct", "zoom"):
        if name in PAGES:
            page.goto(f"{site.address}/#{name}")
        else:
            page.goto(f"{site.address}/#label")
            keys = {"help": "?", "note": "n", "zoom": "z"}
            page.keyboard.press(keys[name]) if name in keys else page.click(".recent button")
            page.wait_for_selector("dialog")
        page.wait_for_timeout(250)
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = page.evaluate("axe.run()")["violations"]
        told = [(each["id"], [node["html"][:120] for node in each["nodes"][:3]]) for each in found]
        assert told == [], f"{name}: {json.dumps(told)}"
        page.keyboard.press("Escape")
    visit.context.close()


def test_everything_can_be_reached_with_tab_alone(visit: Visit) -> None:
    page = visit.open()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the page"
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.class')"):
            break
    page.keyboard.press("Enter")
    assert visit.labels(1)[0]["how"] == "button"
    assert page.evaluate("document.activeElement.matches('.class')")


def test_a_lasso_puts_what_it_holds_at_the_front(visit: Visit) -> None:
    page = visit.open("map")
    box = page.wait_for_selector("canvas").bounding_box()
    corners = [(0.01, 0.01), (0.99, 0.01), (0.99, 0.99), (0.01, 0.99), (0.02, 0.05)]
    page.mouse.move(box["x"] + 12, box["y"] + 12)
    page.mouse.down()
    for x, y in corners:
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=3)
    page.mouse.up()
    page.click("text=/Ask about these/")
    page.wait_for_selector(".stage img")
    assert len(visit.site.session.front) == 32  # a fifth are for checking the machine, and cannot be chosen
    assert not [sample for sample in visit.site.session.front if sample % 5 == 0]
