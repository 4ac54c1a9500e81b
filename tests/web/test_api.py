"""The API over a real server: what is asked, kept once, taken back, told."""

import itertools
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sites import Site


def label(site: Site, sample: int, class_id: int = 0, client: str = "", **more: Any) -> dict[str, Any]:
    """Send one answer."""
    said = {"client": client or str(uuid.uuid4()), "ask": sample, "sample": sample, "kind": "label", "how": "key"}
    reply = site.client.post("/api/answers", json={**said, "class_id": class_id, **more})
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


def test_an_answer_moves_on_and_undo_brings_the_question_back(site: Site) -> None:
    first, second = (one["sample"] for one in site.client.get("/api/questions?count=2").json())
    label(site, first)
    assert site.client.get("/api/questions?count=1").json()[0]["sample"] == second
    undone = site.client.post("/api/undo", json={"client": str(uuid.uuid4())}).json()
    assert (undone["sample"], undone["question"]["sample"]) == (first, first)
    assert site.client.get("/api/questions?count=1").json()[0]["sample"] == first


def test_an_answer_that_is_sent_many_times_at_once_is_kept_once(site: Site) -> None:
    client = str(uuid.uuid4())
    with ThreadPoolExecutor(8) as pool:
        events = {found["event"] for found in pool.map(lambda _: label(site, 0, client=client), range(24))}
    assert len(events) == 1
    assert site.client.get("/api/overview").json()["labelled"] == 1


def test_nothing_to_undo_is_a_sentence(site: Site) -> None:
    reply = site.client.post("/api/undo", json={"client": str(uuid.uuid4())})
    assert (reply.status_code, reply.json()) == (409, {"error": "There is nothing to undo."})


def test_a_question_says_nothing_of_why_it_is_asked(site: Site) -> None:
    for one in site.client.get("/api/questions").json():
        assert set(one) == {"ask", "sample", "path", "text", "width", "height"}


@pytest.mark.parametrize("fault", [{"class_id": None}, {"kind": "skip"}, {"client": "me"}, {"how": "import"},
                                   {"sample": "0"}, {"sample": True}, {"note": "x"}, {"answered_at": -1}])  # fmt: skip
def test_half_an_answer_is_refused_in_a_sentence(site: Site, fault: dict[str, Any]) -> None:
    said = {"client": str(uuid.uuid4()), "sample": 0, "kind": "label", "class_id": 0, "how": "key", **fault}
    reply = site.client.post("/api/answers", json=said)
    assert reply.status_code == 422
    assert reply.json()["error"].startswith("body")
    assert not site.session.events


def test_a_change_is_told_to_whoever_listens(site: Site) -> None:
    with site.client.stream("GET", "/api/events?after=0") as stream:
        lines = stream.iter_lines()
        assert next(lines) == "retry: 1000"
        label(site, 0)
        told = itertools.dropwhile(lambda line: not line.startswith("data: "), lines)
        assert json.loads(next(told).removeprefix("data: "))["kind"] == "answers"


def test_every_route_answers_in_its_own_shape(site: Site) -> None:
    label(site, 0)
    for path in (
        "overview",
        "recent",
        "samples",
        "samples?grid=true&class_id=0",
        "map",
        "review",
        "settings",
        "receipt",
    ):
        assert site.client.get(f"/api/{path}").status_code == 200, path
    changes = {"actions": {"skip": "s"}, "goal": 50, "batch": 20}
    assert site.client.post("/api/settings", json=changes).json()["goal"] == 50
    assert site.client.post("/api/classes/1/merge", json={"into": 0}).json()[0]["count"] == 1
    assert site.client.post("/api/classes/0", json={"name": "ball"}).json()[0]["name"] == "ball"
    grid = {"client": str(uuid.uuid4()), "class_id": 0, "right": [3, 4], "wrong": [5]}
    assert len(site.client.post("/api/grid", json=grid).json()["events"]) == 2
    site.client.post("/api/undo", json={"client": str(uuid.uuid4())})
    assert site.client.get("/api/overview").json()["labelled"] == 1
    assert site.client.post("/api/lasso", json={"samples": [9, 8]}).json() == {"queued": 2}
    assert site.client.get("/api/questions?count=1").json()[0]["sample"] == 9
