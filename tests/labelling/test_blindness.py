"""Before the answer nothing tells an audit question from another, and nothing of the model ever reaches one."""

import contextlib

import numpy as np
import pytest
from people import CLASSES, Person, draw_pictures, open_at
from test_loop import grid

from nextlabel.errors import Conflict
from nextlabel.labelling import LabellingSession, Wish, open_project
from nextlabel.labelling.past import COMES_BACK


def is_audit(session, sample):
    return session._project.is_audit(sample)


def test_nothing_of_the_model_reaches_the_audit_side(session):
    """Whatever the switch says: no prediction, no mark, no map colour, no grid, no lasso, no answer in Review."""
    ada = Person(session)
    ada.go_on(20)
    session.change_settings(ada.id, {"predictions": True})
    seen = {True: 0, False: 0}
    for _ in range(15):
        ada.settle()
        (question,) = ada.ask()
        audit = is_audit(session, question["sample"])
        assert list(question) == ["ask", "sample", "path", "text", "width", "height", "prediction"]
        assert not (audit and question["prediction"])
        kept = ada.say(question)
        assert (kept["agrees"] is None) or not audit
        seen[audit] += 1
    assert all(seen.values())
    assert not [row for row in grid(session) if is_audit(session, row["sample"])]
    there = [sample for sample in range(60) if is_audit(session, sample)]
    assert session.lasso(ada.id, there) == 0
    session._maps._held = np.arange(60), np.zeros((60, 2))  # computed already: it takes the worker a while
    found = session.map()
    of_audit = [(found["state"][i], found["predicted"][i]) for i, one in enumerate(found["ids"]) if one in there]
    assert set(of_audit) == {("audit", None)}
    assert all(row["model"] is None is row["score"] for row in session.review(ada.id) if row["sample"] in there)


@pytest.mark.parametrize("kind", ["note", "skip"])
def test_why_is_told_after_an_answer_and_not_for_a_note_or_a_skip(late, kind):
    """Either leaves the question open: whoever knew that it is the audit's could answer it with more care."""
    ada = Person(late)
    (question,) = ada.ask()
    assert ada.say(question, kind, note="blurred" if kind == "note" else None)["why"] is None
    assert ada.say(question)["why"]["reason"] == "audit"


def test_nobody_answers_what_was_never_asked(late):
    """Audit samples are asked in the order of their draws, or not at all; and a refusal tells no side from another."""
    ada = Person(late)
    known = {question["sample"] for question in ada.ask(10)}
    rest = [sample for sample in range(60) if sample not in known]
    said = set()
    for sample in rest:
        with pytest.raises(Conflict, match="Nobody was asked about this sample") as refusal:
            ada.say({"sample": sample, "path": "x-circle.png"})
        said.add(str(refusal.value))
    assert len(said) == 1
    assert late.overview(ada.id)["labelled"] == 0


def test_an_import_is_never_audit_nor_counted_not_even_when_it_is_corrected(tmp_path):
    place = draw_pictures(tmp_path / "shapes", 60)
    answers = tmp_path / "answers.csv"
    answers.write_text("path,label\n" + "".join(f"{path.name},circle\n" for path in sorted(place.iterdir())[:30]))
    opened = open_project(Wish(place, labels=[str(answers)], classes=CLASSES, settings={"seed": 3}))
    with contextlib.closing(opened.project.store):
        session = LabellingSession(opened.project, opened.address)
        ada = Person(session)
        sample = next(i for i in range(30) if is_audit(session, i))
        ada.say({"sample": sample, "path": "x-cross.png"})  # a correction: it holds, and it is no audit answer
        verdict = opened.project.verdicts[sample]
        assert (verdict.class_id, verdict.disputed) == (1, False)
        assert session.receipt()["audit"] == 0
        assert opened.project.past._list_asked() == []
        assert ada.say(ada.ask()[0])["why"]["reason"] == "audit"
        assert session.receipt()["audit"] == 1
    opened = open_project(Wish(place, labels=[str(answers)]))
    with contextlib.closing(opened.project.store):
        assert opened.project.verdicts[sample].class_id == 1  # imported once more, it changes nothing


def test_at_most_ten_audit_questions_go_ahead_of_their_turn(tmp_path):
    """However many people wait: what they hold counts."""
    for i in range(200):
        (tmp_path / f"{i}.png").touch()  # nobody opens them here
    opened = open_at(tmp_path)
    with contextlib.closing(opened.project.store):
        session = LabellingSession(opened.project, opened.address)
        people = [Person(session, name) for name in ("ada", "ben", "cyd")]
        held = [question["sample"] for person in people for question in person.ask(10)]
        assert len(set(held)) == len(held) >= 20
        assert 10 <= sum(is_audit(session, sample) for sample in held) <= 10 + len(held) // 5


def test_a_discarded_audit_sample_leaves_and_a_skipped_one_comes_back(late):
    ada = Person(late)
    skipped, discarded = ada.ask(2)
    assert is_audit(late, skipped["sample"])
    ada.say(skipped, "skip")
    ada.say(discarded, "discard")
    for _ in range(COMES_BACK):
        (question,) = ada.ask()
        assert question["sample"] not in (skipped["sample"], discarded["sample"])
        ada.say(question)
    asked = [question["sample"] for question in ada.ask(10)]
    assert asked[0] == skipped["sample"]
    assert discarded["sample"] not in asked
