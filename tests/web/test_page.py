"""The page in a real browser: keys, correcting, typing."""

from visits import Visit


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


def test_a_key_where_no_question_is_answers_nothing_and_the_page_says_so(visit: Visit) -> None:
    visit.site.session.late = True
    page = visit.page
    page.goto(visit.site.address)
    page.wait_for_selector("text=until then keys answer nothing")
    page.keyboard.press("1")
    page.wait_for_selector(".why:has-text('no question was there yet')")
    visit.site.session.late = False
    page.wait_for_selector(".stage img")
    assert page.is_visible(".why:has-text('no question was there yet')")
    assert visit.site.session.events == []


def test_a_turned_picture_leaves_the_next_one_as_it_is(visit: Visit) -> None:
    page = visit.open()
    page.keyboard.press("r")
    page.wait_for_selector(".stage img[data-turn='1']")
    page.keyboard.press("x")
    page.wait_for_selector(".stage img[data-turn='0']")
    page.keyboard.press("Backspace")
    page.wait_for_selector(".stage img[data-turn='1']")


def test_a_decision_of_the_review_can_be_taken_back(visit: Visit) -> None:
    page = visit.open()
    page.keyboard.press("2")
    visit.labels(1)
    visit.open("review")
    page.wait_for_selector(".review img")
    page.keyboard.press("1")
    page.wait_for_selector("text=Nothing to review")
    page.keyboard.press("Backspace")
    assert visit.labels(3)[2]["takes_back"] == 1
    page.wait_for_selector(".review .said:has-text('square')")


def test_a_thumbnail_corrects_an_answer(visit: Visit) -> None:
    page = visit.open()
    page.keyboard.press("1")
    page.click(".recent button")
    page.click("dialog .class >> nth=1")
    corrected = visit.labels(2)[1]
    assert (corrected["sample"], corrected["class_id"], corrected["ask"]) == (0, 1, None)
    page.wait_for_selector(".recent .caption:has-text('square')")
    page.click(".recent button")
    page.keyboard.press("x")
    assert (visit.labels(3)[2]["sample"], visit.labels(3)[2]["kind"]) == (0, "discard")
    page.wait_for_selector(".recent .caption:has-text('put aside')")


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
