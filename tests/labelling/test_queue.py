"""What comes first."""

import time

import pytest
from people import Person


def lasso_some(session, person, count):
    """Some samples that a map lets one choose."""
    shown = {question["sample"] for question in person.ask(10)}
    query = {"class_id": None, "annotator": None, "text": None, "ids": None, "grid": True, "offset": 0, "count": 60}
    free = [row["sample"] for row in session.samples(query)["samples"] if row["sample"] not in shown]
    assert session.lasso(person.id, free[:count]) == count
    return free[:count]


def test_a_region_comes_before_what_lies_ready_and_no_more_of_it_is_held_than_asked_for(session):
    ada = Person(session)
    ready = [question["sample"] for question in ada.ask(4)]
    region = lasso_some(session, ada, 6)
    for _ in range(3):  # as a page asks again
        assert [question["sample"] for question in ada.ask(4)] == region[:4]
    held = session._project.state.held(ada.id, session._project.now())
    assert {*region[:4], *ready} <= {*held}
    assert not {*region[4:]} & {*held}
    for _ in region:
        ada.say(ada.ask(1)[0])
    assert {*ready} & {question["sample"] for question in ada.ask(10)}


@pytest.mark.parametrize(("gap", "fewest"), [(4.0, 3), (0.5, 5), (0.1, 24)])
def test_whoever_is_fast_holds_more_questions_while_a_batch_is_late(late, gap, fewest):
    """Ten keys a second would have answered three before the next ones are there."""
    ada, began, held = Person(late), time.time() - 200, list[int]()
    for i in range(30):
        first, *others = ada.ask(30)
        held.append(1 + len(others))
        ada.say(first, answered_at=began + gap * i)
    assert min(held[8:20]) == fewest


def test_what_is_no_daisy_does_not_head_the_next_grid_of_daisies(session):
    ada = Person(session)
    ada.go_on(20)
    query = {"class_id": None, "annotator": None, "text": None, "ids": None, "grid": True, "offset": 0, "count": 60}
    query["class_id"] = session.samples(query)["samples"][0]["class_id"]  # the surest of all
    rows = [row["sample"] for row in session.samples(query)["samples"]]
    assert rows
    said = {"client": "00000000-0000-4000-8000-000000000001", "class_id": query["class_id"], "right": []}
    said["wrong"] = rows[:1]
    session.answer_grid(ada.id, said)
    assert [row["sample"] for row in session.samples(query)["samples"]] == rows[1:]
