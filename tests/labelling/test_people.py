"""Several people at once: nobody's answer is lost or kept twice, and nobody sees what another one is looking at."""

import contextlib
import threading
import time
from datetime import timedelta

import pytest
from people import CLASSES, Person, draw_pictures, in_parallel, open_at

from nextlabel.labelling import LabellingSession, Wish, open_project
from nextlabel.labelling.past import is_round
from nextlabel.store import visit_store
from nextlabel.store.store import utc_now

NAMES = ("ada", "ben", "cyd", "dee", "eve", "fay", "gus", "hal")
SECONDS = 1.5


@pytest.fixture
def crowd(tmp_path):
    """A labelling of fifteen hundred pictures that nobody opens, whose worker never comes."""
    (tmp_path / "crowd").mkdir()
    for i in range(1500):
        (tmp_path / "crowd" / f"{i:04}-circle.png").touch()
    opened = open_at(tmp_path / "crowd")
    with contextlib.closing(opened.project.store):
        yield LabellingSession(opened.project, opened.address)


def label_together(session, people, seconds):
    """Everybody answers as fast as they can; who answered what, and what each looked at when."""
    looking, clashes, said, guard = {}, [], [], threading.Lock()

    def work(person):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            questions = person.ask(5)
            with guard:
                clashes.extend(q["sample"] for q in questions if looking.get(q["sample"], person) is not person)
                looking.update((q["sample"], person) for q in questions)
            for question in questions[:3]:  # two of them are still on the screen
                said.append((person.id, question["sample"], person.say(question)["event"]))

    in_parallel(*(lambda person=person: work(person) for person in people))
    return said, clashes


def test_eight_people_at_once(crowd):
    people = [Person(crowd, name) for name in NAMES]
    said, clashes = label_together(crowd, people, SECONDS)
    assert clashes == []
    assert len({person for person, _, _ in said}) == len(NAMES)
    kept = [event for event in crowd._project.store.events() if event.kind == "label"]
    assert sorted((event.annotator_id, event.sample_id, event.id) for event in kept) == sorted(said)
    samples = [sample for _, sample, _ in said]
    assert len(samples) == len(set(samples)) == crowd.overview(people[0].id)["labelled"]


def test_with_overlap_some_questions_go_to_two_people_and_none_to_three(crowd):
    people = [Person(crowd, name) for name in NAMES[:4]]
    crowd.change_settings(people[0].id, {"overlap": 0.5})
    said, _ = label_together(crowd, people, SECONDS)
    times = [sum(one == sample for _, one, _ in said) for sample in {sample for _, sample, _ in said}]
    assert set(times) <= {1, 2}
    assert 2 in times
    assert len({(person, sample) for person, sample, _ in said}) == len(said)


def test_whoever_is_not_sure_of_a_second_opinion_is_not_asked_again_at_once(crowd):
    ada, ben = Person(crowd, "ada"), Person(crowd, "ben")
    crowd.change_settings(ada.id, {"overlap": 1.0})
    ada.say(ada.ask()[0])
    (second,) = ben.ask()
    assert second["sample"] in crowd._project.verdicts
    ben.say(second, "skip")
    assert second["sample"] not in [question["sample"] for question in ben.ask(20)]


def test_what_somebody_left_is_asked_again_and_a_batch_waits_for_nobody_for_ever(crowd, monkeypatch):
    ada, ben, began = Person(crowd, "ada"), Person(crowd, "ben"), utc_now()

    def wait(seconds):
        for place in ("nextlabel.store.store.utc_now", "nextlabel.labelling.project.utc_now"):
            monkeypatch.setattr(place, lambda: began + timedelta(seconds=seconds))

    left = {question["sample"] for question in ada.ask(10)}
    assert not left & {question["sample"] for question in ben.ask(10)}
    wait(100)
    ada.ask(10)  # she is still there: renewed
    wait(150)
    assert not left & {question["sample"] for question in ben.ask(20)}
    wait(300)
    assert left <= {question["sample"] for question in ben.ask(30)}
    wait(500)
    state = crowd._project.state
    assert not any(state.open_asks(batch.id, crowd._project.now()) for batch in state.batches.values())


def test_a_model_chooses_for_many_people_too(tmp_path):
    """Each holds a batch: were only one to lie ready beside, all but the first would be asked by chance for ever."""
    opened = open_at(draw_pictures(tmp_path / "shapes", 200))
    with contextlib.closing(opened.project.store), LabellingSession(opened.project, opened.address) as session:
        people = [Person(session, name) for name in NAMES]
        for person in people:
            person.ask(5)
        people[0].settle()
        for person in people:
            person.ask(10)
            person.settle()
        rounds = [batch for batch in opened.project.state.batches.values() if is_round(batch)]
        asked = [ask.sample_id for batch in rounds for ask in batch.asks]
        assert len(rounds) >= 5
        assert len(asked) == len(set(asked))


def test_a_labelling_on_postgresql(tmp_path, new_database):
    """Twenty answers, an undo, and a restart."""

    place = draw_pictures(tmp_path / "shapes", 60)
    settings = {"embedder": "pixels", "seed": 3}
    for _ in range(2):
        opened = open_project(Wish(place, store=new_database, classes=CLASSES, settings=settings))
        with contextlib.closing(opened.project.store), LabellingSession(opened.project, opened.address) as session:
            ada = Person(session)
            ada.go_on(10)
            session.undo(ada.id, f"8d7f6c1e-0000-4000-8000-{len(opened.project.verdicts):012}")
            ada.go_on(1)
    with visit_store(new_database) as visit:
        verdicts = visit.state().verdicts()
        assert len(verdicts) == 20
        assert {batch.choice.strategy.split()[0] for batch in visit.batches()} >= {"MaxHerding"}
