"""Labellings of other kinds than pictures and a linear head, with a worker; and two people who disagree."""

import contextlib
import os
import threading

import pytest
from people import Person, wait_for
from sklearn.metrics import cohen_kappa_score

from nextlabel.labelling import LabellingSession, Wish, open_project
from nextlabel.web.export import write_labels

WORDS = {"praise": "a splendid and lovely garden", "blame": "a dreadful and broken fence"}
TEXTS = [f"{WORDS[list(WORDS)[i % 2]]} {i}" for i in range(24)]


def text_folder(place):
    """Texts in files."""
    place.mkdir()
    for i, text in enumerate(TEXTS):
        (place / f"{i:02}.txt").write_text(text)
    return place, {"model": "sklearn:neighbors.KNeighborsClassifier(n_neighbors=1)"}


def text_table(place):
    """Texts in a column."""
    table = place.with_suffix(".csv")
    table.write_text("\n".join(["body", *TEXTS]))
    return table, {"text_column": "body"}


@pytest.mark.parametrize("make", [text_folder, text_table])
def test_texts_are_asked_learned_and_guessed(tmp_path, make):
    """By scikit-learn's classifier as well as by a linear head."""
    place, more = make(tmp_path / "letters")
    settings = {"embedder": "tfidf", "batch": 4, "seed": 3, **more}
    opened = open_project(Wish(place, classes=tuple(WORDS), settings=settings))
    with contextlib.closing(opened.project.store), LabellingSession(opened.project, opened.address) as session:
        ada = Person(session)
        for _ in range(12):
            ada.settle()
            (question,) = ada.ask()
            assert question["text"] in TEXTS
            ada.say(question, name=next(name for name, text in WORDS.items() if question["text"].startswith(text)))
        ada.settle()
        wait_for(lambda: session.worker.predicted is not None)
        assert session.worker.trouble is None
        query = {"class_id": None, "annotator": None, "text": None, "ids": None, "grid": True, "offset": 0, "count": 60}
        guessed = [row for row in session.samples(query)["samples"] if row["score"] is not None]
        assert guessed
        assert all(row["text"].startswith(list(WORDS.values())[row["class_id"]]) for row in guessed)
        found = session.samples({**query, "grid": False, "text": "LOVELY"})  # in the texts, whatever the case
        assert found["total"] == session.overview(ada.id)["classes"][0]["count"] > 0
        exported = session.samples({**query, "grid": False, "without_texts": True})["samples"]
        assert [row for row in exported if "text" in row] == []


def test_nobody_who_answers_waits_for_whoever_searches_texts(tmp_path):
    """A text on a slow disk, here a pipe into which nobody has written yet; an export reads no text at all."""
    place, _ = text_folder(tmp_path / "letters")
    opened = open_project(Wish(place, classes=tuple(WORDS), settings={"embedder": "tfidf"}))
    with contextlib.closing(opened.project.store):
        session = LabellingSession(opened.project, opened.address)
        ada = Person(session)
        (question, *_) = ada.ask(3)
        ada.say(question, name="praise")
        pipe = place / question["path"]
        pipe.unlink()
        os.mkfifo(pipe)
        assert write_labels(session, ada.id).count(b"\n") == 2
        query = {"class_id": None, "annotator": None, "text": "slowly", "ids": None, "grid": False}
        found = list[int]()
        search = threading.Thread(
            target=lambda: found.append(session.samples({**query, "offset": 0, "count": 9})["total"])
        )
        search.start()
        with pipe.open("w") as out:  # as soon as somebody reads
            ada.say(ada.ask()[0], name="blame")
            assert (session.overview(ada.id)["labelled"], found) == (2, [])
            pipe.unlink()
            pipe.write_text("it comes slowly")  # it is read once to search, and once to be shown
            out.write("it comes slowly")
        search.join(10)
        assert found == [1]


def test_how_far_two_people_agree_is_told_and_what_they_dispute_is_reviewed(late):
    ada, ben = Person(late, "ada"), Person(late, "ben")
    late.change_settings(ada.id, {"overlap": 1.0})
    first, second = [], []
    for i in range(14):
        (question,) = ada.ask()
        assert question["sample"] not in [one["sample"] for one in ben.ask(3)]  # nobody sees what another looks at
        first.append(question["path"].rsplit("-", 1)[1].removesuffix(".png"))
        ada.say(question)
        (again,) = [one for one in ben.ask(30) if one["sample"] == question["sample"]]
        second.append("circle" if i % 5 == 0 else first[-1])
        ben.say(again, name=second[-1])
    found = late.receipt()["agreement"]
    assert found["pairs"] == 14
    assert found["kappa"] == pytest.approx(cohen_kappa_score(first, second))
    assert -1 <= found["low"] < found["kappa"] <= found["high"] <= 1
    disputed = [i for i, (one, other) in enumerate(zip(first, second, strict=True)) if one != other]
    doubts = late.review(ada.id)
    assert len(doubts) == len(disputed) > 0
    ada.say({**doubts[0], "ask": None}, name="square", how="review")
    assert len(late.review(ada.id)) == len(disputed) - 1
    assert late.receipt()["agreement"] == found  # in Review they have seen what the other one said
