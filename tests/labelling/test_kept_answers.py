"""What becomes of what people say: which answer is taken back, when it was given, what Review may decide."""

import contextlib
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from people import CLASSES, Person, draw_pictures, open_at

from nextlabel.errors import Conflict, Mistake
from nextlabel.labelling import LabellingSession, Wish, open_project
from nextlabel.store.store import utc_now

CLIENT = "8d7f6c1e-0000-4000-8000-{:012}"


def test_undo_in_one_tab_takes_back_no_answer_of_another(late):
    ada, ben = Person(late, "ada"), Person(late, "ben")
    first, second = ada.ask(2)
    mine = [ada.say(question, client=CLIENT.format(i))["event"] for i, question in enumerate((first, second))]
    for _ in range(2):  # the reply was lost on its way
        undone = late.undo(ada.id, CLIENT.format(2), CLIENT.format(0))
        assert undone["question"]["sample"] == first["sample"]
    assert [row["event"] for row in late.recent(ada.id, 9)] == mine[1:]
    for person, of in ((ada, 0), (ben, 1), (ada, 7)):  # taken back already, somebody else's, never kept
        with pytest.raises(Conflict, match="taken back already"):
            late.undo(person.id, CLIENT.format(3), CLIENT.format(of))
    assert late.overview(ada.id)["labelled"] == 1


def test_undo_of_a_correction_asks_nothing_since_the_answer_before_it_holds_again(late):
    ada = Person(late)
    (question,) = ada.ask()
    ada.say(question, name="circle")
    ada.say({**question, "ask": None}, name="cross", client=CLIENT.format(0))
    for _ in range(2):  # the reply was lost on its way
        assert late.undo(ada.id, CLIENT.format(1), CLIENT.format(0))["question"] is None
    assert late.recent(ada.id, 1)[0]["class_id"] == CLASSES.index("circle")
    assert question["sample"] not in [one["sample"] for one in ada.ask(10)]


def test_an_answer_has_the_time_at_which_it_was_given_as_far_as_that_can_be(late):
    """It may have waited in a browser; a clock that goes ahead, or is years behind, does not make the time."""
    ada, now = Person(late), time.time()
    for said in (now - 90, now - 60, now + 1e6, 0.0, None):
        ada.say(ada.ask()[0], answered_at=said)
    kept = [event.at for event in late._project.store.events() if event.kind == "label"]
    assert [round(one.timestamp() - now) for one in kept[:2]] == [-90, -60]
    assert kept[1] < kept[2] <= utc_now()
    assert timedelta(days=29) < utc_now() - kept[3] < timedelta(days=31)
    assert 89 < late.overview(ada.id)["seconds_spent"] < 95  # nothing twice, and nothing of what is not known


def test_the_pace_is_that_of_the_person_and_not_of_the_line(late):
    ada, now = Person(late), time.time()
    for i in range(11):  # all sent at once
        ada.say(ada.ask()[0], answered_at=now - 40 + 4 * i)
    assert late.overview(ada.id)["pace"] == pytest.approx(15)


def test_labels_that_are_imported_over_and_over_end_as_the_last_file_says(tmp_path):
    place = draw_pictures(tmp_path / "shapes", 4)
    path = min(one.name for one in place.iterdir())
    for i, name in enumerate(("circle", "cross", "circle", "circle", "square", "cross", "circle")):
        answers = tmp_path / f"{i}.csv"
        answers.write_text(f"path,label\n{path},{name}\n")
        opened = open_project(Wish(place, labels=[str(answers)], classes=CLASSES))
        with contextlib.closing(opened.project.store):
            assert [v.class_id for v in opened.project.verdicts.values()] == [CLASSES.index(name)]
    assert sum(event.how == "import" for event in opened.project.tally.events.values()) == 6
    assert "1 label of 3 classes taken in." in opened.notes


def test_review_may_put_a_disputed_picture_aside(late):
    ada, ben = Person(late, "ada"), Person(late, "ben")
    late.change_settings(ada.id, {"overlap": 1.0})
    (question,) = ada.ask()
    ada.say(question, name="circle")
    ben.say(ben.ask()[0], name="cross")
    (doubt,) = late.review(ada.id)
    assert [answer["annotator"] for answer in doubt["answers"]] == ["ada", "ben"]
    ada.say({**doubt, "ask": None}, "discard", how="review")
    assert late.review(ada.id) == []
    verdict = late._project.verdicts[question["sample"]]
    assert (verdict.kind, verdict.disputed) == ("discard", False)


def test_no_key_does_two_things(late):
    """A class's key is none of an action's, whichever of the two is bound last."""
    ada = Person(late)
    for key in ("x", "X", " ", "i"):
        with pytest.raises(Conflict, match="is that of"):
            late.change_class(ada.id, 0, {"key": key})
    late.change_class(ada.id, 0, {"key": "q"})
    for actions in ({"skip": "q"}, {"zoom": "Q"}, {"skip": "n"}, {"zoom": "2"}):
        with pytest.raises(Conflict, match="Choose another key"):
            late.change_settings(ada.id, {"actions": actions})
    with pytest.raises(Mistake, match="no action 'jump'"):
        late.change_settings(ada.id, {"actions": {"jump": "j"}})
    late.change_settings(ada.id, {"actions": {"discard": "j"}})
    assert [row["key"] for row in late.change_class(ada.id, 0, {"key": "x"})] == ["x", "2", "3"]
    with pytest.raises(Conflict, match="bound to the class 'circle'"):
        late.change_settings(ada.id, {"actions": {}})  # x would be a bad picture's again
    assert late.add_class(ada.id, "I")[-1]["key"] == "1"


def test_what_is_said_to_be_wrong_in_a_grid_is_kept_of_samples_alone(late):
    ada = Person(late)
    said = {"client": CLIENT.format(0), "class_id": 0, "right": [], "wrong": [5, 60, 10**9]}
    late.answer_grid(ada.id, said)
    assert late._project.unlike[0] == {5}


def test_undo_of_a_grid_takes_back_that_grid_whatever_came_after(late):
    ada = Person(late)
    free = [i for i in range(60) if not late._project.is_audit(i)]
    for i, right in enumerate((free[:3], free[3:5])):
        late.answer_grid(ada.id, {"client": CLIENT.format(i), "class_id": 0, "right": right, "wrong": []})
    ada.say(ada.ask()[0], client=CLIENT.format(2))
    late.undo(ada.id, CLIENT.format(3), CLIENT.format(0))
    assert not {*free[:3]} & {*late._project.verdicts}
    assert {*free[3:5]} < {*late._project.verdicts}
    assert late.overview(ada.id)["labelled"] == 3


def test_a_page_that_counted_on_before_the_clock_was_set_back_is_told_again(late):
    ada = Person(late)
    ada.say(ada.ask()[0])
    number = max(one["number"] for one in late.changes(-1))
    assert late.changes(number) == []
    assert late.changes(number + 10_000_000) == late.changes(-1) != []


def test_who_is_asked_of_two_people_does_not_hang_on_where_a_file_lies(tmp_path):
    place = draw_pictures(tmp_path / "shapes", 30)
    opened = open_at(place, overlap=0.5)
    with contextlib.closing(opened.project.store):
        queue = LabellingSession(opened.project, opened.address)._queue
        before = [queue._second_draw(i) for i in range(30)]
        assert 5 < sum(one < 0.5 for one in before) < 25
        sides = [one.draw < 0.2 for one in opened.project.samples]
        assert any(side and one < 0.5 for side, one in zip(sides, before, strict=True))  # from both sides
        opened.project.samples = [replace(one, path=f"elsewhere/{one.path}") for one in opened.project.samples]
        queue._second_draws.clear()
        assert [queue._second_draw(i) for i in range(30)] == before
