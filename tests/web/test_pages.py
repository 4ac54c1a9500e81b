"""Every page: for everybody, on every screen, with hostile names; and what each of them does."""

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from folder_session import FolderSession
from PIL import Image
from sites import Site
from visits import PAGES, Visit

AXE = files("axe_playwright_python") / "axe.min.js"


MARKUP = "<img src=x onerror=document.title='gone'>"


def test_names_and_notes_of_others_are_text_wherever_they_stand(visit: Visit) -> None:
    session = visit.site.session
    (session.root / session.paths[0]).rename(session.root / f"{MARKUP}.jpg")
    session.paths[0] = f"{MARKUP}.jpg"
    session.invite(MARKUP, "x")
    session.add_class(0, MARKUP)
    session.add_class(0, "a" * 300)
    session.change_class(0, 2, {"description": MARKUP, "example": 0})
    session.set.update(show_names=True, predictions=True)
    for person, kind in ((0, "label"), (1, "label"), (0, "note")):
        said = {"client": f"{person} {kind}", "sample": 0, "kind": kind, "how": "key"}
        session.answer(person, {**said, "class_id": 2 if kind == "label" else None, "note": MARKUP})
    for name in PAGES:
        page = visit.open(name)
        page.wait_for_timeout(150)
        assert page.title() != "gone"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    for name in ("help", "correct", "around"):
        open_dialog(visit, name)
        page.keyboard.press("Escape")
    assert page.title() != "gone"
    assert page.query_selector("[onerror]") is None


@pytest.mark.parametrize("width", [360, 390])
def test_a_phone_shows_every_page_without_scrolling_sideways(browser: Any, site: Site, width: int) -> None:
    visit = Visit(browser, site, viewport={"width": width, "height": 844}, has_touch=True)
    site.session.foretell()
    for name in PAGES:
        page = visit.open(name)
        page.wait_for_timeout(150)
        assert page.evaluate("document.documentElement.scrollWidth") == width, name
    page = visit.open()
    page.tap(".class >> nth=1")
    assert visit.labels(1)[0]["class_id"] == 1
    box = page.locator(".stage").bounding_box()
    assert box["height"] > 844 / 3  # the largest thing
    visit.close()


def open_dialog(visit: Visit, name: str) -> None:
    """One of those that lie over the Label page."""
    page = visit.open()
    keys = {"help": "?", "note": "n", "zoom": "z", "around": "ArrowRight"}
    page.keyboard.press(keys[name]) if name in keys else page.click(".recent button")
    page.wait_for_selector("dialog")


def look_with_axe(visit: Visit, scheme: str = "light") -> list[Any]:
    """What axe-core finds wrong with what is on the screen; in the dark with its colours, for all else is the same."""
    visit.page.wait_for_timeout(250)
    if visit.page.evaluate("typeof axe") == "undefined":
        visit.page.evaluate(AXE.read_text(encoding="utf-8"))
    rules = {"runOnly": ["color-contrast", "link-in-text-block"]} if scheme == "dark" else {}
    found = visit.page.evaluate("rules => axe.run(rules)", rules)["violations"]
    return [(each["id"], [node["html"][:120] for node in each["nodes"][:3]]) for each in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(browser: Any, site: Site, scheme: str) -> None:
    visit = Visit(browser, site, color_scheme=scheme, bypass_csp=True, viewport={"width": 1200, "height": 760})
    site.session.demo = True
    site.session.set.update(predictions=True, show_names=True)
    site.session.change_class(0, 1, {"example": 3})
    site.session.foretell()
    visit.open().keyboard.press("2")
    visit.page.wait_for_selector(".why:has-text('asked because')")
    for name in PAGES:
        visit.open(name)
        assert look_with_axe(visit, scheme) == [], name
    visit.page.goto(f"{site.address}/#grid")
    visit.page.click("text=The machine is sure")
    assert look_with_axe(visit, scheme) == []
    visit.page.select_option("text=Show", "near-duplicates")
    visit.page.wait_for_selector(".pairs")
    assert look_with_axe(visit, scheme) == []
    for name in ("help", "note", "correct", "zoom", "around"):
        open_dialog(visit, name)
        assert look_with_axe(visit, scheme) == [], name
        visit.page.keyboard.press("Escape")
    visit.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_a_phone_nor_where_there_is_nothing_yet(browser: Any, tmp_path: Path, scheme: str) -> None:
    site = Site(FolderSession(tmp_path))
    with site.server, site.client:
        options = {"color_scheme": scheme, "bypass_csp": True, "viewport": {"width": 390, "height": 844}}
        visit = Visit(browser, site, has_touch=True, **options)
        for name in PAGES:
            visit.page.goto(f"{site.address}/#{name}")
            visit.page.wait_for_selector("h1")
            assert look_with_axe(visit, scheme) == [], name
        visit.close()


def draw_around_all(visit: Visit) -> Any:
    """A lasso around the whole map."""
    page = visit.open("map")
    box = page.wait_for_selector("canvas").bounding_box()
    corners = [(0.01, 0.01), (0.99, 0.01), (0.99, 0.99), (0.01, 0.99), (0.02, 0.05)]
    page.mouse.move(box["x"] + 12, box["y"] + 12)
    page.mouse.down()
    for x, y in corners:
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=3)
    page.mouse.up()
    return page


def test_a_lasso_puts_what_it_holds_at_the_front(visit: Visit) -> None:
    page = draw_around_all(visit)
    page.click("text=/Ask about these/")
    page.wait_for_selector(".stage img")
    assert len(visit.site.session.front) == 32  # a fifth are for checking the machine, and cannot be chosen
    assert not [sample for sample in visit.site.session.front if sample % 5 == 0]


def test_a_lasso_opens_as_a_grid_that_enter_confirms_but_for_the_wrong_ones(visit: Visit) -> None:
    page = draw_around_all(visit)
    page.click("text=Open as a grid")
    page.wait_for_selector(".tile")
    page.select_option("select", label="square (0)")
    page.click(".tile >> nth=0")
    page.keyboard.press("Enter")  # and not once more on the one that was clicked
    events = visit.labels(31)
    assert {(each["how"], each["class_id"]) for each in events} == {("grid", 1)}
    assert not [each for each in events if each["sample"] % 5 == 0 or each["sample"] == 1]
    page.wait_for_selector("text=All that you drew around")
    page.keyboard.press("Backspace")
    assert [each["kind"] for each in visit.labels(62)][31:] == ["undo"] * 31
    page.keyboard.press("Backspace")  # nothing else was confirmed here: no answer of another page goes
    page.wait_for_timeout(200)
    assert len(visit.site.session.events) == 62


def test_what_is_on_the_screen_is_never_confirmed_as_another_class(visit: Visit) -> None:
    page = visit.open("grid")
    page.click("text=The machine is sure")
    page.wait_for_selector(".tile")
    page.route("**/api/samples?**", lambda route: None)  # the next reply never comes
    page.select_option("select", label="square (0)")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    assert visit.site.session.events == []
    assert page.query_selector(".tile") is None
    page.unroute("**/api/samples?**")


def test_undo_on_the_first_page_takes_back_a_grid_that_came_after_its_keys(visit: Visit) -> None:
    page = visit.open()
    page.keyboard.press("2")
    page.click("nav >> text=Grid")
    page.click("text=The machine is sure")
    page.wait_for_selector(".tile")
    page.click("text=/^Confirm/")
    before = 1 + 32  # a fifth of forty checks the machine
    assert len(visit.labels(before)) == before
    page.click("nav >> text=Label")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Backspace")
    events = visit.labels(2 * before - 1)
    assert {each["takes_back"] for each in events[before:]} == set(range(1, before))  # and not the key's, 0
    page.wait_for_function("() => document.querySelectorAll('.recent li').length === 1")


def test_the_folder_can_be_looked_through_without_answering(visit: Visit) -> None:
    page = visit.open()
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("dialog .path:has-text('left/003.jpg')")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("dialog .path:has-text('left/005.jpg')")
    for key in "12x ":
        page.keyboard.press(key)
    page.click("text=← Before")
    page.wait_for_selector("dialog .path:has-text('left/003.jpg')")
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector(".for-ears:has-text('This is the first one.')", state="attached")
    page.click("text=In its folder")
    page.wait_for_selector("dialog .path:has-text('left/001.jpg')")
    assert visit.site.session.events == []


def test_a_prediction_is_shown_before_the_answer_where_it_is_wanted_and_may_be(visit: Visit) -> None:
    page = visit.open()
    page.keyboard.press("2")
    visit.labels(1)
    page.goto(f"{visit.site.address}/#settings")
    page.check("text=Show the machine’s answer first")
    page.click("nav >> text=Label")
    page.wait_for_selector(".prediction:has-text('square 100 %')")
    for _ in range(4):  # the next that checks the machine
        page.keyboard.press("2")
    assert page.query_selector(".prediction") is None
    page.keyboard.press("2")
    page.wait_for_selector(".prediction")


def test_a_class_gets_its_example_from_an_answer_and_loses_it_in_the_settings(visit: Visit) -> None:
    page = visit.open()
    page.keyboard.press("2")
    page.click(".recent button")
    page.click("text=Use this picture as the example of “square”")
    page.wait_for_selector("text=This picture is the example of “square”")
    page.keyboard.press("Escape")
    assert page.get_attribute(".class .example", "src") == "/pictures/0?side=160"
    visit.open("settings").click("[aria-label='Take the example of square away']")
    page.wait_for_function("() => !document.querySelector('.row .example img')")
    assert visit.site.session.classes[1]["example"] is None


def test_an_oracle_answers_the_next_fifty_in_a_demonstration_alone(visit: Visit) -> None:
    assert visit.open().query_selector(".oracle") is None
    visit.site.session.demo = True
    page = visit.open()
    page.reload()
    page.click("text=Let an oracle answer the next 50")
    page.wait_for_selector("h1:has-text('All done')")
    assert len(visit.site.session.events) == 40


def test_new_pictures_are_found_by_a_button(visit: Visit) -> None:
    page = visit.open("settings")
    Image.new("RGB", (9, 9)).save(visit.site.session.root / "new.png")
    page.click("text=Look for new pictures")
    page.wait_for_selector("text=1 new, 0 gone.")
    page.click("text=Look for new pictures")
    page.wait_for_selector("text=Nothing has changed.")


def test_every_knob_reaches_the_session_and_can_be_unset(visit: Visit) -> None:
    page = visit.open("settings")
    page.get_by_label("Strategy").select_option("margin")
    for words, value in (("Questions in a batch", "25"), ("Share of audit", "0.4"), ("Share for two", "0.1"),
                         ("Goal", "80"), ("Cost of an error", "2.5"), ("Cost of a label", "0.1")):  # fmt: skip
        page.get_by_label(words).fill(value)
        page.get_by_label(words).blur()
    page.wait_for_timeout(300)
    chosen = {"strategy": "margin", "batch": 25, "audit_share": 0.4, "overlap": 0.1, "goal": 80}
    costs = {"error_value": 2.5, "label_cost": 0.1}
    assert {**chosen, **costs}.items() <= visit.site.session.set.items()
    page.get_by_label("Goal").fill("")
    page.get_by_label("Goal").blur()
    page.get_by_label("Share of audit").fill("0.5")  # more than may be: nothing is sent
    page.get_by_label("Share of audit").blur()
    page.wait_for_timeout(300)
    assert (visit.site.session.set["goal"], visit.site.session.set["audit_share"]) == (None, 0.4)


def test_a_second_person_comes_in_by_a_link_and_the_receipt_tells_how_far_they_agree(visit: Visit) -> None:
    page = visit.open("settings")
    page.get_by_label("Invite").fill("Ada")
    page.click("text=Make a link")
    link = page.inner_text(".link")
    guest = visit.context.browser.new_context().new_page()
    guest.goto(link)
    guest.wait_for_selector(".stage img")
    guest.keyboard.press("1")
    visit.labels(1)
    visit.open().keyboard.press("1")
    visit.labels(2)
    visit.open("receipt")
    page.wait_for_selector("text=from 1 that two people labelled")
    guest.context.close()
    # The receipt's figures are drawn, whatever a class is called, and its questions are asked from here.
    assert page.locator(".receipt-page .interval").count() == 2
    page.click("text=Class by class")
    page.wait_for_selector("td:has-text('<b>cat</b>')")
    assert look_with_axe(visit) == []
    page.click("button:has-text('Check the rest')")
    page.wait_for_selector(".label aside .interval")  # beside the picture as well
    assert look_with_axe(visit) == []


def test_a_merge_is_asked_about_first(visit: Visit) -> None:
    page = visit.open("settings")
    page.focus("[aria-label='Merge square into']")
    page.select_option("[aria-label='Merge square into']", label="round")
    page.wait_for_selector("dialog:has-text('There is no way back')")
    assert visit.site.session.classes[1]["into"] is None
    page.click("text=Merge them")
    page.wait_for_function("() => document.querySelectorAll('.settings .row select').length === 1")
    assert visit.site.session.classes[1]["into"] == 0
