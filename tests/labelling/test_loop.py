"""The page asks what the simulation asks, and its log proves it."""

import contextlib
import shutil
from pathlib import Path

import numpy as np
import pytest
from people import CLASSES, Person, draw_pictures, open_at, wait_for
from threadpoolctl import threadpool_limits

from nextlabel import Experiment, Plan
from nextlabel.embedders import embed
from nextlabel.labelling import LabellingSession, Wish, open_project
from nextlabel.labelling.choosing import choose, choose_reserve, make_learner
from nextlabel.labelling.past import ASIDE, LATE, RESERVE, Past, World, is_round
from nextlabel.labelling.places import source_of
from nextlabel.progress import quiet
from nextlabel.runs.lines import Arm
from nextlabel.simulation.arm import play
from nextlabel.simulation.parts import prepare
from nextlabel.store import Visit, visit_store

BATCH, ROUNDS = 10, 7


@pytest.mark.parametrize("strategy", ["auto", "badge"])
def test_a_labelling_asks_what_a_simulation_asks(shapes, tmp_path, strategy):
    place = tmp_path / "shapes"
    shutil.copytree(shapes, place)
    opened = open_at(place, strategy=strategy)
    with contextlib.closing(opened.project.store), LabellingSession(opened.project, opened.address) as session:
        asked = Person(session).go_on(BATCH * ROUNDS)
    truth = {path.name: path.stem.rsplit("-", 1)[1] for path in shapes.iterdir()}
    answers = tmp_path / "answers.csv"
    answers.write_text("path,label\n" + "".join(f"{path},{name}\n" for path, name in truth.items()))
    plan = Plan(batch=BATCH, rounds=ROUNDS, audit=0.2, ahead=1, cold="maxherding")
    experiment = Experiment(
        str(shapes), (strategy,), seeds=(3,), embedder="pixels", start="0", test="0", plan=plan, labels=(str(answers),)
    )
    parts = prepare(experiment)
    with threadpool_limits(1):  # as everywhere: another number of threads rounds differently
        lines = list(play(parts, Arm(strategy, 3)))[:-1]
    assert asked == [parts.dataset.paths[i] for line in lines for i in line.pick["ids"]]


def world_of(visit: Visit, place: Path) -> World:
    """All samples that are there, read anew."""
    settings = Past()
    settings.follow(visit)
    samples = [one for one in visit.samples() if one.gone is None]
    found = source_of(place, settings.settings).read([(one.id, one.path) for one in samples], None, quiet)
    draws = {one.id: one.draw for one in samples}
    features = embed(found.dataset, settings.settings.embedder).array
    return World(found.ids, features, np.array([draws[i] for i in found.ids.tolist()])), found.dataset


def prove(visit: Visit, place: Path) -> int:
    """Choose each batch again from what the log held then; how many there were."""
    world, dataset = world_of(visit, place)
    proven = 0
    for batch in visit.batches():
        if batch.choice.strategy in (*ASIDE, LATE):
            continue
        past = Past()
        past.follow(visit, batch.choice.upto, batch.choice.last_batch + 1)
        known, learner, k = past.build_pool(world), make_learner(past.settings, dataset), past.rounds()
        chosen = choose(known, world, learner, k)
        assert chosen.chooser == batch.choice.chooser, batch.id  # the same model, to the last digit
        if not is_round(batch):  # what the same chooser would have asked next, as far as it was still free
            reserve = choose_reserve(chosen, known, world, learner, k).asked
            more = reserve.ids.tolist()
            assert [ask.sample_id for ask in batch.asks] == [i for i in more if i in {a.sample_id for a in batch.asks}]
            assert reserve.tau == batch.choice.tau
            continue
        assert chosen.asked.tau == batch.choice.tau, batch.id
        assert chosen.asked.ids.tolist() == [ask.sample_id for ask in batch.asks], batch.id
        assert list(chosen.asked.why) == [ask.why for ask in batch.asks]
        proven += 1
    return proven


def test_the_log_proves_what_was_asked(tmp_path):
    """Corrections, skips, discards, undone answers, a grid, new classes, restarts and new files included.

    And imports, merged classes, a region of the map, a second person, questions for two, and what Review decided.
    """
    place = draw_pictures(tmp_path / "shapes", 80)
    opened = open_project(Wish(place, classes=CLASSES[:2], settings={"embedder": "pixels", "seed": 3}))
    with contextlib.closing(opened.project.store), LabellingSession(opened.project, opened.address) as session:
        ada = Person(session)
        session.add_class(ada.id, CLASSES[2])
        ada.go_on(12)
        for kind in ("skip", "discard"):
            ada.say(ada.ask()[0], kind)
        ada.say(ada.ask()[0], name="circle")  # perhaps wrongly
        session.undo(ada.id, "8d7f6c1e-0000-4000-8000-000000000001")
        ada.go_on(9)
        session.answer_grid(ada.id, {"client": "8d7f6c1e-0000-4000-8000-000000000002", "class_id": 0,
                                     "right": [row["sample"] for row in grid(session)[:4]], "wrong": []})  # fmt: skip
        assert session.lasso(ada.id, [row["sample"] for row in grid(session)[:3]]) == 3
        session.change_settings(ada.id, {"batch": 7, "strategy": "margin", "overlap": 0.5})
        ada.go_on(3)
    draw_pictures(place, 20, seed=1)
    answers = tmp_path / "answers.csv"
    answers.write_text("path,label\n" + "".join(f"{path.name},ring\n" for path in sorted(place.glob("1-*circle.png"))))
    opened = open_project(Wish(place, labels=[str(answers)]))
    with contextlib.closing(opened.project.store), LabellingSession(opened.project, opened.address) as session:
        ada, ben = Person(session), Person(session, "ben")
        for person in (ben, ada, ben):
            person.go_on(5)
        ring = opened.project.state.classes.active()[-1]
        assert ring.name == "ring"
        session.merge_class(ada.id, ring.id, 0)
        ada.say({"sample": session.recent(ben.id, 1)[0]["sample"]}, name="square", how="review")
        ada.go_on(12)
        reasons = {ask.why for batch in opened.project.state.batches.values() for ask in batch.asks}
        assert {batch.choice.tau is None for batch in opened.project.state.batches.values()} == {True, False}
        assert reasons >= {"audit", "cold", "strategy", "lasso", "overlap", "review"}
    with visit_store(opened.address) as visit:
        assert prove(visit, place) >= 6


def test_while_a_batch_is_late_its_chooser_says_what_it_would_have_asked_next(tmp_path):
    """After ten audit questions ahead of their turn, and before chance; the log proves that as well."""
    for i in range(3):
        place = draw_pictures(tmp_path / "shapes", 60, seed=i)
    opened = open_at(place, strategy="margin")
    with contextlib.closing(opened.project.store), LabellingSession(opened.project, opened.address) as session:
        ada = Person(session)
        ada.go_on(30)
        # Of the batch that stays the last one: another would begin without a reserve.
        wait_for(lambda: session.worker.is_settled() and session._queue.reserve)
        session.worker._is_ready = False  # from now on every batch is late
        reasons = []
        while "random" not in reasons:
            reasons.append(ada.say(ada.ask()[0])["why"]["reason"])
        names = [batch.choice.strategy for batch in opened.project.state.batches.values()]
        assert sum(name.endswith(RESERVE) for name in names) >= 1  # before anything is drawn
        assert len(reasons) > 40
    with visit_store(opened.address) as visit:
        assert prove(visit, place) >= 3


def grid(session: LabellingSession) -> list[dict]:
    query = {"class_id": None, "annotator": None, "text": None, "ids": None, "grid": True, "offset": 0, "count": 20}
    return session.samples(query)["samples"]
