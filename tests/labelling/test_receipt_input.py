"""Odd labellings: the receipt keeps silent, or says what is odd, and never falls over."""

import itertools

import numpy as np
import pytest
from own_loop import BATCH, open_loop
from people import CLASSES, draw_pictures
from threadpoolctl import threadpool_limits

from nextlabel.estimators import estimate
from nextlabel.labelling.choosing import choose
from nextlabel.labelling.past import Past
from nextlabel.labelling.receipts import Receipts
from nextlabel.loop.guesses import Answers
from nextlabel.statistics.audit_looks import last_look
from nextlabel.store import visit_store

ASKED = 60  # of which thirty are the audit's


@pytest.fixture
def shapes(tmp_path):
    return draw_pictures(tmp_path / "shapes", 100)


def plain(history):
    """What two histories are compared by."""
    looks = [
        (one.labelled, one.truth.tolist(), one.guess.tolist(), one.alive.tolist(), one.rest) for one in history.looks
    ]
    return looks, list(history.checks), history.audit, history.side


def test_fewer_than_thirty_audit_answers(shapes):
    with open_loop(shapes, CLASSES) as loop:
        assert loop.lines()["new"] == "Too early for a figure: 0 of 30 audit answers."
        loop.answer(ASKED - 10)
        lines = loop.lines()
        assert lines["new"] == "Too early for a figure: 25 of 30 audit answers."
        assert not {"rest", "next", "advice", "worth"} & lines.keys()
        loop.answer(10)
        assert "30 audit answers" in loop.lines()["new"]


def test_audit_answers_of_one_class_and_classes_without_any(shapes):
    """Somebody who calls all that is drawn at random a circle: the figure is about such answers."""
    with open_loop(shapes, CLASSES) as loop:
        loop.answer(ASKED, lambda question, audit: {"name": "circle"} if audit else {})
        history = loop.follow()
        look = history.looks[-1]
        assert set(look.truth.tolist()) == {0}
        (row,) = estimate(history)["classes"].more["classes"]
        assert (row["class"], row["answers"]) == (0, 30)
        assert "30 audit answers" in loop.lines()["new"]


def test_a_folder_that_is_too_small_for_an_audit(tmp_path):
    with open_loop(draw_pictures(tmp_path / "few", 40), CLASSES) as loop:
        loop.answer(99)
        assert len(loop.project.verdicts) == 40
        lines = loop.lines()
        assert lines == {"new": lines["new"]}
        assert lines["new"].startswith("Too few pictures for a figure: it takes 30")


def test_an_audit_side_that_is_used_up(tmp_path):
    """All of it answered, and strategy questions go on: the last look stands, and is about new pictures as before."""
    with open_loop(draw_pictures(tmp_path / "some", 90), CLASSES, side=0.4) as loop:
        loop.answer(80)
        history = loop.follow()
        assert history.audit == history.side
        assert history.looks[-1].m >= 30
        loop.answer(99)  # to the end of the folder
        lines = loop.lines()
        assert "audit answers)" in lines["new"]
        assert lines["rest"] == "No picture is left without a label." or "left" in lines["rest"]


def test_all_of_the_audit_side_discarded(shapes):
    """And classes that somebody named on the way, one of which has lost its only label."""
    with open_loop(shapes) as loop:
        for name in ("hexagon", *CLASSES):
            loop.session.add_class(loop.ada.id, name)
        loop.answer(90, lambda question, audit: {"kind": "discard"} if audit else {})
        history = loop.follow()
        assert (history.audit, history.side, history.looks) == (0, 0, ())
        assert loop.lines()["new"].startswith("Too few pictures")


def test_many_discarded_are_told(shapes):
    odd = itertools.count()
    with open_loop(shapes, CLASSES) as loop:
        loop.answer(80, lambda question, audit: {"kind": "discard"} if audit and next(odd) % 5 == 0 else {})
        assert "% of the audit's pictures were put aside: the figure is about the others." in loop.lines()["new"]


def test_skips_widen_the_figure_to_both_sides(shapes):
    odd = itertools.count()
    with open_loop(shapes, CLASSES) as loop:
        loop.answer(80, lambda question, audit: {"kind": "skip"} if audit and next(odd) % 9 == 0 else {})
        loop.choose()
        look = loop.follow().looks[-1]
        assert 2 <= look.skipped <= 5
        assert "that were asked and have no answer yet count as wrong below, and as right above." in loop.lines()["new"]


def slow_looks(loop):
    """By the log, of each look: would no batch that went by margins have taken its samples, whoever was away then?"""
    alive, looks, looked = dict.fromkeys(loop.world.ids.tolist(), True), [], 0
    with visit_store(loop.address) as visit, threadpool_limits(1):
        for batch in visit.batches():
            past = Past()
            past.follow(visit, batch.choice.upto, batch.choice.last_batch + 1)
            known = past.build_pool(loop.world)
            audit = loop.world.ids[Answers.of(known.pool).audit].tolist()
            if (last_look(len(audit)) or 0) > looked:
                looked = last_look(len(audit))
                looks.append({i: alive[i] for i in audit})
            if batch.choice.tau is not None:
                chooser = choose(known, loop.world, loop.learner, past.rounds()).view.fitted.clf
                P = np.sort(chooser.predict_proba(loop.world.features), axis=1)
                for i, gap in zip(loop.world.ids.tolist(), P[:, -1] - P[:, -2], strict=True):
                    alive[i] &= not 1 - gap > batch.choice.tau
    return looks


@pytest.mark.parametrize("kind", ["skip", "discard"])
def test_who_comes_back_was_passed_over_by_the_batches_of_the_meantime(shapes, kind):
    """A skipped audit question is answered when it is asked again, a discarded one when that was a mistake."""
    odd, away = itertools.count(), {}

    def reply(question, audit):
        if not audit or question["sample"] in away or next(odd) % 3:
            return {}
        away[question["sample"]] = question
        return {"kind": kind}

    with open_loop(shapes, CLASSES) as loop:
        loop.answer(80, reply)
        for question in away.values():
            if loop.project.verdicts[question["sample"]].kind != "label":
                loop.ada.say(question)
        loop.choose()
        found, expected = loop.follow().looks, slow_looks(loop)
        assert [look.alive.tolist() for look in found] == [list(look.values()) for look in expected]
        taken = {i for i, alive in expected[-1].items() if not alive}
        assert len(taken & away.keys()) > 1


def test_labels_that_change_after_a_look(shapes):
    """A look is what was known then; the next one goes by what is right now. Whoever comes later sees the same."""
    with open_loop(shapes, CLASSES) as loop:
        loop.answer(ASKED)
        receipts = Receipts(loop.world, loop.dataset)
        loop.waiting = loop.choose()
        first = loop.follow(receipts).looks[-1]
        sample = int(next(i for i in loop.world.ids if loop.project.is_audit(i) and i in loop.project.verdicts))
        now = loop.project.verdicts[sample].class_id
        other = next(one for one in range(3) if one != now)
        ask = next(
            ask for batch in loop.project.state.batches.values() for ask in batch.asks if ask.sample_id == sample
        )
        loop.ada.say({"ask": ask.id, "sample": sample}, name=CLASSES[other])
        history = loop.follow(receipts)
        assert history.looks[0].truth.tolist() == first.truth.tolist()
        loop.answer(BATCH)
        history = loop.follow(receipts)
        assert len(history.looks) == 2
        assert sorted(history.looks[1].truth.tolist()[:30]) != sorted(first.truth.tolist())
        assert plain(history) == plain(loop.follow())


def test_an_imported_start_is_never_audit(shapes, tmp_path):
    names = sorted(path.name for path in shapes.iterdir())[:30]
    file = tmp_path / "known.csv"
    rows = [f"{name},{name.rsplit('-', 1)[1].removesuffix('.png')}" for name in names]
    file.write_text("\n".join(["path,label", *rows]))
    with open_loop(shapes, CLASSES, labels=(str(file),)) as loop:
        history = loop.follow()
        assert (len(loop.project.verdicts), history.audit) == (30, 0)
        loop.answer(ASKED)
        history = loop.follow()
        look = history.looks[-1]
        assert (look.m, look.labelled, look.learned) == (30, ASKED, ASKED + 30)
        imported = {one.id for one in loop.project.samples if one.path in names}
        on_side = sum(loop.project.is_audit(i) for i in imported)
        assert on_side > 5
        left = [i for i in loop.world.ids.tolist() if loop.project.is_audit(i) and i not in loop.project.verdicts]
        assert look.rest[0] == len(left)  # labelled ones are no part of the rest, whoever labelled them


def test_a_project_whose_answers_nobody_looked_at(shapes):
    """As one that was begun by a version without a receipt: all is in its log, from the first answer on."""
    with open_loop(shapes, CLASSES) as loop:
        receipts = Receipts(loop.world, loop.dataset)
        for _ in range(4):
            loop.answer(BATCH)
            loop.follow(receipts)  # as the page does, batch by batch
        found = loop.follow()
        assert plain(found) == plain(loop.follow(receipts))
        assert len(found.looks) == 2
        assert found.looks[-1].survivors
        assert not found.looks[-1].alive.all()
