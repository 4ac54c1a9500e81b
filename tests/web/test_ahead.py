"""The card that looks ahead, and the grid's filters: in a real browser."""

from visits import Visit


def test_a_look_ahead_is_asked_for_waited_for_and_read(visit: Visit) -> None:
    session = visit.site.session
    page = visit.open("receipt")
    page.wait_for_selector(".outlook >> text=From 30 audit answers on: 18 so far.")
    assert not page.query_selector(".outlook button")
    session.audit = 31
    page.reload()
    page.click("text=Look ahead")
    page.wait_for_selector(".outlook [role=status] >> text=Go on meanwhile")
    session.looking.set()
    page.wait_for_selector(".outlook .headline >> text=I do not know")
    assert page.locator(".played polyline").count() == 3
    assert page.locator(".reasons li").all_inner_texts() == ["Too easy? It errs in 23 of 100 cases."]
    page.wait_for_selector(".outlook >> text=1 more audit answer since then")


def test_near_duplicates_come_pair_by_pair_and_enter_confirms_none_of_them(visit: Visit) -> None:
    page = visit.open()
    page.keyboard.press("2")
    visit.labels(1)
    page = visit.open("grid")
    page.select_option("text=Show", "near-duplicates")
    pair = page.wait_for_selector(".pairs > li")
    assert [one.get_attribute("src").split("?")[0] for one in pair.query_selector_all("img")] == [
        "/pictures/1",
        "/pictures/2",
    ]
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Enter")
    page.click(".pairs .tile >> nth=0")  # a look at it, larger; and a class by its key
    page.wait_for_selector("dialog")
    page.keyboard.press("1")
    assert [(each["sample"], each["how"]) for each in visit.labels(2)[1:]] == [(1, "button")]
    page.select_option("text=Show", "outliers")
    page.wait_for_selector("text=There are no outliers here.")
    page.click("text=Labelled already")
    page.wait_for_selector(".tile")
