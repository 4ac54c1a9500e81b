"""Answers on their way: whatever happens to the page or the server, none is lost and none is kept twice."""

from typing import Any

import pytest
from sites import Site
from visits import Visit


def test_unsent_answers_survive_a_reload_and_are_sent_once(visit: Visit) -> None:
    page = visit.open()
    visit.forgiven.append("net::ERR_FAILED")

    def cut(route: Any) -> None:
        if not visit.site.session.events:
            route.fetch()  # the first one is kept, and its reply is lost
        route.abort()

    page.route("**/api/answers", cut)
    for key in "121":
        page.keyboard.press(key)
    page.wait_for_selector(".news:has-text('3 answers wait to be sent. They are kept here, also over a reload')")
    visit.mend_the_line()
    page.reload()
    events = visit.labels(3)
    page.wait_for_function("() => !document.querySelector('.news')")
    assert [(each["sample"], each["class_id"]) for each in events] == [(0, 0), (1, 1), (2, 0)]


def test_a_reload_in_the_very_moment_of_a_key_loses_nothing(visit: Visit) -> None:
    page = visit.open()
    visit.cut_the_line()
    for key in "1212":
        with page.expect_navigation():
            page.evaluate(
                """key => { document.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
                location.reload(); }""",
                key,
            )
        page.wait_for_selector(".stage img")
    visit.mend_the_line()
    assert [(each["sample"], each["class_id"]) for each in visit.labels(4)] == [(0, 0), (1, 1), (2, 0), (3, 1)]


PROGRAMS = {"another page": (200, "<h1>Hello</h1>"), "another API": (200, "{}"), "no such page": (404, "Not Found"),
            "a proxy": (502, "Bad Gateway"), "not here": (405, '{"detail": "Method Not Allowed"}')}  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS)
def test_another_program_at_the_address_takes_no_answer(visit: Visit, program: str) -> None:
    status, body = PROGRAMS[program]
    page = visit.open()
    visit.forgiven.append("Failed to load resource")
    page.route("**/api/answers", lambda route: route.fulfill(status=status, body=body))
    page.keyboard.press("2")
    page.wait_for_selector(".news:has-text('One answer waits')")
    visit.mend_the_line()
    assert visit.labels(1)[0]["class_id"] == 1
    page.wait_for_function("() => !document.querySelector('.news')")


@pytest.mark.parametrize(
    ("gone", "words"),
    [("indexedDB", "over a reload"), ("localStorage", "over a reload"), ("both", "Keep this page open")],
)
def test_a_browser_that_keeps_less_says_so_and_loses_nothing_it_promised(visit: Visit, gone: str, words: str) -> None:
    for name in ("indexedDB", "localStorage") if gone == "both" else (gone,):
        visit.page.add_init_script(f"Object.defineProperty(window, '{name}', {{get() {{ throw new Error('no'); }}}})")
    page = visit.open()
    visit.cut_the_line()
    page.keyboard.press("1")
    page.wait_for_selector(f".news:has-text('{words}')")
    if gone != "both":
        page.reload()
    visit.mend_the_line()
    assert [each["class_id"] for each in visit.labels(1)] == [0]


def test_a_page_that_is_no_longer_known_keeps_its_answers_for_the_next_link(visit: Visit) -> None:
    page = visit.open()
    visit.forgiven.append("401")
    cookies = visit.context.cookies()
    visit.context.clear_cookies()
    page.keyboard.press("2")
    page.wait_for_selector(".news:has-text('One answer waits here until then')")
    visit.context.add_cookies(cookies)
    page.reload()
    assert [each["class_id"] for each in visit.labels(1)] == [1]


def test_an_answer_that_the_server_refuses_is_told_and_not_sent_for_ever(visit: Visit) -> None:
    page = visit.open()
    visit.forgiven.append("404")
    visit.site.session.classes.clear()
    page.keyboard.press("1")
    page.wait_for_selector(".news:has-text('An answer was not taken: There is no class 0')")
    assert page.evaluate("Object.keys(localStorage).filter((name) => name.includes('unsent')).length") == 0


def test_two_tabs_of_one_person_send_an_answer_once(browser: Any, site: Site, visit: Visit) -> None:
    page = visit.open()
    visit.cut_the_line()
    page.keyboard.press("2")
    page.wait_for_selector(".news:has-text('One answer waits')")
    second = visit.context.new_page()  # finds it in the browser, and sends it
    second.goto(f"{site.address}/")
    visit.labels(1)
    visit.mend_the_line()
    page.wait_for_function("() => !document.querySelector('.news')")
    assert [each["class_id"] for each in site.session.events] == [1]


def test_a_server_that_was_away_for_a_moment_is_not_said_to_be_away_for_ever(visit: Visit) -> None:
    """Nobody need answer for it; and who is no longer known is told so, and not that nobody is there."""
    page = visit.open()
    visit.forgiven += ["net::ERR_FAILED", "401"]
    page.route("**/api/questions?**", lambda route: route.abort())
    for _ in range(13):  # so that more is fetched
        page.keyboard.press("1")
    page.wait_for_selector(".news:has-text('The server does not answer')")
    page.unroute("**/api/questions?**")
    page.wait_for_function("() => !document.querySelector('.news')")
    visit.labels(13)
    page.route("**/api/questions?**", lambda route: route.fulfill(status=401, body='{"error": "Come in again."}'))
    for _ in range(20):
        page.keyboard.press("1")
    page.wait_for_selector(".news:has-text('Come in again.')")
