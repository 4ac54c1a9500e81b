"""What somebody sees who looks around in a real labelling: lists, grids, the map, doubtful labels, settings."""

import contextlib

import pytest
from people import CLASSES, Person, draw_pictures, open_at, wait_for
from without import hide_umap

from nextlabel.errors import Conflict, Mistake, NotThere
from nextlabel.labelling import LabellingSession, Wish, open_project
from nextlabel.labelling.demo import NAME, SETTINGS, Oracle, draw_digits

QUERY = {"class_id": None, "annotator": None, "text": None, "ids": None, "grid": False, "offset": 0, "count": 60}


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """Sixty pictures, thirty of them labelled by ada, the last of them wrongly and with a note."""
    opened = open_at(draw_pictures(tmp_path_factory.mktemp("looking") / "shapes", 60))
    patch = pytest.MonkeyPatch()
    hide_umap(patch, tmp_path_factory.mktemp("hidden"))
    with contextlib.closing(opened.project.store), LabellingSession(opened.project, opened.address) as session:
        ada = Person(session)
        ada.go_on(29)
        ada.settle()
        (question,) = ada.ask()
        shown = question["path"].rsplit("-", 1)[1].removesuffix(".png")
        wrong = next(name for name in CLASSES if name != shown)
        ada.say(question, name=wrong)
        ada.say(question, "note", note="odd")
        ada.settle()
        yield session, ada, question["sample"]
    patch.undo()


def test_labels_are_found_by_class_person_and_words(labelled):
    session, ada, odd = labelled
    found = session.samples(QUERY)
    assert found["total"] == 30
    assert found["samples"][0]["note"] == "odd"
    counts = {row["id"]: row["count"] for row in session.overview(ada.id)["classes"]}
    for class_id, count in counts.items():
        assert session.samples({**QUERY, "class_id": class_id})["total"] == count
    assert session.samples({**QUERY, "annotator": "ada"})["total"] == 30
    assert session.samples({**QUERY, "annotator": "bob"})["total"] == 0
    assert [row["sample"] for row in session.samples({**QUERY, "text": "ODD"})["samples"]] == [odd]
    assert [row["sample"] for row in session.samples({**QUERY, "ids": [odd]})["samples"]] == [odd]
    assert session.samples({**QUERY, "offset": 29})["samples"] == found["samples"][29:]


def test_a_grid_shows_the_surest_first_and_no_audit_sample(labelled):
    session, _, _ = labelled
    rows = session.samples({**QUERY, "grid": True})["samples"]
    scores = [row["score"] for row in rows if row["score"] is not None]
    assert scores
    assert scores == sorted(scores, reverse=True)
    assert not any(session._project.is_audit(row["sample"]) for row in rows)


def test_recent_answers_and_neighbours(labelled):
    session, ada, odd = labelled
    first, second = session.recent(ada.id, 2)
    assert (first["kind"], first["note"], second["kind"]) == ("note", "odd", "label")
    here = session.neighbours(odd)
    if here["next"] is not None:
        assert session.neighbours(here["next"])["previous"] == odd
    with pytest.raises(NotThere):
        session.neighbours(10_000)


def test_the_map_shows_all_and_tells_nothing_of_the_audit_side(labelled):
    session, _, _ = labelled
    wait_for(session.map)
    found = session.map()
    assert len(found["ids"]) == 60
    assert all(0 <= place <= 1 for place in (*found["x"], *found["y"]))
    audit = [i for i, state in enumerate(found["state"]) if state == "audit"]
    assert {found["ids"][i] for i in audit} == {i for i in range(60) if session._project.is_audit(i)}
    assert not any(found["predicted"][i] for i in audit)


def test_the_worker_looks_ahead_from_the_audit_answers_that_the_receipt_counts(labelled):
    session, _, _ = labelled
    found = session.worker.ask({"do": "outlook"}, 60)["outlook"]
    assert found["audit"] == session.receipt()["audit"]
    assert "too small" in found["notes"][0]  # so nothing is played, which takes longer
    assert found["forecast"] is None


def test_near_duplicates_are_pairs_and_nothing_odd_is_of_the_audit_side(labelled):
    session, _, _ = labelled
    for kind in ("near-duplicates", "outliers"):
        wait_for(lambda kind=kind: session.oddities(kind, 0, 200))
        found = session.oddities(kind, 0, 200)
        assert found["samples"] or kind == "near-duplicates"
        assert found["total"] == len(found["samples"])
        assert not any(session._project.is_audit(row["sample"]) for row in found["samples"])
        for row in found["samples"]:
            verdict = session._project.verdicts.get(row["sample"])
            assert verdict is None or row["class_id"] == verdict.class_id
        assert session.oddities(kind, 2, 2)["samples"] == found["samples"][2:4]


def test_review_doubts_what_a_model_that_has_not_seen_it_takes_for_another(labelled):
    session, ada, _ = labelled
    doubts = session.review(ada.id)
    assert all(doubt["answers"][0]["annotator"] == "ada" for doubt in doubts)
    for doubt in doubts:
        if session._project.is_audit(doubt["sample"]):
            assert doubt["model"] is None
        else:
            assert doubt["model"] != doubt["answers"][0]["class_id"]
    if doubts:
        said = {"sample": doubts[0]["sample"], "path": doubts[0]["path"], "ask": None}
        ada.say(said, name=CLASSES[doubts[0]["answers"][0]["class_id"]], how="review")
        assert said["sample"] not in [doubt["sample"] for doubt in session.review(ada.id)]


def test_settings_are_checked_and_kept(labelled):
    session, ada, _ = labelled
    assert session.change_settings(ada.id, {"goal": 50})["goal"] == 50
    with pytest.raises(Mistake, match="no strategy 'marginal'"):
        session.change_settings(ada.id, {"strategy": "marginal"})
    with pytest.raises(Conflict, match="cannot have one key"):
        session.change_settings(ada.id, {"actions": {"skip": "q", "discard": "q"}})
    assert session.receipt()["audit"] > 0


def test_classes_change_and_old_answers_follow(late):
    ada, session = Person(late), late
    for _ in range(3):
        ada.say(ada.ask()[0])
    ids = [row["id"] for row in session.add_class(ada.id, " ring ")]
    session.change_class(ada.id, ids[-1], {"description": "hollow", "example": 0, "key": "q"})
    assert session.overview(ada.id)["classes"][-1] | {"count": 0} == {
        "id": ids[-1], "name": "ring", "key": "q", "description": "hollow", "example": 0, "count": 0
    }  # fmt: skip
    total = sum(row["count"] for row in session.overview(ada.id)["classes"])
    rows = session.merge_class(ada.id, ids[0], ids[1])
    assert sum(row["count"] for row in rows) == total
    with pytest.raises(Conflict, match="into itself"):
        session.merge_class(ada.id, ids[1], ids[0])
    with pytest.raises(NotThere):
        session.change_class(ada.id, 99, {"name": "x"})


def test_the_demonstrations_oracle_knows_the_digits(tmp_path):
    draw_digits(tmp_path / NAME)
    oracle = Oracle()
    opened = open_project(Wish(tmp_path / NAME, classes=oracle.classes, settings=SETTINGS))
    with contextlib.closing(opened.project.store):
        session = LabellingSession(opened.project, opened.address, oracle)  # no worker: chance asks
        me = session.invite("me", "0" * 64)
        assert session.answer_demo(me, 25) == 25
        rows = session.samples({**QUERY, "count": 25})["samples"]
        assert all(oracle._truth[int(row["path"][:4])] == row["class_id"] for row in rows)
        assert [row["key"] for row in session.overview(me)["classes"]] == list("0123456789")


def test_labels_in_class_folders_are_taken_in_once(tmp_path):
    for name in CLASSES[:2]:
        draw_pictures(tmp_path / "shapes" / name, 3, seed=CLASSES.index(name))
    for _ in range(2):
        opened = open_project(Wish(tmp_path / "shapes", labels=("folders",)))
        with contextlib.closing(opened.project.store):
            assert {v.kind for v in opened.project.verdicts.values()} == {"label"}
            assert sum(event.how == "import" for event in opened.project.store.events()) == 6
