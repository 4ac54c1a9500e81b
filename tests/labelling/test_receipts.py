"""The page's receipt says what a simulation's estimators say, and says it again after a restart."""

import contextlib
import shutil

import pytest
from people import Person, draw_pictures, open_at, wait_for
from test_loop import world_of
from threadpoolctl import threadpool_limits

from nextlabel import Experiment, Plan
from nextlabel.labelling import LabellingSession
from nextlabel.labelling.receipts import Receipts, write_receipt
from nextlabel.loop.observer import Observer, Seen
from nextlabel.loop.rounds import drive, rounds
from nextlabel.runs.lines import Arm
from nextlabel.simulation.parts import prepare
from nextlabel.store import visit_store

BATCH, ROUNDS = 10, 16


def observe(shapes, answers, strategy):
    """What a simulation's observer sees of the same pictures and answers."""
    plan = Plan(batch=BATCH, rounds=ROUNDS, audit=0.2, ahead=1, cold="maxherding")
    experiment = Experiment(
        str(shapes), (strategy,), seeds=(3,), embedder="pixels", start="0", test="0", plan=plan, labels=(str(answers),)
    )
    parts, observer = prepare(experiment), Observer()
    learner = parts.learner(Arm(strategy, 3))
    for this in drive(rounds(parts.pool(3), learner), parts.oracles[3]):
        if this.k == ROUNDS:  # the page has not chosen beyond what was answered
            break
        history = observer.see(Seen(this.pool, this.fitted, this.asked, this.view, learner))
    return history


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """A folder of shapes, labelled for sixteen rounds; where its answers are."""
    place = draw_pictures(tmp_path_factory.mktemp("receipt") / "shapes", 320)
    opened = open_at(place, strategy="margin")
    with contextlib.closing(opened.project.store), LabellingSession(opened.project, opened.address) as session:
        Person(session).go_on(BATCH * ROUNDS)
    return place, opened.address


def test_the_page_sees_what_a_simulation_sees(labelled, tmp_path):
    place, address = labelled
    plain = shutil.copytree(place, tmp_path / "shapes", ignore=shutil.ignore_patterns(".nextlabel"))
    answers = tmp_path / "answers.csv"
    truth = {path.name: path.stem.rsplit("-", 1)[1] for path in sorted(plain.iterdir())}
    answers.write_text("path,label\n" + "".join(f"{path},{name}\n" for path, name in truth.items()))
    with threadpool_limits(1):
        expected = observe(plain, answers, "margin")
        with visit_store(address) as visit:
            found = Receipts(*world_of(visit, place)).follow(visit)
    assert len(expected.looks) >= 1
    curves = [write_receipt(one, "picture", {})["curve"] for one in (found, expected)]
    assert curves[0] == curves[1]
    assert list(found.checks) == list(expected.checks)


def test_a_check_of_the_rest_is_drawn_from_both_sides_and_counts_for_no_audit(labelled):
    place, address = labelled
    opened = open_at(place)
    with contextlib.closing(opened.project.store), LabellingSession(opened.project, opened.address) as session:
        ada = Person(session)
        ada.settle()
        before = session.receipt()["audit"]
        assert session.check_rest(ada.id, 30) == 30
        asked = ada.ask(20)
        for question in asked:
            assert ada.say(question)["why"]["reason"] == "check"
        assert {session._project.is_audit(i) for i in [one["sample"] for one in asked]} == {True, False}
        assert session.receipt()["audit"] == before
        with threadpool_limits(1), visit_store(address) as visit:
            receipts = Receipts(*world_of(visit, place))
            frozen = receipts.follow(visit).frozen
        assert (frozen.hits + frozen.misses, frozen.waiting) == (20, 10)
        assert frozen.rest == 320 - frozen.labelled
        wait_for(lambda: any(line["name"] == "check" for line in session.receipt()["lines"]))
