"""The page's receipt says what a simulation's estimators say, and says it again after a restart."""

import contextlib
import shutil

import pytest
from own_loop import open_loop
from people import CLASSES, Person, draw_pictures, open_at
from test_loop import world_of
from threadpoolctl import threadpool_limits

from nextlabel import Experiment, Plan
from nextlabel.labelling import LabellingSession
from nextlabel.labelling.receipts import Receipts, write_receipt
from nextlabel.loop.guesses import Seen
from nextlabel.loop.observer import Observer
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
    # Where nothing is out any more the page looks once again at the end; whether that is so hangs on who was faster.
    assert list(found.checks[: len(expected.checks)]) == list(expected.checks)


def test_a_check_of_the_rest_is_drawn_from_both_sides_and_counts_for_no_audit(tmp_path):
    with open_loop(draw_pictures(tmp_path / "shapes", 100), CLASSES) as loop:
        loop.answer(40)
        before = loop.follow()
        assert loop.session.check_rest(loop.ada.id, 30) == 30
        asked = loop.ada.ask(20)
        for question in asked:
            assert loop.ada.say(question)["why"]["reason"] == "check"
        history, sides = loop.follow(), {loop.project.is_audit(one["sample"]) for one in asked}
        assert sides == {True, False}
        assert history.audit == before.audit
        frozen = history.frozen
        assert (frozen.hits + frozen.misses, frozen.waiting) == (20, 10)
        assert (frozen.labelled, frozen.rest) == (40, 60)
        loop.session.check_rest(loop.ada.id, 5)  # the last check is what is told
        assert loop.follow().frozen.waiting == 5
